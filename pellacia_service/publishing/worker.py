"""
Claims what is due and carries it, several deliveries at once, until it is told to stop.

One delivery's troubles never touch another: each runs in a task of its own. What a worker held
when it stopped is released, so that the next one can go on at once.

A worker with nothing to do sleeps. Three things wake it: the alarm clock when the next delivery is
due, the database's word that the queue has changed, and, since both are hints that may be lost, a
look of its own twice a second.
"""

import asyncio
import datetime as dt
import logging
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from pellacia_service.clock import Clock
from pellacia_service.domain.delivery import CALLS, Delivery
from pellacia_service.domain.reach import Reach
from pellacia_service.domain.work import Work
from pellacia_service.errors import LeaseLostError, SetupError
from pellacia_service.publishing.crash_points import CrashPlan
from pellacia_service.publishing.leases import LeaseKeeper
from pellacia_service.publishing.machine import Machine
from pellacia_service.publishing.mishaps import Mishaps
from pellacia_service.publishing.owners import Owner
from pellacia_service.publishing.watchman import Watchman
from pellacia_service.repositories.session import Database
from pellacia_service.scheduler import AlarmClock

SHORTEST_NAP = 0.05
"""Seconds. What was due before the queue was asked may be held up by others: ask again, not at once."""

LONGEST_NAP = 0.5
"""Seconds. An earlier post queued by another process begins within one second, without any hint."""

LONGEST_PATIENCE = 15.0
"""Seconds between two tries to reach a database that is away."""

DUE = "the next delivery is due"

LOG = logging.getLogger(__name__)


