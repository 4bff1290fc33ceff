"""
From the instant when a post is due to the first call to its platform, with 100,000 others waiting.

Method: 100,000 deliveries wait for a day in a month. POSTS posts are due a second apart; workers that
run since before carry them to the sandbox, all as processes on this machine. The sandbox says when the
first call of each upload came in. One worker, then four; SQLite and PostgreSQL.
Targets: p50 at most 100 ms, p99 at most 1 s.
"""

import argparse
import asyncio
import datetime as dt
import tempfile
import time

from pellacia_service.clock import SystemClock
from tests.benchmarks.backlog import fill, open_queue
from tests.benchmarks.claims import new_database
from tests.benchmarks.cluster import Cluster, percentile, running_cluster
from tests.postgres import running_postgres

WAITING = 100_000
LEAD = dt.timedelta(seconds=15)
"""Time for the workers to start before the first post is due."""


def main() -> None:
    """Print the latencies."""
    options = argparse.ArgumentParser()
    options.add_argument("--posts", type=int, default=100)
    posts = options.parse_args().posts
    with running_postgres() as server, tempfile.TemporaryDirectory() as folder:
        for workers in (1, 4):
            url = f"sqlite+aiosqlite:///{folder}/{workers}.db"
            _measure("SQLite", url, workers, posts)
            url = asyncio.run(new_database(server, f"workers{workers}"))
            _measure("PostgreSQL", url, workers, posts)


def _measure(name: str, url: str, workers: int, posts: int) -> None:
    with running_cluster(url) as cluster:
        asyncio.run(_fill(url))
        first = SystemClock().now() + LEAD
        due = [first + dt.timedelta(seconds=number) for number in range(posts)]
        asyncio.run(cluster.queue(due))
        for _ in range(workers):
            cluster.start_worker()
        came = _openings(cluster, posts)
    late = [(call - at).total_seconds() * 1e3 for call, at in zip(came, due, strict=True)]
    print(
        f"{name:11}{workers} worker{'s' * (workers > 1):1}  p50 {percentile(late, 0.5):5.0f} ms"
        f"  p99 {percentile(late, 0.99):5.0f} ms  most {max(late):5.0f} ms",
        flush=True,
    )


async def _fill(url: str) -> None:
    async with open_queue(url) as database:
        await fill(database, url, waiting=WAITING, due=0)


def _openings(cluster: Cluster, posts: int) -> list[dt.datetime]:
    """Wait until every upload was opened; return when."""
    while True:
        came = cluster.calls("POST", "/upload/youtube/v3/videos")
        if len(came) >= posts:
            return came
        time.sleep(1)


if __name__ == "__main__":
    main()
