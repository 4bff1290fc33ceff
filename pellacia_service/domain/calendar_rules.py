"""
What may stand where in the calendar of one account.

Every rule answers the same question: may a post be public at this instant, beside what is planned
and published already? `Collision` says which rule says no, and about what.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pellacia_service.domain.account import Account
from pellacia_service.domain.calendar import day_begins, zone_named
from pellacia_service.domain.calendar_caps import CAPS, Cap
from pellacia_service.errors import BadInputError

MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class QuietHours:
    """Wall times between which nothing is published: from the first, up to but not at the second."""

    begin: dt.time
    end: dt.time

    def __contains__(self, time: dt.time) -> bool:
        if self.begin <= self.end:
            return self.begin <= time < self.end
        return time >= self.begin or time < self.end

    def __str__(self) -> str:
        return f"{self.begin:%H:%M}-{self.end:%H:%M}"


@dataclass(frozen=True)
class Rules:
    """
    What one account allows.

    Args:
        minimum_gap: between two posts.
        daily_cap: most posts on one local date; 0: no cap of our own.
        same_clip_within: the same clip may not come twice within this time; 0: it may.
        quiet: hours without posts; None: there are none.
        zone: the account's own zone: whose dates, hours and slots are meant. Empty: the default.
    """

    minimum_gap: dt.timedelta = dt.timedelta(minutes=10)
    daily_cap: int = 6
    same_clip_within: dt.timedelta = dt.timedelta(hours=24)
    quiet: QuietHours | None = None
    zone: str = ""

    def check(self) -> None:
        """
        Refuse rules that cannot be meant.

        Raises:
            BadInputError: a number below nothing, no hour left to publish, no such zone.
        """
        if self.minimum_gap < dt.timedelta() or self.same_clip_within < dt.timedelta():
            raise BadInputError("A minimum gap and a number of hours cannot be less than 0.")
        if self.daily_cap < 0:
            raise BadInputError("A daily cap cannot be less than 0. 0 means: no cap.")
        if self.quiet is not None and self.quiet.begin == self.quiet.end:
            raise BadInputError("Quiet hours begin and end at the same time. Write none for none.")
        if self.zone:
            zone_named(self.zone)


@dataclass(frozen=True)
class Clip:
    """A file, as far as it takes to know it again. `sha256` is empty until it was read whole."""

    path: Path
    size: int = 0
    sha256: str = ""

    def is_same_as(self, other: "Clip") -> bool:
        """Compare contents where both are known, else places."""
        if self.sha256 and other.sha256:
            return (self.size, self.sha256) == (other.size, other.sha256)
        return self.path == other.path


@dataclass(frozen=True)
class Entry:
    """One post on one account, planned or published."""

    account_id: uuid.UUID
    platform: str
    at: dt.datetime
    clip: Clip
    post_id: uuid.UUID
    title: str = ""

    @property
    def name(self) -> str:
        """What a person would call the post."""
        return self.title or self.clip.path.name


@dataclass(frozen=True)
class Collision:
    """One rule that a post would break: `account` is its address, `rule` the rule's short name."""

    account: str
    rule: str
    message: str
    at: dt.datetime | None = None


