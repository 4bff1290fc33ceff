"""Wall times become instants, and what is odd about them is said."""

import datetime as dt
import itertools
import zoneinfo
from dataclasses import dataclass

import pytest

from pellacia_service.domain.calendar import Fit, daily, moment_at, resolve, zone_named
from pellacia_service.errors import BadInputError

NEW_YORK = "America/New_York"


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def wall(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("written", "zone", "at", "fit"),
    [
        ("2026-12-27 14:00", "Europe/Berlin", "2026-12-27 13:00", Fit.ONCE),
        ("2027-03-14 02:30", NEW_YORK, "2027-03-14 07:30", Fit.NEVER),
        ("2026-11-01 01:30", NEW_YORK, "2026-11-01 05:30", Fit.TWICE),
        ("2026-11-01 02:00", NEW_YORK, "2026-11-01 07:00", Fit.ONCE),
        # Half an hour only.
        ("2026-10-04 02:15", "Australia/Lord_Howe", "2026-10-03 15:45", Fit.NEVER),
        ("2026-04-05 01:45", "Australia/Lord_Howe", "2026-04-04 14:45", Fit.TWICE),
    ],
)
def test_a_wall_time_stands_for_one_instant(written: str, zone: str, at: str, fit: Fit) -> None:
    moment = resolve(wall(written), zone)

    assert (moment.at, moment.fit) == (utc(at), fit)
    assert moment.wall_text == written


def test_a_time_that_does_not_exist_is_moved_by_the_gap_and_says_so() -> None:
    moment = resolve(wall("2027-03-14 02:30"), NEW_YORK)

    assert "does not exist" in moment.note
    assert "2027-03-14 03:30" in moment.note
    assert "07:30 UTC" in moment.note


def test_a_time_that_happens_twice_is_the_first_one_and_says_so() -> None:
    moment = resolve(wall("2026-11-01 01:30"), NEW_YORK)

    assert "happens twice" in moment.note
    assert "EDT" in moment.note


def test_an_ordinary_time_needs_no_words() -> None:
    assert resolve(wall("2026-12-27 14:00"), "Europe/Berlin").note == ""


def test_an_instant_that_is_known_needs_no_choice() -> None:
    second = utc("2026-11-01 06:30")

    moment = moment_at(second, NEW_YORK)

    assert moment.at == second
    assert moment.note == ""


@pytest.mark.parametrize("name", ["Europe/Berln", "Europe", "../etc/passwd", "", "CESTX"])
def test_a_zone_that_does_not_exist_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(BadInputError, match="no time zone"):
        zone_named(name)


def test_a_misspelt_zone_is_answered_with_the_right_one() -> None:
    with pytest.raises(BadInputError, match="Europe/Berlin"):
        zone_named("Europe/Berln")


def test_a_date_that_a_zone_skipped_has_no_occurrence() -> None:
    dates = [dt.date(2011, 12, day) for day in (29, 30, 31)]

    moments = list(daily(dt.time(12), "Pacific/Apia", dates))

    assert [moment.wall.day for moment in moments] == [29, 31]


SCAN = dt.timedelta(hours=12)
"""Two changes of one zone are further apart than this."""

EVERY_HALF_HOUR = [dt.time(hour, minute) for hour in range(24) for minute in (0, 30)]


@dataclass(frozen=True)
class Change:
    """The clocks of a zone change at an instant, from one offset to another."""

    at: dt.datetime
    before: dt.timedelta | None
    after: dt.timedelta | None

    @property
    def local_time(self) -> dt.time:
        """What the clocks showed when they were changed: the time that is missing, or comes twice."""
        return (self.at + (self.before or dt.timedelta())).time()

    def dates(self) -> list[dt.date]:
        date = self.at.date()
        return [date + dt.timedelta(days=day) for day in range(-2, 3)]


