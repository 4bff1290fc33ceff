"""When a sign-in ends, why it is renewed no more, and who is renewing it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLE = "platform_credentials"
INSTANTS = ("expires_at", "reconnect_by", "refreshing_since")
TEXTS = ("reconnect_why", "refused", "refreshing_by")


def upgrade() -> None:
    for name in INSTANTS:
        op.add_column(TABLE, sa.Column(name, sa.DateTime(timezone=True)))
    for name in TEXTS:
        op.add_column(
            TABLE, sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''"))
        )


def downgrade() -> None:
    for name in (*INSTANTS, *TEXTS):
        op.drop_column(TABLE, name)
