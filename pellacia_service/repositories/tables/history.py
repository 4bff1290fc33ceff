"""How deliveries went, for readers of other phases."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlmodel import Field

from pellacia_service.repositories.tables import posts  # noqa: F401 - foreign keys
from pellacia_service.repositories.tables.base import Row


class HistoryRow(Row, table=True):
    """How one delivery went, for readers of other phases."""

    __tablename__ = "upload_history"
    __table_args__ = (
        sa.UniqueConstraint("delivery_id"),
        sa.Index("idx_upload_history_scheduled_post", "scheduled_post_id"),
    )

    id: uuid.UUID = Field(primary_key=True)
    scheduled_post_id: uuid.UUID | None = Field(
        default=None, foreign_key="scheduled_posts.id", ondelete="SET NULL"
    )
    platform: str = Field(sa_type=sa.Text)
    status: str = Field(sa_type=sa.Text)
    started_at: dt.datetime | None = None
    completed_at: dt.datetime | None = None
    post_id: str | None = Field(default=None, sa_type=sa.Text)
    error_message: str | None = Field(default=None, sa_type=sa.Text)
    retry_count: int = Field(default=0, sa_column_kwargs={"server_default": sa.text("0")})
    delivery_id: uuid.UUID | None = None
