"""Which pairs of files were taken from watched folders, so that none is taken twice."""

import datetime as dt
import uuid
from dataclasses import dataclass
from pathlib import Path

from sqlmodel.ext.asyncio.session import AsyncSession

from pellacia_service.errors import BadInputError, NotFoundError
from pellacia_service.repositories.dialect import upsert
from pellacia_service.repositories.tables.ingested import IngestedRow


@dataclass(frozen=True)
class PairKey:
    """What makes a pair that pair: the SHA-256 of both files, lower-case hex."""

    video_sha256: str
    metadata_sha256: str


@dataclass(frozen=True)
class IngestedPair:
    """
    A pair that was taken.

    Args:
        video_path: where the video lies since.
        post_id: of its post; None once that was cleared away.
    """

    video_path: Path
    post_id: uuid.UUID | None


class Ingested:
    """The pairs of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, key: PairKey) -> IngestedPair:
        """
        Return what became of a pair.

        Raises:
            NotFoundError: it was never taken.
        """
        row = await self._row(key)
        if row is None:
            raise NotFoundError("This pair of files was never taken from a watched folder.")
        return IngestedPair(Path(row.video_path), row.post_id)

    async def add(
        self, key: PairKey, *, video_path: Path, post_id: uuid.UUID, taken_at: dt.datetime
    ) -> None:
        """
        Keep that a pair was taken, in the transaction that also keeps its post.

        Raises:
            BadInputError: another process has taken it first; nothing of this transaction may stay.
        """
        values = {
            "video_sha256": key.video_sha256,
            "metadata_sha256": key.metadata_sha256,
            "video_path": str(video_path),
            "taken_at": taken_at,
            "post_id": post_id,
        }
        # Where the row is there already nothing changes, and the post in it is another one.
        await upsert(
            self._session,
            IngestedRow,
            values,
            key=["video_sha256", "metadata_sha256"],
            update={"video_sha256": key.video_sha256},
        )
        row = await self._row(key)
        if row is None or row.post_id != post_id:
            raise BadInputError("This pair of files was taken by another process just now.")

    async def _row(self, key: PairKey) -> IngestedRow | None:
        return await self._session.get(
            IngestedRow, (key.video_sha256, key.metadata_sha256), populate_existing=True
        )
