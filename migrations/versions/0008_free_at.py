"""When a delivery may be taken on, as a column of its own: a claim costs the same behind any backlog."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOVING = "'check', 'open', 'send', 'last_part', 'wait', 'ready', 'publish', 'unsure', 'confirm'"
CALLS = "'last_part', 'ready', 'publish', 'unsure', 'confirm'"
FREE_AT = (
    "CASE WHEN lease_until > begin_at AND (not_before IS NULL OR lease_until > not_before) "
    "THEN lease_until WHEN not_before > begin_at THEN not_before ELSE begin_at END"
)


def upgrade() -> None:
    # A table of SQLite can be given no stored column later; an index stores it all the same.
    stored = op.get_bind().dialect.name != "sqlite"
    op.add_column(
        "deliveries",
        sa.Column("free_at", sa.DateTime(timezone=True), sa.Computed(FREE_AT, persisted=stored)),
    )
    op.drop_index("ix_deliveries_claim", "deliveries")
    index("ix_deliveries_free", ["free_at", "id"], f"step IN ({MOVING})")
    index("ix_deliveries_free_for_a_call", ["free_at", "id"], f"step IN ({CALLS})")
    index("ix_deliveries_lease_owner", ["lease_owner"], "lease_owner <> ''")


def downgrade() -> None:
    for name in ("free", "free_for_a_call", "lease_owner"):
        op.drop_index(f"ix_deliveries_{name}", "deliveries")
    op.drop_column("deliveries", "free_at")
    index("ix_deliveries_claim", ["begin_at", "id"], f"step IN ({MOVING})")


def index(name: str, columns: list[str], where: str) -> None:
    op.create_index(
        name, "deliveries", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )
