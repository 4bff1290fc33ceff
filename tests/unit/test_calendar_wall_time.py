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


SCAN = dt.timedelta(days=5)
EVERY_HALF_HOUR = [dt.time(hour, minute) for hour in range(24) for minute in (0, 30)]


@dataclass(frozen=True)
class Change:
    """The clocks of a zone change at an instant, from one offset to another."""

    at: dt.datetime
    before: dt.timedelta | None
    after: dt.timedelta | None

    def dates(self) -> list[dt.date]:
        date = self.at.date()
        return [date + dt.timedelta(days=day) for day in range(-2, 3)]


def changes(name: str) -> tuple[Change, ...]:
    """Every change of a zone's clocks from 2020 to 2040, to the quarter of an hour."""
    zone = zone_named(name)
    first = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    scans = [first + number * SCAN for number in range(21 * 366 // SCAN.days)]
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


@pytest.mark.long
def test_a_daily_time_happens_once_for_each_local_date_whatever_the_clocks_do() -> None:
    """All zones, all changes of the clocks from 2020 to 2040, every half hour of the day."""
    # Many names are other names of one zone: what they do is looked at once.
    zones = {changes(name): name for name in zoneinfo.available_timezones()}

    for seen, name in zones.items():
        dates = sorted({date for change in seen for date in change.dates()})
        for time in EVERY_HALF_HOUR:
            moments = list(daily(time, name, dates))

            instants = [moment.at for moment in moments]
            assert [moment.wall.date() for moment in moments] == dates, (name, time)
            assert instants == sorted(set(instants)), (name, time)

    assert sum(len(seen) for seen in zones) > 1_000


@pytest.mark.parametrize("zone", ["Africa/Cairo", "America/Nuuk", NEW_YORK])
def test_a_moment_shows_its_wall_time_unless_that_does_not_exist(zone: str) -> None:
    dates = sorted({date for change in changes(zone) for date in change.dates()})
    for time in EVERY_HALF_HOUR:
        for moment in daily(time, zone, dates):
            shown = moment.local.replace(tzinfo=None)

            assert (shown == moment.wall) is (moment.fit is not Fit.NEVER)
            assert dt.timedelta() <= shown - moment.wall <= dt.timedelta(hours=1)
