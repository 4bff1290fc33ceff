"""
Hints from one process to another that the queue has changed.

On a server a transaction leaves a note (NOTIFY) that is handed over when it is committed, and whoever
sleeps listens on a connection of its own. A hint may be lost at any time: whoever listens looks at
the queue by itself as well, and in a file nobody is told anything.
"""

import asyncio
import logging
import zlib
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlmodel.ext.asyncio.session import AsyncSession

from pellacia_service.clock import Clock
from pellacia_service.repositories.dialect import Store

STORE = "store"
"""Where a session keeps which database it belongs to."""

AGAIN = 2.0
"""Seconds before a lost connection is made again."""

STILL_THERE = 60.0
"""Seconds between two questions to a server that says nothing: a cut line makes no noise either."""

ANSWER_PATIENCE = 10.0

LOG = logging.getLogger(__name__)


async def tell(session: AsyncSession) -> None:
    """Let everybody who listens know, once this transaction is committed."""
    store: Store = session.info[STORE]
    if store.file is None:
        connection = await session.connection()
        await connection.execute(sa.select(sa.func.pg_notify(_channel(store), "")))


async def listen(store: Store, clock: Clock, ring: Callable[[], None]) -> None:
    """Ring whenever the queue may have changed, until cancelled. Returns at once for a file."""
    while store.file is None:
        try:
            await _until_lost(store, ring)
        except Exception as error:  # noqa: BLE001 - a hint is never worth stopping for
            LOG.info("nobody tells when the queue changes: %s", error)
        await clock.sleep(AGAIN)


async def _until_lost(store: Store, ring: Callable[[], None]) -> None:
    lost = asyncio.Event()
    async with store.write.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        # Its place in the pool is for transactions.
        await connection.run_sync(lambda one: one.detach())
        driver.add_termination_listener(lambda _: lost.set())
        await driver.add_listener(_channel(store), lambda *_: ring())
        # For what was queued while nobody listened.
        ring()
        while not lost.is_set():
            try:
                await asyncio.wait_for(lost.wait(), STILL_THERE)
            except TimeoutError:
                await driver.execute("SELECT 1", timeout=ANSWER_PATIENCE)


def _channel(store: Store) -> str:
    """Return the name for our schema: others on the server have nothing to do with our queue."""
    return f"pellacia_{zlib.crc32(store.schema.encode()):08x}"
