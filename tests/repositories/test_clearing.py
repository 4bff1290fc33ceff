"""Posts that are over can be cleared away, and nothing else goes with them."""

import uuid

import pytest

from pellacia_service.domain.delivery import Step
from pellacia_service.errors import NotFoundError
from pellacia_service.repositories.journal import JournalEntry
from pellacia_service.repositories.session import Database
from tests.repositories.given import NOON, a_delivery, add_post, an_account


async def queue_at(database: Database, *steps: Step) -> tuple[uuid.UUID, list[uuid.UUID]]:
    """Queue a post with one delivery at each of these steps, each with a history."""
    ids = []
    async with database.write() as tx:
        post = await add_post(tx)
        for number, step in enumerate(steps):
            account = await an_account(tx, "x", f"label{number}")
            delivery = a_delivery(post, account, step=step)
            await tx.deliveries.add_many([delivery])
            await tx.history.note(delivery)
            await tx.journal.append(JournalEntry(delivery.id, 1, NOON, Step.CHECK, step, "so"))
            ids.append(delivery.id)
    return post.id, ids


async def clear(database: Database, *steps: Step, limit: int = 100) -> int:
    async with database.write() as tx:
        return await tx.posts.remove(steps, limit=limit)


async def test_a_post_goes_with_its_deliveries_and_their_journal(database: Database) -> None:
    post_id, ids = await queue_at(database, Step.FAILED, Step.FAILED)

    assert await clear(database, Step.FAILED) == 1

    async with database.read() as tx:
        with pytest.raises(NotFoundError):
            await tx.posts.get(post_id)
        assert [await tx.journal.of(delivery_id) for delivery_id in ids] == [[], []]


@pytest.mark.parametrize("other", [Step.HELD, Step.UNSURE, Step.CHECK, Step.DONE])
async def test_a_post_stays_while_one_of_its_deliveries_stands_elsewhere(
    database: Database, other: Step
) -> None:
    post_id, ids = await queue_at(database, Step.FAILED, other)

    assert await clear(database, Step.FAILED) == 0

    async with database.read() as tx:
        assert len(await tx.deliveries.of_post(post_id)) == 2
        assert len(await tx.journal.of(ids[0])) == 1


async def test_many_posts_are_cleared_a_few_at_a_time(database: Database) -> None:
    for _ in range(5):
        await queue_at(database, Step.DONE)

    cleared = [await clear(database, Step.DONE, limit=2) for _ in range(4)]

    assert cleared == [2, 2, 1, 0]
