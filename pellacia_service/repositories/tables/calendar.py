"""Slots and rules of the calendar."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlmodel import Field

from pellacia_service.repositories.tables import accounts  # noqa: F401 - foreign keys
from pellacia_service.repositories.tables.base import Row


class CalendarRulesRow(Row, table=True):
    """The calendar rules of one account. `domain/calendar_rules.py` says what each means."""

    __tablename__ = "calendar_rules"

    account_id: uuid.UUID = Field(primary_key=True, foreign_key="accounts.id", ondelete="CASCADE")
    zone: str = Field(sa_type=sa.Text)
    minimum_gap_seconds: int = Field(sa_type=sa.BigInteger)
    daily_cap: int
    same_clip_seconds: int = Field(sa_type=sa.BigInteger)
    quiet_begin: dt.time | None = None
    quiet_end: dt.time | None = None


class CalendarSlotRow(Row, table=True):
    """A time of the week at which an account likes to publish. Monday is 0."""

    __tablename__ = "calendar_slots"
    __table_args__ = (sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),)

    account_id: uuid.UUID = Field(primary_key=True, foreign_key="accounts.id", ondelete="CASCADE")
    weekday: int = Field(primary_key=True, sa_type=sa.Integer)
    time: dt.time = Field(primary_key=True)
