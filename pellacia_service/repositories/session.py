"""The database, and transactions: everything in one `async with` happens, or nothing of it."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from pellacia_service.clock import Clock
from pellacia_service.repositories import hints, migrate
from pellacia_service.repositories.dialect import PATIENCE, explained, is_locked, open_store

if TYPE_CHECKING:
    from pellacia_service.repositories.accounts import Accounts
    from pellacia_service.repositories.budgets import Budgets
    from pellacia_service.repositories.calendar import Calendar
    from pellacia_service.repositories.credential_uses import CredentialUses
    from pellacia_service.repositories.credentials import Credentials
    from pellacia_service.repositories.deliveries import Deliveries
    from pellacia_service.repositories.history import History
    from pellacia_service.repositories.ingested import Ingested
    from pellacia_service.repositories.journal import Journal
    from pellacia_service.repositories.marks import Marks
    from pellacia_service.repositories.posts import Posts


class Transaction:
    """
    Everything that is stored, as one transaction sees it.

    Each repository is imported when a transaction is first asked for it: most commands need two
    or three, and each brings tables along. It stands in the module of its own name, and the
    annotation names its class.
    """

    posts: "Posts"
    deliveries: "Deliveries"
    journal: "Journal"
    accounts: "Accounts"
    credentials: "Credentials"
    credential_uses: "CredentialUses"
    history: "History"
    marks: "Marks"
    calendar: "Calendar"
    budgets: "Budgets"
    ingested: "Ingested"

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    if not TYPE_CHECKING:  # so that a misspelt name stays a mistake to the type checker

        def __getattr__(self, name: str) -> object:
            """Make a repository that was not asked for before."""
            if name not in Transaction.__annotations__:
                raise AttributeError(f"A transaction has no {name!r}.", name=name, obj=self)
            module = import_module(f"pellacia_service.repositories.{name}")
            repository = getattr(module, Transaction.__annotations__[name])(self._session)
            setattr(self, name, repository)
            return repository


class Database:
    """
    The database. Open it with `async with`, or `open` and `close`.

    A transaction should last milliseconds: no call to a platform belongs inside one, and none may
    be opened inside another.

    Args:
        url: see PELLACIA_DATABASE_URL.
        schema: the schema on a server; a file has none.
        clock: for the wait of a first start that meets another one.

    Raises:
        SettingError: the address is not understood.
    """

    def __init__(self, url: str, *, schema: str, clock: Clock) -> None:
        self._store = open_store(url, schema)
        self._clock = clock

    async def open(self) -> None:
        """
        Make the database where there is none, and bring its tables up to date.

        Raises:
            SetupError: it cannot be made, reached, or written.
            NewerSchemaError: a newer version of this program has changed its tables.
        """
        await self._store.make_place()
        await self.upgrade()

    async def close(self) -> None:
        """Close all connections."""
        await self._store.close()

    async def __aenter__(self) -> "Database":
        """Open."""
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        await self.close()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """Look at one consistent state. A write in it fails."""
        async with self._begin(self._store.read) as transaction:
            yield transaction

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """
        Read and change. Committed at the end of the block, taken back when the block raises.

        Raises:
            SetupError: the database cannot be reached or written. When the connection breaks
                during the commit, nobody knows whether it happened: read again.
        """
        async with self._begin(self._store.write) as transaction:
            yield transaction

    async def listen(self, ring: Callable[[], None]) -> None:
        """Ring whenever another process may have changed the queue; see `hints.listen`."""
        await hints.listen(self._store, self._clock, ring)

    async def upgrade(self) -> None:
        """Bring the tables up to date."""
        async with self._connect(self._store.read) as connection:
            stored = await migrate.stored_revision(connection)
        if stored == migrate.newest_revision():
            return
        async with self._connect(self._store.migrate) as connection:
            await migrate.upgrade(connection, self._store)

    async def downgrade(self, revision: str) -> None:
        """
        Take the tables back to an earlier revision; "base" takes everything away.

        Raises:
            BadInputError: there is no such revision.
        """
        async with self._connect(self._store.migrate) as connection:
            await migrate.downgrade(connection, self._store, revision)

    async def revision(self) -> str:
        """Return the revision of the tables; empty for a database without tables."""
        async with self._connect(self._store.read) as connection:
            return await migrate.stored_revision(connection)

    @asynccontextmanager
    async def _begin(self, engine: AsyncEngine) -> AsyncIterator[Transaction]:
        about = {hints.STORE: self._store}
        try:
            async with (
                self._connect(engine) as connection,
                AsyncSession(connection, expire_on_commit=False, info=about) as session,
            ):
                yield Transaction(session)
                await session.flush()
        except asyncio.CancelledError as stop:
            # A statement that was cut short keeps its lock on a file, and others waiting for half a
            # minute, for as long as anybody knows its cursor: the traceback does.
            traceback.clear_frames(stop.__traceback__)
            raise

    @asynccontextmanager
    async def _connect(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """Connect and begin a transaction."""
        async with AsyncExitStack() as stack:
            with self._in_words(OSError, sa.exc.SQLAlchemyError):
                connection = await self._reach(engine, stack)
            with self._in_words(sa.exc.SQLAlchemyError):
                async with connection.begin():
                    yield connection

    async def _reach(self, engine: AsyncEngine, stack: AsyncExitStack) -> AsyncConnection:
        """
        Connect.

        Of several first starts on one file, one sets the file up; the others are turned away at
        once, however much patience they asked for, and come again.
        """
        deadline = self._clock.monotonic() + PATIENCE
        while True:
            try:
                return await stack.enter_async_context(engine.connect())
            except sa.exc.OperationalError as error:
                if not is_locked(error) or self._clock.monotonic() >= deadline:
                    raise
            await self._clock.sleep(0.1)

    @contextmanager
    def _in_words(self, *kinds: type[OSError | sa.exc.SQLAlchemyError]) -> Iterator[None]:
        """Say in words what a driver says in codes."""
        try:
            yield
        except kinds as error:
            told = explained(error, self._store)
            if told is None:
                raise
            raise told from error
