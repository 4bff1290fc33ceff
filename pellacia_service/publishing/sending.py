"""
The steps before anything is public: OPEN, SEND and LAST_PART.

All of them may be repeated, with one exception: where the last byte makes the video exist
(`Facts.last_part_creates`), that byte is sent only after LAST_PART is committed, and an unclear
answer to it leads to UNSURE, like an unclear answer to a publish.
"""

from collections.abc import AsyncIterator
from dataclasses import replace

from pellacia_service.domain.budget import Call
from pellacia_service.domain.delivery import Step
from pellacia_service.domain.receipt import OPENED, Receipt
from pellacia_service.domain.sighting import Seen
from pellacia_service.errors import PlatformError
from pellacia_service.media import stream
from pellacia_service.platform_kit.protocol import Part
from pellacia_service.publishing.checking import probe, verify
from pellacia_service.publishing.invariants import check_due, check_intent
from pellacia_service.publishing.looking import look, open_again, rejected
from pellacia_service.publishing.quotas import learn_quota
from pellacia_service.publishing.staging import is_stale, put_back, sit_out
from pellacia_service.publishing.trip import Trip, error_record


async def open_session(trip: Trip) -> None:
    """Ask for a place to send the file to, and commit what was given before a byte goes there."""
    media = trip.media or await probe(trip)
    await learn_quota(trip)
    opened_at = trip.tools.clock.now().isoformat()
    async for attempt in trip.tools.retries.rounds():
        with attempt:
            await trip.pace(Call.OPEN)
            trip.tools.crash.reached("before the open call")
            receipt = await trip.platform.open(await trip.line(Call.OPEN), trip.content, media)
            trip.tools.crash.reached("after the open call")
    receipt = receipt.with_data(**{OPENED: opened_at})
    await trip.move(Step.SEND, "the platform gave an upload session", receipt)


async def send(trip: Trip) -> None:
    """Send the next part, or go on when there is none."""
    if (trip.media is None or trip.asks_first) and not await _take_up(trip):
        return
    receipt = trip.receipt
    if not receipt.wants_more:
        await _all_sent(trip)
    elif receipt.is_last_part and trip.platform.facts.last_part_creates:
        await _last_part(trip)
    else:
        await _send_part(trip)


async def _take_up(trip: Trip) -> bool:
    """Go on with an upload that this process has not begun. False where it has left step SEND."""
    await probe(trip)
    trip.asks_first = False
    if trip.is_early and is_stale(trip, trip.delivery.due_at):
        await open_again(trip, "the upload would run out before it is due")
        return False
    return await _resync(trip)


async def _last_part(trip: Trip) -> None:
    """Announce the part that makes the video exist, and send it: when it is due, where it publishes."""
    if trip.platform.facts.last_part_publishes:
        if await put_back(trip):
            return
        await verify(trip)
        await sit_out(trip)
    await trip.save(
        replace(trip.delivery, step=Step.LAST_PART, intent_at=trip.tools.clock.now()),
        "the last bytes make the video exist",
        reserve=Call.SEND,
    )
    await _send_last_part(trip)


async def _send_part(trip: Trip) -> None:
    """Send one part; after a failure ask the platform first how much it holds."""
    async for attempt in trip.tools.retries.rounds():
        with attempt:
            held = trip.receipt.confirmed
            if attempt.num > 1 and (not await _resync(trip) or trip.receipt.confirmed > held):
                return
            await trip.pace(Call.SEND)
            receipt = await _send_call(trip)
    await trip.move(Step.SEND, f"the platform confirmed {receipt.confirmed:,} bytes", receipt)


async def _send_last_part(trip: Trip) -> None:
    """Send the part that makes the video exist: once, and never again without a look."""
    check_intent(trip.committed, trip.delivery, Step.LAST_PART)
    if trip.platform.facts.last_part_publishes:
        check_due(trip.committed)
    try:
        receipt = await _send_call(trip)
    except PlatformError as error:
        if error.not_done:
            await trip.move(Step.SEND, f"the last bytes were not taken: {error.code}")
            raise
        await trip.save(
            replace(trip.delivery, step=Step.UNSURE, error=error_record(error)),
            "no answer to the last bytes",
        )
        return
    step = Step.SEND if receipt.wants_more else Step.WAIT
    await trip.move(step, "the platform has the whole file", receipt)


async def _send_call(trip: Trip) -> Receipt:
    part = part_of(trip, trip.receipt)
    api, began = await trip.line(Call.SEND), trip.tools.clock.monotonic()
    trip.tools.crash.reached("before a send call")
    receipt = await trip.platform.send(api, trip.receipt, part)
    trip.tools.crash.reached("after a send call")
    trip.speed.add(part.size, trip.tools.clock.monotonic() - began)
    return receipt


async def _all_sent(trip: Trip) -> None:
    """Every byte is there. Whether they were the right ones is found out while it is processed."""
    if trip.media:
        trip.tools.fingerprints.of(trip.media).finish()
    await trip.move(Step.WAIT, "the platform has the whole file")


async def _resync(trip: Trip) -> bool:
    """Ask the platform how much it holds. False where the delivery has left step SEND."""
    sighting = await look(trip)
    match sighting.seen:
        case Seen.RECEIVING:
            await trip.move(
                Step.SEND,
                f"the platform holds {sighting.receipt.confirmed:,} bytes",
                sighting.receipt,
            )
            return True
        case Seen.GONE | Seen.ABSENT:
            # Without LAST_PART committed, the bytes that would make it exist were never sent.
            await open_again(trip, "the upload session has run out")
        case Seen.REJECTED:
            await rejected(trip, sighting)
        case _:
            await trip.move(Step.WAIT, "the platform has the whole file", sighting.receipt)
    return False


def part_of(trip: Trip, receipt: Receipt) -> Part:
    """Return the part that the receipt asks for, counted and hashed as it goes out."""
    start, size = receipt.confirmed, receipt.part_size
    blocks = stream(trip.post.file, start, size)
    fingerprint = trip.tools.fingerprints.of(trip.media) if trip.media else None

    async def counted() -> AsyncIterator[bytes]:
        sent = start
        async for block in blocks():
            yield block
            if fingerprint:
                fingerprint.offer(sent, block)
            sent += len(block)
            trip.bytes_sent += len(block)
            trip.tools.board.sent(trip.delivery.id, sent, receipt.total)

    return Part(start=start, size=size, total=receipt.total, stream=counted)
