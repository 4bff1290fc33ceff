"""What the queue knows about its deliveries."""

import datetime as dt
import uuid
from dataclasses import replace

import pytest

from pellacia_service.domain.delivery import Delivery, DeliveryError, Status, Step
from pellacia_service.domain.receipt import Receipt
from pellacia_service.domain.work import Work
from pellacia_service.errors import BadInputError, ErrorKind, NotFoundError
from pellacia_service.repositories.session import Database
from tests.repositories.given import (
    MINUTE,
    NOON,
    a_delivery,
    add_post,
    an_account,
    claim,
    queue_one,
    reread,
)


def with_everything(delivery: Delivery) -> Delivery:
    return replace(
        delivery,
        step=Step.UNSURE,
        due_at=NOON + MINUTE,
        not_before=NOON + 2 * MINUTE,
        receipt=Receipt(
            total=2**40,
            confirmed=2**33,
            part_size=8,
            closing=True,
            data={"session": "https://upload.example/x", "parts": [1, {"deep": None}]},
            post_id="abc",
            url="https://example.com/abc",
        ),
        bytes_sent=2**40,
        attempts=2,
        sha256="cd" * 32,
        intent_at=NOON,
        started_at=NOON,
        completed_at=NOON + MINUTE,
        error=DeliveryError(ErrorKind.NETWORK, "503", "It was busy.", NOON + MINUTE),
        evidence=({"asked": "status", "seen": "ready"}, {"asked": "listing", "seen": 0}),
    )


async def test_a_delivery_comes_back_exactly_as_it_was_saved(database: Database) -> None:
    queued = await queue_one(database)
    full = with_everything(queued)

    async with database.write() as tx:
        await tx.deliveries.save(full, expected_epoch=0)

    assert await reread(database, queued) == full


async def test_times_come_back_in_utc_whatever_zone_they_were_given_in(database: Database) -> None:
    moscow = dt.timezone(dt.timedelta(hours=3))

    queued = await queue_one(database, due_at=dt.datetime(2026, 11, 22, 23, 30, tzinfo=moscow))

    due_at = (await reread(database, queued)).due_at
    assert due_at.isoformat() == "2026-11-22T20:30:00+00:00"


async def test_a_platforms_answer_that_no_database_stores_is_kept_as_far_as_it_can_be(
    database: Database,
) -> None:
    queued = await queue_one(database)
    strange = replace(
        queued,
        error=DeliveryError(ErrorKind.PLATFORM, "\0", "half a \ud83d smile"),
        evidence=({"body": "a\0b", "list": ["\udc00"]},),
    )

    async with database.write() as tx:
        await tx.deliveries.save(strange, expected_epoch=0)

    saved = await reread(database, queued)
    assert saved.error is not None
    assert saved.error.message == "half a \N{REPLACEMENT CHARACTER} smile"
    assert saved.evidence[0]["body"] == "a\N{REPLACEMENT CHARACTER}b"


async def test_a_post_goes_to_an_account_once(database: Database) -> None:
    queued = await queue_one(database)

    with pytest.raises(BadInputError, match="exists already"):
        async with database.write() as tx:
            await tx.deliveries.add_many([replace(queued, id=uuid.uuid4())])


async def test_an_unknown_delivery_is_an_error_that_names_it(database: Database) -> None:
    unknown = uuid.uuid4()

    with pytest.raises(NotFoundError, match=str(unknown)):
        async with database.read() as tx:
            await tx.deliveries.get(unknown)


async def test_the_deliveries_of_several_posts_come_by_post(database: Database) -> None:
    first = await queue_one(database)
    second = await queue_one(database, "tiktok")
    nothing = uuid.uuid4()

    async with database.read() as tx:
        found = await tx.deliveries.of_posts([first.post_id, second.post_id, nothing])

    assert found == {first.post_id: [first], second.post_id: [second], nothing: []}


async def test_counts_are_in_the_words_that_scripts_see(database: Database) -> None:
    for step in (Step.CHECK, Step.SEND, Step.WAIT, Step.DONE):
        await queue_one(database, step=step)

    async with database.read() as tx:
        counts = await tx.deliveries.counts()

    assert counts == {Status.PENDING: 1, Status.PROCESSING: 2, Status.COMPLETED: 1}


async def test_a_long_list_comes_in_pages_without_gaps_or_repeats(database: Database) -> None:
    queued = [
        await queue_one(database, created_at=NOON + (n // 2) * MINUTE, step=Step.FAILED)
        for n in range(5)
    ]
    await queue_one(database)

    seen: list[Delivery] = []
    cursor = None
    async with database.read() as tx:
        for _ in range(3):
            page, cursor = await tx.deliveries.list(limit=2, cursor=cursor, status=Status.FAILED)
            seen += page

    assert cursor is None
    assert {one.id for one in seen} == {one.id for one in queued}
    assert [one.created_at for one in seen] == sorted(
        (one.created_at for one in queued), reverse=True
    )


async def test_something_is_to_be_done_until_everything_due_is_at_rest(database: Database) -> None:
    queued = await queue_one(database, not_before=NOON + MINUTE)

    async with database.write() as tx:
        waiting = await tx.deliveries.under_way_or_due(NOON)
        other_post = await tx.deliveries.under_way_or_due(NOON, post_id=uuid.uuid4())
        await tx.deliveries.save(replace(queued, step=Step.DONE), expected_epoch=0)
        after = await tx.deliveries.under_way_or_due(NOON)

    assert (waiting, other_post, after) == (True, False, False)


async def test_a_post_for_tomorrow_keeps_nobody_waiting(database: Database) -> None:
    await queue_one(database, due_at=NOON + dt.timedelta(days=1))

    async with database.read() as tx:
        assert not await tx.deliveries.under_way_or_due(NOON)
        assert await tx.deliveries.next_due(NOON, [Work.UPLOADS]) == {
            Work.UPLOADS: NOON + dt.timedelta(days=1)
        }


async def test_the_next_delivery_is_due_when_its_own_wait_and_its_lease_are_over(
    database: Database,
) -> None:
    await queue_one(database, "youtube", not_before=NOON + 3 * MINUTE)
    await queue_one(database, "tiktok")
    await claim(database)

    async with database.read() as tx:
        assert await tx.deliveries.next_due(NOON, [Work.UPLOADS]) == {Work.UPLOADS: NOON + MINUTE}
        assert await tx.deliveries.next_due(NOON + 2 * MINUTE, [Work.UPLOADS]) == {
            Work.UPLOADS: NOON + 2 * MINUTE
        }


async def test_an_empty_queue_waits_for_nothing(database: Database) -> None:
    async with database.write() as tx:
        await tx.deliveries.add_many(
            [a_delivery(await add_post(tx), await an_account(tx), step=Step.HELD)]
        )

    async with database.read() as tx:
        assert await tx.deliveries.next_due(NOON, [Work.UPLOADS]) == {}
