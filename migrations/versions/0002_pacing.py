"""Pacing: what was used of the platforms' budgets, and until when they are closed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NONE = sa.text("0")


def upgrade() -> None:
    op.create_table(
        "budgets",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tat_ms", sa.BigInteger(), server_default=NONE, nullable=False),
        sa.Column("blocked_until_ms", sa.BigInteger(), server_default=NONE, nullable=False),
        sa.Column("slowed_until_ms", sa.BigInteger(), server_default=NONE, nullable=False),
        sa.PrimaryKeyConstraint("platform", "account", "kind", name="pk_budgets"),
    )
    op.create_table(
        "budget_uses",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("slot_ms", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "account", "kind", "slot_ms", name="pk_budget_uses"),
    )


def downgrade() -> None:
    op.drop_table("budget_uses")
    op.drop_table("budgets")
