"""Who may work on a delivery, and for how long."""

import asyncio
import datetime as dt
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from pellacia_service.domain.delivery import INTENT, RESTING, Delivery, Step
from pellacia_service.errors import AccountBusyError, LeaseLostError
from pellacia_service.repositories.session import Database
from tests.clocks import HeldClock
from tests.postgres import SCHEMA
from tests.repositories.given import (
    ANNA,
    BERTA,
    MINUTE,
    NOON,
    a_delivery,
    add_post,
    an_account,
    claim,
    queue_one,
    reread,
)


async def test_a_claim_gives_the_delivery_a_new_epoch_and_a_lease(database: Database) -> None:
    queued = await queue_one(database)

    [claimed] = await claim(database)

    assert claimed == replace(queued, epoch=1, lease_owner=ANNA, lease_until=NOON + MINUTE)
    assert await reread(database, queued) == claimed


async def test_a_leased_delivery_is_given_to_nobody_else(database: Database) -> None:
    await queue_one(database)
    await claim(database, ANNA)

    assert await claim(database, BERTA) == []


async def test_a_lease_that_has_run_out_is_free_to_take(database: Database) -> None:
    queued = await queue_one(database)
    await claim(database, ANNA)

    [taken] = await claim(database, BERTA, now=NOON + MINUTE)

    assert (taken.id, taken.epoch, taken.lease_owner) == (queued.id, 2, BERTA)


async def test_what_is_not_due_yet_stays_in_the_queue(database: Database) -> None:
    await queue_one(database, due_at=NOON + MINUTE)
    await queue_one(database, "tiktok", not_before=NOON + MINUTE)

    assert await claim(database, now=NOON) == []
    assert len(await claim(database, now=NOON + MINUTE)) == 2


@pytest.mark.parametrize("step", sorted(RESTING))
async def test_what_is_at_rest_is_never_claimed(database: Database, step: Step) -> None:
    await queue_one(database, step=step)

    assert await claim(database, now=NOON + dt.timedelta(days=365)) == []


@pytest.mark.parametrize("step", sorted(INTENT))
async def test_a_publisher_that_died_at_its_irreversible_call_is_followed_up(
    database: Database, step: Step
) -> None:
    await queue_one(database, step=step)

    [claimed] = await claim(database)

    assert claimed.step is step


async def test_a_claim_takes_no_more_than_it_has_room_for_and_the_longest_due_first(
    database: Database,
) -> None:
    late = [await queue_one(database, due_at=NOON - n * MINUTE) for n in range(4)]

    claimed = await claim(database, limit=2)

    assert [one.id for one in claimed] == [late[3].id, late[2].id]


async def test_a_claim_can_be_limited_to_one_post(database: Database) -> None:
    await queue_one(database)
    wanted = await queue_one(database, "tiktok")

    async with database.write() as tx:
        claimed = await tx.deliveries.claim(
            ANNA, now=NOON, lease_until=NOON + MINUTE, limit=10, post_id=wanted.post_id
        )

    assert [one.id for one in claimed] == [wanted.id]


async def test_a_paused_account_publishes_nothing_but_finds_out_what_it_did(
    database: Database,
) -> None:
    waiting = await queue_one(database, "youtube")
    unsure = await queue_one(database, "tiktok", step=Step.UNSURE)
    async with database.write() as tx:
        await tx.accounts.pause()

    claimed = await claim(database)

    assert [one.id for one in claimed] == [unsure.id]
    async with database.write() as tx:
        await tx.accounts.resume("youtube")
    assert [one.id for one in await claim(database)] == [waiting.id]


async def test_eight_publishers_claim_two_hundred_deliveries_and_none_twice(
    place: str, clock: HeldClock
) -> None:
    async with AsyncExitStack() as stack:
        databases = [
            await stack.enter_async_context(Database(place, schema=SCHEMA, clock=clock))
            for _ in range(8)
        ]
        async with databases[0].write() as tx:
            account = await an_account(tx)
            post = await add_post(tx)
            await tx.deliveries.add_many(
                a_delivery(post, account, generation=n) for n in range(200)
            )

        async def take_all(database: Database, owner: str) -> list[Delivery]:
            taken: list[Delivery] = []
            while more := await claim(database, owner, limit=3):
                taken += more
            return taken

        taken = await asyncio.gather(
            *(take_all(database, str(n)) for n, database in enumerate(databases))
        )

    ids = [delivery.id for share in taken for delivery in share]
    assert len(ids) == 200
    assert len(set(ids)) == 200
    assert {delivery.epoch for share in taken for delivery in share} == {1}


async def test_a_write_with_an_old_epoch_changes_nothing(database: Database) -> None:
    await queue_one(database)
    [frozen] = await claim(database, ANNA)
    [taken] = await claim(database, BERTA, now=NOON + MINUTE)

    with pytest.raises(LeaseLostError):
        async with database.write() as tx:
            await tx.deliveries.save(
                replace(frozen, step=Step.PUBLISH), expected_epoch=frozen.epoch
            )

    assert await reread(database, frozen) == taken


async def test_saving_leaves_a_lease_that_was_renewed_meanwhile(database: Database) -> None:
    await queue_one(database)
    [claimed] = await claim(database)
    async with database.write() as tx:
        await tx.deliveries.renew(ANNA, now=NOON, until=NOON + 5 * MINUTE)

    async with database.write() as tx:
        await tx.deliveries.save(replace(claimed, step=Step.OPEN), expected_epoch=1)

    saved = await reread(database, claimed)
    assert (saved.step, saved.lease_until) == (Step.OPEN, NOON + 5 * MINUTE)


async def test_an_order_with_a_higher_epoch_takes_the_delivery_from_its_publisher(
    database: Database,
) -> None:
    await queue_one(database)
    [claimed] = await claim(database)
    async with database.write() as tx:
        await tx.deliveries.save(replace(claimed, step=Step.CANCELLED, epoch=2), expected_epoch=1)

    with pytest.raises(LeaseLostError):
        async with database.write() as tx:
            await tx.deliveries.save(replace(claimed, step=Step.OPEN), expected_epoch=1)

    cancelled = await reread(database, claimed)
    assert (cancelled.step, cancelled.lease_owner) == (Step.CANCELLED, "")


@pytest.mark.parametrize("guarded", [Step.LAST_PART, Step.PUBLISH, Step.UNSURE])
async def test_an_account_is_at_one_irreversible_call_at_a_time(
    database: Database, guarded: Step
) -> None:
    await queue_one(database, step=guarded)
    other = await queue_one(database, step=Step.READY)

    with pytest.raises(AccountBusyError):
        async with database.write() as tx:
            await tx.deliveries.save(replace(other, step=Step.PUBLISH), expected_epoch=0)

    assert (await reread(database, other)).step is Step.READY


async def test_two_accounts_publish_at_the_same_time(database: Database) -> None:
    await queue_one(database, "youtube", step=Step.PUBLISH)
    other = await queue_one(database, "tiktok", step=Step.READY)

    async with database.write() as tx:
        await tx.deliveries.save(replace(other, step=Step.PUBLISH), expected_epoch=0)

    assert (await reread(database, other)).step is Step.PUBLISH


async def test_renewing_prolongs_what_is_still_held_and_nothing_else(database: Database) -> None:
    held = await queue_one(database)
    await claim(database, ANNA)
    await queue_one(database, "tiktok")
    await claim(database, BERTA)

    async with database.write() as tx:
        renewed = await tx.deliveries.renew(ANNA, now=NOON, until=NOON + 2 * MINUTE)

    assert renewed == {held.id}


async def test_a_lease_that_ran_out_is_not_renewed(database: Database) -> None:
    await queue_one(database)
    await claim(database)

    async with database.write() as tx:
        renewed = await tx.deliveries.renew(ANNA, now=NOON + MINUTE, until=NOON + 2 * MINUTE)

    assert renewed == frozenset()


async def test_what_is_released_can_be_claimed_at_once(database: Database) -> None:
    await queue_one(database)
    [claimed] = await claim(database, ANNA)

    async with database.write() as tx:
        await tx.deliveries.release(claimed)

    assert len(await claim(database, BERTA)) == 1


async def test_releasing_does_not_touch_the_lease_of_the_next_owner(database: Database) -> None:
    await queue_one(database)
    [frozen] = await claim(database, ANNA)
    [taken] = await claim(database, BERTA, now=NOON + MINUTE)

    async with database.write() as tx:
        await tx.deliveries.release(frozen)

    assert (await reread(database, taken)).lease_owner == BERTA


async def test_everything_a_dead_publisher_held_is_free_at_once(database: Database) -> None:
    await queue_one(database, "youtube")
    await queue_one(database, "tiktok")
    await claim(database, ANNA)

    async with database.write() as tx:
        await tx.deliveries.release_owner(ANNA)

    assert len(await claim(database, BERTA)) == 2
