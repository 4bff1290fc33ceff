"""Telling a file that is still being copied or recorded from one that is ready."""

import asyncio
from pathlib import Path

from pellacia_service.clock import Clock
from pellacia_service.errors import BadInputError
from pellacia_service.media.opening import look

YOUNG = 2.0
"""Seconds since the last write within which a file may still be growing."""


async def wait_until_still(path: Path, clock: Clock, seconds: float = 1.0) -> None:
    """
    Return at once where the file has lain still for two seconds; else look twice.

    A file dated in the future, as by a camera set to another zone, counts as still.

    Args:
        seconds: between the two looks.

    Raises:
        BadInputError: it changed between the two looks, or cannot be looked at.
    """
    before = await asyncio.to_thread(look, path)
    if abs(clock.now().timestamp() - before.st_mtime) >= YOUNG:
        return
    await clock.sleep(seconds)
    after = await asyncio.to_thread(look, path)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise BadInputError(
            f"{path} is still being written: it had {before.st_size:,} bytes, and "
            f"{after.st_size:,} a moment later. Wait until the copy or export has finished."
        )
