"""Every use of a sign-in."""

import datetime as dt

import sqlalchemy as sa
from sqlmodel import Field

from pellacia_service.repositories.dialect import growing_id
from pellacia_service.repositories.tables.base import Row


class CredentialUseRow(Row, table=True):
    """One use of a sign-in: when, whose, what for, by which process. Never a token."""

    __tablename__ = "credential_uses"
    __table_args__ = (sa.Index("ix_credential_uses_at", "at"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=growing_id())
    at: dt.datetime
    account: str = Field(sa_type=sa.Text)
    purpose: str = Field(sa_type=sa.Text)
    process: str = Field(sa_type=sa.Text)
    outcome: str = Field(sa_type=sa.Text)
