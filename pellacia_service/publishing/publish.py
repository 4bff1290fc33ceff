"""
The steps around the one call that cannot be taken back: WAIT, READY, PUBLISH and CONFIRM.

The intent is committed before the call; whatever is not a clear yes or a clear no leads to
UNSURE, where only evidence counts (`reconcile.py`).
"""

import asyncio
import contextlib
import datetime as dt
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from typing import Any

from pellacia_service.domain.budget import Call
from pellacia_service.domain.delivery import DeliveryError, Step
from pellacia_service.domain.receipt import ASKED, Receipt
from pellacia_service.domain.sighting import Seen, Sighting
from pellacia_service.errors import (
    ErrorKind,
    LoginNeededError,
    PlatformError,
    RateLimitedError,
    TransientError,
)
from pellacia_service.platform_kit.http import Api
from pellacia_service.publishing.checking import verify
from pellacia_service.publishing.invariants import check_due, check_intent
from pellacia_service.publishing.looking import look, open_again, rejected
from pellacia_service.publishing.quotas import learn_quota
from pellacia_service.publishing.staging import is_stale, put_back, sit_out
from pellacia_service.publishing.thumbnails import OUTCOME, with_thumbnail
from pellacia_service.publishing.trip import Trip, error_record

INTENT_LIVES = 5.0
"""Seconds between the intent and the call. A process that was frozen in between must not call."""

FIRST_POLL, POLL_GROWTH, LONGEST_POLL = 1.0, 1.5, 30.0
"""Seconds between two looks at a video that is being processed."""

PATIENCE = dt.timedelta(minutes=30)
"""After this the delivery waits in the queue and is looked at every few minutes."""

LATER = dt.timedelta(minutes=5)

MOST_CONNECTIONS = 3
"""Attempts to reach the platform for the call that publishes."""


def polls() -> Iterator[float]:
    """Yield the pauses between looks, growing."""
    pause = FIRST_POLL
    while True:
        yield pause
        pause = min(pause * POLL_GROWTH, LONGEST_POLL)


async def wait(trip: Trip) -> None:
    """Look until the platform has done its work on the video."""
    sighting = await look_until_settled(trip, busy={Seen.PROCESSING})
    if sighting is None:
        return
    receipt = sighting.receipt
    match sighting.seen:
        case Seen.READY:
            await verify(trip)
            receipt = await with_thumbnail(trip, receipt)
            await trip.move(Step.READY, ready_because(receipt), receipt)
        case Seen.LIVE if trip.is_early and trip.platform.facts.publish_is_repeatable:
            # Uploaded with the privacy that it is to have: it still goes its way at its hour.
            await verify(trip)
            receipt = await with_thumbnail(trip, receipt)
            await trip.move(Step.READY, ready_because(receipt), receipt)
        case Seen.LIVE:
            await verify(trip)
            receipt = await with_thumbnail(trip, receipt)
            await done(trip, receipt, "the platform shows it")
        case Seen.RECEIVING:
            await trip.move(Step.SEND, "the platform still waits for bytes", receipt)
        case Seen.GONE:
            await open_again(trip, "the upload has run out before it was published")
        case Seen.REJECTED:
            await rejected(trip, sighting)
        case _:
            await trip.move(Step.UNSURE, "the platform does not show the upload", receipt)


def ready_because(receipt: Receipt) -> str:
    """Say that the word to publish is awaited, and what became of the thumbnail."""
    thumbnail = receipt.text(OUTCOME)
    return "the platform is ready to publish" + (f"; thumbnail {thumbnail}" if thumbnail else "")


async def look_until_settled(trip: Trip, *, busy: set[Seen]) -> Sighting | None:
    """Look until something else than `busy` is seen; None when the delivery was put back to wait."""
    deadline = trip.tools.clock.now() + PATIENCE
    for pause in polls():
        sighting = await look(trip)
        if sighting.seen not in busy:
            return sighting
        trip.delivery = replace(trip.delivery, receipt=sighting.receipt)
        trip.tools.board.moved(
            trip.delivery.id, trip.delivery.step, f"{trip.title} is processing it"
        )
        if trip.tools.clock.now() > deadline:
            await trip.snooze(
                trip.tools.clock.now() + LATER, trip.delivery.error, "still being processed"
            )
            return None
        await trip.tools.clock.sleep(sighting.again_in or pause)
    return None


