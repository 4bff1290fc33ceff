"""One picture of a video, as a small JPEG."""

import asyncio
import os
from pathlib import Path

from pellacia_service.media.opening import opened
from pellacia_service.media.probe import inspect

DEFAULT_PLACE = 0.25
"""Share of the video's length where its picture is taken: films often begin in black."""


async def thumbnail(
    path: Path, at_seconds: float | None = None, *, longest_side: int = 360
) -> bytes:
    """
    Make a JPEG of one picture of a video, turned as a player shows it, in a thread.

    Args:
        at_seconds: from the beginning; a quarter into the video if None, the last picture that
            can be reached if it is beyond the end.
        longest_side: pixels; a smaller video is not enlarged.

    Raises:
        BadInputError: it is no video that can be read.
    """
    return await asyncio.to_thread(_thumbnail, path, at_seconds, longest_side)


def _thumbnail(path: Path, at_seconds: float | None, longest_side: int) -> bytes:
    """Blocks; see `thumbnail`."""
    from pellacia_service.media import ffmpeg  # noqa: PLC0415 - 77 ms that only readers pay

    name = path.name
    with opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        kind, _ = inspect(file, size, name)
        with ffmpeg.container_of(file, kind.reader, name) as container:
            video = ffmpeg.pictures_of(container, name)
            length = ffmpeg.duration_of(container, size, name)
            wanted = length * DEFAULT_PLACE if at_seconds is None else at_seconds
            seconds = min(max(wanted, 0.0), length)
            picture = ffmpeg.picture_at(container, video, name, seconds=seconds)
            return ffmpeg.to_jpeg(picture, ffmpeg.rotation_of(picture), longest_side)
