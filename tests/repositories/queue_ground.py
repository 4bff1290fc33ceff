"""An open database with everything that publishers and people need to work on it, and no network."""

import asyncio
import base64
import uuid
from collections.abc import Coroutine, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx

from pellacia_service.domain.delivery import Delivery, Status
from pellacia_service.platforms import PLATFORMS
from pellacia_service.publishing.crash_points import CrashPlan
from pellacia_service.publishing.fingerprints import Fingerprints
from pellacia_service.publishing.high_water import HighWater
from pellacia_service.publishing.lines import Lines
from pellacia_service.publishing.pacing import Pacer
from pellacia_service.publishing.progress import ProgressBoard
from pellacia_service.publishing.refreshing import Renewer
from pellacia_service.publishing.retries import Retries
from pellacia_service.publishing.trip import Tools, Trip
from pellacia_service.repositories.journal import JournalEntry
from pellacia_service.repositories.session import Database
from pellacia_service.use_cases.queue import Queue
from pellacia_service.use_cases.schedule import Schedule
from pellacia_service.vault import GivenKeys, Vault
from tests.clocks import HeldClock
from tests.postgres import database_at
from tests.repositories.given import MINUTE

T = TypeVar("T")

NOTHING_THERE = "http://127.0.0.1:9"
NO_KEY = base64.urlsafe_b64encode(bytes(32)).decode()


@dataclass(frozen=True)
class Seen:
    """
    What the database holds of the queue.

    Args:
        paused: platforms.
        statuses: the word that sums each post up.
        journal: lines of the deliveries that were asked for, oldest first.
    """

    rows: dict[uuid.UUID, Delivery]
    paused: set[str]
    statuses: dict[uuid.UUID, Status]
    journal: dict[uuid.UUID, list[JournalEntry]]


class Ground:
    """
    A database on an event loop of its own, for tests that are not asynchronous themselves.

    Args:
        place: the address of the database. Its rows are gone after `close`.
        home: a folder for what publishers keep beside the database.
    """

    def __init__(self, place: str, home: Path) -> None:
        self.clock = HeldClock()
        self._home = home
        self._place = place
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self.database: Database = self.run(
            self._stack.enter_async_context(database_at(place, self.clock))
        )
        self.queue = Queue(database=self.database, clock=self.clock)
        self.schedule = Schedule(database=self.database, clock=self.clock, timezone="UTC")
        self.tools = self._tools()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something that is asynchronous."""
        return self._runner.run(work)

    async def look(self, journals_of: Iterable[uuid.UUID]) -> Seen:
        """Read the whole queue, and some journals."""
        async with self.database.read() as tx:
            rows, _ = await tx.deliveries.list(limit=1000)
            posts, _ = await tx.posts.list(limit=1000)
            return Seen(
                rows={one.id: one for one in rows},
                paused={account.platform for account in await tx.accounts.paused()},
                statuses={post.id: post.status for post in posts},
                journal={one: await tx.journal.of(one) for one in journals_of},
            )

    async def trip(self, delivery: Delivery) -> Trip:
        """Take a claimed delivery into a publisher's hand."""
        async with self.database.read() as tx:
            stored = await tx.posts.get(delivery.post_id)
            account = await tx.accounts.get(delivery.account_id)
        return Trip(
            tools=self.tools,
            platform=PLATFORMS[delivery.platform],
            account=account,
            post=stored.post,
            delivery=replace(delivery, not_before=None),
        )

    def wipe(self) -> None:
        """Leave the database without rows."""

        async def wipe() -> None:
            async with database_at(self._place, self.clock):
                pass  # it takes the rows away when it is left

        self.run(wipe())

    def close(self) -> None:
        """Close everything, and leave the database without rows."""
        self.run(self._stack.aclose())
        self._runner.close()

    def _tools(self) -> Tools:
        http = self.run(
            self._stack.enter_async_context(
                httpx.AsyncClient(verify=False, trust_env=False, base_url=NOTHING_THERE)
            )
        )

        def no_renewals(_: object) -> Any:
            raise AssertionError("no account of this test has a token")

        vault, crash = Vault(GivenKeys(NO_KEY)), CrashPlan()
        renewer = Renewer(
            database=self.database, vault=vault, oauth=no_renewals, clock=self.clock, crash=crash
        )
        return Tools(
            database=self.database,
            clock=self.clock,
            lines=Lines(
                http=http,
                fresh=http,
                database=self.database,
                vault=vault,
                renewer=renewer,
                clock=self.clock,
                sandbox_url=NOTHING_THERE,
                crash=crash,
            ),
            pacer=Pacer(database=self.database, clock=self.clock, plan={}),
            retries=Retries(clock=self.clock, attempts=1),
            board=ProgressBoard(self.clock),
            fingerprints=Fingerprints(),
            settle=MINUTE,
            crash=crash,
            high_water=HighWater(self._home, "here"),
        )
