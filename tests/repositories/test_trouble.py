"""What people are told when the database cannot be used."""

import asyncio
import socket
from pathlib import Path

import pytest
import sqlalchemy as sa

from pellacia_service.errors import SetupError
from pellacia_service.repositories.dialect import explained, open_store, wal_is_safe
from pellacia_service.repositories.session import Database
from tests.clocks import HeldClock
from tests.postgres import SCHEMA, ServerAddress, place_for
from tests.repositories.given import an_account

BREAK_OFF_ALL_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def database_file(path: Path, clock: HeldClock) -> Database:
    return Database(f"sqlite+aiosqlite:///{path}", schema=SCHEMA, clock=clock)


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 0), True),
    ],
)
async def test_wal_is_used_only_where_it_loses_nothing(
    version: tuple[int, ...], safe: bool
) -> None:
    assert wal_is_safe(version) is safe


async def test_a_committed_row_survives_a_power_cut(tmp_path: Path, clock: HeldClock) -> None:
    address = f"sqlite+aiosqlite:///{tmp_path / 'pellacia.db'}"
    store = open_store(address, SCHEMA)

    async with store.write.connect() as connection:
        mode = await connection.scalar(sa.text("PRAGMA journal_mode"))
        synchronous = await connection.scalar(sa.text("PRAGMA synchronous"))
        foreign_keys = await connection.scalar(sa.text("PRAGMA foreign_keys"))
    await store.close()

    # 2 is FULL, 3 is EXTRA (PRAGMA synchronous, read 2026-11-22).
    assert (mode, synchronous) in {("wal", 2), ("truncate", 3)}
    assert foreign_keys == 1


@pytest.mark.parametrize(
    "address", ["", "pellacia.db", "mysql://user:secret@host/db", "sqlite+aiosqlite://"]
)
async def test_an_address_of_another_kind_is_refused_without_repeating_it(
    address: str, clock: HeldClock
) -> None:
    with pytest.raises(SetupError, match="PELLACIA_DATABASE_URL") as caught:
        Database(address, schema=SCHEMA, clock=clock)

    assert "secret" not in str(caught.value)


async def test_a_home_that_cannot_be_made_is_named(tmp_path: Path, clock: HeldClock) -> None:
    (tmp_path / "home").write_text("a file, no folder")

    with pytest.raises(SetupError, match="PELLACIA_HOME"):
        await database_file(tmp_path / "home" / "pellacia.db", clock).open()


async def test_a_new_database_can_be_read_by_its_owner_only(
    tmp_path: Path, clock: HeldClock
) -> None:
    path = tmp_path / "home" / "pellacia.db"

    async with database_file(path, clock):
        pass

    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


async def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, clock: HeldClock) -> None:
    path = tmp_path / "pellacia.db"
    path.write_bytes(b"my holiday diary " * 100)
    database = database_file(path, clock)

    with pytest.raises(SetupError, match="is not a database"):
        await database.open()
    await database.close()

    assert path.read_bytes().startswith(b"my holiday diary")


async def test_a_full_disk_is_called_a_full_disk(tmp_path: Path, clock: HeldClock) -> None:
    path = tmp_path / "pellacia.db"
    async with database_file(path, clock):
        pass
    store = open_store(f"sqlite+aiosqlite:///{path}", SCHEMA)

    # SQLite says the same when its file may not grow as when the disk is full.
    with pytest.raises(sa.exc.OperationalError) as caught:
        async with store.write.begin() as connection:
            await connection.execute(sa.text("PRAGMA max_page_count=1"))
            await connection.execute(
                sa.text("INSERT INTO marks VALUES ('much', :value)"), {"value": "x" * 100_000}
            )
    await store.close()

    told = explained(caught.value, store)
    assert isinstance(told, SetupError)
    assert "There is no room left on the disk" in str(told)


async def test_a_server_that_is_not_there_is_called_that(clock: HeldClock) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    database = Database(
        f"postgresql+asyncpg://user:secret@127.0.0.1:{port}/press", schema=SCHEMA, clock=clock
    )

    with pytest.raises(SetupError, match=r"127\.0\.0\.1.*cannot be reached") as caught:
        await database.open()

    assert "secret" not in str(caught.value)


async def test_a_database_that_the_server_does_not_have_is_named(
    postgres: ServerAddress, clock: HeldClock
) -> None:
    address = sa.make_url(postgres()).set(database="nowhere").render_as_string(False)

    with pytest.raises(SetupError, match="nowhere does not exist"):
        await Database(address, schema=SCHEMA, clock=clock).open()


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(SetupError):
        async with database.read() as tx:
            await an_account(tx)


async def test_readers_see_one_state_while_somebody_writes(database: Database) -> None:
    async def write() -> None:
        async with database.write() as tx:
            await tx.marks.put("new", "value")

    async with database.read() as tx:
        before = await tx.marks.get("new")
        writing = asyncio.create_task(write())
        await asyncio.sleep(0)
        again = await tx.marks.get("new")
    await writing

    assert before == again == ""


async def test_a_write_that_is_cancelled_is_taken_back_and_blocks_nobody(
    database: Database,
) -> None:
    begun = asyncio.Event()

    async def write() -> None:
        async with database.write() as tx:
            await tx.marks.put("half", "done")
            begun.set()
            await asyncio.Event().wait()

    writing = asyncio.create_task(write())
    await begun.wait()
    writing.cancel()
    await asyncio.wait([writing])

    async with database.write() as tx:
        assert await tx.marks.get("half") == ""
        await tx.marks.put("next", "value")


async def test_a_server_that_breaks_off_is_said_to_and_then_found_again(
    postgres: ServerAddress, tmp_path: Path, clock: HeldClock
) -> None:
    async with place_for("postgresql", tmp_path, postgres) as address:
        store = open_store(address, SCHEMA)
        async with Database(address, schema=SCHEMA, clock=clock) as database:
            with pytest.raises(SetupError, match="Try again"):
                async with database.write() as tx:
                    await tx.marks.put("half", "done")
                    async with store.read.connect() as other:
                        await other.execute(sa.text(BREAK_OFF_ALL_OTHERS))
                    await tx.marks.put("other", "half")

            async with database.read() as tx:
                assert await tx.marks.get("half") == ""
        await store.close()


async def test_on_a_shared_server_our_tables_keep_to_their_schema(
    postgres: ServerAddress, tmp_path: Path, clock: HeldClock
) -> None:
    async with place_for("postgresql", tmp_path, postgres) as address:
        schema = 'press "06"'
        async with Database(address, schema=schema, clock=clock):
            pass
        store = open_store(address, schema)
        async with store.read.connect() as connection:
            schemas = await connection.scalars(
                sa.text(
                    "SELECT DISTINCT table_schema FROM information_schema.tables "
                    "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
                )
            )
            found = schemas.all()
        await store.close()

    assert found == [schema]
