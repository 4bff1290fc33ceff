"""
The only retry: for calls that may be repeated without harm.

Waits 1, 2, 4, 8, 16 seconds with jitter, or as long as the platform asked for. The call that
publishes never comes through here.
"""

import datetime as dt
from collections.abc import AsyncIterator

import stamina

from pellacia_service.clock import Clock
from pellacia_service.errors import TransientError, UnknownOutcomeError

LONGEST_INLINE_WAIT = dt.timedelta(seconds=60)
"""A platform that asks for more patience than this has the delivery put back into the queue."""


class Retries:
    """
    How often, and after which pauses, a safe call is repeated.

    Args:
        attempts: how often a call is made at the most, the first time included.
    """

    def __init__(self, *, clock: Clock, attempts: int) -> None:
        self._clock = clock
        self._attempts = attempts

    def rounds(self) -> AsyncIterator[stamina.Attempt]:
        """
        Go round until the body ends without a passing error.

        `async for attempt in retries.rounds(): with attempt: …`
        """
        return stamina.retry_context(
            on=self._pause,
            attempts=self._attempts,
            timeout=None,
            wait_initial=1.0,
            wait_max=16.0,
            wait_exp_base=2.0,
            wait_jitter=1.0,
        )

    def _pause(self, error: Exception) -> bool | dt.timedelta:
        """Say whether an error passes by itself, or after which pause."""
        if not isinstance(error, TransientError | UnknownOutcomeError):
            return False
        if error.retry_at is None:
            return True
        wait = error.retry_at - self._clock.now()
        return max(wait, dt.timedelta()) if wait <= LONGEST_INLINE_WAIT else False
