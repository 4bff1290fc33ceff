"""Small facts that outlive the process, by name."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from pellacia_service.repositories.dialect import upsert
from pellacia_service.repositories.tables.marks import MarkRow


@dataclass(frozen=True)
class ServerState:
    """
    What a database server says of itself.

    Args:
        now: its clock.
        identity: which server it is and on which timeline; another one after a failover or a
            restore to a point in time.
    """

    now: dt.datetime
    identity: str


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

    async def get_all(self, *names: str) -> dict[str, str]:
        """Return several values by name; empty where none was ever kept."""
        wanted = select(MarkRow.name, MarkRow.value).where(col(MarkRow.name).in_(names))
        found = await self._session.exec(wanted)
        return {**dict.fromkeys(names, ""), **dict(found.all())}

    async def count(self, name: str) -> int:
        """
        Count a mark up, beginning at 1, and return where it stands.

        Whoever counts next waits until this transaction has ended, so that numbers are committed in
        their order.
        """
        number = sa.cast(sa.cast(col(MarkRow.value), sa.BigInteger) + 1, sa.Text)
        await upsert(
            self._session,
            MarkRow,
            {"name": name, "value": "1"},
            key=["name"],
            update={"value": number},
        )
        return int(await self.get(name))

    async def server_id(self) -> str:
        """Ask a database server which one it is; empty where this user may not know."""
        may_ask = "SELECT has_function_privilege('pg_control_system()', 'execute')"
        if not await self._session.scalar(sa.text(may_ask)):
            return ""
        asked = sa.text("SELECT system_identifier FROM pg_control_system()")
        return str(await self._session.scalar(asked))

    async def server(self, server_id: str) -> ServerState:
        """
        Ask a database server for its clock and its timeline; a database file cannot be asked.

        Args:
            server_id: see above; it cannot change while the program runs, the timeline can.
        """
        # The first eight digits of a log file's name are the timeline (manual, "WAL Internals" and
        # pg_walfile_name, read 2026-11-22). A standby has none to tell; it takes no writes either.
        told = await self._session.exec(
            sa.text(
                "SELECT clock_timestamp(), CASE WHEN pg_is_in_recovery() THEN '' "
                "ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END"
            )  # type: ignore[call-overload]  # SQLModel types statements of its own only
        )
        now, timeline = told.one()
        return ServerState(now, f"{server_id}/{timeline}" if timeline else "")
