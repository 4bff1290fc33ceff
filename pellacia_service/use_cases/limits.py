"""What is left of the platforms' limits, and when it comes back."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from pellacia_service.clock import Clock
from pellacia_service.domain.account import Account
from pellacia_service.domain.budget import Budget, Call, Scope, from_ms, span, standing_of, to_ms
from pellacia_service.domain.limit import Limit
from pellacia_service.repositories.budgets import BudgetKey
from pellacia_service.repositories.session import Database, Transaction

Pauses = Mapping[BudgetKey, dt.datetime]
"""The gates that a platform's answers have shut, and until when."""


class Limits:
    """
    The limits of the platforms that have a connected account.

    Args:
        plan: platform to its budgets.
    """

    def __init__(
        self, *, database: Database, clock: Clock, plan: Mapping[str, Sequence[Budget]]
    ) -> None:
        self._database = database
        self._clock = clock
        self._plan = plan

    async def all(self) -> list[Limit]:
        """Return every limit, an application's own before those of its accounts."""
        async with self._database.read() as tx:
            accounts = await tx.accounts.all()
            now_ms = to_ms(self._clock.now())
            shut = await tx.budgets.shut(now_ms)
            pauses = {key: from_ms(until_ms) for key, until_ms in shut.items()}
            found: list[Limit] = []
            for platform in self._plan:
                ours = [account for account in accounts if account.platform == platform]
                if ours:
                    found += await self._of_platform(tx, platform, ours, pauses)
        return found

    async def _of_platform(
        self, tx: Transaction, platform: str, accounts: Sequence[Account], pauses: Pauses
    ) -> list[Limit]:
        found: list[Limit] = []
        for scope, owners in ((Scope.APP, (("", ""),)), (Scope.ACCOUNT, _names(accounts))):
            budgets = [one for one in self._plan[platform] if one.scope is scope]
            for owner, label in owners:
                for budget in budgets:
                    limit = await self._left(tx, BudgetKey(platform, owner, budget.kind), budget)
                    until = _pause(pauses, platform, owner, budget.cost)
                    found.append(replace(limit, account=label, blocked_until=until))
                found += _other_pauses(pauses, platform, owner, label, budgets)
        return found

    async def _left(self, tx: Transaction, key: BudgetKey, budget: Budget) -> Limit:
        now_ms = to_ms(self._clock.now())
        stored = await tx.budgets.standing(key, budget.window, now_ms)
        now = standing_of(budget, stored.tat_ms, stored.uses, now_ms)
        return Limit(
            platform=key.platform,
            account="",
            kind=budget.kind,
            calls=tuple(sorted(budget.cost)),
            limit=budget.amount,
            window=span(budget.window),
            used=now.used,
            left=now.left,
            resets_at=from_ms(now.resets_at_ms) if now.resets_at_ms else None,
        )


def _names(accounts: Sequence[Account]) -> tuple[tuple[str, str], ...]:
    return tuple((str(account.id), account.label) for account in accounts)


def _pause(
    pauses: Pauses, platform: str, owner: str, calls: Collection[Call]
) -> dt.datetime | None:
    """Return until when the platform wants none of these calls from this owner."""
    untils = [pauses.get(BudgetKey(platform, owner, call)) for call in calls]
    return max((until for until in untils if until), default=None)


def _other_pauses(
    pauses: Pauses, platform: str, owner: str, label: str, budgets: Sequence[Budget]
) -> Iterator[Limit]:
    """Yield the pauses of calls that no budget of this owner shows."""
    shown = {call for budget in budgets for call in budget.cost}
    for call in Call:
        until = pauses.get(BudgetKey(platform, owner, call))
        if until and call not in shown:
            yield Limit(platform, label, call, (call,), blocked_until=until)
