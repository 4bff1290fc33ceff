"""The accounts."""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from pellacia_service.repositories.dialect import JsonDocument
from pellacia_service.repositories.tables.base import Row


class AccountRow(Row, table=True):
    """
    An account that posts can go to. It outlives its sign-in.

    Args:
        credential_version: the highest version that its sign-in ever had. It stands here, so that
            putting back an older sign-in does not take it back.
    """

    __tablename__ = "accounts"
    __table_args__ = (sa.UniqueConstraint("platform", "label"),)

    id: uuid.UUID = Field(primary_key=True)
    platform: str = Field(sa_type=sa.Text)
    label: str = Field(sa_type=sa.Text)
    name: str = Field(sa_type=sa.Text)
    ids: dict[str, Any] = Field(sa_type=JsonDocument())
    paused: bool = False
    created_at: dt.datetime
    credential_version: int = Field(
        default=0, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": sa.text("0")}
    )
