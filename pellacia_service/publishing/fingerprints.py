"""
The SHA-256 of each file, computed once from the bytes that go out.

Every upload offers the blocks that it sends. The block that follows what has been hashed so far is
taken, whichever platform it goes to; all others are passed over. What no upload has brought by the
time the hash is needed is read from the file. So a file is hashed once, not once for each platform,
and as a rule read no second time. Hashing never holds an upload up: its thread gives way to the
others, and where it falls behind, the rest is hashed while the platform processes the video.
"""

import asyncio
import hashlib
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from pellacia_service.domain.media import Media
from pellacia_service.media import ensure_unchanged, stream

BATCH = 4 << 20
"""Bytes handed to the hashing thread at once: waking it costs more than a block's worth."""

MOST_WAITING = 4
"""Batches that may wait for the thread. They are memory, and an upload does not wait for them."""

GIVE_WAY = 10
"""Added to the thread's niceness."""


class Fingerprint:
    """The hash of one file, growing from its first byte."""

    def __init__(self, media: Media, threads: ThreadPoolExecutor) -> None:
        self.media = media
        self._threads = threads
        self._hash = hashlib.sha256()
        self._position = 0
        self._batch: list[bytes] = []
        self._batched = 0
        self._waiting: list[asyncio.Future[None]] = []
        self._whole: asyncio.Task[str] | None = None

    def offer(self, start: int, block: bytes) -> None:
        """Take a block that is on its way, if it comes next and there is room for it."""
        if start != self._position or self._whole:
            return
        self._waiting = [batch for batch in self._waiting if not batch.done()]
        if len(self._waiting) < MOST_WAITING:
            self._take(block)

    def finish(self) -> "asyncio.Task[str]":
        """Begin to hash what no upload has brought. Called when the bytes are all sent."""
        if self._whole is None:
            self._whole = asyncio.create_task(self._finish())
        return self._whole

    async def digest(self) -> str:
        """
        Return the hash of the whole file, lower-case hex.

        Raises:
            MediaChangedError: the file is no longer the one that was probed.
        """
        digest = await asyncio.shield(self.finish())
        ensure_unchanged(self.media)
        return digest

    async def cancel(self) -> None:
        """Stop: nobody waits for it any more."""
        if self._whole:
            self._whole.cancel()
            await asyncio.gather(self._whole, return_exceptions=True)

    async def _finish(self) -> str:
        rest = stream(self.media.path, self._position, self.media.size - self._position)
        async for block in rest():
            self._take(block)
            while len(self._waiting) > MOST_WAITING:
                await self._waiting.pop(0)
        self._hand_over()
        await asyncio.gather(*self._waiting)
        return self._hash.hexdigest()

    def _take(self, block: bytes) -> None:
        self._position += len(block)
        self._batch.append(block)
        self._batched += len(block)
        if self._batched >= BATCH:
            self._hand_over()

    def _hand_over(self) -> None:
        batch, self._batch, self._batched = self._batch, [], 0
        loop = asyncio.get_running_loop()
        self._waiting.append(loop.run_in_executor(self._threads, self._add, batch))

    def _add(self, batch: list[bytes]) -> None:
        for block in batch:
            self._hash.update(block)


class Fingerprints:
    """The hashes of this process's files. Close it to stop the thread."""

    def __init__(self) -> None:
        # One thread: the blocks of a file must be hashed in order.
        self._threads = ThreadPoolExecutor(
            max_workers=1, thread_name_prefix="sha256", initializer=_give_way
        )
        self._known: dict[Media, Fingerprint] = {}

    def of(self, media: Media) -> Fingerprint:
        """Return the file's hash as far as it has grown; a file that changed is another file."""
        bare = replace(media, sha256="")
        if bare not in self._known:
            self._known[bare] = Fingerprint(bare, self._threads)
        return self._known[bare]

    async def close(self) -> None:
        """Stop what still runs."""
        for fingerprint in self._known.values():
            await fingerprint.cancel()
        await asyncio.to_thread(self._threads.shutdown)


def _give_way() -> None:
    """Let every other thread go first. Only Linux has a niceness for each thread."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), GIVE_WAY)
