"""
Step CHECK, and the question behind it: whether this is still the file that was queued.

A file is known by its path, size and modification time, and in the end by its SHA-256.
"""

from dataclasses import replace

from pellacia_service.domain.delivery import Step
from pellacia_service.domain.media import Media
from pellacia_service.errors import ProblemsError
from pellacia_service.media import MediaChangedError, read_media
from pellacia_service.publishing.trip import Trip


async def check(trip: Trip) -> None:
    """Probe the file, hold it against the platform's rules, and go to OPEN or on with SEND."""
    media = await probe(trip)
    problems = trip.platform.problems(trip.content, media)
    if problems:
        sentences = " ".join(f"{problem.message} {problem.fix}" for problem in problems)
        raise ProblemsError(sentences, {trip.platform.facts.name: problems})
    now = trip.tools.clock.now()
    under_way = trip.delivery.receipt is not None
    await trip.save(
        replace(
            trip.delivery,
            step=Step.SEND if under_way else Step.OPEN,
            attempts=trip.delivery.attempts + 1,
            started_at=trip.delivery.started_at or now,
            error=None,
        ),
        "an earlier upload goes on" if under_way else "the file and the text keep the rules",
    )


async def probe(trip: Trip) -> Media:
    """
    Read the file's headers.

    Raises:
        BadInputError: it cannot be read, is no video, or is not the file that was queued.
    """
    media = await read_media(trip.post.file, clock=trip.tools.clock)
    queued = trip.queued_media
    if queued is not None and (media.size, media.modified_ns) != (queued.size, queued.modified_ns):
        raise MediaChangedError(
            f"{media.path} is not the file that was queued any more: it has {media.size:,} bytes, "
            f"the queued one had {queued.size:,}, or it was written again since. "
            "Queue it again if the new one is meant."
        )
    trip.media = media
    return media


async def verify(trip: Trip) -> None:
    """
    Hash the file as it is now and hold it against what was queued. Once for each delivery.

    Raises:
        MediaChangedError: it is another file now; nothing has been published.
    """
    if trip.delivery.sha256 and trip.media is None:
        return
    media = trip.media or await probe(trip)
    media = replace(media, sha256=await trip.tools.fingerprints.of(media).digest())
    for known in (trip.queued_sha256, trip.delivery.sha256):
        if known and known != media.sha256:
            raise MediaChangedError(
                f"{media.path} has another content than when it was queued. Nothing was published. "
                "Queue it again if the new content is meant."
            )
    trip.media = media
    trip.delivery = replace(trip.delivery, sha256=media.sha256)
    await trip.remember_hash(media)
