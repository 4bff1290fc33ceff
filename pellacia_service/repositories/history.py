"""The upload history, written for readers of other phases: one row for each delivery."""

import uuid
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from pellacia_service.domain.delivery import Delivery
from pellacia_service.repositories.dialect import upsert
from pellacia_service.repositories.records import clean_text
from pellacia_service.repositories.tables.history import HistoryRow


class History:
    """The upload history in one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def note(self, delivery: Delivery) -> None:
        """Write the delivery's row anew: called whenever its status changes."""
        changing = _columns(delivery)
        await upsert(
            self._session,
            HistoryRow,
            {"id": uuid.uuid4(), "delivery_id": delivery.id, **changing},
            key=["delivery_id"],
            update=changing,
        )

    async def of_post(self, post_id: uuid.UUID) -> list[HistoryRow]:
        """Return the rows of one post."""
        found = await self._session.exec(
            select(HistoryRow).where(col(HistoryRow.scheduled_post_id) == post_id)
        )
        return list(found.all())


def _columns(delivery: Delivery) -> dict[str, Any]:
    return {
        "scheduled_post_id": delivery.post_id,
        "platform": delivery.platform,
        "status": delivery.status.value,
        "started_at": delivery.started_at,
        "completed_at": delivery.completed_at,
        "post_id": delivery.remote_id or None,
        "error_message": clean_text(delivery.error.message) if delivery.error else None,
        "retry_count": max(0, delivery.attempts - 1),
    }
