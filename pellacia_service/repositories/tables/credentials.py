"""The sealed sign-ins."""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from pellacia_service.repositories.dialect import JsonDocument
from pellacia_service.repositories.tables import accounts  # noqa: F401 - foreign keys
from pellacia_service.repositories.tables.base import Row


def _text() -> Any:
    return Field(default="", sa_type=sa.Text, sa_column_kwargs={"server_default": sa.text("''")})


class CredentialRow(Row, table=True):
    """
    The sealed sign-in of one account.

    Args:
        platform: the account's address: "youtube", or "youtube:label" beside the default.
        credentials: what only the vault opens; its shape stands in `vault/envelope.py`.
        version: grows with every change, so that a renewal by another process is noticed; 0 for
            a document in the format before.
        expires_at, reconnect_by, reconnect_why: what can be foreseen, for lists that open nothing.
        refused: why the platform renews it no more; "" where it does.
        refreshing_by, refreshing_since: who is renewing it, and since when; "" where nobody is.
    """

    __tablename__ = "platform_credentials"

    platform: str = Field(primary_key=True, sa_type=sa.Text)
    credentials: dict[str, Any] = Field(sa_type=JsonDocument())
    updated_at: dt.datetime
    account_id: uuid.UUID = Field(foreign_key="accounts.id", ondelete="CASCADE")
    version: int = Field(default=1, sa_type=sa.BigInteger)
    expires_at: dt.datetime | None = None
    reconnect_by: dt.datetime | None = None
    reconnect_why: str = _text()
    refused: str = _text()
    refreshing_by: str = _text()
    refreshing_since: dt.datetime | None = None
