"""What the watch folder has taken."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlmodel import Field

from pellacia_service.repositories.tables import posts  # noqa: F401 - foreign keys
from pellacia_service.repositories.tables.base import Row


class IngestedRow(Row, table=True):
    """A pair of files that was taken from a watched folder. It outlives its post."""

    __tablename__ = "ingested_pairs"
    __table_args__ = (sa.Index("ix_ingested_pairs_post_id", "post_id"),)

    video_sha256: str = Field(primary_key=True, sa_type=sa.Text)
    metadata_sha256: str = Field(primary_key=True, sa_type=sa.Text)
    video_path: str = Field(sa_type=sa.Text)
    taken_at: dt.datetime
    post_id: uuid.UUID | None = Field(
        default=None, foreign_key="scheduled_posts.id", ondelete="SET NULL"
    )
