"""The calendar: rules and recurring slots of each account, and what is planned on it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_rules",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("minimum_gap_seconds", sa.BigInteger(), nullable=False),
        sa.Column("daily_cap", sa.Integer(), nullable=False),
        sa.Column("same_clip_seconds", sa.BigInteger(), nullable=False),
        sa.Column("quiet_begin", sa.Time()),
        sa.Column("quiet_end", sa.Time()),
        sa.PrimaryKeyConstraint("account_id", name="pk_calendar_rules"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_calendar_rules_account_id",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "calendar_slots",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("time", sa.Time(), nullable=False),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_calendar_slots_weekday")),
        sa.PrimaryKeyConstraint("account_id", "weekday", "time", name="pk_calendar_slots"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_calendar_slots_account_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_deliveries_account_id_due_at", "deliveries", ["account_id", "due_at"])


def downgrade() -> None:
    op.drop_index("ix_deliveries_account_id_due_at", "deliveries")
    op.drop_table("calendar_slots")
    op.drop_table("calendar_rules")
