"""
The picture of a post, sent before it is published, where the platform takes one.

It never stops a post: a picture that is not taken is noted in the journal, and the platform shows
a frame of its own choice.
"""

import asyncio
from collections.abc import AsyncIterator

from pellacia_service.domain.budget import Call
from pellacia_service.domain.receipt import Receipt
from pellacia_service.errors import PlatformError
from pellacia_service.platform_kit.multipart import multipart
from pellacia_service.platform_kit.protocol import Part
from pellacia_service.platform_kit.thumbnail import ThumbnailCall
from pellacia_service.publishing.trip import Trip

OUTCOME = "thumbnail"
"""The key of `Receipt.data` that says what became of it; it is offered once."""


async def with_thumbnail(trip: Trip, receipt: Receipt) -> Receipt:
    """Send the picture if there is one to send, and return the receipt that says so."""
    call, path = trip.platform.facts.thumbnail, trip.content.thumbnail
    if call is None or path is None or receipt.text(OUTCOME):
        return receipt
    try:
        picture = await asyncio.to_thread(path.read_bytes)
        await _send(trip, call, receipt, picture)
    except (PlatformError, OSError) as error:
        return receipt.with_data(**{OUTCOME: f"not taken: {error}"})
    return receipt.with_data(**{OUTCOME: "taken"})


async def _send(trip: Trip, call: ThumbnailCall, receipt: Receipt, picture: bytes) -> None:
    """Make the call: the picture is the whole body, or one field of a form."""
    video = receipt.post_id or receipt.text(call.video_at)
    headers, body = {"Content-Type": "application/octet-stream"}, _whole(picture)
    if call.form_field:
        part = Part(0, len(picture), len(picture), lambda: _whole(picture))
        headers, body = multipart(
            call.form, name=call.form_field, filename="thumbnail.jpg", part=part
        )
    else:
        headers["Content-Length"] = str(len(picture))
    # Like a look it publishes nothing and may be left out when the platform has had enough.
    api = await trip.line(Call.LOOK)
    await api.call(
        "POST",
        call.url.format(video=video),
        params=call.query(video),
        content=body,
        headers=headers,
    )


async def _whole(picture: bytes) -> AsyncIterator[bytes]:
    yield picture
