"""
The SHA-256 of each file, read once for all the platforms it goes to.

The pass runs in a thread beside the uploads; a delivery waits for it only before the call that
cannot be taken back.
"""

import asyncio
from dataclasses import replace
from pathlib import Path

from pellacia_service.domain.media import Media
from pellacia_service.media import ensure_unchanged, sha256_of


class Fingerprints:
    """The hashing passes of this process. Close it to stop those that nobody waits for any more."""

    def __init__(self) -> None:
        self._passes: dict[tuple[Path, int, int], asyncio.Task[str]] = {}

    def begin(self, media: Media) -> None:
        """Start reading the file, unless that is already under way."""
        self._pass(media)

    async def of(self, media: Media) -> Media:
        """
        Return the media with its hash, read from the file as it is now.

        Raises:
            MediaChangedError: the file is no longer the one that was probed.
        """
        digest = await asyncio.shield(self._pass(media))
        ensure_unchanged(media)
        return replace(media, sha256=digest)

    def _pass(self, media: Media) -> asyncio.Task[str]:
        key = (media.path, media.size, media.modified_ns)
        if key not in self._passes:
            self._passes[key] = asyncio.create_task(sha256_of(media.path))
        return self._passes[key]

    async def close(self) -> None:
        """Stop what still runs."""
        for task in self._passes.values():
            task.cancel()
        await asyncio.gather(*self._passes.values(), return_exceptions=True)
        self._passes.clear()
