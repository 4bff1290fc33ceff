"""What happened to deliveries."""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from pellacia_service.repositories.dialect import JsonDocument, growing_id
from pellacia_service.repositories.tables.base import Row


class JournalRow(Row, table=True):
    """What happened to deliveries, only ever added to. It outlives the delivery."""

    __tablename__ = "journal"
    __table_args__ = (sa.Index("ix_journal_delivery_id_id", "delivery_id", "id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=growing_id())
    delivery_id: uuid.UUID
    epoch: int = Field(sa_type=sa.BigInteger)
    at: dt.datetime
    from_step: str = Field(sa_type=sa.Text)
    to_step: str = Field(sa_type=sa.Text)
    reason: str = Field(sa_type=sa.Text)
    evidence: dict[str, Any] = Field(sa_type=JsonDocument())