class Worker:
    """
    One publisher.

    Args:
        database: makes a database object for the thread that renews leases.
        alarm: open; rings when the next delivery is due.
        lease: how long a delivery stays ours without a sign of life.
        concurrency: most deliveries under way at once.
    """

    def __init__(
        self,
        *,
        database: Database,
        lease_database: Callable[[], Database],
        machine: Machine,
        mishaps: Mishaps,
        owner: Owner,
        clock: Clock,
        alarm: AlarmClock,
        lease: dt.timedelta,
        concurrency: int,
        crash: CrashPlan,
        watchman: Watchman,
    ) -> None:
        self._database = database
        self._lease_database = lease_database
        self._machine = machine
        self._mishaps = mishaps
        self._owner = owner
        self._clock = clock
        self._alarm = alarm
        self._lease = lease
        self._concurrency = concurrency
        self._crash = crash
        self._watchman = watchman
        self._reach = Reach.ANYTHING
        self._jobs: dict[asyncio.Task[Delivery], Delivery] = {}
        self._dropped: list[Delivery] = []
        self._rung = asyncio.Event()

    def wake(self) -> None:
        """Look at the queue now."""
        self._rung.set()

    async def run(
        self, *, post_id: uuid.UUID | None = None, until_idle: bool = False
    ) -> AsyncGenerator[Delivery, None]:
        """
        Publish what is due, and yield each delivery as it is given back: done, failed, or waiting.

        A database that goes away is waited for, unless the worker is to end when it is idle.

        Args:
            post_id: take the deliveries of this post only.
            until_idle: return when nothing is due or under way any more, here or elsewhere.

        Raises:
            SetupError: the database cannot be used (only with `until_idle`).
        """
        keeper = LeaseKeeper(
            database=self._lease_database,
            owner_id=self._owner.id,
            clock=self._clock,
            lease=self._lease,
            lost=self._drop_everything,
        )
        # Who is gone when the queue is empty has no need of being called.
        ear = None if until_idle else asyncio.create_task(self._database.listen(self.wake))
        with keeper:
            try:
                rounds = self._until_idle(post_id) if until_idle else self._for_ever(post_id)
                async with aclosing(rounds):
                    async for delivery in rounds:
                        yield delivery
            finally:
                if ear is not None:
                    ear.cancel()
                    await asyncio.gather(ear, return_exceptions=True)
                self._alarm.silence(DUE)
                await self._let_go()

    async def _until_idle(self, post_id: uuid.UUID | None) -> AsyncGenerator[Delivery, None]:
        while True:
            pause = await self._take_what_is_due(post_id)
            if not self._jobs and await self._is_over(post_id):
                return
            for delivery in await self._nap(pause):
                yield delivery

    async def _for_ever(self, post_id: uuid.UUID | None) -> AsyncGenerator[Delivery, None]:
        patience = 0.0
        while True:
            given_back: list[Delivery] = []
            try:
                pause = await self._take_what_is_due(post_id)
                given_back = await self._nap(pause)
                patience = 0.0
            except SetupError as error:
                if not patience:
                    LOG.warning("%s The worker goes on by itself when it can.", error)
                patience = min(2 * patience or 1.0, LONGEST_PATIENCE)
                await self._clock.sleep(patience)
            for delivery in given_back:
                yield delivery

    async def _take_what_is_due(self, post_id: uuid.UUID | None) -> float:
        """
        Claim what is due; return for how many seconds the queue need not be asked again.

        Asked first without a lock: a worker that has nothing to do never keeps others from writing.
        """
        await self._release_the_dead()
        await self._release_the_dropped()
        if self._watchman.is_awaited:
            await self._ask_the_watchman(post_id)
        now, rooms = self._clock.now(), self._rooms()
        async with self._database.read() as tx:
            due = await tx.deliveries.next_due(now, tuple(rooms), post_id=post_id)
        later = [instant for instant in due.values() if instant > now]
        if later:
            self._alarm.at(min(later), DUE, self.wake)
        else:
            self._alarm.silence(DUE)
        works = [work for work, instant in due.items() if instant <= now]
        if works:
            await self._ask_the_watchman(post_id)
        claimed = [await self._claim(rooms[work], work, post_id) for work in works]
        return SHORTEST_NAP if any(claimed) else LONGEST_NAP

    async def _ask_the_watchman(self, post_id: uuid.UUID | None) -> None:
        self._reach = await self._watchman.before_claims(publishes_the_calendar=post_id is None)

    def _rooms(self) -> dict[Work, int]:
        """
        Return how many more deliveries may be taken on of each kind that there is room for.

        Calls have room of their own, and what is uploaded ahead of its time leaves some: so that no
        upload, however large, makes another post late.
        """
        now = self._clock.now()
        jobs = self._jobs.values()
        calls = sum(job.step in CALLS for job in jobs)
        ahead = sum(job.step not in CALLS and job.due_at > now for job in jobs)
        room = self._concurrency - (len(jobs) - calls)
        room_ahead = self._concurrency - self._concurrency // 4 - ahead
        uploads = (
            {Work.UPLOADS: min(room, room_ahead)} if room_ahead > 0 else {Work.OWED_UPLOADS: room}
        )
        rooms = {Work.CALLS: self._concurrency - calls, **uploads}
        return {work: count for work, count in rooms.items() if count > 0}

    async def _claim(self, room: int, work: Work, post_id: uuid.UUID | None) -> int:
        """Take deliveries on, as many as there is room for; return how many."""
        now = self._clock.now()
        async with self._database.write() as tx:
            claimed = await tx.deliveries.claim(
                self._owner.id,
                now=now,
                lease_until=now + self._lease,
                limit=room,
                post_id=post_id,
                reach=self._reach,
                work=work,
            )
            if claimed:
                self._crash.reached("before a claim")
        if claimed:
            self._crash.reached("after a claim")
        for delivery in claimed:
            self._jobs[asyncio.create_task(self._carry(delivery))] = delivery
        return len(claimed)

    async def _carry(self, delivery: Delivery) -> Delivery:
        """Carry one delivery and give it back."""
        try:
            after = await self._machine_or_mishap(delivery)
        except LeaseLostError:
            return delivery
        await self._release(after)
        return after

    async def _machine_or_mishap(self, delivery: Delivery) -> Delivery:
        try:
            return await self._machine.run(delivery)
        except LeaseLostError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the others
            return await self._mishaps.put_back(delivery, error)

    async def _release(self, delivery: Delivery) -> None:
        self._crash.reached("before a release")
        async with self._database.write() as tx:
            await tx.deliveries.release(delivery)
        self._crash.reached("after a release")

    async def _is_over(self, post_id: uuid.UUID | None) -> bool:
        # With a clock that cannot be believed nothing more is to come before it is set right.
        if self._reach is Reach.LOOK_UPS:
            return True
        async with self._database.read() as tx:
            return not await tx.deliveries.under_way_or_due(self._clock.now(), post_id=post_id)

    async def _nap(self, pause: float) -> list[Delivery]:
        """Wait until deliveries come back, somebody rings, or it is time to ask the queue again."""
        waits = [
            asyncio.ensure_future(self._clock.sleep(pause)),
            asyncio.ensure_future(self._rung.wait()),
        ]
        try:
            await asyncio.wait({*waits, *self._jobs}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        self._rung.clear()
        return self._given_back()

    def _given_back(self) -> list[Delivery]:
        """
        Take what ended out of the list of jobs, and return what is in order again.

        What is not still has our lease: it is released before the queue is asked the next time.
        """
        ended = [task for task in self._jobs if task.done()]
        given_back = []
        for task in ended:
            delivery = self._jobs.pop(task)
            error = None if task.cancelled() else task.exception()
            if error is None and not task.cancelled():
                given_back.append(task.result())
            elif error is None or isinstance(error, SetupError):
                self._dropped.append(delivery)
            else:
                # Not even its mishap could be written down. It stays ours, and so out of
                # everybody's way, until this worker ends.
                LOG.error("delivery %s cannot be put back", delivery.id, exc_info=error)
        return given_back

    async def _release_the_dropped(self) -> None:
        """Give back what was dropped when the leases, or the database, could not be trusted."""
        while self._dropped:
            await self._release(self._dropped[0])
            del self._dropped[0]

    async def _let_go(self) -> None:
        """Stop what is under way and release it; a publish call that is out is waited for."""
        for task in self._jobs:
            task.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        self._jobs.clear()
        self._dropped.clear()
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
