"""
Who publishes, and who has died.

Each publisher process locks a file of its own for as long as it lives; the operating system lets
go of the lock when the process ends, however it ends. So a publisher on the same machine knows at
once that another is dead and need not wait for its leases to run out. On other machines the leases
decide.
"""

import uuid
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

FOLDER = "publishers"


class Owner:
    """A publisher process: this one. Open it with `with`."""

    def __init__(self, home: Path) -> None:
        self.id = str(uuid.uuid4())
        self._folder = home / FOLDER
        self._lock = FileLock(self._folder / f"{self.id}.lock")

    def __enter__(self) -> "Owner":
        """Take the lock that says "alive"."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go, and leave nothing behind."""
        self._lock.release()
        Path(self._lock.lock_file).unlink(missing_ok=True)

    def the_dead(self) -> list[str]:
        """Return the ids of publishers of this home whose process has ended."""
        others = (path for path in self._folder.glob("*.lock") if path.stem != self.id)
        return [path.stem for path in others if _is_free(path)]

    def bury(self, owner_id: str) -> None:
        """Forget a dead publisher, once its leases are released."""
        (self._folder / f"{owner_id}.lock").unlink(missing_ok=True)


def _is_free(path: Path) -> bool:
    try:
        with FileLock(path, timeout=0):
            return True
    except Timeout:
        return False
