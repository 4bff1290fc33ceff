"""
Budgets in the database, shared by all publishers.

Taking from a budget begins with one conditional UPDATE of its row. Where that refuses, nothing was
taken; where it succeeds, the row stays locked until the transaction ends, so that two publishers
never count the same slots at once. A transaction that takes from several budgets takes from all of
them or, taken back, from none; the budgets come in the same order everywhere.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import sqlalchemy as sa
from sqlmodel import col, delete, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from pellacia_service.domain.budget import Budget, Call, Day, Even, Rolling, room_at
from pellacia_service.repositories.dialect import upsert
from pellacia_service.repositories.tables.budgets import BudgetRow, BudgetUseRow

KEY = ["platform", "account", "kind"]
BELIEVED_MS = 60 * 60 * 1000
"""So long counts what a platform said of a budget."""

TOLD = " told"
"""Follows a budget's name in the rows that hold what others have used of it."""

BLOCKED, SLOWED = col(BudgetRow.blocked_until_ms), col(BudgetRow.slowed_until_ms)


@dataclass(frozen=True)
class BudgetKey:
    """
    Which budget.

    Args:
        account: the account's id; "" where all accounts share it.
        kind: the budget's name, or a kind of call: its gate, which a platform's answers may shut.
    """

    platform: str
    account: str
    kind: str


@dataclass(frozen=True)
class Gate:
    """Until when calls are not to be made, or are to be made half as often. Milliseconds, 0: never."""

    blocked_until_ms: int
    slowed_until_ms: int


@dataclass(frozen=True)
class Standing:
    """What is written down of a budget: `uses` is start of a slot to units, for those that count."""

    tat_ms: int = 0
    blocked_until_ms: int = 0
    uses: Mapping[int, int] = field(default_factory=dict)


