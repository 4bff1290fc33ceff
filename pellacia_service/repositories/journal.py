"""The journal: what happened to each delivery, only ever added to. Never a token, never a body."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from pellacia_service.domain.delivery import INTENT, Step
from pellacia_service.domain.json import Json
from pellacia_service.repositories.marks import Marks
from pellacia_service.repositories.records import clean, clean_text
from pellacia_service.repositories.tables.deliveries import DeliveryRow
from pellacia_service.repositories.tables.journal import JournalRow

HIGH_WATER = "journal.high_water"
"""The mark that counts the announced calls. Ids of lines would not do: they can be cleared away."""


@dataclass(frozen=True)
class JournalEntry:
    """
    One move of one delivery.

    Args:
        epoch: which claim wrote it.
        reason: why it moved, in words.
        evidence: what the platform showed, where that was the reason.
        id: counts up over all deliveries; 0 before it is stored.
    """

    delivery_id: uuid.UUID
    epoch: int
    at: dt.datetime
    from_step: Step
    to_step: Step
    reason: str
    evidence: Mapping[str, Json] = field(default_factory=dict)
    id: int = 0


class Journal:
    """The journal in one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def append(self, entry: JournalEntry) -> int:
        """
        Add a line.

        Returns:
            The number of the call that it announces; 0 where it announces none.
        """
        self._session.add(
            JournalRow(
                delivery_id=entry.delivery_id,
                epoch=entry.epoch,
                at=entry.at,
                from_step=entry.from_step.value,
                to_step=entry.to_step.value,
                reason=clean_text(entry.reason),
                evidence=_cleaned(entry.evidence),
            )
        )
        await self._session.flush()
        return await Marks(self._session).count(HIGH_WATER) if entry.to_step in INTENT else 0

    async def of(self, delivery_id: uuid.UUID) -> list[JournalEntry]:
        """Return everything that happened to a delivery, oldest first."""
        found = await self._session.exec(
            select(JournalRow)
            .where(col(JournalRow.delivery_id) == delivery_id)
            .order_by(col(JournalRow.id))
        )
        return [_to_entry(row) for row in found.all()]

    async def prune(self, before: dt.datetime, *, limit: int) -> int:
        """Remove old lines of deliveries that are no longer there; return how many there were."""
        is_gone = col(JournalRow.delivery_id).not_in(select(DeliveryRow.id))
        old = select(JournalRow.id).where(col(JournalRow.at) < before, is_gone).limit(limit)
        pruned = await self._session.exec(delete(JournalRow).where(col(JournalRow.id).in_(old)))
        return int(pruned.rowcount)


def _to_entry(row: JournalRow) -> JournalEntry:
    return JournalEntry(
        id=row.id or 0,
        delivery_id=row.delivery_id,
        epoch=row.epoch,
        at=row.at,
        from_step=Step(row.from_step),
        to_step=Step(row.to_step),
        reason=row.reason,
        evidence=row.evidence,
    )


def _cleaned(evidence: Mapping[str, Json]) -> dict[str, Json]:
    return {clean_text(key): clean(value) for key, value in evidence.items()}
