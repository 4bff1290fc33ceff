"""The posts."""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from pellacia_service.domain.delivery import Status
from pellacia_service.repositories.dialect import JsonDocument, TextList
from pellacia_service.repositories.tables.base import Row, one_of

POST_STATUSES = (
    Status.PENDING,
    Status.PROCESSING,
    Status.COMPLETED,
    Status.PARTIAL,
    Status.FAILED,
    Status.CANCELLED,
    Status.MISSED,
)


class PostRow(Row, table=True):
    """A post. `platforms` and `post_ids` sum up its deliveries for readers of other phases."""

    __tablename__ = "scheduled_posts"
    __table_args__ = (
        sa.CheckConstraint(f"status IN {one_of(POST_STATUSES)}", name="status"),
        sa.Index("idx_scheduled_posts_status", "status"),
        sa.Index("idx_scheduled_posts_scheduled_at", "scheduled_at"),
        sa.Index("ix_scheduled_posts_created_at_id", "created_at", "id"),
    )

    id: uuid.UUID = Field(primary_key=True)
    platforms: list[str] = Field(sa_type=TextList())
    video_path: str = Field(sa_type=sa.Text)
    title: str | None = Field(default=None, sa_type=sa.Text)
    description: str | None = Field(default=None, sa_type=sa.Text)
    hashtags: list[str] | None = Field(default=None, sa_type=TextList())
    scheduled_at: dt.datetime | None = None
    status: str = Field(
        default=Status.PENDING.value,
        sa_type=sa.Text,
        sa_column_kwargs={"server_default": sa.text("'pending'")},
    )
    created_at: dt.datetime
    updated_at: dt.datetime
    error_message: str | None = Field(default=None, sa_type=sa.Text)
    post_ids: dict[str, Any] | None = Field(default=None, sa_type=JsonDocument())
    privacy: str = Field(sa_type=sa.Text)
    thumbnail_path: str | None = Field(default=None, sa_type=sa.Text)
    overrides: dict[str, Any] = Field(sa_type=JsonDocument())
    timezone: str = Field(sa_type=sa.Text)
    wall_time: str | None = Field(default=None, sa_type=sa.Text)
    tzdata_version: str | None = Field(default=None, sa_type=sa.Text)
    file_size: int | None = Field(default=None, sa_type=sa.BigInteger)
    file_sha256: str | None = Field(default=None, sa_type=sa.Text)
    media: dict[str, Any] | None = Field(default=None, sa_type=JsonDocument())
