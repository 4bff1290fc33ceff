"""What every step may have to do after a look: look safely, open a new session, take a no."""

from dataclasses import replace

from pellacia_service.domain.budget import Call
from pellacia_service.domain.delivery import DeliveryError, Step
from pellacia_service.domain.sighting import Sighting
from pellacia_service.errors import ErrorKind
from pellacia_service.publishing.trip import Trip

MOST_RESTARTS = 2
"""An upload session that runs out again and again will not be saved by a fourth one."""


async def look(trip: Trip) -> Sighting:
    """Look at the platform, as often as it takes to get an answer. Changes nothing there."""
    async for attempt in trip.tools.retries.rounds():
        with attempt:
            await trip.pace(Call.LOOK)
            trip.tools.crash.reached("before a look call")
            sighting = await trip.platform.look(await trip.line(Call.LOOK), trip.receipt)
            trip.tools.crash.reached("after a look call")
            await trip.heed()
    return sighting


async def open_again(trip: Trip, because: str) -> None:
    """Go back to OPEN: what was there is over and left nothing behind."""
    trip.restarts += 1
    if trip.restarts > MOST_RESTARTS:
        error = DeliveryError(
            kind=ErrorKind.PLATFORM,
            code="session_gone",
            message=f"{trip.title} ended the upload session {trip.restarts} times. "
            "Nothing was published. Try again later: pellacia-dist queue retry "
            f"--id {trip.delivery.id}",
        )
        await trip.finish(Step.FAILED, because, error)
        return
    await trip.save(
        replace(trip.delivery, step=Step.OPEN, receipt=None, sha256="", intent_at=None), because
    )


async def rejected(trip: Trip, sighting: Sighting) -> None:
    """The platform turned the video down. Nothing is public, and the session is of no more use."""
    said = sighting.reason or sighting.code or "it gave no reason"
    error = DeliveryError(
        kind=ErrorKind.PLATFORM,
        code=sighting.code,
        message=f"{trip.title} turned the video down: {said}. Nothing was published. "
        "Mend the file, then upload it again.",
    )
    trip.delivery = replace(trip.delivery, receipt=None, sha256="", published_at=None)
    await trip.finish(Step.FAILED, f"turned down: {said}", error)
