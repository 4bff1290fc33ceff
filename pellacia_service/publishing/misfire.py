"""
Scheduled posts whose hour passed while nothing ran.

    up to  2 minutes late   as if nothing had happened
    up to 15 minutes late   published, and marked late
    up to 24 hours late     missed: a person decides (queue retry, schedule move, schedule cancel)
    later than that         missed, and closed: nobody waits for an answer any more

What is published late keeps the account's minimum gap, one post after the other: a burst after an
outage is how an account gets flagged.
"""

import datetime as dt
import enum
from dataclasses import dataclass

from pellacia_service.domain.delivery import Delivery, DeliveryError, Step
from pellacia_service.errors import ErrorKind
from pellacia_service.publishing.trip import Trip


class Verdict(enum.Enum):
    """What becomes of a delivery that is claimed at some hour."""

    ON_TIME = enum.auto()
    LATE = enum.auto()
    MISSED = enum.auto()
    CLOSED = enum.auto()


@dataclass(frozen=True)
class Policy:
    """How late is how bad. Each limit belongs to the better side."""

    on_time: dt.timedelta = dt.timedelta(minutes=2)
    late: dt.timedelta = dt.timedelta(minutes=15)
    hold: dt.timedelta = dt.timedelta(hours=24)

    def verdict(self, lateness: dt.timedelta) -> Verdict:
        """Judge a lateness."""
        limits = (
            (self.on_time, Verdict.ON_TIME),
            (self.late, Verdict.LATE),
            (self.hold, Verdict.MISSED),
        )
        return next((verdict for limit, verdict in limits if lateness <= limit), Verdict.CLOSED)


POLICY = Policy()

CATCH_UP = "calendar.catch_up."
"""The mark that holds when the next late post of an account may begin; the account's id follows."""


def owed_at(scheduled_at: dt.datetime | None, delivery: Delivery) -> dt.datetime | None:
    """
    Return when publishing was to begin; None for a post that was never scheduled.

    A person's order and a wait for a quota move `due_at` and `not_before`: from then on the post is
    owed at that time, and is not late by the time before.
    """
    if scheduled_at is None:
        return None
    return max(scheduled_at, delivery.due_at, delivery.not_before or delivery.due_at)


async def mind(trip: Trip) -> None:
    """Apply the policy to a delivery that has not been begun. May bring it to a rest, or put it back."""
    if trip.owed_at is None:
        return
    lateness = trip.tools.clock.now() - trip.owed_at
    match POLICY.verdict(lateness):
        case Verdict.ON_TIME:
            return
        case Verdict.LATE:
            await _begin_late(trip, lateness)
        case Verdict.MISSED:
            await _miss(trip, lateness, "missed", "It waits for your decision.")
        case Verdict.CLOSED:
            await _miss(trip, lateness, "missed_closed", "It is closed.")


async def _begin_late(trip: Trip, lateness: dt.timedelta) -> None:
    begins = await _reserve(trip)
    told = f"late by {_span(lateness)}: nothing ran at {_instant(trip)}"
    if begins > trip.tools.clock.now():
        await trip.snooze(begins, None, f"{told}; it keeps its distance from the post before it")
        return
    await trip.save(trip.delivery, told)


async def _reserve(trip: Trip) -> dt.datetime:
    """Find the first instant that keeps the account's minimum gap, and take it."""
    now, account_id = trip.tools.clock.now(), trip.account.id
    name = f"{CATCH_UP}{account_id}"
    trip.tools.crash.reached("before taking a turn")
    async with trip.tools.database.write() as tx:
        await tx.calendar.lock([account_id])
        last = await tx.calendar.last_started(account_id, besides=trip.delivery.id)
        gap = (await tx.calendar.rules(account_id)).minimum_gap
        taken = await tx.marks.get(name)
        before = [dt.datetime.fromisoformat(taken)] if taken else []
        begins = max([now, *(one + gap for one in (*before, *filter(None, [last])))])
        await tx.marks.put(name, begins.isoformat())
    trip.tools.crash.reached("after taking a turn")
    return begins


async def _miss(trip: Trip, lateness: dt.timedelta, code: str, state: str) -> None:
    message = (
        f"This was planned for {_instant(trip)} and nothing ran then; it is {_span(lateness)} late "
        f"now. Nothing was published. {state} "
        f"To publish it now: pellacia-dist queue retry --id {trip.delivery.id}. "
        f"For another time: pellacia-dist schedule move --id {trip.delivery.id} --at TIME. "
        f"To drop it: pellacia-dist schedule cancel --id {trip.delivery.id}"
    )
    error = DeliveryError(kind=ErrorKind.VALIDATION, code=code, message=message)
    await trip.finish(Step.MISSED, f"missed by {_span(lateness)}", error)


def _instant(trip: Trip) -> str:
    return f"{trip.owed_at:%Y-%m-%d %H:%M} UTC"


def _span(length: dt.timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} days"
    return f"{hours} h {rest} min" if hours else f"{minutes} min"
