"""Times as people write them."""

import datetime as dt
import zoneinfo

import pytest

from pellacia_service.errors import BadInputError
from pellacia_service.use_cases.schedule_words import read_at

BERLIN = "Europe/Berlin"
NOW = dt.datetime(2026, 11, 22, 11, 12, 34, tzinfo=dt.UTC)
"""A Sunday, 12:12 in Berlin."""


@pytest.mark.parametrize(
    ("words", "local"),
    [
        ("2026-12-27 14:00", "2026-12-27 14:00"),
        ("2026-12-27T14:00", "2026-12-27 14:00"),
        ("2026-12-27  9:05", "2026-12-27 09:05"),
        ("2026-12-27 14:00:30", "2026-12-27 14:00:30"),
        ("2026-12-27T14:00:00Z", "2026-12-27 15:00"),
        ("2026-12-27 14:00 -05:00", "2026-12-27 20:00"),
        ("tomorrow 9am", "2026-11-23 09:00"),
        ("Tomorrow at 9:30 PM", "2026-11-23 21:30"),
        ("tomorrow at noon", "2026-11-23 12:00"),
        ("friday 18:30", "2026-11-27 18:30"),
        ("next monday at 9am", "2026-11-23 09:00"),
        ("sunday 20:00", "2026-11-22 20:00"),
        ("sunday 9:00", "2026-11-29 09:00"),
        ("27 December 14:00", "2026-12-27 14:00"),
        ("27.12.2026 14:00", "2026-12-27 14:00"),
        ("in 3 days at 9am", "2026-11-25 09:00"),
        ("18:30", "2026-11-22 18:30"),
        ("9am", "2026-11-23 09:00"),
        ("in 2 hours", "2026-11-22 14:12:34"),
        ("in 90 minutes", "2026-11-22 13:42:34"),
        ("in an hour and 30 minutes", "2026-11-22 13:42:34"),
        ("in 2 weeks", "2026-12-06 12:12:34"),
    ],
)
def test_a_time_is_read_as_it_is_meant(words: str, local: str) -> None:
    moment = read_at(words, BERLIN, NOW)

    meant = dt.datetime.fromisoformat(local).replace(tzinfo=zoneinfo.ZoneInfo(BERLIN))
    assert moment.at == meant.astimezone(dt.UTC)
    assert moment.wall_text == local


@pytest.mark.parametrize(
    "words",
    [
        "",
        "soon",
        "gibberish 14:00",
        "friday",
        "monday at 9",
        "tomorrow",
        "tomorrow 25:00",
        "tomorrow 13pm",
        "10",
        "may",
        "12/11/2026 14:00",
        "2026-12-27",
        "2026-13-27 14:00",
        "2026-02-30 14:00",
        "2026-12-27 24:30",
        "2026-12-27 noon",
        "next-slot tomorrow",
    ],
)
def test_what_would_have_to_be_guessed_is_refused(words: str) -> None:
    with pytest.raises(BadInputError):
        read_at(words, BERLIN, NOW)


def test_hours_from_now_pass_whatever_the_clocks_do() -> None:
    before_the_change = dt.datetime(2027, 3, 28, 0, 30, tzinfo=dt.UTC)

    moment = read_at("in 2 hours", BERLIN, before_the_change)

    assert moment.at == before_the_change + dt.timedelta(hours=2)


def test_days_from_now_keep_the_time_of_day() -> None:
    before_the_change = dt.datetime(2027, 3, 27, 11, tzinfo=dt.UTC)

    moment = read_at("in 1 day", BERLIN, before_the_change)

    assert f"{moment.local:%Y-%m-%d %H:%M}" == "2027-03-28 12:00"
