"""What is used of the platforms' limits."""

import sqlalchemy as sa
from sqlmodel import Field

from pellacia_service.repositories.tables.base import Row

NONE_YET = {"server_default": sa.text("0")}


class BudgetRow(Row, table=True):
    """
    One budget of a platform, or of one of its accounts; also the gate of one kind of call.

    Args:
        account: the account's id; "" for what all accounts share.
        kind: the budget's name, or the call's for a gate.
        tat_ms: when an even budget is whole again ("theoretical arrival time").
        blocked_until_ms: the platform asked for no call before. slowed_until_ms: for fewer.
    """

    __tablename__ = "budgets"

    platform: str = Field(primary_key=True, sa_type=sa.Text)
    account: str = Field(primary_key=True, sa_type=sa.Text)
    kind: str = Field(primary_key=True, sa_type=sa.Text)
    tat_ms: int = Field(default=0, sa_type=sa.BigInteger, sa_column_kwargs=NONE_YET)
    blocked_until_ms: int = Field(default=0, sa_type=sa.BigInteger, sa_column_kwargs=NONE_YET)
    slowed_until_ms: int = Field(default=0, sa_type=sa.BigInteger, sa_column_kwargs=NONE_YET)


class BudgetUseRow(Row, table=True):
    """Units of a budget used in one slot of its window."""

    __tablename__ = "budget_uses"

    platform: str = Field(primary_key=True, sa_type=sa.Text)
    account: str = Field(primary_key=True, sa_type=sa.Text)
    kind: str = Field(primary_key=True, sa_type=sa.Text)
    slot_ms: int = Field(primary_key=True, sa_type=sa.BigInteger)
    used: int = Field(sa_type=sa.BigInteger)
