"""The database's schema: up, down, and where it stands."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pellacia_service.repositories.session import Database


class Schema:
    """Moves the schema of one database. Each call opens the database and closes it again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def upgrade(self) -> str:
        """Bring the schema up to this program's version, and return its revision."""
        async with self._database:
            return await self._database.revision()

    async def downgrade(self, revision: str) -> str:
        """Take the schema back to a revision ("base": nothing is left), and return it."""
        async with self._closing():
            await self._database.downgrade(revision)
            return await self._database.revision()

    async def current(self) -> str:
        """Return the revision the database has; empty for an empty database."""
        async with self._closing():
            return await self._database.revision()

    @asynccontextmanager
    async def _closing(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await self._database.close()
