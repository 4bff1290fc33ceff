"""
The seam between SQLite and PostgreSQL: the only file that knows which of the two it talks to.

Everything that differs stands here: engines and how a transaction begins, column types, partial
indexes, "insert or update", what guards a migration, and what a driver's error means in words.
"""

import asyncio
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool
from sqlmodel.ext.asyncio.session import AsyncSession

from pellacia_service.errors import BadInputError, PellaciaError, SettingError, SetupError

PATIENCE = 30
"""Seconds to wait for a lock, or for a free connection, before giving up."""

CONNECT_PATIENCE = 10
"""Seconds to wait for a server's greeting."""

READERS = 4
"""Connections of one process that only read a database file."""

SERVER_CONNECTIONS = 10


# Column types and indexes


class JsonDocument(sa.types.TypeDecorator[Any]):
    """JSON, JSONB on a server; a Python None is stored as NULL, not as the word null."""

    impl = sa.JSON(none_as_null=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Choose the column's type when the dialect is known."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.JSON(none_as_null=True))
        # Deferred, as below: the server's dialect costs 30 ms that a file's users need not wait.
        from sqlalchemy.dialects.postgresql import JSONB  # noqa: PLC0415

        return dialect.type_descriptor(JSONB(none_as_null=True))


class TextList(sa.types.TypeDecorator[Any]):
    """TEXT[] where the database has arrays, else a JSON list."""

    impl = sa.JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Choose the column's type when the dialect is known."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.JSON())
        from sqlalchemy.dialects.postgresql import ARRAY  # noqa: PLC0415

        return dialect.type_descriptor(ARRAY(sa.Text()))


def growing_id() -> sa.types.TypeEngine[Any]:
    """A 64-bit number that the database counts up. SQLite counts in INTEGER only; that is 64 bit."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> sa.Index:
    """Make an index of the rows that satisfy a condition; see also `complete_for_servers`."""
    return sa.Index(name, *columns, unique=unique, sqlite_where=sa.text(where))


def complete_for_servers(metadata: sa.MetaData) -> None:
    """
    Give each partial index the condition on a server that it has in a file.

    Only who makes or compares tables there needs it, and it loads the server's dialect.
    """
    for index in (one for table in metadata.tables.values() for one in table.indexes):
        index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]


async def upsert(
    session: AsyncSession,
    table: type[Any],
    values: Mapping[str, Any],
    *,
    key: Sequence[str],
    update: Mapping[str, Any],
) -> None:
    """Insert a row; where one with this key exists, set `update` in it instead. One statement."""
    statement: Any
    if session.get_bind().dialect.name == "sqlite":
        statement = sqlite.insert(table).values(**values)
    else:
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - see JsonDocument

        statement = postgresql.insert(table).values(**values)
    await session.exec(statement.on_conflict_do_update(index_elements=key, set_=dict(update)))


# Engines


@dataclass(frozen=True)
class Store:
    """
    One database.

    Args:
        read: for transactions that change nothing.
        write: for transactions that may change something.
        migrate: for changes of the schema; foreign keys are not enforced.
        name: what to call it in a sentence.
        file: the database file; None on a server.
        schema: the schema on the server that holds our tables.
    """

    read: AsyncEngine
    write: AsyncEngine
    migrate: AsyncEngine
    name: str
    file: Path | None = None
    schema: str = ""

    async def close(self) -> None:
        """Close all connections, the writing one last: it is the one that tidies the file up."""
        await self.read.dispose()
        await self.migrate.dispose()
        await self.write.dispose()

    async def make_place(self) -> None:
        """
        Make the folder and the file, readable by their owner only.

        Raises:
            SetupError: they cannot be made or written.
        """
        if self.file is not None:
            await asyncio.to_thread(_make_file, self.file)


def open_store(address: str, schema: str) -> Store:
    """
    Make the engines for an address. Nothing is connected or created yet.

    Raises:
        SettingError: the address is none of the two forms that are understood.
    """
    try:
        url = sa.make_url(address)
    except sa.exc.ArgumentError as error:
        raise _bad_address() from error
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        return _file_store(url.set(drivername="sqlite+aiosqlite"), Path(url.database))
    if url.get_backend_name() in {"postgresql", "postgres"}:
        return _server_store(url.set(drivername="postgresql+asyncpg"), schema)
    raise _bad_address()


def _bad_address() -> SettingError:
    # The address itself is not repeated: it may hold a password.
    return SettingError(
        "PELLACIA_DATABASE_URL is neither sqlite+aiosqlite:///path/to/file.db "
        "nor postgresql+asyncpg://user:password@host/database."
    )


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """
    Tell whether this SQLite may run in WAL mode with more than one connection.

    From 3.7.0 to 3.51.2 a checkpoint that meets a commit of another connection can lose data
    ("WAL-reset bug"); 3.44.6 and 3.50.7 have the mend too (release notes, read 2026-11-22).
    """
    if version[:2] == (3, 44):
        return version >= (3, 44, 6)
    if version[:2] == (3, 50):
        return version >= (3, 50, 7)
    return version >= (3, 51, 3)


def _file_store(url: sa.URL, file: Path) -> Store:
    # Weaker settings than these may forget a committed transaction when the power fails, and a
    # forgotten "about to publish" is a post published twice.
    durable = (
        ("journal_mode=WAL", "synchronous=FULL")
        if wal_is_safe(sqlite3.sqlite_version_info)
        else ("journal_mode=TRUNCATE", "synchronous=EXTRA")
    )
    writing = (*durable, "fullfsync=1", "foreign_keys=ON")
    # A batch migration drops and renames tables: with foreign keys on, the drop would delete the
    # rows that refer to them. The setting cannot be changed inside a transaction.
    migrating = (*durable, "fullfsync=1", "foreign_keys=OFF")
    reading = ("query_only=ON", "wal_autocheckpoint=0")
    pool = {"max_overflow": 0, "pool_timeout": PATIENCE}
    return Store(
        read=_prepared(create_async_engine(url, pool_size=READERS, **pool), reading, "BEGIN"),
        # One connection writes. IMMEDIATE: a transaction that reads first and writes later would
        # otherwise fail at its first write when somebody else has written in between.
        write=_prepared(create_async_engine(url, pool_size=1, **pool), writing, "BEGIN IMMEDIATE"),
        migrate=_prepared(
            create_async_engine(url, poolclass=NullPool), migrating, "BEGIN IMMEDIATE"
        ),
        name=f"the database file {file}",
        file=file,
    )


def _prepared(engine: AsyncEngine, pragmas: Sequence[str], begin: str) -> AsyncEngine:
    """Make every new connection of the engine obey, and every transaction begin as told."""

    def set_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        # The driver must not begin transactions by itself: it would do so at the first write only.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (f"busy_timeout={PATIENCE * 1000}", *pragmas):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def begin_transaction(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    sa.event.listen(engine.sync_engine, "connect", set_up)
    sa.event.listen(engine.sync_engine, "begin", begin_transaction)
    return engine


def _make_file(file: Path) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise SetupError(
            f"The database file {file} cannot be made: {error.strerror}. "
            "Choose a folder that you may write to: PELLACIA_HOME=/path/to/folder"
        ) from error


def _server_store(url: sa.URL, schema: str) -> Store:
    engine = create_async_engine(
        url,
        pool_size=SERVER_CONNECTIONS,
        pool_timeout=PATIENCE,
        pool_pre_ping=True,
        connect_args={
            "timeout": CONNECT_PATIENCE,
            "server_settings": {
                "application_name": "pellacia-dist",
                "search_path": _quoted(schema),
                "synchronous_commit": "on",
                "lock_timeout": f"{PATIENCE}s",
                # A publisher that is frozen inside a transaction must not hold its locks for ever.
                "idle_in_transaction_session_timeout": "60s",
            },
        },
    )
    reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    name = f"the database server {url.host or 'on this machine'}, database {url.database}"
    return Store(read=reading, write=engine, migrate=engine, name=name, schema=schema)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


# Migrations


async def begin_migration(connection: AsyncConnection, store: Store) -> None:
    """
    Make sure that nobody else migrates until this transaction ends.

    In a file the transaction itself is the lock. On a server the schema is made as well.
    """
    if store.file is not None:
        return
    lock = zlib.crc32(f"pellacia migration {store.schema}".encode())
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
    # Asked first, because CREATE … IF NOT EXISTS wants the right to create even where it exists.
    exists = await connection.scalar(
        sa.text("SELECT count(*) FROM pg_namespace WHERE nspname = :name"),
        {"name": store.schema},
    )
    if not exists:
        await connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {_quoted(store.schema)}"))


async def end_migration(connection: AsyncConnection, store: Store) -> None:
    """
    Check what a migration left behind, before it is committed.

    Raises:
        SetupError: rows refer to rows that are no longer there.
    """
    if store.file is None:
        return
    lost = (await connection.exec_driver_sql("PRAGMA foreign_key_check")).all()
    if lost:
        tables = ", ".join(sorted({str(row[0]) for row in lost}))
        raise SetupError(
            f"The change of {store.name} was taken back: {len(lost)} rows of {tables} would have "
            "lost what they refer to. The data is as it was before. Please report this."
        )


# Errors


FILE_TROUBLE = {
    "SQLITE_FULL": "There is no room left on the disk of {name}. Free some space and try again.",
    "SQLITE_READONLY": "{name} cannot be written. Give yourself the right to write to it and its folder.",
    "SQLITE_CANTOPEN": "{name} cannot be opened. Check that its folder exists and is yours.",
    "SQLITE_BUSY": "Another program has held {name} for 30 seconds. Close it and try again.",
    "SQLITE_LOCKED": "Another program has held {name} for 30 seconds. Close it and try again.",
    "SQLITE_NOTADB": "{name} is not a database. Move it away, or restore a backup.",
    "SQLITE_CORRUPT": "{name} is damaged. Restore a backup: pellacia-dist db restore FILE",
    "SQLITE_IOERR": "The disk of {name} failed while reading or writing. Check the disk.",
}
"""By the start of SQLite's name for the error (result and error codes, read 2026-11-22)."""

SERVER_TROUBLE = {
    "53100": "There is no room left on the disk of {name}. Free some space and try again.",
    "53300": "{name} has no free connection. Raise max_connections or stop other programs.",
    "25006": "{name} does not accept writes: it is a standby, or set to read-only.",
    "28": "{name} did not accept the user or the password in PELLACIA_DATABASE_URL.",
    "3D000": "{name} does not exist. Create it, or correct PELLACIA_DATABASE_URL.",
    "42501": "{name} does not let this user do that. Grant CREATE on the database, or on the schema.",
    "40": "Another program changed the same rows of {name} at the same time. Try again.",
    "55P03": "Another program has held rows of {name} for 30 seconds. Try again.",
    "57P": "{name} is stopping or starting. Try again in a moment.",
    "08": "The connection to {name} was lost. Try again when it is back.",
}
"""By the start of the SQLSTATE (appendix "PostgreSQL Error Codes", read 2026-11-22)."""

UNREACHABLE = "{name} cannot be reached: {why}. Is it running, and is the address right?"

EXISTS = frozenset({"23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"})
"""The codes of a row that stands there already."""


def explained(error: sa.exc.SQLAlchemyError | OSError, store: Store) -> PellaciaError | None:
    """Say in words what a driver's error means; None for one that is a mistake in this program."""
    if isinstance(error, OSError):
        why = error.strerror or str(error) or "no answer"
        return _sentence(UNREACHABLE, store, why=why)
    if isinstance(error, sa.exc.TimeoutError):
        return _sentence(FILE_TROUBLE["SQLITE_BUSY"], store)
    if not isinstance(error, sa.exc.DBAPIError):
        return None
    if _code(error) in EXISTS:
        return BadInputError(f"That exists already ({_violated(error)}). Nothing was written.")
    template = _template(_code(error), FILE_TROUBLE if store.file else SERVER_TROUBLE)
    if not template and error.connection_invalidated:
        template = SERVER_TROUBLE["08"]
    return _sentence(template, store) if template else None


def _template(code: str, trouble: Mapping[str, str]) -> str:
    return next((sentence for start, sentence in trouble.items() if code.startswith(start)), "")


def is_locked(error: sa.exc.DBAPIError) -> bool:
    """Tell whether somebody else holds the file. Turning on WAL does not wait for its lock."""
    return _code(error).startswith("SQLITE_BUSY")


def violates(error: sa.exc.IntegrityError, index: sa.Index) -> bool:
    """Tell whether it was this unique index that refused a row."""
    columns = ", ".join(str(column) for column in index.columns)
    return _violated(error) in {index.name, columns}


def _sentence(template: str, store: Store, why: str = "") -> SetupError:
    text = template.format(name=store.name, why=why)
    return SetupError(text[0].upper() + text[1:])


def _code(error: sa.exc.DBAPIError) -> str:
    """Return the database's own code. Drivers leave it out of errors that they raise themselves."""
    for name in ("sqlite_errorname", "sqlstate"):
        code = getattr(error.orig, name, None)
        if isinstance(code, str):
            return code
    return ""


def _violated(error: sa.exc.DBAPIError) -> str:
    """Return the name of the constraint, or, as SQLite says it, the columns of it."""
    cause = error.orig.__cause__ if error.orig else None
    name = getattr(cause, "constraint_name", None)
    return str(name) if name else str(error.orig).rpartition("failed: ")[2]
