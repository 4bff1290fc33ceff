"""The figures of posts."""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from pellacia_service.repositories.dialect import JsonDocument
from pellacia_service.repositories.tables.base import Row


class AnalyticsRow(Row, table=True):
    """The figures of one post on one day. `fetched_on` is the UTC date of `fetched_at`."""

    __tablename__ = "post_analytics"
    __table_args__ = (
        sa.UniqueConstraint("post_id", "platform", "fetched_on"),
        sa.Index("idx_post_analytics_post_id", "post_id"),
        sa.Index("idx_post_analytics_platform", "platform"),
    )

    id: uuid.UUID = Field(primary_key=True)
    post_id: str = Field(sa_type=sa.Text)
    platform: str = Field(sa_type=sa.Text)
    metrics: dict[str, Any] = Field(sa_type=JsonDocument())
    fetched_at: dt.datetime
    fetched_on: dt.date
