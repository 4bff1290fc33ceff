"""
The alarm clock: rings in this process, and remembers nothing.

It is APScheduler with everything in memory. What is due is a query, always: a ring only says "ask
now", so one that is lost, late or too early does no harm. It is imported when the first alarm is
set: an upload that waits for nothing needs none.
"""

import asyncio
import datetime as dt
import itertools
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

from pellacia_service.clock import Clock, SystemClock
from pellacia_service.errors import PellaciaError

Ring = Callable[[], Awaitable[None]]

LOG = logging.getLogger(__name__)


class AlarmClock:
    """
    Rings at instants and at intervals. Open it with `async with`; closing stops what still runs.

    APScheduler counts by the machine's clock. Ours says how long a pause takes there, and has the
    last word: nothing rings before it shows the instant.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._machine = SystemClock()
        self._numbers = itertools.count()
        self._alarms: dict[str, Any] = {}
        self._ringing: dict[asyncio.Task[None], str] = {}
        self._troubles: dict[str, str] = {}
        self._scheduler: Any = None

    async def __aenter__(self) -> "AlarmClock":
        """Be ready to ring."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ring no more, and wait until what was rung for has stopped."""
        if self._scheduler is None:
            return
        self._scheduler.pause()
        for task in self._ringing:
            task.cancel()
        await asyncio.gather(*self._ringing, return_exceptions=True)
        self._scheduler.shutdown(wait=False)
        await self._a_turn_of_the_loop()

    def every(self, period: dt.timedelta, name: str, ring: Ring) -> None:
        """
        Ring at once and after each period, until closed.

        What raises is written to the log, once for each trouble in a row, and rung for again.
        """
        self.silence(name)
        now, seconds = self._machine.now(), self._clock.outside(period.total_seconds())
        # At least a millisecond: a clock that is held in the hand takes no time at all.
        trigger = {"trigger": "interval", "seconds": max(seconds, 0.001), "start_date": now}
        self._alarms[name] = self._add(trigger, now, name, ring)

    def at(self, instant: dt.datetime, name: str, ring: Callable[[], None]) -> None:
        """Ring once, at once where the instant has passed. An earlier alarm of the name is off."""
        self.silence(name)
        wait = max((instant - self._clock.now()).total_seconds(), 0.0)
        begin = self._machine.now() + dt.timedelta(seconds=self._clock.outside(wait))

        async def when_it_is_time() -> None:
            while (rest := (instant - self._clock.now()).total_seconds()) > 0:
                await self._clock.sleep(rest)
            ring()

        trigger = {"trigger": "date", "run_date": begin}
        self._alarms[name] = self._add(trigger, begin, name, when_it_is_time)

    def silence(self, name: str) -> None:
        """Put an alarm off, where there is one, and stop what it has rung for."""
        job = self._alarms.pop(name, None)
        if job is None:
            return
        from apscheduler.jobstores.base import JobLookupError  # noqa: PLC0415 - see the top

        with suppress(JobLookupError):
            job.remove()
        for task, theirs in self._ringing.items():
            if theirs == name:
                task.cancel()

    def _add(self, trigger: dict[str, Any], first: dt.datetime, name: str, ring: Ring) -> Any:
        # An id for each job: one that is put off may still be on its way out.
        number = f"{name} {next(self._numbers)}"
        return self._running_scheduler().add_job(
            self._strike, args=(name, ring), id=number, next_run_time=first, **trigger
        )

    def _running_scheduler(self) -> Any:
        if self._scheduler is None:
            from apscheduler.jobstores.memory import MemoryJobStore  # noqa: PLC0415 - see the top
            from apscheduler.schedulers.asyncio import AsyncIOScheduler  # noqa: PLC0415

            quiet = LOG.getChild("apscheduler")
            # It would warn each time that a chore takes longer than its period.
            quiet.setLevel(logging.ERROR)
            self._scheduler = AsyncIOScheduler(
                jobstores={"default": MemoryJobStore()},
                # Rung once, however often it was missed, and never twice at the same time.
                job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
                timezone=dt.UTC,
                logger=quiet,
            )
            self._scheduler.start()
        return self._scheduler

    async def _strike(self, name: str, ring: Ring) -> None:
        """Ring in a task of its own, so that stopping it is nothing that APScheduler reports."""
        task = asyncio.ensure_future(self._rung(name, ring))
        self._ringing[task] = name
        try:
            await asyncio.wait([task])
        finally:
            del self._ringing[task]

    async def _rung(self, name: str, ring: Ring) -> None:
        try:
            await ring()
        except Exception as error:  # noqa: BLE001 - one chore's trouble must not end the others
            self._report(name, error)
        else:
            if self._troubles.pop(name, None):
                LOG.warning("%s: works again", name)

    def _report(self, name: str, error: Exception) -> None:
        """Write a trouble down; the same one again and again is told once."""
        said = f"{type(error).__name__}: {error}"
        if self._troubles.get(name) == said:
            return
        self._troubles[name] = said
        if isinstance(error, PellaciaError):
            LOG.warning("%s: %s", name, error)
        else:
            LOG.error("%s: something unexpected happened", name, exc_info=error)

    async def _a_turn_of_the_loop(self) -> None:
        """APScheduler shuts down in a callback: be there when it has."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        loop.call_soon(turn.set_result, None)
        await turn
