"""Small facts that outlive the process, by name."""

from sqlmodel.ext.asyncio.session import AsyncSession

from pellacia_service.repositories.dialect import upsert
from pellacia_service.repositories.tables import MarkRow


class Marks:
    """The marks of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def put(self, name: str, value: str) -> None:
        """Keep a value in place of the one before."""
        await upsert(
            self._session,
            MarkRow,
            {"name": name, "value": value},
            key=["name"],
            update={"value": value},
        )

    async def get(self, name: str, default: str = "") -> str:
        """Return a value, or the default where none was ever kept."""
        row = await self._session.get(MarkRow, name, populate_existing=True)
        return default if row is None else row.value
