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

    async def sleep(self, seconds: float) -> None:
        """Wait without blocking the event loop."""
        # Deferred: asyncio is a quarter of what `--help` costs, and help waits for nothing.
        import asyncio  # noqa: PLC0415

        await asyncio.sleep(max(0.0, seconds))


class HurriedClock:
    """
    A clock that runs faster than the machine's, for drills: what waits an hour waits minutes.

    Args:
        rate: seconds that pass here while one passes outside.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._machine = SystemClock()
        self._began_at = self._machine.now()
        self._began = self._machine.monotonic()

    def now(self) -> dt.datetime:
        """Return the instant it is here: the machine's at first, and then ever further ahead."""
        return self._began_at + dt.timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Return the seconds that have passed here since the clock was made."""
        return (self._machine.monotonic() - self._began) * self._rate

    async def sleep(self, seconds: float) -> None:
        """Wait for as long as it takes until `seconds` have passed here."""
        await self._machine.sleep(seconds / self._rate)