async def ready(trip: Trip) -> None:
    """Commit the intent to publish, when it is due. From there on nothing but evidence leads back."""
    if await put_back(trip) or await _has_run_out(trip):
        return
    await learn_quota(trip)
    # Before the intent, so that no sign-in that has run out can come between it and the call.
    api = await trip.fresh_line(Call.PUBLISH)
    await sit_out(trip)
    now = trip.tools.clock.now()
    receipt = trip.receipt.with_data(**{ASKED: now.isoformat()})
    await trip.save(
        replace(trip.delivery, step=Step.PUBLISH, intent_at=now, receipt=receipt, error=None),
        "about to publish",
        reserve=Call.PUBLISH,
    )
    await _publish(trip, api, asked_at=trip.tools.clock.monotonic())


async def _has_run_out(trip: Trip) -> bool:
    """
    Go back to OPEN where an upload has waited for longer than the platform keeps it.

    Asked before the call that publishes: its refusal would leave a doubt that a look does not.
    """
    if not is_stale(trip, trip.tools.clock.now()) or (await look(trip)).seen is not Seen.GONE:
        return False
    await open_again(trip, "the upload has run out before it was published")
    return True


async def _publish(trip: Trip, api: Api, *, asked_at: float) -> None:
    """Make the call, once."""
    if trip.tools.clock.monotonic() - asked_at > INTENT_LIVES:
        await _back_to_ready(trip, "the call was not made: too long after the intent")
        return
    check_intent(trip.committed, trip.delivery, Step.PUBLISH)
    check_due(trip.committed)
    trip.tools.crash.reached("before the publish call")
    try:
        receipt = await _to_its_end(trip.platform.publish(api, trip.receipt))
    except PlatformError as error:
        await _not_published(trip, error)
        return
    trip.tools.crash.reached("after the publish call")
    trip.delivery = replace(trip.delivery, published_at=trip.tools.clock.now())
    await trip.move(Step.CONFIRM, "the platform took it", receipt)


async def _to_its_end(call: Coroutine[Any, Any, Receipt]) -> Receipt:
    """Let the call end even when the program is asked to stop: its answer is worth waiting for."""
    task = asyncio.create_task(call)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


async def _not_published(trip: Trip, error: PlatformError) -> None:
    """A clear no leads back to READY; anything else is an unknown outcome."""
    if not error.not_done:
        await trip.save(
            replace(
                trip.delivery,
                step=Step.UNSURE,
                error=error_record(error, ErrorKind.UNKNOWN_OUTCOME),
            ),
            "no clear answer to the call that publishes",
        )
        return
    await _back_to_ready(trip, f"certainly not published: {error.code}")
    trip.voids += 1
    if not isinstance(error, TransientError) or trip.voids >= MOST_CONNECTIONS:
        raise error
    # No connection was made, so nothing was sent: the one case in which this call is made again.
    await trip.tools.clock.sleep(2.0**trip.voids)


async def _back_to_ready(trip: Trip, because: str) -> None:
    receipt = trip.receipt.with_data(**{ASKED: ""})
    await trip.save(
        replace(trip.delivery, step=Step.READY, receipt=receipt, intent_at=None), because
    )


async def confirm(trip: Trip) -> None:
    """Find out where people can see the post. Nothing here can make it unpublished."""
    receipt = trip.receipt
    if receipt.post_id and receipt.url:
        await done(trip, receipt, "the platform named the post")
        return
    sighting = await _confirming_look(trip)
    if sighting is None:
        return
    if sighting.seen is Seen.REJECTED:
        await rejected(trip, sighting)
    else:
        await done(trip, sighting.receipt, "the platform shows it")


async def _confirming_look(trip: Trip) -> Sighting | None:
    try:
        return await look_until_settled(trip, busy={Seen.PROCESSING, Seen.READY, Seen.RECEIVING})
    except RateLimitedError:
        raise
    except PlatformError as error:
        if isinstance(error, LoginNeededError):
            with contextlib.suppress(PlatformError):
                await trip.tools.lines.renewed(trip.account, trip.platform.facts, trip.token)
        await trip.snooze(
            trip.tools.clock.now() + LATER, error_record(error), "published, not yet seen"
        )
        return None


async def done(trip: Trip, receipt: Receipt, because: str) -> None:
    """It is out. Where no call was answered that published it, it counts from when it was seen."""
    published_at = trip.delivery.published_at or trip.tools.clock.now()
    trip.delivery = replace(trip.delivery, receipt=receipt, published_at=published_at)
    await trip.finish(Step.DONE, because)


def held_error(trip: Trip, why: str) -> DeliveryError:
    """Say what is not known, and what a person can do about it."""
    return DeliveryError(
        kind=ErrorKind.UNKNOWN_OUTCOME,
        code="held",
        message=f"Nobody can tell whether {trip.title} published this: {why} Look at the account. "
        f"If it is there: pellacia-dist queue resolve --id {trip.delivery.id} --published URL. "
        f"If it is not: pellacia-dist queue resolve --id {trip.delivery.id} --not-published",
    )
