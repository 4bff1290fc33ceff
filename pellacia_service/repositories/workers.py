"""Publisher processes, as they last reported."""

import datetime as dt
from dataclasses import dataclass

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from pellacia_service.repositories.dialect import upsert
from pellacia_service.repositories.tables import WorkerRow


@dataclass(frozen=True)
class WorkerRecord:
    """
    One publisher process.

    Args:
        id: the owner of its leases; new with every start.
        seen_at: its last sign of life.
    """

    id: str
    host: str
    pid: int
    started_at: dt.datetime
    seen_at: dt.datetime


class Workers:
    """The publishers of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def seen(self, worker: WorkerRecord) -> None:
        """Keep a sign of life."""
        await upsert(
            self._session,
            WorkerRow,
            {
                "id": worker.id,
                "host": worker.host,
                "pid": worker.pid,
                "started_at": worker.started_at,
                "seen_at": worker.seen_at,
            },
            key=["id"],
            update={"seen_at": worker.seen_at},
        )

    async def all(self) -> list[WorkerRecord]:
        """Return all publishers, those that started first first."""
        found = await self._session.exec(select(WorkerRow).order_by(col(WorkerRow.started_at)))
        return [
            WorkerRecord(
                id=row.id,
                host=row.host,
                pid=row.pid,
                started_at=row.started_at,
                seen_at=row.seen_at,
            )
            for row in found.all()
        ]

    async def forget(self, worker_id: str) -> None:
        """Remove a publisher that has stopped or is known to be dead."""
        await self._session.exec(delete(WorkerRow).where(col(WorkerRow.id) == worker_id))
