"""
The bytes of a file on their way out, without ever holding the event loop up.

What the kernel has in memory is read at once; what it would have to fetch from a disk is read in a
thread, one block ahead of the one that is being sent.
"""

import asyncio
import os
import sys
import types
from collections.abc import AsyncIterator, Callable, Generator
from pathlib import Path

from pellacia_service.media.fingerprint import MediaChangedError
from pellacia_service.media.opening import cannot_open, open_descriptor

BLOCK = 2 << 20
"""Bytes sent at a time. Each block costs the HTTP client's bookkeeping; more would hold up others."""

PROBED = 64 << 10
"""Bytes. A block whose every stretch of this length begins in memory is taken to be there."""


def stream(path: Path, start: int, size: int) -> Callable[[], AsyncIterator[bytes]]:
    """
    Return what yields a stretch of a file; each call of it begins anew, as a retry must.

    Args:
        start: first byte, counted from 0.
        size: bytes in all. They come in blocks of two mebibytes; a block may be shorter, never empty.

    Raises:
        MediaChangedError: while it yields: the file is shorter than asked.
        BadInputError: while it yields: the file is gone or cannot be read.
    """

    def begin() -> AsyncIterator[bytes]:
        return _blocks(path, start, size)

    return begin


async def _blocks(path: Path, start: int, size: int) -> AsyncIterator[bytes]:
    """Yield the blocks in order, and close the file when done, broken off or collected."""
    reader = _Reader(path, await _open(path), start + size)
    try:
        while start < reader.end:
            block = await reader.block_at(start)
            start += len(block)
            yield block
            await _give_way()
    finally:
        reader.close()


class _Reader:
    """
    An open file, read in blocks from front to back.

    Args:
        end: offset after the last byte that is wanted.
    """

    def __init__(self, path: Path, descriptor: int, end: int) -> None:
        self.end = end
        self._path = path
        self._descriptor = descriptor
        self._one = bytearray(1)
        self._ahead: asyncio.Task[bytes] | None = None

    async def block_at(self, start: int) -> bytes:
        """Return the next bytes, at least one."""
        block = b"" if self._ahead else self._at_once(start)
        if not block:
            self._ahead = self._ahead or self._begin(start)
            block = await self._finished(self._ahead)
            self._ahead = self._begin_unless_in_memory(start + len(block))
        if not block:
            raise MediaChangedError(
                f"{self._path} ends at byte {start:,}, but bytes up to {self.end:,} were to be "
                "sent: it was cut while it was uploaded. Put the whole file back and try again."
            )
        return block

    def close(self) -> None:
        """Close the file, once a thread that still reads from it has finished."""
        if self._ahead is None:
            os.close(self._descriptor)
        else:
            self._ahead.add_done_callback(self._close_after)

    def _close_after(self, reading: asyncio.Task[bytes]) -> None:
        os.close(self._descriptor)
        if not reading.cancelled():
            reading.exception()  # nobody waits for it any more

    def _at_once(self, start: int) -> bytes:
        """Read what the kernel holds in memory; nothing where it would have to wait for a disk."""
        size = min(BLOCK, self.end - start)
        places = (*range(start, start + size, PROBED), start + size - 1)
        if not all(map(self._in_memory, places)):
            return b""
        return os.pread(self._descriptor, size, start)

    def _in_memory(self, place: int) -> bool:
        """Tell whether the kernel holds a byte in memory. Only Linux can tell."""
        if sys.platform != "linux":
            return False
        try:
            return os.preadv(self._descriptor, [self._one], place, os.RWF_NOWAIT) == 1
        except OSError:  # not in memory, or a file system that cannot tell
            return False

    def _begin(self, start: int) -> asyncio.Task[bytes]:
        """Begin to read a block in a thread."""
        size = min(BLOCK, self.end - start)
        return asyncio.create_task(asyncio.to_thread(_read, self._descriptor, start, size))

    def _begin_unless_in_memory(self, start: int) -> asyncio.Task[bytes] | None:
        """Read the block after this one while this one is sent, if the disk is needed for it."""
        last = min(start + BLOCK, self.end) - 1
        if last < start or self._in_memory(last):
            return None
        return self._begin(start)

    async def _finished(self, reading: asyncio.Task[bytes]) -> bytes:
        """Wait for a thread; being cancelled leaves it to finish, and to `close`."""
        try:
            return await asyncio.shield(reading)
        except OSError as trouble:
            raise cannot_open(self._path, trouble) from trouble


def _read(descriptor: int, start: int, size: int) -> bytes:
    """Read at a place; blocks. Only one thread at a time reads from a descriptor here."""
    os.lseek(descriptor, start, os.SEEK_SET)
    return os.read(descriptor, size)


async def _open(path: Path) -> int:
    """Open a file in a thread; where the caller is cancelled meanwhile, it is closed again."""
    opening = asyncio.create_task(asyncio.to_thread(open_descriptor, path))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_again)
        raise


def _close_again(opening: asyncio.Task[int]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        os.close(opening.result())


@types.coroutine
def _give_way() -> Generator[None, None, None]:
    """Let the event loop serve everybody else once. It is no pause: no time has to pass."""
    yield
