"""Staging: when work on a delivery may begin, and when it really went public."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
MOVING = "'check', 'open', 'send', 'last_part', 'wait', 'ready', 'publish', 'unsure', 'confirm'"
LONG_AGO = sa.text("'1970-01-01 00:00:00+00:00'")
"""For the rows there are, until the next statement; a delivery is rather begun early than never."""


def upgrade() -> None:
    op.add_column(
        "deliveries", sa.Column("begin_at", INSTANT, server_default=LONG_AGO, nullable=False)
    )
    op.add_column("deliveries", sa.Column("published_at", INSTANT))
    op.add_column("deliveries", sa.Column("alive_at", INSTANT))
    op.execute("UPDATE deliveries SET begin_at = due_at")
    claim_by("begin_at")


def downgrade() -> None:
    claim_by("due_at")
    for column in ("alive_at", "published_at", "begin_at"):
        op.drop_column("deliveries", column)


def claim_by(column: str) -> None:
    """Make the index anew that finds what may be claimed."""
    moving = sa.text(f"step IN ({MOVING})")
    op.drop_index("ix_deliveries_claim", "deliveries")
    op.create_index(
        "ix_deliveries_claim",
        "deliveries",
        [column, "id"],
        sqlite_where=moving,
        postgresql_where=moving,
    )
