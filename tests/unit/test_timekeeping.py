"""Clocks that are set, and clocks that disagree."""

import datetime as dt

import pytest

from pellacia_service.publishing.timekeeping import SteadyClock, Trust, is_outage, judge, skew
from tests.clocks import HeldClock

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


@pytest.mark.parametrize(
    ("seconds", "trust"),
    [
        (0, Trust.FINE),
        (2, Trust.FINE),
        (2.1, Trust.WARN),
        (-2.1, Trust.WARN),
        (30, Trust.WARN),
        (30.1, Trust.REFUSE),
        (-3600, Trust.REFUSE),
    ],
)
def test_a_difference_of_two_clocks_is_judged(seconds: float, trust: Trust) -> None:
    assert judge(dt.timedelta(seconds=seconds)) is trust


@pytest.mark.parametrize(("told", "found"), [(0, 0), (4, 0), (7, 3), (-5, -5)])
def test_the_time_that_the_answer_took_is_no_difference(told: int, found: int) -> None:
    assert skew(NOON, NOON + told * SECOND, NOON + 4 * SECOND) == found * SECOND


def test_a_publisher_that_was_here_five_minutes_ago_is_no_outage() -> None:
    assert not is_outage(NOON - dt.timedelta(minutes=5), NOON)
    assert is_outage(NOON - dt.timedelta(minutes=5, seconds=1), NOON)
    assert is_outage(None, NOON)


def test_a_clock_that_goes_right_is_left_alone() -> None:
    inner = HeldClock(NOON)
    clock = SteadyClock(inner)

    inner.advance(3600)

    assert clock.now() == inner.now()
    assert not clock.set_back()
    assert not clock.set_forward()


def test_a_clock_that_is_set_back_goes_on_from_the_highest_time_and_is_told_once() -> None:
    inner = HeldClock(NOON)
    clock = SteadyClock(inner)
    highest = clock.now()

    inner.set_by(-3600)

    assert clock.now() >= highest
    assert clock.set_back() == dt.timedelta(hours=1)
    assert not clock.set_back()


def test_a_clock_that_was_set_back_is_caught_up_with() -> None:
    inner = HeldClock(NOON)
    clock = SteadyClock(inner)
    inner.set_by(-3600)
    seen = [clock.now()]

    for _ in range(3 * 60):
        inner.advance(60)
        seen.append(clock.now())

    assert seen == sorted(seen)
    assert clock.now() == inner.now()


def test_a_clock_goes_on_from_the_highest_time_that_others_have_seen() -> None:
    clock = SteadyClock(HeldClock(NOON))

    clock.not_before(NOON + dt.timedelta(minutes=30))

    assert clock.now() == NOON + dt.timedelta(minutes=30)
    assert clock.set_back() == dt.timedelta(minutes=30)


def test_four_seconds_back_are_nothing_to_speak_of() -> None:
    inner = HeldClock(NOON)
    clock = SteadyClock(inner)

    inner.set_by(-4)

    assert clock.now() == NOON
    assert not clock.set_back()


def test_a_leap_forward_is_noticed_and_time_that_passes_is_none() -> None:
    inner = HeldClock(NOON)
    clock = SteadyClock(inner)
    inner.advance(3600)
    clock.now()
    assert not clock.set_forward()

    inner.set_by(11 * 60)

    assert clock.now() == inner.now()
    assert clock.set_forward() == dt.timedelta(minutes=11)
