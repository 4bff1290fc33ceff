"""
What keeps the press running: a worker, and the chores that are done beside it.

The same runner serves the command line, the terminal app and the server.
"""

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from pellacia_service.domain.delivery import Delivery
from pellacia_service.publishing.worker import Worker
from pellacia_service.scheduler import AlarmClock


@dataclass(frozen=True)
class Chore:
    """
    Something that is to be done again and again.

    It is cancelled when the runner stops; what must not be broken off it shields itself. What it
    raises is written to the log, and it is done again after the next period.

    Args:
        name: as it stands in the log.
        period: between two beginnings. The first is when the runner starts.
    """

    name: str
    period: dt.timedelta
    do: Callable[[], Awaitable[None]]


class Runner:
    """
    Publishes what is due, and does the chores.

    Args:
        alarm: open for as long as the runner runs.
    """

    def __init__(self, *, worker: Worker, alarm: AlarmClock, chores: Sequence[Chore]) -> None:
        self._worker = worker
        self._alarm = alarm
        self._chores = chores

    async def run(self) -> AsyncIterator[Delivery]:
        """Run until stopped, and yield each delivery as it is given back."""
        for chore in self._chores:
            self._alarm.every(chore.period, chore.name, self._done_by(chore))
        try:
            async with aclosing(self._worker.run()) as deliveries:
                async for delivery in deliveries:
                    yield delivery
        finally:
            for chore in self._chores:
                self._alarm.silence(chore.name)

    def _done_by(self, chore: Chore) -> Callable[[], Awaitable[None]]:
        async def do() -> None:
            await chore.do()
            # It may have queued something.
            self._worker.wake()

        return do
