"""
Whether the machine's clock can be trusted.

A clock that is set back would make leases and waits last longer, or begin anew; a clock that is set
forward makes posts due that are not. So time never runs backwards here: what a clock loses is made
up for by running at half its speed. And a host that disagrees with its database server takes no
new deliveries.
"""

import datetime as dt
import enum
import threading

from pellacia_service.clock import Clock

WARN_SKEW = dt.timedelta(seconds=2)
MOST_SKEW = dt.timedelta(seconds=30)
"""Sign-ins and scheduled times break too when clocks are further apart."""

SET_BACK = dt.timedelta(seconds=5)
SET_FORWARD = dt.timedelta(minutes=10)

OUTAGE = dt.timedelta(minutes=5)
"""Nobody published for this long: what is overdue now is a backlog, not a post that is due."""


class Trust(enum.Enum):
    """What the difference between two clocks means."""

    FINE = enum.auto()
    WARN = enum.auto()
    REFUSE = enum.auto()


def skew(before: dt.datetime, told: dt.datetime, after: dt.datetime) -> dt.timedelta:
    """
    Return by how much another clock is ahead of ours, at the least; negative: behind.

    Args:
        before, after: our time when it was asked and when it had answered: the time that the
            answer took is nobody's fault.
    """
    if told > after:
        return told - after
    return min(told - before, dt.timedelta())


def judge(difference: dt.timedelta) -> Trust:
    """Judge a difference; each limit belongs to the better side."""
    if abs(difference) > MOST_SKEW:
        return Trust.REFUSE
    return Trust.WARN if abs(difference) > WARN_SKEW else Trust.FINE


def is_outage(last_alive: dt.datetime | None, now: dt.datetime) -> bool:
    """Tell whether no publisher has been alive for a while."""
    return last_alive is None or now - last_alive > OUTAGE


class SteadyClock:
    """
    A clock that never runs backwards, and that notices leaps.

    Args:
        inner: the clock that may be set.
    """

    def __init__(self, inner: Clock) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self._last = inner.now()
        self._last_tick = inner.monotonic()
        self._set_back = dt.timedelta()
        self._set_forward = dt.timedelta()

    def now(self) -> dt.datetime:
        """Return the current instant, aware, in UTC; never one before the last."""
        with self._lock:
            here, tick = self._inner.now(), self._inner.monotonic()
            passed = dt.timedelta(seconds=tick - self._last_tick)
            floor = self._last + passed / 2
            if floor - here > SET_BACK:
                self._set_back = max(self._set_back, floor - here)
            leap = here - (self._last + passed)
            if leap > SET_FORWARD:
                self._set_forward = max(self._set_forward, leap)
            self._last, self._last_tick = max(here, floor), tick
            return self._last

    def monotonic(self) -> float:
        """Return seconds since some fixed moment."""
        return self._inner.monotonic()

    def outside(self, seconds: float) -> float:
        """Return how many of the machine's seconds a pause takes."""
        return self._inner.outside(seconds)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._inner.sleep(seconds)

    def not_before(self, highest: dt.datetime) -> None:
        """Go on from the highest time that was ever seen, where that is later."""
        with self._lock:
            self._last = max(self._last, highest)
        self.now()

    def set_back(self) -> dt.timedelta:
        """Return by how much the clock was set back since this was last asked; else nothing."""
        with self._lock:
            found, self._set_back = self._set_back, dt.timedelta()
            return found

    def set_forward(self) -> dt.timedelta:
        """Return by how much the clock leapt forward since this was last asked; else nothing."""
        with self._lock:
            found, self._set_forward = self._set_forward, dt.timedelta()
            return found
