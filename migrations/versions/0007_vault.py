"""The highest version of each account's sign-in, and the audit of its uses."""

import sqlalchemy as sa
from alembic import op

from pellacia_service.repositories.dialect import JsonDocument

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None

CREDENTIALS = sa.table(
    "platform_credentials",
    sa.column("account_id", sa.Uuid()),
    sa.column("credentials", JsonDocument()),
    sa.column("version", sa.BigInteger()),
)
ACCOUNTS = sa.table(
    "accounts", sa.column("id", sa.Uuid()), sa.column("credential_version", sa.BigInteger())
)


def upgrade() -> None:
    op.add_column(
        "accounts",
        sa.Column(
            "credential_version", sa.BigInteger(), nullable=False, server_default=sa.text("0")
        ),
    )
    op.create_table(
        "credential_uses",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_credential_uses"),
    )
    op.create_index("ix_credential_uses_at", "credential_uses", ["at"])
    mark_what_is_there()


def mark_what_is_there() -> None:
    """A sign-in in the format before gets version 0, which says so; the others keep theirs."""
    connection = op.get_bind()
    for row in connection.execute(sa.select(CREDENTIALS)).all():
        if "v" in row.credentials:
            connection.execute(
                sa.update(ACCOUNTS)
                .where(ACCOUNTS.c.id == row.account_id)
                .values(credential_version=row.version)
            )
        else:
            connection.execute(
                sa.update(CREDENTIALS)
                .where(CREDENTIALS.c.account_id == row.account_id)
                .values(version=0)
            )


def downgrade() -> None:
    op.drop_table("credential_uses")
    op.drop_column("accounts", "credential_version")
