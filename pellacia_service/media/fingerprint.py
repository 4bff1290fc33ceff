"""Whether a file is still the one that was probed, and the hash that proves it."""

import asyncio
import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

from pellacia_service.domain.media import Media
from pellacia_service.errors import BadInputError
from pellacia_service.media.opening import cannot_open, look, opened

BLOCK = 1024 * 1024
"""Bytes read at a time."""


class MediaChangedError(BadInputError):
    """The file is no longer the one that was probed. What was sent of it must not be published."""


def unchanged(media: Media) -> bool:
    """Say whether the file still has the size, time and inode that it had when it was probed."""
    try:
        ensure_unchanged(media)
    except MediaChangedError:
        return False
    return True


def ensure_unchanged(media: Media) -> None:
    """
    Compare the file's size, time and inode with what they were when it was probed.

    Raises:
        MediaChangedError: names what changed.
    """
    try:
        found = look(media.path)
    except BadInputError as trouble:
        raise MediaChangedError(
            f"{media.path} was there when the post was written, and is gone or locked now: "
            f"{trouble} Put the same file back, or write the post again."
        ) from trouble
    _compare(media.path, (media.size, media.modified_ns, media.inode), _identity(found))


async def sha256_of(path: Path, *, on_block: Callable[[int], None] | None = None) -> str:
    """
    Hash a whole file in a thread. Cancelling stops the thread after the block it is at.

    Args:
        on_block: called on the event loop with the bytes read so far, after each mebibyte.

    Returns:
        64 lower-case hexadecimal digits.

    Raises:
        MediaChangedError: the file changed while it was read.
        BadInputError: it cannot be read.
    """
    loop = asyncio.get_running_loop()
    stop = threading.Event()

    def report(done: int) -> None:
        if on_block is not None:
            loop.call_soon_threadsafe(on_block, done)

    try:
        return await asyncio.to_thread(_hash, path, stop, report)
    finally:
        stop.set()


def _hash(path: Path, stop: threading.Event, report: Callable[[int], None]) -> str:
    """Read and hash until the end of the file or until told to stop; blocks."""
    digest = hashlib.sha256()
    block = memoryview(bytearray(BLOCK))
    done = 0
    with opened(path) as file:
        before = os.fstat(file.fileno())
        try:
            while not stop.is_set() and (size := file.readinto(block)):
                digest.update(block[:size])
                done += size
                report(done)
        except OSError as trouble:
            raise cannot_open(path, trouble) from trouble
        _compare(path, _identity(before), _identity(os.fstat(file.fileno())))
    _compare(path, _identity(before), _identity(look(path)))
    return digest.hexdigest()


def _identity(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_size, found.st_mtime_ns, found.st_ino


def _compare(path: Path, before: tuple[int, int, int], after: tuple[int, int, int]) -> None:
    """Raise a sentence about the first thing that differs."""
    if before == after:
        return
    if before[0] != after[0]:
        what = f"it had {before[0]:,} bytes and has {after[0]:,} now"
    elif before[2] != after[2]:
        what = "another file of the same size was put in its place"
    else:
        what = "it was written to since"
    raise MediaChangedError(
        f"{path} is no longer the file that was checked: {what}. "
        "If the new one is meant, write the post again."
    )
