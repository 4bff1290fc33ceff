"""A person's order about deliveries: it goes over whatever a publisher may be doing with them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from pellacia_service.domain.delivery import Delivery
from pellacia_service.repositories.session import Transaction


async def overtake(
    tx: Transaction,
    before: Sequence[Delivery],
    after: Sequence[Delivery],
    because: str,
    *,
    now: dt.datetime,
) -> None:
    """
    Write deliveries of one post as a person wants them.

    A publisher that works on one of them finds its epoch over at its next write, and drops it.

    Args:
        before: as they were read.
        after: as they are to be, in the same order.

    Raises:
        LeaseLostError: one of them has been claimed since it was read; nothing is written.
    """
    # Deferred: who only looks at the queue writes no journal, and need not load its table.
    from pellacia_service.repositories.journal import JournalEntry  # noqa: PLC0415

    for old, new in zip(before, after, strict=True):
        changed = replace(new, epoch=old.epoch + 1)
        await tx.deliveries.save(changed, expected_epoch=old.epoch)
        await tx.journal.append(
            JournalEntry(changed.id, changed.epoch, now, old.step, new.step, because)
        )
        await tx.history.note(changed)
    await tx.posts.summarize(before[0].post_id, now=now)
