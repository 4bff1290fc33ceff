"""
Keeps within what the platforms allow, for all publishers together.

    take    before a call: from every budget that it falls under, all of them or none
    heard   after a call: what the answer's headers and codes ask of the next ones
    told    what the platform has counted itself (`quotas.py` asks)

Nothing here waits. A call for which there is no room raises RateLimitedError with the instant at
which there is; the machine puts the delivery back into the queue until then.
"""

import datetime as dt
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pellacia_service.clock import Clock
from pellacia_service.domain.account import Account
from pellacia_service.domain.budget import Budget, Call, Scope, from_ms, span, to_ms
from pellacia_service.domain.delivery import Delivery
from pellacia_service.domain.post import Content
from pellacia_service.errors import RateLimitedError, SettingError, TransientError
from pellacia_service.platform_kit.facts import Facts
from pellacia_service.platform_kit.http import Answer
from pellacia_service.platform_kit.usage import (
    ONLY_NEEDED_PERCENT,
    SLOW_PERCENT,
    Usage,
    usage,
    window_pace,
    window_reset,
)
from pellacia_service.repositories.budgets import BudgetKey
from pellacia_service.repositories.session import Database, Transaction

Plan = Mapping[str, Sequence[Budget]]
"""Platform to its budgets, in the order in which every publisher takes from them."""

ALL = "all"

USAGE_HOLDS = dt.timedelta(minutes=10)
"""So long a percentage is believed; the next answer gives a newer one."""

CAN_WAIT = (Call.OPEN, Call.SEND)
"""Calls without which nothing that is under way is lost."""

LINK = re.compile(r"https?://|\b[\w-]+\.[a-z]{2,}\b", re.IGNORECASE)
"""Finds more than the platforms take for a link ("clip.mp4"): too dear a guess costs a wait only."""


def plan(platforms: Collection[Facts], amounts: Mapping[str, int]) -> Plan:
    """
    Return the budgets of the platforms, with the operator's own amounts.

    Args:
        amounts: "platform.kind" to units; 0 lifts that budget, and {"all": 0} lifts them all.

    Raises:
        SettingError: there is no such budget; the message lists them.
    """
    known = {f"{facts.name}.{budget.kind}" for facts in platforms for budget in facts.budgets}
    for name in amounts:
        if name not in known and (name != ALL or amounts[ALL]):
            raise SettingError(
                f'PELLACIA_LIMITS: there is no budget {name!r}. Take {{"all": 0}}, or amounts for: '
                f"{', '.join(sorted(known))}."
            )
    return {
        facts.name: tuple(_with_amounts(facts, amounts)) if ALL not in amounts else ()
        for facts in platforms
    }


def _with_amounts(facts: Facts, amounts: Mapping[str, int]) -> Iterator[Budget]:
    for budget in sorted(facts.budgets, key=lambda budget: (budget.scope, budget.kind)):
        amount = amounts.get(f"{facts.name}.{budget.kind}", budget.amount)
        if amount:
            yield replace(budget, amount=amount)


@dataclass(frozen=True)
class Order:
    """
    What an answer asks for.

    Args:
        stops: no call of these kinds until then; else half as many.
    """

    scope: Scope
    calls: frozenset[Call]
    until: dt.datetime
    stops: bool = True


