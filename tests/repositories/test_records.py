"""The journal, the upload history, publishers and marks."""

import uuid
from dataclasses import replace

from pellacia_service.domain.delivery import DeliveryError, Step
from pellacia_service.domain.receipt import Receipt
from pellacia_service.errors import ErrorKind
from pellacia_service.repositories.journal import JournalEntry
from pellacia_service.repositories.session import Database
from tests.repositories.given import MINUTE, NOON, queue_one


def an_entry(delivery_id: uuid.UUID, to_step: Step) -> JournalEntry:
    return JournalEntry(
        delivery_id=delivery_id,
        epoch=2**40,
        at=NOON,
        from_step=Step.READY,
        to_step=to_step,
        reason="a look\0 found it",
        evidence={"seen": "live"},
    )


async def test_the_journal_tells_a_deliverys_story_in_order(database: Database) -> None:
    delivery_id = uuid.uuid4()
    steps = [Step.PUBLISH, Step.UNSURE, Step.DONE]
    async with database.write() as tx:
        for step in steps:
            await tx.journal.append(an_entry(delivery_id, step))
        await tx.journal.append(an_entry(uuid.uuid4(), Step.PUBLISH))

    async with database.read() as tx:
        entries = await tx.journal.of(delivery_id)

    assert [entry.to_step for entry in entries] == steps
    assert [entry.id for entry in entries] == sorted(entry.id for entry in entries)
    assert entries[0].evidence == {"seen": "live"}


async def test_the_history_has_one_line_for_a_delivery_however_often_it_is_tried(
    database: Database,
) -> None:
    delivery = await queue_one(database)
    begun = replace(delivery, step=Step.OPEN, attempts=1, started_at=NOON)
    ended = replace(
        begun,
        step=Step.DONE,
        attempts=3,
        completed_at=NOON + MINUTE,
        receipt=Receipt(total=1, post_id="abc"),
        error=DeliveryError(ErrorKind.NETWORK, "503", "It was busy."),
    )
    async with database.write() as tx:
        await tx.history.note(begun)
        await tx.history.note(replace(begun, attempts=2))
        await tx.history.note(ended)

    async with database.read() as tx:
        [row] = await tx.history.of_post(delivery.post_id)

    assert (row.status, row.retry_count, row.post_id) == ("completed", 2, "abc")
    assert (row.started_at, row.completed_at) == (NOON, NOON + MINUTE)


async def test_a_mark_holds_the_value_it_was_given_last(database: Database) -> None:
    async with database.write() as tx:
        before = await tx.marks.get("highest time", "never")
        await tx.marks.put("highest time", "one")
        await tx.marks.put("highest time", "two")

    async with database.read() as tx:
        assert (before, await tx.marks.get("highest time")) == ("never", "two")