class Budgets:
    """The budgets of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def gate(self, platform: str, account: str, call: Call) -> Gate:
        """Return how far the way is open for a kind of call, for the app and for the account."""
        found = await self._session.exec(
            select(func.max(BudgetRow.blocked_until_ms), func.max(BudgetRow.slowed_until_ms)).where(
                col(BudgetRow.platform) == platform,
                col(BudgetRow.account).in_(["", account]),
                col(BudgetRow.kind) == call.value,
            )
        )
        blocked, slowed = found.one()
        return Gate(blocked or 0, slowed or 0)

    async def prune(self, before_ms: int) -> int:
        """Forget the uses of slots that began before, and return how many there were."""
        pruned = await self._session.exec(
            delete(BudgetUseRow).where(col(BudgetUseRow.slot_ms) < before_ms)
        )
        return int(pruned.rowcount)

    async def shut(self, now_ms: int) -> dict[BudgetKey, int]:
        """Return everything that a platform's answers have shut, and until when."""
        found = await self._session.exec(
            select(BudgetRow).where(col(BudgetRow.blocked_until_ms) > now_ms)
        )
        return {
            BudgetKey(row.platform, row.account, row.kind): row.blocked_until_ms
            for row in found.all()
        }

    async def take(
        self,
        key: BudgetKey,
        budget: Budget,
        *,
        units: int,
        allowance: int,
        now_ms: int,
        slower: int = 1,
    ) -> int | None:
        """
        Take units from a budget.

        Args:
            allowance: how many of the budget's units may be used up by this.
            slower: 2 for half as many as usual.

        Returns:
            None where they were taken; else the time at which another try makes sense.
        """
        window = budget.window
        if isinstance(window, Even):
            # The reserve is the same part of the burst as of the whole.
            burst = max(1, window.burst(budget.amount) * allowance // budget.amount)
            interval = window.interval_ms(budget.amount) * slower
            return await self._pass(
                key, cost_ms=units * interval, tolerance_ms=burst * interval, now_ms=now_ms
            )
        # Its own row only serves as the lock: no cost, and no tolerance that could be exceeded.
        shut_until = await self._pass(key, cost_ms=0, tolerance_ms=now_ms, now_ms=now_ms)
        if shut_until is not None:
            return shut_until
        return await self._count(
            key, window, units=units, allowance=allowance // slower, now_ms=now_ms
        )

    async def block(self, keys: Collection[BudgetKey], *, until_ms: int) -> None:
        """Let nothing pass before this time. An earlier block that lasts longer stays."""
        for key in keys:
            await self._raise(key, "blocked_until_ms", BLOCKED, until_ms)

    async def slow(self, keys: Collection[BudgetKey], *, until_ms: int) -> None:
        """Let pass half as much until this time."""
        for key in keys:
            await self._raise(key, "slowed_until_ms", SLOWED, until_ms)

    async def tell(self, key: BudgetKey, budget: Budget, *, left: int, now_ms: int) -> None:
        """
        Note how many units the platform itself has left, in the place of what it said before.

        Units that others have used are counted like ours until it is not to be believed any more.
        """
        # Its own row is the lock, as in `take`.
        await self._pass(key, cost_ms=0, tolerance_ms=now_ms, now_ms=now_ms)
        first = 0 if isinstance(budget.window, Even) else budget.window.first(now_ms)
        uses = await self._uses(key)
        ours = sum(used for slot, used in uses.items() if slot >= first)
        await self._session.exec(delete(BudgetUseRow).where(*_used_by(_told(key))))
        await upsert(
            self._session,
            BudgetUseRow,
            {
                **_columns(_told(key)),
                "slot_ms": now_ms,
                "used": max(0, budget.amount - ours - left),
            },
            key=[*KEY, "slot_ms"],
            update={"used": col(BudgetUseRow.used)},
        )

    async def told_at(self, key: BudgetKey) -> int:
        """Return when the platform was last asked, in milliseconds; 0: never."""
        return max(await self._uses(_told(key)), default=0)

    async def standing(self, key: BudgetKey, window: Even | Rolling | Day, now_ms: int) -> Standing:
        """Return what has been used of a budget."""
        row = await self._session.get(BudgetRow, (key.platform, key.account, key.kind))
        first = now_ms if isinstance(window, Even) else window.first(now_ms)
        uses = {slot: used for slot, used in (await self._uses(key)).items() if slot >= first}
        uses |= await self._of_others(key, first, uses, now_ms=now_ms)
        if row is None:
            return Standing(uses=uses)
        return Standing(row.tat_ms, row.blocked_until_ms, uses)

    async def _pass(
        self, key: BudgetKey, *, cost_ms: int, tolerance_ms: int, now_ms: int
    ) -> int | None:
        """
        Move a budget's time on, if that is allowed now (the generic cell rate algorithm).

        One statement: nobody can come between the question and the answer.
        """
        now = sa.literal(now_ms, sa.BigInteger)
        tat = col(BudgetRow.tat_ms)
        moved = sa.case((tat > now, tat), else_=now) + cost_ms
        statement = (
            update(BudgetRow)
            .where(
                *_is(key),
                col(BudgetRow.blocked_until_ms) <= now_ms,
                moved <= now_ms + tolerance_ms,
            )
            .values(tat_ms=moved)
            .execution_options(synchronize_session=False)
        )
        if (await self._session.exec(statement)).rowcount == 1:
            return None
        row = await self._stored(key)
        if row is not None:
            return max(row.blocked_until_ms, max(row.tat_ms, now_ms) + cost_ms - tolerance_ms)
        await self._raise(key, "blocked_until_ms", BLOCKED, 0)
        return await self._pass(key, cost_ms=cost_ms, tolerance_ms=tolerance_ms, now_ms=now_ms)

    async def _count(
        self, key: BudgetKey, window: Rolling | Day, *, units: int, allowance: int, now_ms: int
    ) -> int | None:
        """Count a use in its slot, where there is room. The budget's row is locked."""
        if units > allowance:
            return window.ends(window.slot(now_ms))
        slots, first = await self._uses(key), window.first(now_ms)
        uses = {slot: used for slot, used in slots.items() if slot >= first}
        others = await self._of_others(key, first, uses, now_ms=now_ms)
        free_at = room_at(window, {**uses, **others}, room=allowance - units)
        if free_at is not None:
            return free_at
        if len(uses) < len(slots):
            await self._session.exec(
                delete(BudgetUseRow).where(*_used_by(key), col(BudgetUseRow.slot_ms) < first)
            )
        await upsert(
            self._session,
            BudgetUseRow,
            {**_columns(key), "slot_ms": window.slot(now_ms), "used": units},
            key=[*KEY, "slot_ms"],
            update={"used": col(BudgetUseRow.used) + units},
        )
        return None

    async def _uses(self, key: BudgetKey) -> dict[int, int]:
        found = await self._session.exec(
            select(BudgetUseRow.slot_ms, BudgetUseRow.used).where(*_used_by(key))
        )
        return dict(found.all())

    async def _of_others(
        self, key: BudgetKey, slot: int, uses: Mapping[int, int], *, now_ms: int
    ) -> dict[int, int]:
        """
        Return this slot with what others have used added to our own.

        Which slots they used is not told: the oldest one brings whoever waits back the soonest.
        """
        told = await self._uses(_told(key))
        others = sum(used for at, used in told.items() if at > now_ms - BELIEVED_MS)
        return {slot: uses.get(slot, 0) + others} if others else {}

    async def _stored(self, key: BudgetKey) -> BudgetRow | None:
        found = await self._session.exec(
            select(BudgetRow).where(*_is(key)).execution_options(populate_existing=True)
        )
        return found.first()

    async def _raise(
        self, key: BudgetKey, name: str, stored: sa.SQLColumnExpression[int], value: int
    ) -> None:
        """Set one of the times, unless it is later already; make the row where there is none."""
        await upsert(
            self._session,
            BudgetRow,
            {**_columns(key), name: value},
            key=KEY,
            update={name: sa.case((stored > value, stored), else_=value)},
        )


def _columns(key: BudgetKey) -> dict[str, str | int]:
    return {"platform": key.platform, "account": key.account, "kind": key.kind}


def _is(key: BudgetKey) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(BudgetRow.platform) == key.platform,
        col(BudgetRow.account) == key.account,
        col(BudgetRow.kind) == key.kind,
    )


def _told(key: BudgetKey) -> BudgetKey:
    return replace(key, kind=key.kind + TOLD)


def _used_by(key: BudgetKey) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(BudgetUseRow.platform) == key.platform,
        col(BudgetUseRow.account) == key.account,
        col(BudgetUseRow.kind) == key.kind,
    )
