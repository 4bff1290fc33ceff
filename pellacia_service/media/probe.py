"""Reading what a video file's own bytes say, before any of it is sent."""

import asyncio
import os
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pellacia_service.clock import Clock, SystemClock
from pellacia_service.domain.media import Media
from pellacia_service.errors import BadInputError
from pellacia_service.media.boxes import BoxFile
from pellacia_service.media.kinds import HEAD_SIZE, Kind, kind_of, segment_end
from pellacia_service.media.opening import cannot_open, opened
from pellacia_service.media.stillness import wait_until_still

if TYPE_CHECKING:
    from av.container import InputContainer

PATIENCE = 60.0
"""Seconds after which nobody waits any longer for a file's headers."""


async def read_media(path: Path, *, clock: Clock | None = None) -> Media:
    """
    Read the headers of a video file, in a thread. The content is not read; `sha256` stays empty.

    Args:
        clock: waits a second where the file was written to just now; the machine's own if None.

    Raises:
        BadInputError: it is no video that can be published; the sentence names the file, what is
            wrong and what helps.
    """
    await wait_until_still(path, clock or SystemClock())
    try:
        async with asyncio.timeout(PATIENCE):
            return await asyncio.to_thread(probe, path)
    except TimeoutError:
        raise BadInputError(
            f"{path} could not be read within {PATIENCE:.0f} seconds: it is damaged, or its disk "
            "is too slow. Copy it to this computer's own disk, or export it again."
        ) from None


def probe(path: Path) -> Media:
    """Read the headers of a video file; blocks. See `read_media`."""
    with opened(path) as raw:
        try:
            return _probe(path, BufferedReader(raw), os.fstat(raw.fileno()))
        except OSError as trouble:
            raise cannot_open(path, trouble) from trouble


def _probe(path: Path, file: BinaryIO, found: os.stat_result) -> Media:
    if found.st_size == 0:
        raise BadInputError(
            f"{path} is empty (0 bytes): its copy or export was not finished. Copy it again."
        )
    kind, faststart = inspect(file, found.st_size, path.name)
    # Loading FFmpeg takes 77 ms, which a program that reads no video need not wait for.
    from pellacia_service.media.ffmpeg import container_of  # noqa: PLC0415

    with container_of(file, kind.reader, path.name) as container:
        return _describe(path, found, kind, faststart, container)


def inspect(file: BinaryIO, size: int, name: str) -> tuple[Kind, bool]:
    """
    Tell the kind of file and whether its index stands in front, from its own bytes alone.

    Raises:
        BadInputError: it is no video, or it is cut off.
    """
    file.seek(0)
    head = file.read(HEAD_SIZE)
    kind = kind_of(head, name)
    if kind.has_boxes:
        return kind, BoxFile(file, size, name).index_is_in_front()
    needed = segment_end(head) if kind.reader == "matroska" else 0
    if needed > size:
        raise BadInputError(
            f"{name} is cut off: it should have {needed:,} bytes, but has {size:,}. "
            "Copy or export it again."
        )
    return kind, False


def _describe(
    path: Path, found: os.stat_result, kind: Kind, faststart: bool, container: "InputContainer"
) -> Media:
    """Put together what FFmpeg and the file system say."""
    from pellacia_service.media import ffmpeg  # noqa: PLC0415 - see _probe

    name = path.name
    video = ffmpeg.pictures_of(container, name)
    sound = ffmpeg.sound_of(container)
    duration = ffmpeg.duration_of(container, found.st_size, name)
    frame_rate = ffmpeg.frame_rate_of(video, name)
    picture = ffmpeg.picture_at(container, video, name)
    rotation = ffmpeg.rotation_of(picture)
    width, height = ffmpeg.shown_size(video, rotation)
    return Media(
        path=path,
        size=found.st_size,
        modified_ns=found.st_mtime_ns,
        inode=found.st_ino,
        container=kind.container,
        video_codec=video.codec_context.codec.canonical_name,
        audio_codec=sound.codec,
        duration=duration,
        width=width,
        height=height,
        rotation=rotation,
        frame_rate=frame_rate,
        bit_rate=ffmpeg.bit_rate_of(container, found.st_size, duration),
        faststart=faststart,
        audio_channels=sound.channels,
        audio_sample_rate=sound.sample_rate,
        pixel_format=picture.format.name,
    )
