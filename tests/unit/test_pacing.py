"""What a platform's answers ask for, and what the pacer makes of it."""

import datetime as dt
import json
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellacia_service.domain.account import Account
from pellacia_service.domain.budget import (
    OPENS,
    Budget,
    Call,
    Day,
    Even,
    Rolling,
    Scope,
    from_ms,
    room_at,
    standing_of,
    to_ms,
)
from pellacia_service.domain.delivery import Delivery, Step
from pellacia_service.domain.post import Content
from pellacia_service.errors import PlatformError, RateLimitedError, SetupError, TransientError
from pellacia_service.platform_kit.facts import Facts
from pellacia_service.platform_kit.http import Answer
from pellacia_service.platform_kit.trouble import error_of_answer
from pellacia_service.platform_kit.usage import regained_at, usage, window_reset
from pellacia_service.platforms import PLATFORMS
from pellacia_service.publishing.pacing import Pacer, has_link, jitter, plan
from pellacia_service.repositories.session import Database
from tests.clocks import HeldClock

FACTS = {name: platform.facts for name, platform in PLATFORMS.items()}
INSTAGRAM, YOUTUBE, X = FACTS["instagram"], FACTS["youtube"], FACTS["x"]
NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
NINA = Account(uuid.uuid4(), "instagram")
OLGA = Account(uuid.uuid4(), "instagram", "olga")


def app_usage(percent: float) -> dict[str, str]:
    return {"X-App-Usage": json.dumps({"call_count": percent, "total_time": 3, "total_cputime": 1})}


def business_usage(percent: float, minutes: int = 0) -> dict[str, str]:
    entry = {
        "type": "instagram",
        "call_count": 1,
        "total_cputime": percent,
        "total_time": 2,
        "estimated_time_to_regain_access": minutes,
    }
    return {"X-Business-Use-Case-Usage": json.dumps({"1784": [entry], "1785": []})}


def an_answer(headers: Mapping[str, str], trouble: PlatformError | None = None) -> Answer:
    return Answer(httpx.Headers(dict(headers)), trouble)


@pytest.fixture
async def database(tmp_path: Path, clock: HeldClock) -> AsyncIterator[Database]:
    address = f"sqlite+aiosqlite:///{tmp_path / 'pellacia.db'}"
    async with Database(address, schema="", clock=clock) as opened:
        yield opened


@pytest.fixture
def pacer(database: Database, clock: HeldClock) -> Pacer:
    return Pacer(database=database, clock=clock, plan=plan(list(FACTS.values()), {}))


async def refused_until(
    pacer: Pacer, call: Call, account: Account = NINA, facts: Facts = INSTAGRAM
) -> dt.datetime | None:
    """When the call may be made; None: now, and it is taken."""
    try:
        await pacer.take(account, facts, call)
    except RateLimitedError as error:
        return error.retry_at
    return None


# What headers say


def test_of_all_percentages_the_highest_counts() -> None:
    [app, account] = usage(app_usage(28) | business_usage(97, minutes=7))

    assert (app.scope, app.percent) == (Scope.APP, 28)
    assert (account.scope, account.percent) == (Scope.ACCOUNT, 97)


def test_a_spent_budget_says_in_how_many_minutes_it_is_open_again() -> None:
    assert regained_at(business_usage(100, minutes=7), now=NOW) == NOW + 7 * MINUTE
    assert regained_at(app_usage(100), now=NOW) == NOW + 60 * MINUTE
    assert regained_at(app_usage(99), now=NOW) is None


@pytest.mark.parametrize(
    "header", ["", "not json", "[]", '{"1": 2}', '{"1": [3]}', '{"1": [{"call_count": "many"}]}']
)
def test_a_header_that_cannot_be_read_asks_for_nothing(header: str) -> None:
    headers = {"X-App-Usage": header, "X-Business-Use-Case-Usage": header}

    assert regained_at(headers, now=NOW) is None


def test_of_several_used_up_windows_the_latest_end_counts() -> None:
    headers = {
        "x-rate-limit-remaining": "0",
        "x-rate-limit-reset": str(int(NOW.timestamp()) + 60),
        "x-app-limit-24hour-remaining": "0",
        "x-app-limit-24hour-reset": str(int(NOW.timestamp()) + 3600),
        "x-user-limit-24hour-remaining": "5",
        "x-user-limit-24hour-reset": str(int(NOW.timestamp()) + 7200),
    }

    assert window_reset(headers, X.reset_headers, now=NOW) == NOW + 60 * MINUTE


