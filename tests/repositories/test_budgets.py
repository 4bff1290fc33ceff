"""Budgets are never overrun, are used up as far as they go, and say when there is room again."""

import asyncio
import datetime as dt
import uuid
from bisect import bisect_left
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pellacia_service.domain.budget import (
    ASKS,
    LOOKS,
    OPENS,
    Budget,
    Call,
    Day,
    Even,
    Rolling,
    from_ms,
    to_ms,
)
from pellacia_service.repositories.budgets import BudgetKey
from pellacia_service.repositories.session import Database
from tests.clocks import HeldClock
from tests.postgres import SCHEMA
from tests.repositories.given import NOON

MINUTE_MS = 60_000
NOON_MS = to_ms(NOON)
WORKERS = 8

EVEN = Budget("looks", 30, Even(60), LOOKS)
ROLLING = Budget("inits", 6, Rolling(60), OPENS)
BUDGETS = pytest.mark.parametrize("budget", [EVEN, ROLLING], ids=["even", "rolling"])

FEW_EXAMPLES = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

arrivals = st.lists(
    st.tuples(st.integers(0, 25_000), st.integers(1, WORKERS)), min_size=1, max_size=14
)
"""Milliseconds since the arrival before, and how many publishers ask at that moment."""


@pytest.fixture
async def workers(
    database: Database, shared_place: str, clock: HeldClock
) -> AsyncIterator[list[Database]]:
    """As many publishers, each with connections of its own."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(Database(shared_place, schema=SCHEMA, clock=clock))
            for _ in range(WORKERS)
        ]


def a_key(budget: Budget) -> BudgetKey:
    """A budget that nobody has used."""
    return BudgetKey("tiktok", str(uuid.uuid4()), budget.kind)


async def take(
    database: Database,
    key: BudgetKey,
    budget: Budget,
    now_ms: int,
    *,
    call: Call | None = None,
    slower: int = 1,
) -> int | None:
    chosen = call or next(iter(budget.cost))
    async with database.write() as tx:
        return await tx.budgets.take(
            key,
            budget,
            units=budget.cost[chosen],
            allowance=budget.allowance(chosen),
            slower=slower,
            now_ms=now_ms,
        )


async def take_as_much_as_possible(
    database: Database, key: BudgetKey, budget: Budget, *, until_ms: int, slower: int = 1
) -> list[int]:
    """Ask, and ask again at the instant that was named. Return when something was taken."""
    now_ms, taken = NOON_MS, []
    while now_ms < until_ms:
        free_at = await take(database, key, budget, now_ms, slower=slower)
        if free_at is None:
            taken.append(now_ms)
        else:
            assert free_at > now_ms
            now_ms = free_at
    return taken


def most_in_a_window(taken: Sequence[int], window_ms: int) -> int:
    return max(bisect_left(taken, start + window_ms) - i for i, start in enumerate(taken))


@BUDGETS
@FEW_EXAMPLES
@given(arrivals=arrivals)
async def test_eight_publishers_never_overrun_a_limit_in_any_window(
    workers: list[Database], budget: Budget, arrivals: list[tuple[int, int]]
) -> None:
    key, now_ms, taken = a_key(budget), NOON_MS, list[int]()

    for gap, crowd in arrivals:
        now_ms += gap
        answers = await asyncio.gather(
            *(take(worker, key, budget, now_ms) for worker in workers[:crowd])
        )
        taken += [now_ms for free_at in answers if free_at is None]

    assert most_in_a_window(taken, MINUTE_MS) <= budget.amount


@BUDGETS
async def test_a_backlog_uses_nearly_all_of_a_limit(database: Database, budget: Budget) -> None:
    minutes = 10

    taken = await take_as_much_as_possible(
        database, a_key(budget), budget, until_ms=NOON_MS + minutes * MINUTE_MS
    )

    assert len(taken) >= 0.95 * minutes * budget.amount
    assert most_in_a_window(taken, MINUTE_MS) <= budget.amount


@BUDGETS
async def test_a_platform_that_wants_it_slower_gets_half(
    database: Database, budget: Budget
) -> None:
    taken = await take_as_much_as_possible(
        database, a_key(budget), budget, until_ms=NOON_MS + 5 * MINUTE_MS, slower=2
    )

    assert 0.4 * 5 * budget.amount <= len(taken) <= 0.55 * 5 * budget.amount


@BUDGETS
async def test_the_instant_that_is_named_is_the_first_that_works(
    database: Database, budget: Budget
) -> None:
    key = a_key(budget)
    while (free_at := await take(database, key, budget, NOON_MS)) is None:
        pass

    assert await take(database, key, budget, free_at - 1) == free_at
    assert await take(database, key, budget, free_at) is None


async def test_what_one_publisher_used_is_missing_for_all_others(workers: list[Database]) -> None:
    key = a_key(ROLLING)

    answers = [await take(worker, key, ROLLING, NOON_MS) for worker in workers]

    assert [answer is None for answer in answers] == [True] * 6 + [False] * 2


async def test_the_last_tenth_is_kept_for_looks(database: Database) -> None:
    shared = Budget("calls", 20, Rolling(60), ASKS)
    key = a_key(shared)
    opened = [await take(database, key, shared, NOON_MS, call=Call.OPEN) for _ in range(20)]

    looked = [await take(database, key, shared, NOON_MS, call=Call.LOOK) for _ in range(3)]

    assert opened.count(None) == 18
    assert looked.count(None) == 2


async def test_a_publisher_that_dies_before_its_commit_has_used_nothing(
    database: Database,
) -> None:
    key = a_key(ROLLING)
    with pytest.raises(ZeroDivisionError):
        async with database.write() as tx:
            await tx.budgets.take(key, ROLLING, units=6, allowance=6, now_ms=NOON_MS)
            raise ZeroDivisionError

    assert await take(database, key, ROLLING, NOON_MS) is None


@pytest.mark.parametrize("step_back", [60_000, 1])
@BUDGETS
async def test_a_clock_that_is_set_back_lets_no_more_through(
    database: Database, budget: Budget, step_back: int
) -> None:
    key = a_key(budget)
    while await take(database, key, budget, NOON_MS) is None:
        pass

    assert await take(database, key, budget, NOON_MS - step_back) is not None


@pytest.mark.parametrize(
    ("now", "midnight"),
    [
        ("2026-11-22T12:00:00+00:00", "2026-11-23T08:00:00+00:00"),
        ("2026-03-08T09:00:00+00:00", "2026-03-09T07:00:00+00:00"),  # 23 hours long
        ("2026-11-01T08:00:00+00:00", "2026-11-02T08:00:00+00:00"),  # 25 hours long
    ],
    ids=["an ordinary day", "clocks go forward", "clocks go back"],
)
async def test_a_days_quota_comes_back_at_midnight_of_its_zone(
    database: Database, now: str, midnight: str
) -> None:
    uploads = Budget("uploads", 2, Day("America/Los_Angeles"), OPENS)
    key, now_ms = a_key(uploads), to_ms(dt.datetime.fromisoformat(now))
    await take(database, key, uploads, now_ms)
    await take(database, key, uploads, now_ms)

    free_at = await take(database, key, uploads, now_ms)

    assert free_at is not None
    assert from_ms(free_at).isoformat() == midnight
    assert await take(database, key, uploads, free_at - 1) == free_at
    assert await take(database, key, uploads, free_at) is None


@BUDGETS
async def test_nothing_passes_during_a_block_and_the_longest_one_counts(
    database: Database, budget: Budget
) -> None:
    key = a_key(budget)
    async with database.write() as tx:
        await tx.budgets.block([key], until_ms=NOON_MS + 5_000)
        await tx.budgets.block([key], until_ms=NOON_MS + 1_000)

    assert await take(database, key, budget, NOON_MS + 4_999) == NOON_MS + 5_000
    assert await take(database, key, budget, NOON_MS + 5_000) is None


async def test_the_gate_of_a_call_is_shut_by_the_account_or_by_the_app(
    database: Database,
) -> None:
    account = str(uuid.uuid4())
    async with database.write() as tx:
        await tx.budgets.block([BudgetKey("x", "", Call.OPEN)], until_ms=NOON_MS + 2)
        await tx.budgets.block([BudgetKey("x", account, Call.OPEN)], until_ms=NOON_MS + 1)
        await tx.budgets.slow([BudgetKey("x", account, Call.LOOK)], until_ms=NOON_MS + 3)

    async with database.read() as tx:
        opening = await tx.budgets.gate("x", account, Call.OPEN)
        looking = await tx.budgets.gate("x", account, Call.LOOK)
        other = await tx.budgets.gate("x", str(uuid.uuid4()), Call.OPEN)

    assert opening.blocked_until_ms == other.blocked_until_ms == NOON_MS + 2
    assert (looking.blocked_until_ms, looking.slowed_until_ms) == (0, NOON_MS + 3)


async def test_a_budget_keeps_as_many_rows_however_long_it_is_used(database: Database) -> None:
    key = a_key(ROLLING)

    await take_as_much_as_possible(database, key, ROLLING, until_ms=NOON_MS + 20 * MINUTE_MS)

    async with database.read() as tx:
        standing = await tx.budgets.standing(key, ROLLING.window, NOON_MS)
    assert len(standing.uses) <= 49
