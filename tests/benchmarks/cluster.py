"""Real workers, each a process with a home of its own, on one database and one sandbox."""

import asyncio
import datetime as dt
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from pellacia_service.clock import SystemClock
from pellacia_service.domain.account import Account
from pellacia_service.domain.delivery import Delivery
from pellacia_service.media import make_sample
from pellacia_service.repositories.session import Database
from tests.benchmarks.backlog import open_queue
from tests.repositories import given

PROGRAM = (sys.executable, "-m", "pellacia_service")


@dataclass
class Cluster:
    """
    A sandbox, a database, an account or more on YouTube, and workers.

    Args:
        url: the database. sandbox: the sandbox's address.
    """

    folder: Path
    url: str
    sandbox: str
    clip: Path
    labels: Sequence[str] = ("a0",)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def environment(self, home: str = "home") -> dict[str, str]:
        """Return what a command of this cluster needs."""
        return {
            **os.environ,
            "PELLACIA_HOME": str(self.folder / home),
            "PELLACIA_DATABASE_URL": self.url,
            "PELLACIA_SANDBOX_URL": self.sandbox,
            "PELLACIA_LIMITS": '{"all": 0}',
            "PELLACIA_SECRET_KEYS": "QkFTRTY0LWtleS1vZi1hLWJlbmNobWFyay0zMi1ieXQ=",
        }

    def sign_in(self) -> None:
        """Connect the accounts."""
        for label in self.labels:
            words = ("auth", "login", "youtube", "--label", label, "--yes")
            subprocess.run(
                (*PROGRAM, *words), env=self.environment(), check=True, capture_output=True
            )

    def start_worker(self, *, same_machine: bool = True, concurrency: int = 12) -> None:
        """Start one more worker; one on another machine has a home of its own."""
        home = "home" if same_machine else f"home{len(self.workers)}"
        words = (*PROGRAM, "--quiet", "worker", "--concurrency", str(concurrency))
        log = (self.folder / f"worker{len(self.workers)}.log").open("wb")
        self.workers.append(
            subprocess.Popen(words, env=self.environment(home), stdout=log, stderr=log)
        )

    def stop(self) -> None:
        """Stop the workers."""
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.wait(60)

    async def queue(self, due: Sequence[dt.datetime]) -> list[Delivery]:
        """Queue a post of its own for each instant, the accounts in turn."""
        async with open_queue(self.url) as database:
            accounts = await self._accounts(database)
            queued = []
            async with database.write() as tx:
                for number, due_at in enumerate(due):
                    post = given.a_post(
                        file=self.clip, title=f"Benchmark {number}", thumbnail=None, overrides={}
                    )
                    await tx.posts.add(
                        post,
                        created_at=SystemClock().now(),
                        scheduled_at=None,
                        timezone="UTC",
                        media=None,
                    )
                    account = accounts[number % len(accounts)]
                    queued.append(given.a_delivery(post, account, due_at=due_at))
                await tx.deliveries.add_many(queued)
            return queued

    async def _accounts(self, database: Database) -> list[Account]:
        async with database.read() as tx:
            return [await tx.accounts.find("youtube", label) for label in self.labels]

    def calls(self, method: str, path: str) -> list[dt.datetime]:
        """Return when the sandbox received such calls, in order."""
        requests = httpx.get(f"{self.sandbox}/_sandbox/requests", timeout=60).json()
        return sorted(
            dt.datetime.fromisoformat(one["at"])
            for one in requests
            if one["method"] == method and path in one["path"]
        )


@contextmanager
def running_cluster(url: str, *, accounts: int = 1) -> Iterator[Cluster]:
    """Start a sandbox in a process of its own, and connect accounts."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        process = subprocess.Popen((*PROGRAM, "sandbox", "--port", "0"), stdout=subprocess.PIPE)
        stack.callback(process.wait)
        stack.callback(process.terminate)
        line = process.stdout.readline().decode() if process.stdout else ""
        sandbox = line.split('"')[3]
        clip = asyncio.run(make_sample(folder / "clip.mp4", seconds=3, width=360, height=640))
        labels = tuple(f"a{number}" for number in range(accounts))
        cluster = Cluster(folder, url, sandbox, clip, labels)
        cluster.sign_in()
        stack.callback(cluster.stop)
        yield cluster


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of all lie."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]