def test_a_window_ends_by_the_platforms_clock_not_by_ours() -> None:
    theirs = NOW + 10 * MINUTE
    headers = {
        "Date": f"{theirs:%a, %d %b %Y %H:%M:%S GMT}",
        "x-rate-limit-remaining": "0",
        "x-rate-limit-reset": str(int(theirs.timestamp()) + 60),
    }

    assert window_reset(headers, X.reset_headers, now=NOW) == NOW + MINUTE


def test_metas_limit_codes_wait_for_as_long_as_the_header_says_else_an_hour() -> None:
    body = {"error": {"code": 80002, "message": "There have been too many calls."}}

    def told(headers: dict[str, str]) -> PlatformError | None:
        answer = httpx.Response(400, json=body, headers=headers)
        return error_of_answer(answer, INSTAGRAM, (), now=NOW)

    named, unnamed = told(business_usage(101, minutes=7)), told({})
    assert isinstance(named, RateLimitedError)
    assert named.retry_at == NOW + 7 * MINUTE
    assert unnamed is not None
    assert unnamed.retry_at == NOW + 60 * MINUTE


# What the pacer makes of it


@pytest.mark.parametrize(
    ("percent", "waits"),
    [
        (74, set[Call]()),
        (89, set[Call]()),
        (90, {Call.OPEN, Call.SEND}),
        (100, set(Call)),
    ],
)
async def test_the_fuller_the_budget_the_fewer_calls_are_made(
    pacer: Pacer, percent: float, waits: set[Call]
) -> None:
    await pacer.heard(NINA, INSTAGRAM, Call.LOOK, [an_answer(business_usage(percent))])

    refused = {call for call in Call if await refused_until(pacer, call)}

    assert refused == waits


async def test_from_75_percent_on_half_as_many_calls_are_made(pacer: Pacer) -> None:
    await pacer.heard(NINA, INSTAGRAM, Call.LOOK, [an_answer(business_usage(75))])

    made = [await refused_until(pacer, Call.LOOK) for _ in range(120)]

    assert made.count(None) == 100


async def test_an_accounts_pause_is_its_own_and_the_apps_is_everybodys(pacer: Pacer) -> None:
    await pacer.heard(NINA, INSTAGRAM, Call.LOOK, [an_answer(business_usage(100, minutes=5))])
    assert await refused_until(pacer, Call.LOOK) == NOW + 5 * MINUTE
    assert await refused_until(pacer, Call.LOOK, OLGA) is None

    await pacer.heard(NINA, INSTAGRAM, Call.LOOK, [an_answer(app_usage(100))])
    assert await refused_until(pacer, Call.LOOK, OLGA) == NOW + 60 * MINUTE


async def test_calls_that_share_no_budget_do_not_wait_for_each_other(pacer: Pacer) -> None:
    full = RateLimitedError(
        "Full.", platform="youtube", code="rateLimitExceeded", retry_at=NOW + MINUTE
    )

    await pacer.heard(NINA, YOUTUBE, Call.OPEN, [an_answer({}, full)])

    assert await refused_until(pacer, Call.OPEN, OLGA, YOUTUBE) == NOW + MINUTE
    assert await refused_until(pacer, Call.LOOK, NINA, YOUTUBE) is None


async def test_a_platform_that_is_down_and_says_for_how_long_is_left_alone(pacer: Pacer) -> None:
    down = TransientError("Down.", platform="x", code="503", retry_at=NOW + MINUTE)

    await pacer.heard(NINA, X, Call.SEND, [an_answer({}, down)])

    assert {await refused_until(pacer, call, OLGA, X) for call in Call} == {NOW + MINUTE}


async def test_a_good_answer_that_was_the_last_one_of_its_window_shuts_the_gate(
    pacer: Pacer, clock: HeldClock
) -> None:
    reset = int(NOW.timestamp()) + 300
    last = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(reset)}

    await pacer.heard(NINA, X, Call.PUBLISH, [an_answer(last)])

    assert await refused_until(pacer, Call.PUBLISH, NINA, X) == NOW + 5 * MINUTE
    assert await refused_until(pacer, Call.LOOK, NINA, X) is None
    clock.advance(300)
    assert await refused_until(pacer, Call.PUBLISH, NINA, X) is None


async def test_a_call_that_one_budget_refuses_is_taken_from_none(
    database: Database, clock: HeldClock
) -> None:
    few = Budget("few", 1, Rolling(60), OPENS)
    many = Budget("many", 10, Rolling(60), OPENS)
    facts = replace(INSTAGRAM, budgets=(many, few))
    pacer = Pacer(database=database, clock=clock, plan=plan([facts], {}))
    await refused_until(pacer, Call.OPEN, facts=facts)

    assert await refused_until(pacer, Call.OPEN, facts=facts)

    lifted = Pacer(database=database, clock=clock, plan=plan([facts], {"instagram.few": 0}))
    more = [await refused_until(lifted, Call.OPEN, facts=facts) for _ in range(10)]
    assert more.count(None) == 9


