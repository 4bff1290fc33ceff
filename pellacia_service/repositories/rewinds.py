"""
What a publisher keeps in the database about itself, and what it does to one that was put back.

Each function is one transaction that may be repeated without harm: a publisher that dies before or
after it leaves nothing half done.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pellacia_service.domain.delivery import Delivery, Status
from pellacia_service.domain.quarantine import QUARANTINE, Quarantine
from pellacia_service.repositories.journal import HIGH_WATER, JournalEntry
from pellacia_service.repositories.marks import ServerState
from pellacia_service.repositories.session import Database, Transaction

IDENTITY = "database.identity"
ALIVE = "publisher.alive"
HIGHEST = "clock.highest"
PAUSE = "publisher.pause_until"
RESTORED = "database.restored"
"""Set by whoever restores a backup: when, as ISO 8601. Taken away by the quarantine."""

Judge = Callable[[Sequence[Delivery]], list[tuple[Delivery, Delivery]]]
"""Returns each delivery that must change, as it was and as it must be."""


@dataclass(frozen=True)
class State:
    """
    What the database says at this moment.

    Args:
        number: the calls that were announced in it.
        server: None for a database file.
    """

    number: int
    restored: dt.datetime | None
    quarantined_at: dt.datetime | None
    server: ServerState | None


async def identity_of(database: Database) -> str:
    """Return the name that this database has for itself and its copies; empty: it has none yet."""
    async with database.read() as tx:
        return await tx.marks.get(IDENTITY)


async def christen(database: Database) -> str:
    """Give a database a name, unless another publisher has just done so, and return it."""
    async with database.write() as tx:
        name = await tx.marks.get(IDENTITY) or str(uuid.uuid4())
        await tx.marks.put(IDENTITY, name)
        return name


async def server_id_of(database: Database) -> str:
    """Return which server the database is on; empty where this user may not know."""
    async with database.read() as tx:
        return await tx.marks.server_id()


async def state_of(database: Database, *, server_id: str | None) -> State:
    """
    Ask the database how far it has come.

    Args:
        server_id: None for a database file.
    """
    async with database.read() as tx:
        marks = await tx.marks.get_all(QUARANTINE, HIGH_WATER, RESTORED)
        last = Quarantine.read(marks[QUARANTINE])
        return State(
            number=int(marks[HIGH_WATER] or "0"),
            restored=_instant(marks[RESTORED]),
            quarantined_at=last.at if last else None,
            server=None if server_id is None else await tx.marks.server(server_id),
        )


async def quarantine(database: Database, judge: Judge, *, why: str, now: dt.datetime) -> Quarantine:
    """
    Take everything that may have been published out of the publishers' hands, and note it.

    Args:
        judge: decides about the deliveries that are not done.
    """
    async with database.write() as tx:
        changed = judge(await _not_done(tx))
        for before, after in changed:
            await _overtake(tx, before, after, why, now)
        held = sum(after.status is Status.HELD for _, after in changed)
        done = Quarantine(now, why, held, len(changed) - held)
        await tx.marks.put(QUARANTINE, done.written)
        await tx.marks.put(RESTORED, "")
        return done


async def note_life(
    database: Database, now: dt.datetime, *, publishes_the_calendar: bool
) -> tuple[int, dt.datetime | None]:
    """
    Note that a publisher is alive, and the hour.

    Returns:
        How far the database has come now, and when a publisher was last alive before this.
    """
    async with database.write() as tx:
        number = await tx.marks.count(HIGH_WATER)
        highest = _instant(await tx.marks.get(HIGHEST)) or now
        await tx.marks.put(HIGHEST, max(highest, now).isoformat())
        before = _instant(await tx.marks.get(ALIVE))
        if publishes_the_calendar:
            await tx.marks.put(ALIVE, now.isoformat())
        return number, before


async def highest_time(database: Database) -> dt.datetime | None:
    """Return the latest hour that any publisher has noted."""
    async with database.read() as tx:
        return _instant(await tx.marks.get(HIGHEST))


async def pause_until(database: Database, until: dt.datetime) -> None:
    """Let no publisher take on what the calendar is behind with before an instant."""
    async with database.write() as tx:
        await tx.marks.put(PAUSE, until.isoformat())


async def paused_until(database: Database) -> dt.datetime | None:
    """Return the instant before which the calendar's backlog waits."""
    async with database.read() as tx:
        return _instant(await tx.marks.get(PAUSE))


async def is_behind(database: Database, now: dt.datetime) -> bool:
    """Tell whether posts of the calendar are overdue."""
    async with database.read() as tx:
        return await tx.deliveries.backlog(now)


async def _not_done(tx: Transaction) -> list[Delivery]:
    found: list[Delivery] = []
    for status in Status:
        if status in {Status.COMPLETED, Status.HELD}:
            continue
        cursor: str | None = None
        while True:
            page, cursor = await tx.deliveries.list(status=status, limit=500, cursor=cursor)
            found += page
            if cursor is None:
                break
    return sorted(found, key=lambda one: (one.due_at, one.id))


async def _overtake(
    tx: Transaction, before: Delivery, after: Delivery, why: str, now: dt.datetime
) -> None:
    changed = replace(after, epoch=before.epoch + 1)
    await tx.deliveries.save(changed, expected_epoch=before.epoch)
    await tx.journal.append(
        JournalEntry(
            changed.id, changed.epoch, now, before.step, changed.step, f"quarantine: {why}"
        )
    )
    await tx.history.note(changed)
    await tx.posts.summarize(changed.post_id, now=now)


def _instant(text: str) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None
