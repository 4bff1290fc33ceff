"""
What becomes of a delivery whose publisher stumbled over something that nobody had foreseen.

Nothing is assumed about how far it had come. What was committed decides:

    at the irreversible call     ─► UNSURE: whoever goes on looks at the platform before anything else
    anywhere else                ─► it stays where it stands
    the first few times          ─► back into the queue, to wait longer each time
    too often, or an invariant   ─► FAILED; HELD for a person where it may have been published
    was found broken
"""

import datetime as dt
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace

from pellacia_service.domain.delivery import INTENT, RESTING, Delivery, DeliveryError, Step
from pellacia_service.errors import ErrorKind, LeaseLostError, PellaciaError
from pellacia_service.platform_kit.protocol import Platform
from pellacia_service.publishing.invariants import BrokenInvariantError
from pellacia_service.publishing.reconcile import hold
from pellacia_service.publishing.trip import Tools, Trip
from pellacia_service.repositories.journal import JournalEntry

WAITS = tuple(dt.timedelta(seconds=seconds) for seconds in (5, 20, 80, 320))
"""Before the second try, the third, and so on. After the last one the delivery rests."""

COUNT = "unexpected"
"""The journal's evidence: how often it has happened since a person last set the delivery going."""

MAY_BE_PUBLISHED = frozenset({Step.UNSURE, Step.CONFIRM})

LOG = logging.getLogger(__name__)


class Mishaps:
    """Puts deliveries back, or to rest, in words."""

    def __init__(self, *, tools: Tools, platforms: Mapping[str, Platform]) -> None:
        self._tools = tools
        self._platforms = platforms

    async def put_back(self, claimed: Delivery, error: Exception) -> Delivery:
        """
        Write down that carrying a delivery ended in an error, and return it as committed.

        Raises:
            LeaseLostError: another worker owns it by now; nothing was written.
        """
        LOG.error(
            "delivery %s to %s: something unexpected happened",
            claimed.id,
            claimed.platform,
            exc_info=error,
        )
        trip, before = await self._take_up(claimed)
        if trip.delivery.step in RESTING:
            return trip.delivery
        if trip.delivery.step in INTENT:
            await trip.move(Step.UNSURE, "the publisher stumbled at the irreversible call")
        times = before + 1
        if isinstance(error, BrokenInvariantError) or times > len(WAITS):
            await _rest(trip, error, times)
        else:
            await self._wait(trip, error, times)
        return trip.delivery

    async def _take_up(self, claimed: Delivery) -> tuple[Trip, int]:
        """Read the delivery as it was last committed, and how often it has had a mishap."""
        async with self._tools.database.read() as tx:
            delivery = await tx.deliveries.get(claimed.id)
            stored = await tx.posts.get(delivery.post_id)
            account = await tx.accounts.get(delivery.account_id)
            journal = await tx.journal.of(delivery.id)
        if delivery.epoch != claimed.epoch:
            raise LeaseLostError(f"Delivery {delivery.id} has gone to another publisher.")
        trip = Trip(
            tools=self._tools,
            platform=self._platforms[delivery.platform],
            account=account,
            post=stored.post,
            delivery=replace(delivery, not_before=None),
            bytes_sent=delivery.bytes_sent,
        )
        return trip, _mishaps_in(journal)

    async def _wait(self, trip: Trip, error: Exception, times: int) -> None:
        wait = WAITS[times - 1]
        until = self._tools.clock.now() + wait
        record = DeliveryError(
            kind=ErrorKind.PLATFORM,
            code="unexpected",
            message=f"{_sentence(error)} It is tried again by itself.",
            retry_at=until,
        )
        trip.snoozed = True
        await trip.save(
            replace(trip.delivery, not_before=until, error=record),
            f"something unexpected: {type(error).__name__}; tried again in {wait.seconds} s",
            {COUNT: times},
        )


async def _rest(trip: Trip, error: Exception, times: int) -> None:
    """Leave it to a person. Where it may have been published, nothing but a look can tell."""
    how_often = f" {times} times" if times > 1 else ""
    why = f"something unexpected happened{how_often}: {type(error).__name__}."
    if trip.delivery.step in MAY_BE_PUBLISHED:
        await hold(trip, why)
        return
    record = DeliveryError(
        kind=ErrorKind.PLATFORM,
        code="unexpected",
        message=f"{_sentence(error)} It was not published. "
        f"To try again: pellacia-dist queue retry --id {trip.delivery.id}",
    )
    await trip.finish(Step.FAILED, why, record)


def _mishaps_in(journal: Iterable[JournalEntry]) -> int:
    """Count them since the delivery was last set going: not by progress, which may go in circles."""
    count = 0
    for entry in journal:
        if entry.from_step in RESTING:
            count = 0
        elif COUNT in entry.evidence:
            count += 1
    return count


def _sentence(error: Exception) -> str:
    if isinstance(error, PellaciaError | BrokenInvariantError):
        return str(error)
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return f"Something unexpected happened ({what}). The whole story stands in the log."
