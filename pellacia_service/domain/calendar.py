"""
Wall time: what a clock on a wall shows, and the instant that is meant by it.

Twice a year it is not obvious. When clocks go forward some times do not exist; they are moved
forward by as much as the clocks are. When clocks go back some times happen twice; the first one is
taken. Either way the choice is said (`Moment.note`), never made in silence.
"""

import datetime as dt
import difflib
import enum
import zoneinfo
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pellacia_service.errors import BadInputError


class Fit(enum.StrEnum):
    """How often a wall time happens."""

    ONCE = "once"
    NEVER = "never"
    TWICE = "twice"


@dataclass(frozen=True)
class Moment:
    """
    A wall time and the one instant that it stands for.

    Args:
        at: the instant, in UTC.
        wall: the date and time as a person wrote it, without an offset.
        zone: the IANA name of the zone in which `wall` is read.
    """

    at: dt.datetime
    wall: dt.datetime
    zone: str
    fit: Fit = Fit.ONCE

    @property
    def local(self) -> dt.datetime:
        """The instant in its zone: differs from `wall` where that does not exist."""
        return self.at.astimezone(zone_named(self.zone))

    @property
    def wall_text(self) -> str:
        """The wall time as it is stored: `2026-12-27 14:00`, with seconds where there are any."""
        return self.wall.strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")

    @property
    def text(self) -> str:
        """The instant as people read it: `2026-12-27 14:00 CET (Europe/Berlin)`."""
        return f"{self.local:%Y-%m-%d %H:%M %Z} ({self.zone})"

    @property
    def note(self) -> str:
        """What a person must be told about the choice of the instant; empty for an ordinary time."""
        chosen = f"{self.local:%Y-%m-%d %H:%M} ({self.local:%Z}, {self.at:%Y-%m-%d %H:%M} UTC)"
        return {
            Fit.ONCE: "",
            Fit.NEVER: f"{self.wall_text} does not exist in {self.zone}: the clocks go forward. "
            f"It was moved to {chosen}.",
            Fit.TWICE: f"{self.wall_text} happens twice in {self.zone}: the clocks go back. "
            f"The first one was taken: {chosen}.",
        }[self.fit]


def zone_named(name: str) -> zoneinfo.ZoneInfo:
    """
    Return a zone by its IANA name.

    Raises:
        BadInputError: there is none; the message offers names that look like it.
    """
    try:
        return zoneinfo.ZoneInfo(name)
    # A folder's name ("Europe") and a name that leads out of the folder are no zones either.
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        names = sorted(zoneinfo.available_timezones())
        close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        hint = f" Did you mean {' or '.join(close)}?" if close else ""
        raise BadInputError(
            f"There is no time zone called {name!r}.{hint} Zones have names such as Europe/Berlin."
        ) from error


def resolve(wall: dt.datetime, zone: str) -> Moment:
    """
    Find the instant that a wall time stands for.

    Args:
        wall: without an offset.

    Raises:
        BadInputError: there is no such zone, or the year is out of reach.
    """
    rules = zone_named(zone)
    first = wall.replace(tzinfo=rules, fold=0)
    try:
        # By the rules of PEP 495 the first reading of a time in a gap uses the offset from before
        # it, and so comes out later by the length of the gap.
        at = first.astimezone(dt.UTC)
        back = at.astimezone(rules).replace(tzinfo=None)
    except OverflowError as error:
        raise BadInputError(f"{wall} is too far away.") from error
    if back != wall:
        return Moment(at, wall, zone, Fit.NEVER)
    twice = first.utcoffset() != first.replace(fold=1).utcoffset()
    return Moment(at, wall, zone, Fit.TWICE if twice else Fit.ONCE)


def moment_at(at: dt.datetime, zone: str) -> Moment:
    """Return the moment of an instant that is known already: nothing has to be chosen."""
    at = at.astimezone(dt.UTC)
    return Moment(at, at.astimezone(zone_named(zone)).replace(tzinfo=None), zone)


def daily(time: dt.time, zone: str, dates: Iterable[dt.date]) -> Iterator[Moment]:
    """
    Resolve a wall time on each of some local dates: one moment for each date that exists.

    Days are counted on the local calendar, never as 86,400 seconds, so a change of the clocks can
    neither repeat nor swallow one. A date that a zone skipped altogether (Samoa had no 30 December
    2011) has no moment.
    """
    for date in dates:
        if _exists(date, zone):
            yield resolve(dt.datetime.combine(date, time), zone)


def day_begins(date: dt.date, zone: str) -> dt.datetime:
    """Return the first instant of a local date, in UTC. It need not be midnight."""
    return resolve(dt.datetime.combine(date, dt.time()), zone).at


def _exists(date: dt.date, zone: str) -> bool:
    return day_begins(date, zone) < day_begins(date + dt.timedelta(days=1), zone)
