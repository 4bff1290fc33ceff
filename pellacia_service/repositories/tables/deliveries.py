"""The deliveries."""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from pellacia_service.domain.delivery import CALLS, GUARDED, RESTING, Step
from pellacia_service.repositories.dialect import JsonDocument, partial_index
from pellacia_service.repositories.tables import accounts, posts  # noqa: F401 - foreign keys
from pellacia_service.repositories.tables.base import Row, one_of

IS_MOVING = f"step IN {one_of(step for step in Step if step not in RESTING)}"
"""The delivery is not at rest. Written out, so that the databases see that the index fits."""

IS_GUARDED = f"step IN {one_of(step for step in Step if step in GUARDED)}"
"""The delivery is at its irreversible call, or nobody knows how that ended."""

GUARD_INDEX = partial_index(
    "ix_deliveries_one_intent_per_account", "account_id", where=IS_GUARDED, unique=True
)
"""One delivery of an account at a time may be at its irreversible call."""


LONG_AGO = sa.text("'1970-01-01 00:00:00+00:00'")
"""What nobody has said when to begin is rather begun early than never."""


WANTS_A_CALL = f"step IN {one_of(step for step in Step if step in CALLS)}"
"""The file is there: what is left to do takes a call or a look."""

IS_LEASED = "lease_owner <> ''"

FREE_AT = (
    "CASE WHEN lease_until > begin_at AND (not_before IS NULL OR lease_until > not_before) "
    "THEN lease_until WHEN not_before > begin_at THEN not_before ELSE begin_at END"
)
"""When a publisher may take the delivery on: its time has come, its wait and its lease are over."""


class DeliveryRow(Row, table=True):
    """One post on its way to one account. `domain/delivery.py` says what each column means."""

    __tablename__ = "deliveries"
    __table_args__ = (
        sa.CheckConstraint(f"step IN {one_of(Step)}", name="step"),
        sa.UniqueConstraint("post_id", "account_id", "generation"),
        GUARD_INDEX,
        partial_index("ix_deliveries_free", "free_at", "id", where=IS_MOVING),
        partial_index("ix_deliveries_free_for_a_call", "free_at", "id", where=WANTS_A_CALL),
        partial_index("ix_deliveries_lease_owner", "lease_owner", where=IS_LEASED),
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
    begin_at: dt.datetime = Field(sa_column_kwargs={"server_default": LONG_AGO})
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
    published_at: dt.datetime | None = None
    alive_at: dt.datetime | None = None
    completed_at: dt.datetime | None = None
    free_at: dt.datetime | None = Field(
        default=None, sa_column_args=(sa.Computed(FREE_AT, persisted=True),)
    )
    error: dict[str, Any] | None = Field(default=None, sa_type=JsonDocument())
    evidence: list[dict[str, Any]] = Field(default_factory=list, sa_type=JsonDocument())
