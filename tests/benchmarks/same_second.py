"""
A thousand posts due in the same second, on four workers: none twice, and how late each was taken on.

Method: POSTS posts of ten accounts are due at one instant; four workers, each a process, carry them to
the sandbox on PostgreSQL. The sandbox's own list says what was published; the journal says when each
was taken on.
Target: none twice, none lost.
"""

import argparse
import asyncio
import datetime as dt
from collections import Counter

import httpx

from pellacia_service.clock import SystemClock
from pellacia_service.domain.delivery import Delivery, Status, Step
from tests.benchmarks.backlog import open_queue
from tests.benchmarks.cluster import percentile, running_cluster
from tests.postgres import running_postgres

ACCOUNTS = 10
WORKERS = 4
MOVING = {Status.PENDING, Status.PROCESSING}
LEAD = dt.timedelta(seconds=20)


def main() -> None:
    """Print what was published, and how late."""
    options = argparse.ArgumentParser()
    options.add_argument("--posts", type=int, default=1_000)
    posts = options.parse_args().posts
    with running_postgres() as url, running_cluster(url, accounts=ACCOUNTS) as cluster:
        due = SystemClock().now() + LEAD
        queued = asyncio.run(cluster.queue([due] * posts))
        for _ in range(WORKERS):
            cluster.start_worker()
        asyncio.run(_until_done(url, posts))
        seconds = (SystemClock().now() - due).total_seconds()
        late = asyncio.run(_lateness(url, queued))
        found = httpx.get(f"{cluster.sandbox}/_sandbox/posts", timeout=60).json()
    titles = Counter(post["title"] for post in found)
    twice = sum(count > 1 for count in titles.values())
    print(
        f"{posts:,} posts due in one second, {WORKERS} workers: published {len(titles):,}, "
        f"twice {twice}, lost {posts - len(titles)}, all done after {seconds:.0f} s; "
        f"taken on p50 {percentile(late, 0.5):.1f} s, p99 {percentile(late, 0.99):.1f} s late"
    )


async def _until_done(url: str, posts: int) -> None:
    while True:
        async with open_queue(url) as database, database.read() as tx:
            counts = await tx.deliveries.counts()
        if sum(count for status, count in counts.items() if status not in MOVING) >= posts:
            return
        await asyncio.sleep(2)


async def _lateness(url: str, queued: list[Delivery]) -> list[float]:
    async with open_queue(url) as database, database.read() as tx:
        journals = [await tx.journal.of(delivery.id) for delivery in queued]
    first = [
        next(entry.at for entry in entries if entry.to_step is Step.OPEN) for entries in journals
    ]
    return [(at - one.due_at).total_seconds() for at, one in zip(first, queued, strict=True)]


if __name__ == "__main__":
    main()
