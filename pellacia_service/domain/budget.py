"""
What a platform allows in a stretch of time, and when there is room again.

A budget is counted in one of three ways:

    Even      spread out: a short burst, then one at a time (GCRA). One row.
    Rolling   so many in any stretch of this length, however they come. At most 49 rows.
    Day       so many from midnight to midnight in the platform's zone. One row.

None of them lets more through than the platform allows in any window. Counting is done in whole
milliseconds since 1970, given by whoever asks, so that both databases count alike.
"""

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

SLOTS = 48
"""
A rolling window is counted in slots of 1/48 of its length.

The slot that is only just behind the window counts as well, so that no window is ever overrun;
that costs at most one part in 49 of what could be used.
"""

RESERVE = 10
"""One part in so many of a budget that looks share with other calls is kept for the looks."""

BURST = 20
"""One part in so many of an even budget may be used at once."""


class Call(enum.StrEnum):
    """The kinds of calls to a platform: the promises of a platform file that go out to it."""

    OPEN = "open"
    SEND = "send"
    LOOK = "look"
    PUBLISH = "publish"


class Scope(enum.StrEnum):
    """Who shares a budget."""

    APP = "app"
    """All accounts: the platform counts what our developer application does."""

    ACCOUNT = "account"


OPENS: Mapping[Call, int] = {Call.OPEN: 1}
SENDS: Mapping[Call, int] = {Call.SEND: 1}
LOOKS: Mapping[Call, int] = {Call.LOOK: 1}
PUBLISHES: Mapping[Call, int] = {Call.PUBLISH: 1}
ASKS: Mapping[Call, int] = {Call.OPEN: 1, Call.LOOK: 1, Call.PUBLISH: 1}
"""What calls cost, in the units of a budget. The last: all but those that carry bytes."""


@dataclass(frozen=True)
class Even:
    """So many in `seconds`, one after the other."""

    seconds: int

    def burst(self, amount: int) -> int:
        """Return how many may come at once after a pause: 1 in 20, at least one."""
        return 1 + amount // BURST

    def interval_ms(self, amount: int) -> int:
        """Return the distance between two; burst and followers together fit into any window."""
        return -(-self.seconds * 1000 // (amount - self.burst(amount) + 1))


@dataclass(frozen=True)
class Rolling:
    """So many in any stretch of `seconds`."""

    seconds: int

    @property
    def _slot_ms(self) -> int:
        return -(-self.seconds * 1000 // SLOTS)

    def slot(self, now_ms: int) -> int:
        """Return the start of the slot that a use at this time is counted in."""
        return now_ms - now_ms % self._slot_ms

    def first(self, now_ms: int) -> int:
        """Return the start of the oldest slot that still counts."""
        return self.slot(now_ms) - SLOTS * self._slot_ms

    def ends(self, slot: int) -> int:
        """Return when the uses in a slot stop counting."""
        return slot + (SLOTS + 1) * self._slot_ms


@dataclass(frozen=True)
class Day:
    """So many from one midnight in `zone` to the next, which daylight saving moves."""

    zone: str

    def slot(self, now_ms: int) -> int:
        """Return the midnight before."""
        return self._midnight(now_ms, days=0)

    def first(self, now_ms: int) -> int:
        """Return the midnight before: what was used earlier counts no more."""
        return self.slot(now_ms)

    def ends(self, slot: int) -> int:
        """Return the midnight after the one that a slot stands for."""
        return self._midnight(slot, days=1)

    def _midnight(self, at_ms: int, *, days: int) -> int:
        zone = ZoneInfo(self.zone)
        date = from_ms(at_ms).astimezone(zone).date() + dt.timedelta(days=days)
        return to_ms(dt.datetime.combine(date, dt.time(), tzinfo=zone))


MINUTE, QUARTER, HOUR, DAY_LONG = Rolling(60), Rolling(15 * 60), Rolling(60 * 60), Rolling(86_400)
"""The windows that platforms like. The last is any 24 hours, not a day of the calendar."""


@dataclass(frozen=True)
class Budget:
    """
    One limit of a platform.

    Args:
        kind: its name, for people: "uploads", "looks".
        amount: most units in a window.
        cost: units for each kind of call; a kind that is not listed costs nothing.
        link_cost: further units of a publish whose text holds a link.
    """

    kind: str
    amount: int
    window: Even | Rolling | Day
    cost: Mapping[Call, int]
    scope: Scope = Scope.ACCOUNT
    link_cost: int = 0

    def allowance(self, call: Call) -> int:
        """Return how many units this kind of call may use up: the last tenth is for looks alone."""
        shared = Call.LOOK in self.cost and len(self.cost) > 1
        if call is Call.LOOK or not shared:
            return self.amount
        return self.amount - -(-self.amount // RESERVE)

    def price(self, call: Call, *, with_link: bool) -> int:
        """Return what a call costs, in units."""
        return self.cost[call] + (self.link_cost if with_link else 0)


def room_at(window: Rolling | Day, uses: Mapping[int, int], *, room: int) -> int | None:
    """
    Return when no more than `room` units of those used still count; None: that is so now.

    Args:
        uses: start of a slot to units used in it, for the slots that count.
    """
    used, at = sum(uses.values()), None
    for slot in sorted(uses):
        if used <= room:
            break
        used, at = used - uses[slot], window.ends(slot)
    return at


@dataclass(frozen=True)
class Left:
    """What is left of a budget; `resets_at_ms` is when units come back next, None: none were used."""

    used: int
    left: int
    resets_at_ms: int | None


def standing_of(budget: Budget, tat_ms: int, uses: Mapping[int, int], now_ms: int) -> Left:
    """
    Count what is left.

    Args:
        tat_ms: for an even budget, when it is whole again.
        uses: for the others, start of a slot to units, for the slots that count.
    """
    window = budget.window
    if isinstance(window, Even):
        interval, burst = window.interval_ms(budget.amount), window.burst(budget.amount)
        used = -(-max(0, tat_ms - now_ms) // interval)
        return Left(used, max(0, burst - used), tat_ms if used else None)
    used = sum(uses.values())
    back_at = room_at(window, uses, room=max(0, used - 1)) if used else None
    return Left(used, max(0, budget.amount - used), back_at)


def span(window: Even | Rolling | Day) -> str:
    """Say how long a window is."""
    if isinstance(window, Day):
        return f"a day ({window.zone})"
    return SPANS.get(window.seconds, f"{window.seconds} s")


SPANS = {60: "a minute", 900: "15 minutes", 3600: "an hour", 86_400: "24 hours"}


def to_ms(instant: dt.datetime) -> int:
    """Write an instant as whole milliseconds since 1970."""
    return (instant - EPOCH) // dt.timedelta(milliseconds=1)


def from_ms(milliseconds: int) -> dt.datetime:
    """Read milliseconds since 1970."""
    return EPOCH + dt.timedelta(milliseconds=milliseconds)


EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
