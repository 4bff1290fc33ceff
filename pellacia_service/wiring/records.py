"""What every command needs: settings, time, the database, and the use cases that only read and write it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pellacia_service.clock import Clock
from pellacia_service.errors import SetupError
from pellacia_service.logs import set_up_logs
from pellacia_service.repositories.session import Database
from pellacia_service.settings import Settings
from pellacia_service.use_cases.accounts import Accounts
from pellacia_service.use_cases.queue import Queue


@dataclass(frozen=True)
class Records:
    """What is written down: accounts, posts, deliveries."""

    settings: Settings
    clock: Clock
    database: Database
    accounts: Accounts
    queue: Queue


@asynccontextmanager
async def open_records(
    settings: Settings, clock: Clock, database: Database | None = None
) -> AsyncIterator[Records]:
    """
    Open the database, bring its schema up to date, and close it in the end.

    Args:
        database: one that was made for these settings before; None makes it.
    """
    set_up_logs(settings.log_level)
    make_home(settings)
    database = database or make_database(settings, clock)
    await database.open()
    try:
        yield Records(
            settings=settings,
            clock=clock,
            database=database,
            accounts=Accounts(database=database),
            queue=Queue(database=database, clock=clock),
        )
    finally:
        await database.close()


def make_database(settings: Settings, clock: Clock) -> Database:
    """Make the database object that the settings describe; nothing is opened yet."""
    return Database(settings.database, schema=settings.database_schema, clock=clock)


def make_home(settings: Settings) -> None:
    """
    Make the home folder, readable by its owner only.

    Raises:
        SetupError: it cannot be made.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        why = "it is a file" if isinstance(error, FileExistsError) else error.strerror
        raise SetupError(
            f"The home folder {settings.home} cannot be used: {why}. "
            "Choose another with PELLACIA_HOME."
        ) from error
