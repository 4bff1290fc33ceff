"""
Scheduled posts whose hour passed while nothing ran.

    up to  2 minutes late   as if nothing had happened
    up to 15 minutes late   published, and marked late
    up to 24 hours late     missed: a person decides (queue retry, schedule move, schedule cancel)
    later than that         missed, and closed: nobody waits for an answer any more

What is published late keeps the account's minimum gap, one post after the other: a burst after an
outage is how an account gets flagged.

Lateness counts from the hour at which a post is owed to the public, not from the one at which its
upload may begin; and from a publisher's last sign of life, where that came later: a long upload
that is taken up again has not been left lying.
"""

import datetime as dt
import enum
import json
from collections.abc import Mapping
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
"""The mark that holds when late deliveries of an account may go on, by id; the account's id follows."""

JUDGED = frozenset({Step.CHECK, Step.OPEN, Step.SEND, Step.WAIT, Step.READY})
"""Steps at which nothing is public, and nothing is on its way that could make it so."""


def owed_at(scheduled_at: dt.datetime | None, delivery: Delivery) -> dt.datetime | None:
    """
    Return when the post was to go public; None for one that was never scheduled.

    A person's order and a wait for a quota move `due_at` and `not_before`: from then on the post is
    owed at that time, and is not late by the time before.
    """
    if scheduled_at is None:
        return None
    return max(scheduled_at, delivery.due_at, delivery.not_before or delivery.due_at)


def is_judged(trip: Trip) -> bool:
    """Say whether the policy applies where a publisher takes a delivery up."""
    if trip.owed_at is None or trip.delivery.step not in JUDGED:
        return False
    receipt = trip.delivery.receipt
    sent = receipt is not None and not receipt.wants_more
    return not (sent and trip.platform.facts.last_part_publishes)


async def mind(trip: Trip) -> None:
    """Apply the policy to a delivery that is taken up. May bring it to a rest, or put it back."""
    lateness = trip.tools.clock.now() - _left_at(trip)
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
    told = f"late by {_span(lateness)}: nothing ran at {_left_at(trip):%Y-%m-%d %H:%M} UTC"
    if begins > trip.tools.clock.now():
        await trip.snooze(begins, None, f"{told}; it keeps its distance from the post before it")
        return
    await trip.save(trip.delivery, told)


async def _reserve(trip: Trip) -> dt.datetime:
    """
    Find the first instant that keeps the account's minimum gap, and take it.

    The turn bears the delivery's name: whoever takes it up after a crash gets the same one.
    """
    now, account_id = trip.tools.clock.now(), trip.account.id
    name, mine = f"{CATCH_UP}{account_id}", str(trip.delivery.id)
    trip.tools.crash.reached("before taking a turn")
    async with trip.tools.database.write() as tx:
        await tx.calendar.lock([account_id])
        gap = (await tx.calendar.rules(account_id)).minimum_gap
        turns = _turns(await tx.marks.get(name), after=now - gap)
        if mine not in turns:
            last = await tx.calendar.last_public(account_id, besides=trip.delivery.id, now=now)
            before = [*turns.values(), *filter(None, [last])]
            turns[mine] = max([now, *(one + gap for one in before)])
            kept = {delivery: begins.isoformat() for delivery, begins in turns.items()}
            await tx.marks.put(name, json.dumps(kept))
    trip.tools.crash.reached("after taking a turn")
    return turns[mine]


def _turns(kept: str, *, after: dt.datetime) -> dict[str, dt.datetime]:
    """Read the turns that still keep others at a distance, by the delivery that has each."""
    if not kept.startswith("{"):  # nothing, or the one instant that earlier versions kept
        kept = json.dumps({"": kept} if kept else {})
    read: Mapping[str, str] = json.loads(kept)
    turns = {delivery: dt.datetime.fromisoformat(begins) for delivery, begins in read.items()}
    return {delivery: begins for delivery, begins in turns.items() if begins > after}


async def _miss(trip: Trip, lateness: dt.timedelta, code: str, state: str) -> None:
    message = (
        f"This was planned for {trip.owed_at:%Y-%m-%d %H:%M} UTC and {_nothing_ran(trip)}; it is "
        f"{_span(lateness)} late now. Nothing was published. {state} "
        f"To publish it now: pellacia-dist queue retry --id {trip.delivery.id}. "
        f"For another time: pellacia-dist schedule move --id {trip.delivery.id} --at TIME. "
        f"To drop it: pellacia-dist schedule cancel --id {trip.delivery.id}"
    )
    error = DeliveryError(kind=ErrorKind.VALIDATION, code=code, message=message)
    await trip.finish(Step.MISSED, f"missed by {_span(lateness)}", error)


def _left_at(trip: Trip) -> dt.datetime:
    """Return since when it could have gone out, had anything run."""
    owed_at = trip.owed_at or trip.claimed.due_at
    return max(owed_at, trip.claimed.alive_at or owed_at)


def _nothing_ran(trip: Trip) -> str:
    left_at = _left_at(trip)
    return (
        "nothing ran then" if left_at == trip.owed_at else f"nothing has run since {left_at:%H:%M}"
    )


def _span(length: dt.timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} days"
    return f"{hours} h {rest} min" if hours else f"{minutes} min"