def changes(name: str) -> tuple[Change, ...]:
    """Every change of a zone's clocks from 2020 to 2040, to the quarter of an hour."""
    zone = zone_named(name)
    first = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    last = dt.datetime(2041, 1, 2, tzinfo=dt.UTC)
    scans = [first + number * SCAN for number in range((last - first) // SCAN)]
    offsets = [at.astimezone(zone).utcoffset() for at in scans]
    return tuple(
        narrowed(zone, begin, end)
        for (begin, old), (end, new) in itertools.pairwise(zip(scans, offsets, strict=True))
        if old != new
    )


def narrowed(zone: zoneinfo.ZoneInfo, begin: dt.datetime, end: dt.datetime) -> Change:
    """Find the change between two instants by halving what lies between them."""
    before, after = begin.astimezone(zone).utcoffset(), end.astimezone(zone).utcoffset()
    while end - begin > dt.timedelta(minutes=15):
        middle = begin + (end - begin) / 2
        if middle.astimezone(zone).utcoffset() == before:
            begin = middle
        else:
            end = middle
    return Change(end, before, after)


EVERY_DATE = [
    dt.date.fromordinal(day)
    for day in range(dt.date(2020, 1, 1).toordinal(), dt.date(2041, 1, 1).toordinal())
]

ODD_ZONES = {
    "Africa/Casablanca": 35,  # back for each Ramadan, which moves through the year
    "Antarctica/Troll": 42,  # by two hours
    "Asia/Gaza": 40,
    "Asia/Kolkata": 0,
    "Australia/Lord_Howe": 42,  # by half an hour
    "Pacific/Apia": 2,
}
"""Zones, and the fewest changes of their clocks that must be seen (rules of 2025 and 2026)."""


def check_around_changes(name: str, seen: tuple[Change, ...]) -> None:
    """Every half hour of the day, on the dates around each change: one instant for each date."""
    dates = sorted({date for change in seen for date in change.dates()})
    for time in EVERY_HALF_HOUR:
        moments = list(daily(time, name, dates))
        instants = [moment.at for moment in moments]
        assert [moment.wall.date() for moment in moments] == dates, (name, time)
        assert instants == sorted(set(instants)), (name, time)


def check_every_date(name: str, time: dt.time) -> None:
    """From 2020 to 2040, without leaving out a date: one instant for each, in order."""
    moments = list(daily(time, name, EVERY_DATE))
    instants = [moment.at for moment in moments]
    assert [moment.wall.date() for moment in moments] == EVERY_DATE, (name, time)
    assert instants == sorted(set(instants)), (name, time)


@pytest.mark.parametrize("name", ODD_ZONES)
def test_a_daily_time_happens_once_for_each_local_date_in_the_oddest_zones(name: str) -> None:
    seen = changes(name)

    assert len(seen) >= ODD_ZONES[name]
    check_around_changes(name, seen)


@pytest.mark.long
def test_a_daily_time_happens_once_for_each_local_date_whatever_the_clocks_do() -> None:
    """All zones there are, each of their changes from 2020 to 2040, and each date between."""
    names = sorted(zoneinfo.available_timezones())
    # Of many names for one zone the times of the day around a change are tried once.
    tried = set[tuple[Change, ...]]()
    for name in names:
        seen = changes(name)
        if seen not in tried:
            check_around_changes(name, seen)
            tried.add(seen)
        times = {change.local_time for change in seen} or {dt.time(2, 30)}
        check_every_date(name, min(times))

    assert len(names) > 400
    assert sum(len(seen) for seen in tried) > 1_000


@pytest.mark.parametrize("zone", ["Africa/Cairo", "America/Nuuk", NEW_YORK])
def test_a_moment_shows_its_wall_time_unless_that_does_not_exist(zone: str) -> None:
    dates = sorted({date for change in changes(zone) for date in change.dates()})
    for time in EVERY_HALF_HOUR:
        for moment in daily(time, zone, dates):
            shown = moment.local.replace(tzinfo=None)

            assert (shown == moment.wall) is (moment.fit is not Fit.NEVER)
            assert dt.timedelta() <= shown - moment.wall <= dt.timedelta(hours=1)
