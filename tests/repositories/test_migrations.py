"""The tables are brought up to date without losing a row, or not touched at all."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine.interfaces import ReflectedIndex

from pellacia_service.errors import BadInputError, NewerSchemaError, SetupError
from pellacia_service.repositories import migrate
from pellacia_service.repositories.dialect import Store, open_store
from pellacia_service.repositories.session import Database
from pellacia_service.repositories.tables.all_tables import all_tables
from tests.clocks import HeldClock
from tests.postgres import SCHEMA
from tests.repositories.given import NOON, an_account, sealed

HEAD = '''"""A migration of a test."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{before}"


def upgrade():
{body}


def downgrade():
    pass
'''

BREAKS_HALF_WAY = """
    op.add_column("accounts", sa.Column("colour", sa.Text()))
    op.execute("DELETE FROM accounts WHERE label = 'none'")
    with op.batch_alter_table("accounts") as table:
        table.alter_column("name", existing_type=sa.Text(), nullable=True)
    raise ZeroDivisionError
"""

REBUILDS_A_TABLE_WITH_CHILDREN = """
    with op.batch_alter_table("accounts") as table:
        table.alter_column("name", existing_type=sa.Text(), nullable=True)
"""

LEAVES_ORPHANS = """
    op.execute("DELETE FROM accounts")
"""


@pytest.fixture
async def store(place: str) -> AsyncIterator[Store]:
    """The engines for an empty place."""
    opened = open_store(place, SCHEMA)
    yield opened
    await opened.close()


@pytest.fixture
async def filled(place: str, clock: HeldClock) -> str:
    """The address of a database with one account and its sign-in."""
    async with Database(place, schema=SCHEMA, clock=clock) as database, database.write() as tx:
        await tx.credentials.put(await an_account(tx), sealed("once"), updated_at=NOON)
    return place


def with_migration(folder: Path, body: str) -> Path:
    """Copy the migrations, and put one more behind them."""
    copy = folder / "migrations"
    shutil.copytree(migrate.migrations_folder(), copy)
    text = HEAD.format(before=migrate.newest_revision(), body=body)
    (copy / "versions" / "9999_test.py").write_text(text)
    return copy


async def upgrade_with(store: Store, folder: Path) -> None:
    async with store.migrate.begin() as connection:
        await migrate.upgrade(connection, store, folder)


def index_as_text(index: ReflectedIndex) -> str:
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return str({**index, "dialect_options": options})


def described(connection: sa.Connection) -> dict[str, object]:
    """Everything the database says about our tables, in an order of its own."""
    inspector = sa.inspect(connection)
    return {
        table: (
            sorted(
                (column["name"], str(column["type"]), column["nullable"], column["default"])
                for column in inspector.get_columns(table)
            ),
            sorted(map(index_as_text, inspector.get_indexes(table))),
            sorted(map(str, inspector.get_check_constraints(table))),
            sorted(map(str, inspector.get_unique_constraints(table))),
            sorted(map(str, inspector.get_foreign_keys(table))),
            str(inspector.get_pk_constraint(table)),
        )
        for table in all_tables().tables
    }


async def test_the_migrations_make_the_tables_that_the_program_expects(
    database: Database, shared_place: str
) -> None:
    store = open_store(shared_place, SCHEMA)

    async with store.read.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(
                MigrationContext.configure(sync, opts={"compare_server_default": True}),
                all_tables(),
            )
        )
    await store.close()

    assert differences == []


async def test_migrated_tables_are_the_same_as_tables_made_at_one_stroke(store: Store) -> None:
    await store.make_place()
    async with store.migrate.begin() as connection:
        await migrate.upgrade(connection, store)
        migrated = await connection.run_sync(described)
        await migrate.downgrade(connection, store, migrate.BASE)
        await connection.run_sync(all_tables().create_all)

        assert await connection.run_sync(described) == migrated


async def test_down_to_nothing_and_up_again(place: str, clock: HeldClock) -> None:
    async with Database(place, schema=SCHEMA, clock=clock) as database:
        await database.downgrade(migrate.BASE)
        assert await database.revision() == ""

        await database.upgrade()

        assert await database.revision() == migrate.newest_revision()
        async with database.read() as tx:
            assert await tx.accounts.all() == []


async def test_there_is_no_going_back_to_an_unknown_revision(database: Database) -> None:
    with pytest.raises(BadInputError, match="base"):
        await database.downgrade("0815")


async def test_the_number_of_the_newest_file_is_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.migrations_folder()))

    assert migrate.newest_revision() == ScriptDirectory.from_config(config).get_current_head()


async def test_a_migration_that_fails_leaves_the_database_as_it_was(
    filled: str, store: Store, tmp_path: Path, clock: HeldClock
) -> None:
    folder = with_migration(tmp_path, BREAKS_HALF_WAY)
    async with store.read.connect() as connection:
        before = await connection.run_sync(described)

    with pytest.raises(ZeroDivisionError):
        await upgrade_with(store, folder)

    async with store.read.connect() as connection:
        assert await connection.run_sync(described) == before
        assert await migrate.stored_revision(connection) == migrate.newest_revision()
    async with Database(filled, schema=SCHEMA, clock=clock) as database, database.read() as tx:
        assert len(await tx.accounts.all()) == 1


async def test_a_migration_that_failed_can_be_tried_again(
    filled: str, store: Store, tmp_path: Path
) -> None:
    broken = with_migration(tmp_path / "broken", BREAKS_HALF_WAY)
    mended = with_migration(tmp_path / "mended", REBUILDS_A_TABLE_WITH_CHILDREN)
    with pytest.raises(ZeroDivisionError):
        await upgrade_with(store, broken)

    await upgrade_with(store, mended)

    async with store.read.connect() as connection:
        assert await migrate.stored_revision(connection) == "9999"


async def test_rebuilding_a_table_loses_no_rows_that_refer_to_it(
    filled: str, store: Store, tmp_path: Path
) -> None:
    folder = with_migration(tmp_path, REBUILDS_A_TABLE_WITH_CHILDREN)

    await upgrade_with(store, folder)

    async with store.read.connect() as connection:
        children = await connection.scalar(sa.text("SELECT count(*) FROM platform_credentials"))
    assert children == 1


@pytest.mark.parametrize("kind", ["sqlite"], indirect=False)
async def test_a_migration_that_would_leave_orphans_is_taken_back(
    filled: str, store: Store, tmp_path: Path
) -> None:
    folder = with_migration(tmp_path, LEAVES_ORPHANS)

    with pytest.raises(SetupError, match="platform_credentials"):
        await upgrade_with(store, folder)

    async with store.read.connect() as connection:
        assert await connection.scalar(sa.text("SELECT count(*) FROM accounts")) == 1


async def test_the_tables_of_a_newer_version_are_not_touched(
    filled: str, store: Store, tmp_path: Path, clock: HeldClock
) -> None:
    await upgrade_with(store, with_migration(tmp_path, REBUILDS_A_TABLE_WITH_CHILDREN))

    with pytest.raises(NewerSchemaError) as caught:
        await Database(filled, schema=SCHEMA, clock=clock).open()

    assert "9999" in str(caught.value)
    assert migrate.newest_revision() in str(caught.value)


OPEN = """
import asyncio, sys
from pellacia_service.clock import SystemClock
from pellacia_service.repositories.session import Database

assert "alembic" not in sys.modules

async def main():
    async with Database(sys.argv[1], schema=sys.argv[2], clock=SystemClock()) as database:
        print(await database.revision(), "alembic" in sys.modules)

asyncio.run(main())
"""


async def opened_by_another_process(address: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        OPEN,
        address,
        SCHEMA,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return printed.decode().strip()


async def test_processes_that_find_an_empty_home_at_once_all_start(place: str) -> None:
    printed = await asyncio.gather(*(opened_by_another_process(place) for _ in range(3)))

    revision = migrate.newest_revision()
    assert {one.partition(" ")[0] for one in printed} == {revision}


async def test_a_start_that_needs_no_migration_does_not_load_alembic(filled: str) -> None:
    assert await opened_by_another_process(filled) == f"{migrate.newest_revision()} False"
