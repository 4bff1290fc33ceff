"""
Keeps a publisher's leases alive, from a thread of its own.

A thread with its own database connection, because an event loop that is busy must not make a live
upload look dead. It is the last thing to stop. When renewing fails for too long the publisher must
take itself for dead before others do (`lost`).
"""

import asyncio
import datetime as dt
import logging
import threading
from collections.abc import Callable
from types import TracebackType

from pellacia_service.clock import Clock
from pellacia_service.errors import SetupError
from pellacia_service.repositories.session import Database

RENEWALS_PER_LEASE = 4

LOG = logging.getLogger(__name__)


class LeaseKeeper:
    """
    Renews every lease of one owner until it is closed. Open it with `with`.

    Args:
        database: makes a database object of the thread's own.
        lease: how long a lease lives after its last renewal.
        lost: called in the caller's event loop when the leases can no longer be trusted.
    """

    def __init__(
        self,
        *,
        database: Callable[[], Database],
        owner_id: str,
        clock: Clock,
        lease: dt.timedelta,
        lost: Callable[[], None],
    ) -> None:
        self._make_database = database
        self._owner_id = owner_id
        self._clock = clock
        self._lease = lease
        self._lost = lost
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease-keeper", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None

    def __enter__(self) -> "LeaseKeeper":
        """Start the thread."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop renewing; called when the last job is done."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        pause = self._lease.total_seconds() / RENEWALS_PER_LEASE
        renewed_at = self._clock.monotonic()
        while not self._stop.wait(pause):
            began = self._clock.monotonic()
            if self._renewed():
                renewed_at = began
            # By now, not by when it began: a try may hang for half a lease.
            elif self._clock.monotonic() - renewed_at >= self._lease.total_seconds() - pause:
                self._tell()

    def _renewed(self) -> bool:
        """Renew once. Whatever goes wrong, it is tried again until the lease ends."""
        try:
            asyncio.run(self._renew())
        except SetupError:
            return False
        except Exception:
            # A thread that ends in silence would leave live uploads to others.
            LOG.exception("the leases could not be renewed")
            return False
        return True

    async def _renew(self) -> None:
        database = self._make_database()
        try:
            async with database.write() as tx:
                now = self._clock.now()
                await tx.deliveries.renew(self._owner_id, now=now, until=now + self._lease)
        finally:
            await database.close()

    def _tell(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._lost)
