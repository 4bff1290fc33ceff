"""A queue with a huge backlog, made in seconds: one delivery, copied by the database itself."""

import dataclasses
import datetime as dt

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from pellacia_service.clock import SystemClock
from pellacia_service.repositories.session import Database
from pellacia_service.repositories.tables.deliveries import DeliveryRow
from tests.repositories import given

SCHEMA = "pellacia_distribution"

NEW_ID = {
    "sqlite": "lower(hex(randomblob(16)))",
    "postgresql": "gen_random_uuid()",
}


def open_queue(url: str) -> Database:
    """Return the database object of a benchmark."""
    return Database(url, schema=SCHEMA, clock=SystemClock())


async def fill(database: Database, url: str, *, waiting: int, due: int) -> None:
    """Queue `due` deliveries that may begin now, and `waiting` ones that begin in a month."""
    now = SystemClock().now()
    if due:
        await given.queue_one(database, due_at=now - dt.timedelta(minutes=1))
        await _copy(url, due - 1, first=1)
    later = now + dt.timedelta(days=30)
    await given.queue_one(database, platform="x", due_at=later)
    await _copy(url, waiting - 1, first=max(due, 1))


async def _copy(url: str, copies: int, *, first: int) -> None:
    """Copy the youngest delivery; the copies differ in their id and their generation."""
    kind = sa.make_url(url).get_backend_name()
    engine = create_async_engine(url)
    names = [column.name for column in sa.inspect(DeliveryRow).columns if not column.computed]
    chosen = {"id": NEW_ID[kind], "generation": "numbers.n"}
    values = ", ".join(chosen.get(name, f"one.{name}") for name in names)
    table = "deliveries" if kind == "sqlite" else f"{SCHEMA}.deliveries"
    statement = (
        f"WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL "
        f"SELECT n + 1 FROM numbers WHERE n + 1 < {first + copies}) "
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} "
        f"FROM numbers, (SELECT * FROM {table} ORDER BY due_at DESC LIMIT 1) AS one"
    )
    async with engine.begin() as connection:
        if copies > 0:
            await connection.execute(sa.text(statement))
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(sa.text("VACUUM ANALYZE" if kind != "sqlite" else "ANALYZE"))
    await engine.dispose()


@dataclasses.dataclass(frozen=True)
class Speed:
    """Deliveries in so many seconds."""

    deliveries: int
    seconds: float

    @property
    def each_second(self) -> float:
        """Deliveries per second."""
        return self.deliveries / self.seconds
