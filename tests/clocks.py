"""A clock that a test holds in its hand."""

import asyncio
import datetime as dt


class HeldClock:
    """
    Time that passes only when somebody sleeps, or when the test says so.

    A sleep moves time forward by its whole length and gives the event loop one turn.
    """

    def __init__(self, start: dt.datetime = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)) -> None:
        self._now = start
        self._seconds = 0.0
        self.slept: list[float] = []

    def now(self) -> dt.datetime:
        return self._now

    def monotonic(self) -> float:
        return self._seconds

    def outside(self, seconds: float) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0)

    def set_by(self, seconds: float) -> None:
        """Set the hour, as a person sets a machine's: the time that passed stays what it was."""
        self._now += dt.timedelta(seconds=seconds)

    def advance(self, seconds: float) -> None:
        self._now += dt.timedelta(seconds=seconds)
        self._seconds += seconds
