"""
Learning that something changed in a folder.

The operating system's word is only a hint: it does not come from network drives, and not when too
much is watched. So nobody relies on it; whoever waits also looks again after a while.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pellacia_service.clock import Clock

DEBOUNCE_MS = 200
"""Changes that come within this time are told as one."""


class Changes:
    """Wakes whoever waits for the folder."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = asyncio.Event()

    def ring(self) -> None:
        """Say that something changed."""
        self._changed.set()

    async def wait(self, seconds: float) -> None:
        """Return when something has changed since the last call, at the latest after `seconds`."""
        waits = [
            asyncio.ensure_future(self._changed.wait()),
            asyncio.ensure_future(self._clock.sleep(seconds)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        self._changed.clear()


@asynccontextmanager
async def changes_in(folder: Path, clock: Clock) -> AsyncIterator[Changes]:
    """Listen to a folder for as long as the context is open."""
    changes = Changes(clock)
    listening = asyncio.ensure_future(_listen(folder, changes))
    try:
        yield changes
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def _listen(folder: Path, changes: Changes) -> None:
    # 38 ms, for the one command that stays and listens.
    from watchfiles import awatch  # noqa: PLC0415

    async for _ in awatch(folder, watch_filter=None, debounce=DEBOUNCE_MS, recursive=False):
        changes.ring()
