"""
How soon the deliveries of a killed worker go on, and whether anything else becomes late by it.

Method: four workers, each with a home of its own (as on four machines, so that nobody sees that a
neighbour's process has died), on PostgreSQL, with the lease of 60 s that is usual. Uploads are slowed
down in the sandbox, so that each worker has some under way; one worker is killed with SIGKILL, and the
journal says when somebody else took up what it had. Meanwhile a post is due each second: how late those
are taken on stands beside it. ROUNDS times.
Targets: p95 at most 75 s; nothing else later by more than 5 s.
"""

import argparse
import asyncio
import datetime as dt
import time
import uuid

import httpx

from pellacia_service.clock import SystemClock
from pellacia_service.domain.delivery import Step
from tests.benchmarks.backlog import open_queue
from tests.benchmarks.cluster import Cluster, percentile, running_cluster
from tests.postgres import running_postgres

SLOW_POSTS = 16
OTHERS = 80
SLOW = {"platform": "youtube", "method": "PUT", "path": "/upload/", "times": SLOW_POSTS}


def main() -> None:
    """Print the times."""
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=3)
    resumed: list[float] = []
    others: list[float] = []
    for _ in range(options.parse_args().rounds):
        with running_postgres() as url, running_cluster(url, accounts=4) as cluster:
            _round(cluster, resumed, others)
    print(
        f"{len(resumed)} deliveries of killed workers went on after p50 {percentile(resumed, 0.5):.0f} s,"
        f" p95 {percentile(resumed, 0.95):.0f} s, at most {max(resumed):.0f} s; the {len(others)} others"
        f" were taken on at most {max(others):.1f} s late"
    )


def _round(cluster: Cluster, resumed: list[float], others: list[float]) -> None:
    fault = {**SLOW, "do": {"bytes_per_second": 2_000}}
    httpx.post(f"{cluster.sandbox}/_sandbox/faults", json=fault).raise_for_status()
    now = SystemClock().now()
    slow = asyncio.run(cluster.queue([now] * SLOW_POSTS))
    for _ in range(4):
        cluster.start_worker(same_machine=False, concurrency=4)
    time.sleep(20)
    begin = SystemClock().now() + dt.timedelta(seconds=2)
    due = [begin + dt.timedelta(seconds=number) for number in range(OTHERS)]
    fast = asyncio.run(cluster.queue(due))
    before = asyncio.run(_epochs(cluster.url, [one.id for one in slow]))
    victim = cluster.workers.pop(0)
    victim.kill()
    killed_at = SystemClock().now()
    victim.wait()
    time.sleep(OTHERS + 10)
    taken = asyncio.run(_next_epochs(cluster.url, before, killed_at))
    resumed.extend((at - killed_at).total_seconds() for at in taken)
    others.extend(asyncio.run(_lateness(cluster.url, one.id, one.due_at)) for one in fast)


async def _epochs(url: str, ids: list[uuid.UUID]) -> dict[uuid.UUID, int]:
    async with open_queue(url) as database, database.read() as tx:
        return {one: (await tx.deliveries.get(one)).epoch for one in ids}


async def _next_epochs(
    url: str, before: dict[uuid.UUID, int], killed_at: dt.datetime
) -> list[dt.datetime]:
    """Return when somebody wrote about these deliveries under a later epoch."""
    found = []
    async with open_queue(url) as database, database.read() as tx:
        for one, epoch in before.items():
            later = [
                entry.at
                for entry in await tx.journal.of(one)
                if entry.epoch > epoch and entry.at > killed_at
            ]
            found += later[:1]
    return found


async def _lateness(url: str, delivery_id: uuid.UUID, due_at: dt.datetime) -> float:
    async with open_queue(url) as database, database.read() as tx:
        entries = await tx.journal.of(delivery_id)
    first = next((entry.at for entry in entries if entry.to_step is Step.OPEN), None)
    return ((first or SystemClock().now()) - due_at).total_seconds()


if __name__ == "__main__":
    main()