@dataclass(frozen=True)
class AccountPlan:
    """
    The calendar of one account.

    Args:
        rules: with the zone filled in.
        entries: what is planned or published on the account, in any order.
        platform_entries: the same of all accounts of the platform, for caps that they share.
    """

    account: Account
    rules: Rules
    entries: Sequence[Entry] = field(default=())
    platform_entries: Sequence[Entry] = field(default=())

    def collisions(self, at: dt.datetime, clip: Clip) -> list[Collision]:
        """Return every rule that a post of this clip would break at this instant."""
        return [
            *self._too_close(at),
            *self._too_many(at),
            *self._too_many_for_the_platform(at),
            *self._same_clip(at, clip),
            *self._quiet(at),
        ]

    def edges(self, clip: Clip, now: dt.datetime, until: dt.datetime) -> set[dt.datetime]:
        """
        Return the instants at which what is forbidden may end or begin.

        The free time closest to any instant is that instant or one of these.
        """
        found: set[dt.datetime] = set()
        cap = CAPS.get(self.account.platform)
        for entry in self.entries:
            found |= {entry.at - self.rules.minimum_gap, entry.at + self.rules.minimum_gap}
            if self.rules.same_clip_within and entry.clip.is_same_as(clip):
                found |= {
                    entry.at - self.rules.same_clip_within,
                    entry.at + self.rules.same_clip_within,
                }
        for entry in self.platform_entries if cap else ():
            found |= {entry.at - DAY, entry.at + DAY}
        return found | _day_edges(self.rules, now, until) | _cap_edges(cap, now, until)

    def _too_close(self, at: dt.datetime) -> list[Collision]:
        near = [one for one in self.entries if abs(one.at - at) < self.rules.minimum_gap]
        return [
            self._collision(
                "minimum_gap",
                f"{one.name!r} stands at {self._local(one.at)}, and two posts must be "
                f"{_span(self.rules.minimum_gap)} apart.",
                one.at,
            )
            for one in sorted(near, key=lambda one: one.at)
        ]

    def _too_many(self, at: dt.datetime) -> list[Collision]:
        date = at.astimezone(zone_named(self.rules.zone)).date()
        begin, end = _day_of(date, self.rules.zone)
        there = sum(begin <= one.at < end for one in self.entries)
        if not self.rules.daily_cap or there < self.rules.daily_cap:
            return []
        return [
            self._collision(
                "daily_cap",
                f"{date} has {there} posts already, and this account takes "
                f"{self.rules.daily_cap} a day.",
            )
        ]

    def _too_many_for_the_platform(self, at: dt.datetime) -> list[Collision]:
        cap = CAPS.get(self.account.platform)
        if cap is None:
            return []
        counted = self.platform_entries if cap.shared else self.entries
        if cap.allows(at, [one.at for one in counted]):
            return []
        return [self._collision("platform_cap", cap.sentence)]

    def _same_clip(self, at: dt.datetime, clip: Clip) -> list[Collision]:
        twins = [
            one
            for one in self.entries
            if abs(one.at - at) < self.rules.same_clip_within and one.clip.is_same_as(clip)
        ]
        return [
            self._collision(
                "same_clip",
                f"the same clip stands at {self._local(one.at)}, less than "
                f"{_span(self.rules.same_clip_within)} away.",
                one.at,
            )
            for one in sorted(twins, key=lambda one: one.at)
        ]

    def _quiet(self, at: dt.datetime) -> list[Collision]:
        local = at.astimezone(zone_named(self.rules.zone))
        if self.rules.quiet is None or local.time() not in self.rules.quiet:
            return []
        return [
            self._collision(
                "quiet_hours",
                f"{local:%H:%M} lies in the quiet hours {self.rules.quiet} ({self.rules.zone}).",
            )
        ]

    def _collision(self, rule: str, message: str, at: dt.datetime | None = None) -> Collision:
        return Collision(self.account.address, rule, f"{self.account.address}: {message}", at)

    def _local(self, at: dt.datetime) -> str:
        return f"{at.astimezone(zone_named(self.rules.zone)):%Y-%m-%d %H:%M %Z}"


def _day_of(date: dt.date, zone: str) -> tuple[dt.datetime, dt.datetime]:
    return day_begins(date, zone), day_begins(date + DAY, zone)


def _day_edges(rules: Rules, now: dt.datetime, until: dt.datetime) -> set[dt.datetime]:
    """Return where local dates and quiet hours begin and end; a begin is no free minute itself."""
    found: set[dt.datetime] = set()
    zone = zone_named(rules.zone)
    date, last = now.astimezone(zone).date(), until.astimezone(zone).date()
    while date <= last:
        begin, end = _day_of(date, rules.zone)
        found |= {begin, end - MINUTE}
        if rules.quiet is not None:
            for wall, shift in ((rules.quiet.begin, -MINUTE), (rules.quiet.end, dt.timedelta())):
                local = dt.datetime.combine(date, wall, tzinfo=zone)
                found.add(local.astimezone(dt.UTC) + shift)
        date += DAY
    return found


def _cap_edges(cap: Cap | None, now: dt.datetime, until: dt.datetime) -> set[dt.datetime]:
    if cap is None or not cap.day_in:
        return set()
    return _day_edges(Rules(zone=cap.day_in), now, until)


def _span(length: dt.timedelta) -> str:
    minutes = round(length.total_seconds() / 60)
    return f"{minutes // 60} h" if minutes % 60 == 0 and minutes else f"{minutes} min"
