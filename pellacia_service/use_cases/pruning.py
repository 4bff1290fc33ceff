"""
Throwing away what nobody will ask for again.

What is on its way keeps everything: its journal, its evidence, the uses of every window that still
counts.
"""

import datetime as dt
from collections.abc import Mapping, Sequence

from pellacia_service.clock import Clock
from pellacia_service.domain.budget import Budget, Even, to_ms
from pellacia_service.repositories.session import Database

JOURNAL_LIVES = dt.timedelta(days=180)
"""How long the journal outlives a delivery that a person has cleared away."""

MARGIN = dt.timedelta(days=2)
"""Windows end at midnights somewhere in the world, and clocks are set."""

AT_ONCE = 500
"""Rows removed in one transaction, so that nobody waits for long."""


class Pruning:
    """
    Prunes the database.

    Args:
        plan: platform to its budgets.
    """

    def __init__(
        self, *, database: Database, clock: Clock, plan: Mapping[str, Sequence[Budget]]
    ) -> None:
        self._database = database
        self._clock = clock
        self._plan = plan

    async def prune(self) -> int:
        """Remove what is old, and return how many rows there were."""
        return await self._budget_uses() + await self._journal()

    async def _budget_uses(self) -> int:
        now_ms = to_ms(self._clock.now() - MARGIN)
        windows = [one.window for budgets in self._plan.values() for one in budgets]
        before_ms = min(
            (window.first(now_ms) for window in windows if not isinstance(window, Even)),
            default=now_ms,
        )
        async with self._database.write() as tx:
            return await tx.budgets.prune(before_ms)

    async def _journal(self) -> int:
        before, pruned = self._clock.now() - JOURNAL_LIVES, 0
        while True:
            async with self._database.write() as tx:
                removed = await tx.journal.prune(before, limit=AT_ONCE)
            pruned += removed
            if removed < AT_ONCE:
                return pruned