async def test_a_post_with_a_link_costs_what_x_charges_for_it(
    database: Database, clock: HeldClock
) -> None:
    pacer = Pacer(database=database, clock=clock, plan=plan(list(FACTS.values()), {"x.mills": 400}))

    async def publish() -> None:
        async with database.write() as tx:
            await pacer.take_within(tx, NINA, X, Call.PUBLISH, with_link=True)

    await publish()
    await publish()
    with pytest.raises(RateLimitedError) as refused:
        await publish()
    assert refused.value.retry_at == dt.datetime(2026, 11, 23, tzinfo=dt.UTC)


# The plan


@pytest.mark.parametrize("name", PLATFORMS)
def test_no_budget_goes_by_the_name_of_a_call_or_of_another_budget(name: str) -> None:
    kinds = [budget.kind for budget in FACTS[name].budgets]

    assert kinds
    assert not {*kinds} & {*map(str, Call)}
    assert len(kinds) == len({*kinds})


@pytest.mark.parametrize("name", PLATFORMS)
def test_every_platform_limits_what_makes_posts(name: str) -> None:
    limited = {call for budget in FACTS[name].budgets for call in budget.cost}

    assert limited & {Call.OPEN, Call.PUBLISH}


def test_an_amount_for_a_budget_that_there_is_not_is_refused_by_name() -> None:
    with pytest.raises(SetupError, match=r"youtube\.upload"):
        plan([YOUTUBE], {"youtube.upload": 500})


def test_an_operators_own_amount_replaces_the_platforms_usual_one() -> None:
    ours = plan([YOUTUBE], {"youtube.uploads": 500})

    assert {budget.kind: budget.amount for budget in ours["youtube"]}["uploads"] == 500


# Arithmetic


@given(st.integers(0, 2**40), st.sampled_from([Rolling(60), Rolling(86_400), Day("UTC")]))
def test_a_use_counts_until_its_slot_ends_and_no_longer(now_ms: int, window: Rolling | Day) -> None:
    slot = window.slot(now_ms)
    ends = window.ends(slot)

    assert slot <= now_ms < ends
    assert window.first(ends - 1) <= slot < window.first(ends)
    assert room_at(window, {slot: 1}, room=0) == ends
    assert room_at(window, {slot: 1}, room=1) is None


@given(st.integers(1, 5_000), st.integers(1, 86_400))
def test_a_burst_and_what_follows_it_fit_into_the_window(amount: int, seconds: int) -> None:
    window = Even(seconds)

    followers = (seconds * 1000 - 1) // window.interval_ms(amount)

    assert window.burst(amount) + followers <= amount


@given(st.integers(0, 20 * 366 * 24))
def test_a_day_in_los_angeles_ends_at_its_own_midnight(hours_since_2020: int) -> None:
    day = Day("America/Los_Angeles")
    since_2020 = dt.timedelta(hours=hours_since_2020)
    now_ms = to_ms(dt.datetime(2020, 1, 1, tzinfo=dt.UTC) + since_2020)

    hours = (day.ends(day.slot(now_ms)) - day.slot(now_ms)) / 3_600_000

    assert day.slot(now_ms) <= now_ms < day.ends(day.slot(now_ms))
    assert hours in {23, 24, 25}


def test_instants_come_back_as_they_were() -> None:
    assert from_ms(to_ms(NOW)) == NOW


def test_what_is_left_of_a_budget_that_was_never_used_is_all_of_it() -> None:
    rolling, even = (
        Budget("inits", 6, Rolling(60), OPENS),
        Budget("looks", 30, Even(60), OPENS),
    )

    assert standing_of(rolling, 0, {}, to_ms(NOW)).left == 6
    assert standing_of(even, 0, {}, to_ms(NOW)).left == 2
    assert standing_of(rolling, 0, {}, to_ms(NOW)).resets_at_ms is None


def test_the_jitter_of_a_delivery_is_short_and_always_the_same() -> None:
    delivery = Delivery(
        uuid.uuid4(), uuid.uuid4(), uuid.uuid4(), "x", "default", Step.OPEN, NOW, NOW
    )

    assert dt.timedelta() <= jitter(delivery) < dt.timedelta(seconds=1)
    assert jitter(delivery) == jitter(delivery)


@pytest.mark.parametrize(
    ("text", "is_link"),
    [("see https://example.com", True), ("example.com", True), ("Hello, world. Bye", False)],
)
def test_a_link_is_seen_before_it_is_paid_for(text: str, is_link: bool) -> None:
    assert has_link(Content(description=text)) is is_link
