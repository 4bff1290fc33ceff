"""The first tables: four that other phases read, and our own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
TEXTS = sa.JSON().with_variant(postgresql.ARRAY(sa.Text()), "postgresql")
GROWING_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

POST_STATUSES = "'pending', 'processing', 'completed', 'partial', 'failed', 'cancelled', 'missed'"
MOVING = "'check', 'open', 'send', 'last_part', 'wait', 'ready', 'publish', 'unsure', 'confirm'"
AT_REST = "'done', 'held', 'failed', 'cancelled', 'missed'"
GUARDED = "'last_part', 'publish', 'unsure'"


def upgrade() -> None:
    create_scheduled_posts()
    create_post_analytics()
    create_accounts()
    create_platform_credentials()
    create_deliveries()
    create_upload_history()
    create_journal()
    create_marks()


def downgrade() -> None:
    for table in (
        "marks",
        "journal",
        "upload_history",
        "deliveries",
        "platform_credentials",
        "accounts",
        "post_analytics",
        "scheduled_posts",
    ):
        op.drop_table(table)


def create_scheduled_posts() -> None:
    op.create_table(
        "scheduled_posts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("platforms", TEXTS, nullable=False),
        sa.Column("video_path", sa.Text(), nullable=False),
        sa.Column("title", sa.Text()),
        sa.Column("description", sa.Text()),
        sa.Column("hashtags", TEXTS),
        sa.Column("scheduled_at", INSTANT),
        sa.Column("status", sa.Text(), server_default=sa.text("'pending'"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("error_message", sa.Text()),
        sa.Column("post_ids", JSON),
        sa.Column("privacy", sa.Text(), nullable=False),
        sa.Column("thumbnail_path", sa.Text()),
        sa.Column("overrides", JSON, nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("wall_time", sa.Text()),
        sa.Column("tzdata_version", sa.Text()),
        sa.Column("file_size", sa.BigInteger()),
        sa.Column("file_sha256", sa.Text()),
        sa.Column("media", JSON),
        sa.CheckConstraint(f"status IN ({POST_STATUSES})", name=op.f("ck_scheduled_posts_status")),
        sa.PrimaryKeyConstraint("id", name="pk_scheduled_posts"),
    )
    op.create_index("idx_scheduled_posts_status", "scheduled_posts", ["status"])
    op.create_index("idx_scheduled_posts_scheduled_at", "scheduled_posts", ["scheduled_at"])
    op.create_index("ix_scheduled_posts_created_at_id", "scheduled_posts", ["created_at", "id"])


def create_post_analytics() -> None:
    op.create_table(
        "post_analytics",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("post_id", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("metrics", JSON, nullable=False),
        sa.Column("fetched_at", INSTANT, nullable=False),
        sa.Column("fetched_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_post_analytics"),
        sa.UniqueConstraint(
            "post_id",
            "platform",
            "fetched_on",
            name="uq_post_analytics_post_id_platform_fetched_on",
        ),
    )
    op.create_index("idx_post_analytics_post_id", "post_analytics", ["post_id"])
    op.create_index("idx_post_analytics_platform", "post_analytics", ["platform"])


def create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ids", JSON, nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("platform", "label", name="uq_accounts_platform_label"),
    )


def create_platform_credentials() -> None:
    op.create_table(
        "platform_credentials",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("credentials", JSON, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("platform", name="pk_platform_credentials"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_platform_credentials_account_id",
            ondelete="CASCADE",
        ),
    )


def create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("account_label", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=False),
        sa.Column("lease_until", INSTANT),
        sa.Column("not_before", INSTANT),
        sa.Column("receipt", JSON),
        sa.Column("bytes_sent", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("intent_at", INSTANT),
        sa.Column("started_at", INSTANT),
        sa.Column("completed_at", INSTANT),
        sa.Column("error", JSON),
        sa.Column("evidence", JSON, nullable=False),
        sa.CheckConstraint(f"step IN ({MOVING}, {AT_REST})", name=op.f("ck_deliveries_step")),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.ForeignKeyConstraint(["post_id"], ["scheduled_posts.id"], name="fk_deliveries_post_id"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_deliveries_account_id"),
        sa.UniqueConstraint(
            "post_id",
            "account_id",
            "generation",
            name="uq_deliveries_post_id_account_id_generation",
        ),
    )
    op.create_index("ix_deliveries_created_at_id", "deliveries", ["created_at", "id"])
    moving = sa.text(f"step IN ({MOVING})")
    op.create_index(
        "ix_deliveries_claim",
        "deliveries",
        ["due_at", "id"],
        sqlite_where=moving,
        postgresql_where=moving,
    )
    guarded = sa.text(f"step IN ({GUARDED})")
    op.create_index(
        "ix_deliveries_one_intent_per_account",
        "deliveries",
        ["account_id"],
        unique=True,
        sqlite_where=guarded,
        postgresql_where=guarded,
    )


def create_upload_history() -> None:
    op.create_table(
        "upload_history",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scheduled_post_id", sa.Uuid()),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("started_at", INSTANT),
        sa.Column("completed_at", INSTANT),
        sa.Column("post_id", sa.Text()),
        sa.Column("error_message", sa.Text()),
        sa.Column("retry_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("delivery_id", sa.Uuid()),
        sa.PrimaryKeyConstraint("id", name="pk_upload_history"),
        sa.ForeignKeyConstraint(
            ["scheduled_post_id"],
            ["scheduled_posts.id"],
            name="fk_upload_history_scheduled_post_id",
            ondelete="SET NULL",
        ),
        sa.UniqueConstraint("delivery_id", name="uq_upload_history_delivery_id"),
    )
    op.create_index("idx_upload_history_scheduled_post", "upload_history", ["scheduled_post_id"])


def create_journal() -> None:
    op.create_table(
        "journal",
        sa.Column("id", GROWING_ID, nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("from_step", sa.Text(), nullable=False),
        sa.Column("to_step", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_journal"),
    )
    op.create_index("ix_journal_delivery_id_id", "journal", ["delivery_id", "id"])


def create_marks() -> None:
    op.create_table(
        "marks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_marks"),
    )
