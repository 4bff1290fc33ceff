"""One at a time: several watchers of a folder, also in other processes, take turns."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pellacia_service.clock import Clock
from pellacia_service.errors import SetupError

LOCK = ".pellacia-watch.lock"
AGAIN_SECONDS = 0.2


@asynccontextmanager
async def turn_at(folder: Path, clock: Clock) -> AsyncIterator[None]:
    """
    Wait until nobody else takes pairs from this folder, and keep others waiting.

    The operating system lets go of the lock when its process ends, however it ends.

    Raises:
        SetupError: the folder cannot be written to.
    """
    # Its one holder is a task, and tasks move between threads.
    lock = FileLock(folder / LOCK, thread_local=False)
    while not _taken(lock):
        await clock.sleep(AGAIN_SECONDS)
    try:
        yield
    finally:
        lock.release()


def _taken(lock: FileLock) -> bool:
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    except OSError as trouble:
        raise SetupError(
            f"The folder {Path(lock.lock_file).parent} cannot be written to: {trouble.strerror}."
        ) from trouble
    return True
