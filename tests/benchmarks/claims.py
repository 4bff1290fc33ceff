"""
How fast the queue gives work out and takes it back, on both databases.

Method: a queue with 2,000 deliveries that may begin, and behind them a backlog that waits for a day
in a month: 1,000 deliveries, then 1,000,000. One publisher claims BATCH at a time and finishes each as
the step machine does (delivery and journal in one transaction), until the 2,000 are gone; so does
procrastinate's worker with as many empty jobs at once, on the same server in the same run (its
documented way: `run_worker_async(wait=False)`). The rates of RUNS rounds in turn, medians.
Targets: at a million at least 0.8 of the rate at a thousand; claim-and-finish on the server at least
procrastinate's.
"""

import argparse
import asyncio
import datetime as dt
import statistics
import tempfile
import time
import uuid
from dataclasses import replace

import procrastinate
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from pellacia_service.clock import SystemClock
from pellacia_service.domain.delivery import Delivery, Step
from pellacia_service.repositories.journal import JournalEntry
from pellacia_service.repositories.session import Database
from tests.benchmarks.backlog import Speed, fill, open_queue
from tests.postgres import running_postgres

DUE = 2_000
BATCH = 12
LEASE = dt.timedelta(seconds=60)
SMALL, HUGE = 1_000, 1_000_000


def main() -> None:
    """Print the rates."""
    options = argparse.ArgumentParser()
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--huge", type=int, default=HUGE)
    given = options.parse_args()
    with running_postgres() as server, tempfile.TemporaryDirectory() as folder:
        asyncio.run(
            _compare_backlogs("SQLite", f"sqlite+aiosqlite:///{folder}", given.huge, given.runs)
        )
        asyncio.run(_compare_backlogs("PostgreSQL", server, given.huge, given.runs))
        asyncio.run(_compare_with_procrastinate(server, given.runs))


async def _compare_backlogs(name: str, place: str, huge: int, runs: int) -> None:
    urls = {waiting: await _queue(place, f"backlog{waiting}", waiting) for waiting in (SMALL, huge)}
    claims: dict[int, list[float]] = {waiting: [] for waiting in urls}
    finishes: dict[int, list[float]] = {waiting: [] for waiting in urls}
    for _ in range(runs):
        for waiting, url in urls.items():
            async with open_queue(url) as database:
                await _make_due(url)
                claims[waiting].append((await _claim_all(database)).each_second)
                await _make_due(url)
                finishes[waiting].append((await _claim_and_finish(database)).each_second)
    for what, rates in (("claims", claims), ("claim and finish", finishes)):
        small, large = (statistics.median(rates[waiting]) for waiting in urls)
        print(
            f"{name:11}{what:17} {small:7,.0f} /s with {SMALL:,} waiting"
            f"  {large:7,.0f} /s with {huge:,}  ratio {large / small:.2f}",
            flush=True,
        )


async def _queue(place: str, name: str, waiting: int) -> str:
    """Make a queue of its own; return its address."""
    if place.startswith("sqlite"):
        url = f"{place}/{name}.db"
    else:
        url = await new_database(place, name)
    async with open_queue(url) as database:
        await fill(database, url, waiting=waiting, due=DUE)
    return url


async def new_database(server: str, name: str) -> str:
    """Make an empty database on the server; return its address."""
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(sa.text(f"CREATE DATABASE {name}"))
    await engine.dispose()
    return sa.make_url(server).set(database=name).render_as_string(hide_password=False)


async def _make_due(url: str) -> None:
    """Put what was worked off back to the beginning."""
    engine = create_async_engine(url)
    schema = "" if url.startswith("sqlite") else "pellacia_distribution."
    async with engine.begin() as connection:
        await connection.execute(
            sa.text(
                f"UPDATE {schema}deliveries SET step = 'check', lease_owner = '', lease_until = NULL "
                "WHERE platform = 'youtube'"
            )
        )
    await engine.dispose()


async def _claim_all(database: Database) -> Speed:
    """Claim, and do nothing else."""
    owner, began, claimed = str(uuid.uuid4()), time.perf_counter(), 0
    while found := await _claim(database, owner):
        claimed += len(found)
    return Speed(claimed, time.perf_counter() - began)


async def _claim_and_finish(database: Database) -> Speed:
    owner, began, finished = str(uuid.uuid4()), time.perf_counter(), 0
    while found := await _claim(database, owner):
        await asyncio.gather(*(_finish(database, delivery) for delivery in found))
        finished += len(found)
    return Speed(finished, time.perf_counter() - began)


async def _claim(database: Database, owner: str) -> list[Delivery]:
    now = SystemClock().now()
    async with database.write() as tx:
        return list(await tx.deliveries.claim(owner, now=now, lease_until=now + LEASE, limit=BATCH))


async def _finish(database: Database, delivery: Delivery) -> None:
    entry = JournalEntry(
        delivery_id=delivery.id,
        epoch=delivery.epoch,
        at=SystemClock().now(),
        from_step=delivery.step,
        to_step=Step.DONE,
        reason="benchmark",
        evidence={},
    )
    async with database.write() as tx:
        await tx.deliveries.save(replace(delivery, step=Step.DONE), expected_epoch=delivery.epoch)
        await tx.journal.append(entry)


async def _compare_with_procrastinate(server: str, runs: int) -> None:
    url = await _queue(server, "ours", SMALL)
    theirs_url = await new_database(server, "theirs")
    ours, theirs = [], []
    for _ in range(runs):
        async with open_queue(url) as database:
            await _make_due(url)
            ours.append((await _claim_and_finish(database)).each_second)
        theirs.append((await _procrastinate(theirs_url)).each_second)
    mine, peer = statistics.median(ours), statistics.median(theirs)
    print(
        f"PostgreSQL claim and finish  {mine:7,.0f} /s, procrastinate {procrastinate.__version__} "
        f"{peer:7,.0f} /s  ratio {mine / peer:.2f}",
        flush=True,
    )


async def _procrastinate(url: str) -> Speed:
    address = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connector = procrastinate.PsycopgConnector(conninfo=address, max_size=10)
    app = procrastinate.App(connector=connector)

    @app.task(name="nothing")
    async def nothing() -> None:
        return None

    async with app.open_async():
        if not await app.check_connection_async():
            await app.schema_manager.apply_schema_async()
        await nothing.batch_defer_async(*({} for _ in range(DUE)))
        began = time.perf_counter()
        await app.run_worker_async(wait=False, concurrency=BATCH, install_signal_handlers=False)
        return Speed(DUE, time.perf_counter() - began)


if __name__ == "__main__":
    main()
