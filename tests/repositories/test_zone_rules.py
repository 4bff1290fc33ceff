"""The rules of zones change, and planned posts stay at their wall time."""

import datetime as dt

from pellacia_service.domain.delivery import Delivery, Step
from pellacia_service.domain.post import Post
from pellacia_service.repositories.session import Database
from pellacia_service.use_cases.zone_rules import follow_zone_rules
from tests.clocks import HeldClock
from tests.repositories.given import NOON, a_delivery, a_post, an_account, reread

HOUR = dt.timedelta(hours=1)
OLD, NEW = "2020a", "2026z"
WALL, ZONE = "2026-12-27 14:00", "Europe/Berlin"
RIGHT = dt.datetime(2026, 12, 27, 13, tzinfo=dt.UTC)
WRONG = RIGHT - HOUR
"""As by rules under which Berlin would keep its summer time."""


async def plan(
    database: Database,
    at: dt.datetime,
    *,
    version: str = OLD,
    wall: str = WALL,
    step: Step = Step.CHECK,
) -> tuple[Post, Delivery]:
    async with database.write() as tx:
        account, post = await an_account(tx), a_post()
        await tx.posts.add(
            post,
            created_at=NOON,
            scheduled_at=at,
            timezone=ZONE,
            media=None,
            wall_time=wall,
            tzdata_version=version,
        )
        delivery = a_delivery(post, account, due_at=at, step=step)
        await tx.deliveries.add_many([delivery])
    return post, delivery


async def test_a_post_whose_instant_changed_is_moved_and_named(
    database: Database, clock: HeldClock
) -> None:
    post, delivery = await plan(database, WRONG)

    [moved] = await follow_zone_rules(database, clock, NEW)

    assert (moved.before, moved.after) == (WRONG, RIGHT)
    assert str(post.id) in moved.text
    assert "2026-12-27 12:00 UTC before, 2026-12-27 13:00 UTC now" in moved.text
    assert (await reread(database, delivery)).due_at == RIGHT
    async with database.read() as tx:
        stored = await tx.posts.get(post.id)
        [line] = await tx.journal.of(delivery.id)
    assert (stored.scheduled_at, stored.tzdata_version) == (RIGHT, NEW)
    assert "zone rules changed" in line.reason


async def test_a_post_whose_instant_stayed_only_keeps_the_new_version(
    database: Database, clock: HeldClock
) -> None:
    post, delivery = await plan(database, RIGHT)

    assert await follow_zone_rules(database, clock, NEW) == []

    assert (await reread(database, delivery)).epoch == delivery.epoch
    async with database.read() as tx:
        assert (await tx.posts.get(post.id)).tzdata_version == NEW


async def test_by_the_same_rules_nothing_is_looked_at(database: Database, clock: HeldClock) -> None:
    _, delivery = await plan(database, WRONG, version=NEW)

    assert await follow_zone_rules(database, clock, NEW) == []
    assert (await reread(database, delivery)).due_at == WRONG


async def test_what_is_past_or_on_its_way_out_stays_where_it_is(
    database: Database, clock: HeldClock
) -> None:
    _, past = await plan(database, NOON - HOUR, wall="2026-11-22 14:00")
    _, going = await plan(database, WRONG, step=Step.PUBLISH)

    await follow_zone_rules(database, clock, NEW)

    assert (await reread(database, past)).due_at == NOON - HOUR
    assert (await reread(database, going)).due_at == WRONG


async def test_the_second_of_two_equal_wall_times_stays_the_second(
    database: Database, clock: HeldClock
) -> None:
    second = dt.datetime(2027, 10, 31, 1, 30, tzinfo=dt.UTC)
    _, delivery = await plan(database, second, wall="2027-10-31 02:30")

    assert await follow_zone_rules(database, clock, NEW) == []
    assert (await reread(database, delivery)).due_at == second


async def test_every_start_after_the_first_finds_nothing_to_do(
    database: Database, clock: HeldClock
) -> None:
    await plan(database, WRONG)
    await follow_zone_rules(database, clock, NEW)

    assert await follow_zone_rules(database, clock, NEW) == []
