"""Pairs of files that were taken from watched folders."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ingested_pairs",
        sa.Column("video_sha256", sa.Text(), nullable=False),
        sa.Column("metadata_sha256", sa.Text(), nullable=False),
        sa.Column("video_path", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("post_id", sa.Uuid()),
        sa.PrimaryKeyConstraint("video_sha256", "metadata_sha256", name="pk_ingested_pairs"),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["scheduled_posts.id"],
            name="fk_ingested_pairs_post_id",
            ondelete="SET NULL",
        ),
    )
    op.create_index("ix_ingested_pairs_post_id", "ingested_pairs", ["post_id"])


def downgrade() -> None:
    op.drop_table("ingested_pairs")