class Pacer:
    """Asks the budgets before a call, and listens to the answers after it."""

    def __init__(self, *, database: Database, clock: Clock, plan: Plan) -> None:
        self._database = database
        self._clock = clock
        self._plan = plan

    async def take(self, account: Account, facts: Facts, call: Call) -> None:
        """
        Take one call from every budget that it falls under.

        Raises:
            RateLimitedError: there is no room for it before `retry_at`. Nothing was taken.
        """
        counted = self._budgets(facts, call)
        async with self._database.write() if counted else self._database.read() as tx:
            await self.take_within(tx, account, facts, call)

    async def take_within(
        self,
        tx: Transaction,
        account: Account,
        facts: Facts,
        call: Call,
        *,
        with_link: bool = False,
    ) -> None:
        """
        Do the same within a transaction that writes more: both happen, or neither.

        Raises:
            RateLimitedError: there is no room for it before `retry_at`; let it end the transaction.
        """
        now_ms = to_ms(self._clock.now())
        gate = await tx.budgets.gate(facts.name, str(account.id), call)
        if gate.blocked_until_ms > now_ms:
            why = f"{facts.title} has asked for a pause"
            raise _no_room(facts, "blocked", why, gate.blocked_until_ms)
        for budget in self._budgets(facts, call):
            free_at_ms = await tx.budgets.take(
                key_of(facts, budget, account),
                budget,
                units=budget.price(call, with_link=with_link),
                allowance=budget.allowance(call),
                slower=2 if gate.slowed_until_ms > now_ms else 1,
                now_ms=now_ms,
            )
            if free_at_ms is not None:
                why = (
                    f"{facts.title} allows {budget.amount:,} {budget.kind} in {span(budget.window)}"
                )
                raise _no_room(facts, f"budget_{budget.kind}", why, free_at_ms)

    async def heard(
        self, account: Account, facts: Facts, call: Call, answers: Sequence[Answer]
    ) -> None:
        """Write down what the answers ask for, where they ask for anything."""
        now = self._clock.now()
        orders = [
            order for answer in answers for order in self._orders(facts, call, answer, now=now)
        ]
        if not orders:
            return
        async with self._database.write() as tx:
            for order in orders:
                owner = "" if order.scope is Scope.APP else str(account.id)
                keys = [BudgetKey(facts.name, owner, call) for call in sorted(order.calls)]
                if order.stops:
                    await tx.budgets.block(keys, until_ms=to_ms(order.until))
                else:
                    await tx.budgets.slow(keys, until_ms=to_ms(order.until))

    async def may_be_told(self, account: Account, facts: Facts, every: dt.timedelta) -> bool:
        """Say whether the platform's own count is of use, and was not noted just now."""
        budget = self._budget_of_quota(facts)
        if budget is None:
            return False
        async with self._database.read() as tx:
            told_at_ms = await tx.budgets.told_at(key_of(facts, budget, account))
        return from_ms(told_at_ms) + every <= self._clock.now()

    async def told(self, account: Account, facts: Facts, *, used: int, most: int | None) -> None:
        """
        Write down what the platform has counted.

        Args:
            used: units used by everybody. most: units it grants; None where it does not say.
        """
        budget = self._budget_of_quota(facts)
        if budget is None:
            return
        async with self._database.write() as tx:
            await tx.budgets.tell(
                key_of(facts, budget, account),
                budget,
                left=(budget.amount if most is None else most) - used,
                now_ms=to_ms(self._clock.now()),
            )

    def _budget_of_quota(self, facts: Facts) -> Budget | None:
        kind = facts.quota.budget if facts.quota else ""
        return next((one for one in self._plan[facts.name] if one.kind == kind), None)

    def _budgets(self, facts: Facts, call: Call) -> list[Budget]:
        return [budget for budget in self._plan[facts.name] if call in budget.cost]

    def _orders(
        self, facts: Facts, call: Call, answer: Answer, *, now: dt.datetime
    ) -> Iterator[Order]:
        trouble = answer.trouble
        if isinstance(trouble, RateLimitedError) and trouble.retry_at:
            scope = Scope.APP if trouble.code in facts.app_limits else Scope.ACCOUNT
            yield Order(scope, self._counted_together(facts, call), trouble.retry_at)
        elif isinstance(trouble, TransientError) and trouble.retry_at:
            yield Order(Scope.APP, frozenset(Call), trouble.retry_at)
        elif reset := window_reset(answer.headers, facts.reset_headers, now=now):
            yield Order(Scope.ACCOUNT, frozenset({call}), reset)
        elif next_at := window_pace(answer.headers, facts.reset_headers, now=now):
            yield Order(Scope.ACCOUNT, frozenset({call}), next_at)
        for used in usage(answer.headers):
            yield from _orders_of_usage(used, now=now)

    def _counted_together(self, facts: Facts, call: Call) -> frozenset[Call]:
        """Return the kinds of calls that use up the same budgets."""
        return frozenset({call}).union(*(budget.cost for budget in self._budgets(facts, call)))


def _orders_of_usage(used: Usage, *, now: dt.datetime) -> Iterator[Order]:
    if used.is_spent:
        yield Order(used.scope, frozenset(Call), now + used.regained_in)
        return
    if used.percent >= ONLY_NEEDED_PERCENT:
        yield Order(used.scope, frozenset(CAN_WAIT), now + USAGE_HOLDS)
    if used.percent >= SLOW_PERCENT:
        yield Order(used.scope, frozenset(Call), now + USAGE_HOLDS, stops=False)


def key_of(facts: Facts, budget: Budget, account: Account) -> BudgetKey:
    """Return where a budget is kept: with the account, or with the app."""
    owner = "" if budget.scope is Scope.APP else str(account.id)
    return BudgetKey(facts.name, owner, budget.kind)


def has_link(content: Content) -> bool:
    """Say whether a platform may take anything in these words for a link."""
    return LINK.search(f"{content.title} {content.description}") is not None


def jitter(delivery: Delivery) -> dt.timedelta:
    """Return up to a second, always the same for one delivery: not all come back at one instant."""
    return dt.timedelta(milliseconds=delivery.id.int % 1000)


def _no_room(facts: Facts, code: str, why: str, free_at_ms: int) -> RateLimitedError:
    return RateLimitedError(
        f"{why}. It goes on by itself when there is room.",
        platform=facts.name,
        code=code,
        retry_at=from_ms(free_at_ms),
        not_done=True,
    )
