"""
Time, and the only place that waits.

Everything that needs the hour or a pause is handed a `Clock`. Tests hand in one they hold
in their hand; nothing else in the program sleeps.
"""

import asyncio
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
        await asyncio.sleep(max(0.0, seconds))
