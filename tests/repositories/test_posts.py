"""Posts, as they are written and summed up."""

import datetime as dt
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col

from pellacia_service.domain.delivery import DeliveryError, Status, Step
from pellacia_service.domain.receipt import Receipt
from pellacia_service.errors import BadInputError, ErrorKind, NotFoundError
from pellacia_service.repositories.dialect import open_store
from pellacia_service.repositories.session import Database
from pellacia_service.repositories.tables.posts import PostRow
from tests.postgres import SCHEMA
from tests.repositories.given import (
    MINUTE,
    NOON,
    a_delivery,
    a_post,
    add_post,
    an_account,
    queue_one,
    some_media,
)

REFUSED = DeliveryError(ErrorKind.VALIDATION, "too_long", "The title is too long.")


async def test_a_post_comes_back_exactly_as_it_was_written(database: Database) -> None:
    post = a_post()
    async with database.write() as tx:
        await tx.posts.add(
            post,
            created_at=NOON,
            scheduled_at=NOON + MINUTE,
            timezone="Europe/Berlin",
            media=some_media(),
            platforms=["youtube", "youtube:second", "tiktok"],
            wall_time="2026-11-22 13:01",
            tzdata_version="2026b",
        )

    async with database.read() as tx:
        stored = await tx.posts.get(post.id)

    assert stored.post == post
    assert (stored.created_at, stored.scheduled_at) == (NOON, NOON + MINUTE)
    assert (stored.timezone, stored.wall_time) == ("Europe/Berlin", "2026-11-22 13:01")
    assert stored.media == some_media()
    assert stored.sha256 == some_media().sha256
    assert stored.status is Status.PENDING


async def test_a_block_that_raises_leaves_nothing_behind(database: Database) -> None:
    post = a_post()

    with pytest.raises(ZeroDivisionError):
        async with database.write() as tx:
            await tx.posts.add(post, created_at=NOON, scheduled_at=None, timezone="UTC", media=None)
            _ = 1 / 0

    with pytest.raises(NotFoundError, match=str(post.id)):
        async with database.read() as tx:
            await tx.posts.get(post.id)


async def test_a_post_is_found_by_the_id_of_its_delivery_too(database: Database) -> None:
    delivery = await queue_one(database)

    async with database.read() as tx:
        by_post = await tx.posts.find(delivery.post_id)
        by_delivery = await tx.posts.find(delivery.id)
        with pytest.raises(NotFoundError):
            await tx.posts.find(uuid.uuid4())

    assert by_post == by_delivery


@pytest.mark.parametrize(
    "post",
    [
        a_post(title="a\0b"),
        a_post(description="half a \ud83d smile"),
        a_post(hashtags=("\0",)),
        a_post(overrides={"x": {"title": "\udc00"}}),
        a_post(file=Path("/clips/\udcff.mp4")),
    ],
    ids=["title", "description", "hashtags", "settings", "file name"],
)
async def test_characters_that_cannot_be_stored_are_refused(
    database: Database, post: object
) -> None:
    with pytest.raises(BadInputError, match="holds a character"):
        async with database.write() as tx:
            await tx.posts.add(
                post,  # type: ignore[arg-type]  # pytest hands parameters on as objects
                created_at=NOON,
                scheduled_at=None,
                timezone="UTC",
                media=None,
            )


async def test_posts_come_newest_first_in_pages_of_one_status(database: Database) -> None:
    async with database.write() as tx:
        posts = [a_post() for _ in range(3)]
        for n, post in enumerate(posts):
            await tx.posts.add(
                post,
                created_at=NOON + n * MINUTE,
                scheduled_at=None,
                timezone="UTC",
                media=None,
            )

    async with database.read() as tx:
        first, cursor = await tx.posts.list(limit=2)
        second, end = await tx.posts.list(limit=2, cursor=cursor)
        failed, _ = await tx.posts.list(status=Status.FAILED)

    assert [one.id for one in first + second] == [post.id for post in reversed(posts)]
    assert end is None
    assert failed == []


@pytest.mark.parametrize("cursor", ["", "nonsense", "AAAA", "ü", "MjAyNi0xMS0yMiAx"])
async def test_a_cursor_that_no_list_gave_is_refused(database: Database, cursor: str) -> None:
    with pytest.raises(BadInputError, match="no cursor"):
        async with database.read() as tx:
            await tx.posts.list(cursor=cursor)


async def test_the_file_can_be_described_later(database: Database) -> None:
    async with database.write() as tx:
        post = await add_post(tx)
        await tx.posts.set_media(post.id, some_media(), now=NOON + MINUTE)

    async with database.read() as tx:
        stored = await tx.posts.get(post.id)
    assert (stored.media, stored.updated_at) == (some_media(), NOON + MINUTE)


async def test_a_post_moves_in_the_calendar(database: Database) -> None:
    tomorrow = NOON + dt.timedelta(days=1)
    async with database.write() as tx:
        post = await add_post(tx)
        await tx.posts.reschedule(
            post.id,
            scheduled_at=tomorrow,
            timezone="Asia/Tokyo",
            wall_time="2026-11-23 21:00",
            tzdata_version="2026b",
            now=NOON,
        )

    async with database.read() as tx:
        stored = await tx.posts.get(post.id)
    assert (stored.scheduled_at, stored.timezone) == (tomorrow, "Asia/Tokyo")


async def test_a_post_sums_its_deliveries_up(database: Database) -> None:
    receipt = Receipt(total=1, post_id="abc", url="https://example.com/abc")
    async with database.write() as tx:
        post = await add_post(tx)
        first, second = await an_account(tx), await an_account(tx, "tiktok", "second")
        await tx.deliveries.add_many(
            [
                a_delivery(post, first, step=Step.DONE, receipt=receipt),
                a_delivery(post, second, step=Step.FAILED, error=REFUSED),
            ]
        )
        await tx.posts.summarize(post.id, now=NOON + MINUTE)

    async with database.read() as tx:
        stored = await tx.posts.get(post.id)

    assert stored.status is Status.PARTIAL
    assert stored.error_message == "tiktok:second: The title is too long."
    assert stored.updated_at == NOON + MINUTE


async def test_only_the_last_publication_to_an_account_counts(database: Database) -> None:
    async with database.write() as tx:
        post = await add_post(tx)
        account = await an_account(tx)
        failed = a_delivery(post, account, step=Step.FAILED, error=REFUSED)
        again = replace(failed, id=uuid.uuid4(), generation=1, step=Step.DONE, error=None)
        await tx.deliveries.add_many([again, failed])
        await tx.posts.summarize(post.id, now=NOON)

    async with database.read() as tx:
        assert (await tx.posts.get(post.id)).status is Status.COMPLETED


async def test_other_phases_read_platforms_and_ids_in_the_posts_own_row(
    database: Database, shared_place: str
) -> None:
    receipt = Receipt(total=1, post_id="abc")
    async with database.write() as tx:
        post = await add_post(tx)
        accounts = [await an_account(tx, label=label) for label in ("default", "second")]
        await tx.deliveries.add_many(
            a_delivery(post, account, step=Step.DONE, receipt=receipt) for account in accounts
        )
        await tx.posts.summarize(post.id, now=NOON)

    store = open_store(shared_place, SCHEMA)
    async with store.read.connect() as connection:
        columns = (col(PostRow.platforms), col(PostRow.post_ids), col(PostRow.status))
        row = (await connection.execute(sa.select(*columns))).one()
    await store.close()

    assert row.platforms == ["youtube"]
    assert row.post_ids == {"youtube": "abc", "youtube:second": "abc"}
    assert row.status == "completed"
