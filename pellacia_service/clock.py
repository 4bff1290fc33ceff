"""
Time, and the only place that waits.

Everything that needs the hour or a pause is handed a `Clock`. Tests hand in one they hold
in their hand; nothing else in the program sleeps.
"""

import datetime as dt
import time
from typing import Protocol


class Clock(Protocol):
    """What the program asks of time."""

    def now(self) -> dt.datetime:
        """Return the current instant, aware, in UTC."""

    def monotonic(self) -> float:
        """Return seconds that never run backwards, for measuring speed and deadlines."""

    def outside(self, seconds: float) -> float:
        """Return how many of the machine's seconds a pause takes, for who must wait by those."""

    async def sleep(self, seconds: float) -> None:
        """Wait. Cancelled like any other await."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> dt.datetime:
        """Return the current instant, aware, in UTC."""
        return dt.datetime.now(dt.UTC)

    def monotonic(self) -> float:
        """Return seconds since some fixed moment."""
        return time.monotonic()

    def outside(self, seconds: float) -> float:
        """Return the same: this is the machine's clock."""
        return seconds

    async def sleep(self, seconds: float) -> None:
        """Wait without blocking the event loop."""
        # Deferred: asyncio is a quarter of what `--help` costs, and help waits for nothing.
        import asyncio  # noqa: PLC0415

        await asyncio.sleep(max(0.0, seconds))


class HurriedClock:
    """
    A clock whose pauses pass faster than the machine's, for drills: it leaps over most of each.

    Args:
        rate: so many seconds of a pause pass while one passes outside.
        ahead: seconds by which it goes ahead of the machine's from the beginning.
    """

    def __init__(self, rate: float, ahead: float = 0.0) -> None:
        self._rate = rate
        self._machine = SystemClock()
        self.ahead = ahead

    def now(self) -> dt.datetime:
        """Return the instant it is here, aware, in UTC."""
        return self._machine.now() + dt.timedelta(seconds=self.ahead)

    def monotonic(self) -> float:
        """Return the machine's own: work takes here as long as it takes outside."""
        return self._machine.monotonic()

    def outside(self, seconds: float) -> float:
        """Return the part of a pause that is waited for."""
        return seconds / self._rate

    async def sleep(self, seconds: float) -> None:
        """Wait for a part of the time, and leap over the rest."""
        outside = self.outside(seconds)
        await self._machine.sleep(outside)
        self.ahead += seconds - outside
