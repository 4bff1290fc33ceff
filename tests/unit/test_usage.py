"""What is left of a window is spread until its end, once little is left."""

import datetime as dt
import email.utils

import pytest

from pellacia_service.platform_kit.usage import window_pace

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
WINDOWS = (("x-rate-limit-remaining", "x-rate-limit-reset"),)
QUARTER = 900


def headers(remaining: str, *, limit: str = "100", ends_in: float = QUARTER) -> dict[str, str]:
    return {
        "x-rate-limit-limit": limit,
        "x-rate-limit-remaining": remaining,
        "x-rate-limit-reset": str(int(NOW.timestamp() + ends_in)),
        "Date": email.utils.format_datetime(NOW, usegmt=True),
    }


def wait(given: dict[str, str], now: dt.datetime = NOW) -> float | None:
    next_at = window_pace(given, WINDOWS, now=now)
    return None if next_at is None else (next_at - now).total_seconds()


@pytest.mark.parametrize(("remaining", "expected"), [("9", 90.0), ("1", 450.0)])
def test_the_last_calls_of_a_window_are_spread_until_its_end(
    remaining: str, expected: float
) -> None:
    assert wait(headers(remaining)) == expected


@pytest.mark.parametrize("remaining", ["100", "11"])
def test_nobody_waits_while_enough_is_left(remaining: str) -> None:
    assert wait(headers(remaining)) is None


def test_calls_made_at_that_pace_never_use_the_window_up() -> None:
    left, at = 10, 0.0
    while left > 0 and at < QUARTER:
        pause = wait(headers(str(left), ends_in=QUARTER - at), NOW)
        assert pause is not None
        at, left = at + pause, left - 1
    assert at < QUARTER
    assert QUARTER - at < 2 * QUARTER / 10


def test_a_clock_that_is_wrong_here_changes_nothing() -> None:
    assert wait(headers("9"), NOW + dt.timedelta(hours=1)) == 90.0


@pytest.mark.parametrize(
    "odd",
    [{"x-rate-limit-remaining": "few"}, {"x-rate-limit-limit": ""}, {"x-rate-limit-reset": "soon"}],
)
def test_headers_that_say_nothing_clear_ask_for_nothing(odd: dict[str, str]) -> None:
    assert wait({**headers("5"), **odd}) is None


def test_a_window_that_is_over_asks_for_nothing() -> None:
    assert wait(headers("5", ends_in=-10)) is None
