"""
The tables.

The first four are read by the other phases of the press: their names and columns hold, further
columns may be added. The rest is our own. Times are given by the program's clock, in UTC.
"""

import datetime as dt
import enum
import uuid
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from pellacia_service.domain.delivery import GUARDED, RESTING, Status, Step
from pellacia_service.repositories.dialect import (
    JsonDocument,
    TextList,
    growing_id,
    partial_index,
)

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def one_of(words: Iterable[enum.StrEnum]) -> str:
    """Write some steps or words as an SQL list, in a steady order: ('check', 'open', …)."""
    return "(" + ", ".join(f"'{word.value}'" for word in words) + ")"


POST_STATUSES = (
    Status.PENDING,
    Status.PROCESSING,
    Status.COMPLETED,
    Status.PARTIAL,
    Status.FAILED,
    Status.CANCELLED,
    Status.MISSED,
)

IS_MOVING = f"step IN {one_of(step for step in Step if step not in RESTING)}"
"""The delivery is not at rest. Written out, so that the databases see that the index fits."""

IS_GUARDED = f"step IN {one_of(step for step in Step if step in GUARDED)}"
"""The delivery is at its irreversible call, or nobody knows how that ended."""

GUARD_INDEX = partial_index(
    "ix_deliveries_one_intent_per_account", "account_id", where=IS_GUARDED, unique=True
)
"""One delivery of an account at a time may be at its irreversible call."""


NONE_YET = {"server_default": sa.text("0")}


class Row(SQLModel, registry=registry(metadata=metadata)):
    """What all tables share: one catalogue, and one way to name constraints."""


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


class CredentialRow(Row, table=True):
    """
    The sealed sign-in of one account.

    Args:
        platform: the account's address: "youtube", or "youtube:label" beside the default.
        credentials: {"sealed": text that only the vault opens}.
        version: grows with every change, so that a renewal by another process is noticed.
    """

    __tablename__ = "platform_credentials"

    platform: str = Field(primary_key=True, sa_type=sa.Text)
    credentials: dict[str, Any] = Field(sa_type=JsonDocument())
    updated_at: dt.datetime
    account_id: uuid.UUID = Field(foreign_key="accounts.id", ondelete="CASCADE")
    version: int = Field(default=1, sa_type=sa.BigInteger)


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


class AccountRow(Row, table=True):
    """An account that posts can go to. It outlives its sign-in."""

    __tablename__ = "accounts"
    __table_args__ = (sa.UniqueConstraint("platform", "label"),)

    id: uuid.UUID = Field(primary_key=True)
    platform: str = Field(sa_type=sa.Text)
    label: str = Field(sa_type=sa.Text)
    name: str = Field(sa_type=sa.Text)
    ids: dict[str, Any] = Field(sa_type=JsonDocument())
    paused: bool = False
    created_at: dt.datetime


class DeliveryRow(Row, table=True):
    """One post on its way to one account. `domain/delivery.py` says what each column means."""

    __tablename__ = "deliveries"
    __table_args__ = (
        sa.CheckConstraint(f"step IN {one_of(Step)}", name="step"),
        sa.UniqueConstraint("post_id", "account_id", "generation"),
        GUARD_INDEX,
        partial_index("ix_deliveries_claim", "due_at", "id", where=IS_MOVING),
        sa.Index("ix_deliveries_created_at_id", "created_at", "id"),
        sa.Index("ix_deliveries_account_id_due_at", "account_id", "due_at"),
    )

    id: uuid.UUID = Field(primary_key=True)
    post_id: uuid.UUID = Field(foreign_key="scheduled_posts.id")
    account_id: uuid.UUID = Field(foreign_key="accounts.id")
    platform: str = Field(sa_type=sa.Text)
    account_label: str = Field(sa_type=sa.Text)
    step: str = Field(sa_type=sa.Text)
    created_at: dt.datetime
    due_at: dt.datetime
    generation: int = 0
    epoch: int = Field(default=0, sa_type=sa.BigInteger)
    lease_owner: str = Field(default="", sa_type=sa.Text)
    lease_until: dt.datetime | None = None
    not_before: dt.datetime | None = None
    receipt: dict[str, Any] | None = Field(default=None, sa_type=JsonDocument())
    bytes_sent: int = Field(default=0, sa_type=sa.BigInteger)
    attempts: int = 0
    sha256: str = Field(default="", sa_type=sa.Text)
    intent_at: dt.datetime | None = None
    started_at: dt.datetime | None = None
    completed_at: dt.datetime | None = None
    error: dict[str, Any] | None = Field(default=None, sa_type=JsonDocument())
    evidence: list[dict[str, Any]] = Field(default_factory=list, sa_type=JsonDocument())


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


class MarkRow(Row, table=True):
    """A small fact that must outlive the process, such as the highest time ever seen."""

    __tablename__ = "marks"

    name: str = Field(primary_key=True, sa_type=sa.Text)
    value: str = Field(sa_type=sa.Text)


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
