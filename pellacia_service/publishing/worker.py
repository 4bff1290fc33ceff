"""
Claims what is due and carries it, several deliveries at once, until it is told to stop.

One delivery's troubles never touch another: each runs in a task of its own. What a worker held
when it stopped is released, so that the next one can go on at once.
"""

import asyncio
import datetime as dt
import uuid
from collections.abc import AsyncIterator, Callable

from pellacia_service.clock import Clock
from pellacia_service.domain.delivery import Delivery
from pellacia_service.errors import LeaseLostError
from pellacia_service.publishing.crash_points import CrashPlan
from pellacia_service.publishing.leases import LeaseKeeper
from pellacia_service.publishing.machine import Machine
from pellacia_service.publishing.owners import Owner
from pellacia_service.repositories.session import Database

SHORTEST_NAP = 0.05
"""Seconds. What was due before the queue was asked may be held up by others: ask again, not at once."""

LONGEST_NAP = 1.0
"""Seconds. An earlier post queued by another process is found within this time."""


class Worker:
    """
    One publisher.

    Args:
        database: makes a database object for the thread that renews leases.
        lease: how long a delivery stays ours without a sign of life.
        concurrency: most deliveries under way at once.
    """

    def __init__(
        self,
        *,
        database: Database,
        lease_database: Callable[[], Database],
        machine: Machine,
        owner: Owner,
        clock: Clock,
        lease: dt.timedelta,
        concurrency: int,
        crash: CrashPlan,
    ) -> None:
        self._database = database
        self._lease_database = lease_database
        self._machine = machine
        self._owner = owner
        self._clock = clock
        self._lease = lease
        self._concurrency = concurrency
        self._crash = crash
        self._jobs: dict[asyncio.Task[Delivery], Delivery] = {}

    async def run(
        self, *, post_id: uuid.UUID | None = None, until_idle: bool = False
    ) -> AsyncIterator[Delivery]:
        """
        Publish what is due, and yield each delivery as it is given back: done, failed, or waiting.

        Args:
            post_id: take the deliveries of this post only.
            until_idle: return when nothing is due or under way any more, here or elsewhere.
        """
        keeper = LeaseKeeper(
            database=self._lease_database,
            owner_id=self._owner.id,
            clock=self._clock,
            lease=self._lease,
            lost=self._drop_everything,
        )
        with keeper:
            try:
                async for delivery in self._go_round(post_id, until_idle=until_idle):
                    yield delivery
            finally:
                await self._let_go()

    async def _go_round(
        self, post_id: uuid.UUID | None, *, until_idle: bool
    ) -> AsyncIterator[Delivery]:
        await self._release_the_dead()
        while True:
            await self._claim(post_id)
            if until_idle and not self._jobs and not await self._more_to_come(post_id):
                return
            for delivery in await self._nap(await self._pause(post_id)):
                yield delivery
            await self._release_the_dead()

    async def _claim(self, post_id: uuid.UUID | None) -> None:
        room = self._concurrency - len(self._jobs)
        if room <= 0:
            return
        now = self._clock.now()
        async with self._database.write() as tx:
            claimed = await tx.deliveries.claim(
                self._owner.id, now=now, lease_until=now + self._lease, limit=room, post_id=post_id
            )
            if claimed:
                self._crash.reached("before a claim")
        if claimed:
            self._crash.reached("after a claim")
        for delivery in claimed:
            self._jobs[asyncio.create_task(self._carry(delivery))] = delivery

    async def _carry(self, delivery: Delivery) -> Delivery:
        """Carry one delivery and give it back."""
        try:
            after = await self._machine.run(delivery)
        except LeaseLostError:
            return delivery
        self._crash.reached("before a release")
        async with self._database.write() as tx:
            await tx.deliveries.release(after)
        self._crash.reached("after a release")
        return after

    async def _more_to_come(self, post_id: uuid.UUID | None) -> bool:
        async with self._database.read() as tx:
            return await tx.deliveries.under_way_or_due(self._clock.now(), post_id=post_id)

    async def _pause(self, post_id: uuid.UUID | None) -> float:
        """Return the seconds until the next delivery is due, a second at the most."""
        if len(self._jobs) >= self._concurrency:
            return LONGEST_NAP
        now = self._clock.now()
        async with self._database.read() as tx:
            due = await tx.deliveries.next_due(now, post_id=post_id)
        wait = (due - now).total_seconds() if due else LONGEST_NAP
        return min(max(wait, SHORTEST_NAP), LONGEST_NAP)

    async def _nap(self, pause: float) -> list[Delivery]:
        """Wait until deliveries come back, or it is time to ask the queue again."""
        alarm = asyncio.create_task(self._clock.sleep(pause))
        try:
            ended, _ = await asyncio.wait({alarm, *self._jobs}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            alarm.cancel()
        back = [task for task in self._jobs if task in ended]
        for task in back:
            del self._jobs[task]
        return [task.result() for task in back]

    async def _let_go(self) -> None:
        """Stop what is under way and release it; a publish call that is out is waited for."""
        for task in self._jobs:
            task.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        self._jobs.clear()
        self._crash.reached("before letting go")
        async with self._database.write() as tx:
            await tx.deliveries.release_owner(self._owner.id)
        self._crash.reached("after letting go")

    async def _release_the_dead(self) -> None:
        """Take over at once from publishers of this machine that have died."""
        for owner_id in self._owner.the_dead():
            self._crash.reached("before taking over from the dead")
            async with self._database.write() as tx:
                await tx.deliveries.release_owner(owner_id)
            self._crash.reached("after taking over from the dead")
            self._owner.bury(owner_id)

    def _drop_everything(self) -> None:
        """Others may own our deliveries by now: not one more call."""
        for task in self._jobs:
            task.cancel()
