"""
Brings the tables up to date.

The files in `migrations/versions` are numbered; their numbers are the revisions, in one line. So
which one is the newest can be seen without loading alembic, and a start that finds it stored does
not load it (a tenth of a second).

A migration is one transaction, all of it, on both databases: it happens, or nothing of it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pellacia_service import __version__
from pellacia_service.errors import BadInputError, NewerSchemaError
from pellacia_service.repositories.dialect import Store, begin_migration, end_migration

if TYPE_CHECKING:
    from alembic.config import Config

BASE = "base"
"""No tables at all."""

ONE_BACK = "-1"


def migrations_folder() -> Path:
    """Return the folder of the migrations: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


def revisions(folder: Path) -> list[str]:
    """Return the revisions that this program knows, oldest first."""
    return sorted(path.name.partition("_")[0] for path in folder.glob("versions/[0-9]*_*.py"))


def newest_revision() -> str:
    """Return the revision that this program works with."""
    return revisions(migrations_folder())[-1]


async def stored_revision(connection: AsyncConnection) -> str:
    """Return the revision of the database; empty where there is none."""
    if not await connection.run_sync(lambda sync: sa.inspect(sync).has_table("alembic_version")):
        return ""
    return str(await connection.scalar(sa.text("SELECT version_num FROM alembic_version")) or "")


async def upgrade(connection: AsyncConnection, store: Store, folder: Path | None = None) -> None:
    """
    Bring the tables to the newest revision, within the connection's transaction.

    Raises:
        NewerSchemaError: the database is ahead of this program.
    """
    folder = folder or migrations_folder()
    known = revisions(folder)
    await begin_migration(connection, store)
    # Asked again under the lock: another start may have done it in the meantime.
    stored = await stored_revision(connection)
    if stored == known[-1]:
        return
    _refuse_newer(stored, known, store)
    await _run(connection, folder, _upgrade)
    await end_migration(connection, store)


async def downgrade(
    connection: AsyncConnection, store: Store, revision: str, folder: Path | None = None
) -> None:
    """
    Take the tables back to a revision, within the connection's transaction.

    Raises:
        BadInputError: there is no such revision, or it lies ahead.
        NewerSchemaError: the database is ahead of this program.
    """
    folder = folder or migrations_folder()
    known = revisions(folder)
    await begin_migration(connection, store)
    stored = await stored_revision(connection)
    _refuse_newer(stored, known, store)
    earlier = [BASE, *(one for one in known if one <= stored)]
    if revision == ONE_BACK and len(earlier) > 1:
        revision = earlier[-2]
    if revision not in earlier:
        raise BadInputError(
            f"{revision!r} is no revision to go back to from {stored or BASE}. "
            f"Choose from: {', '.join(earlier)}."
        )
    await _run(connection, folder, lambda config: _downgrade(config, revision))
    await end_migration(connection, store)


def _refuse_newer(stored: str, known: list[str], store: Store) -> None:
    if stored and stored not in known:
        raise NewerSchemaError(
            f"The tables of {store.name} are at revision {stored}; pellacia-dist {__version__} "
            f"knows revisions up to {known[-1]}. Install the newer version again, "
            "or restore a backup made by this one."
        )


async def _run(
    connection: AsyncConnection, folder: Path, order: "Callable[[Config], None]"
) -> None:
    # Loaded here, because most starts need no migration.
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))

    def run(sync: sa.Connection) -> None:
        config.attributes["connection"] = sync
        order(config)

    await connection.run_sync(run)


def _upgrade(config: "Config") -> None:
    from alembic import command  # noqa: PLC0415

    command.upgrade(config, "head")


def _downgrade(config: "Config", revision: str) -> None:
    from alembic import command  # noqa: PLC0415

    command.downgrade(config, revision)
