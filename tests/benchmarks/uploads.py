"""Uploads through the whole program into a sink: door, queue, step machine, client, HTTP."""

import asyncio
import datetime as dt
import os
import resource
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pellacia_service.clock import SystemClock
from pellacia_service.domain.account import Account
from pellacia_service.domain.tokens import Tokens
from pellacia_service.facade import Draft, Pellacia, PostView, Status, open_pellacia
from pellacia_service.media import make_sample
from pellacia_service.settings import Settings
from pellacia_service.wiring.network import open_vault
from pellacia_service.wiring.records import make_database
from tests.benchmarks.sinks import Sink
from tests.clips import grow

TICK = 0.005
"""Seconds between two looks at the event loop's lag."""


@dataclass(frozen=True)
class Measured:
    """
    One run.

    Args:
        seconds: from the first upload session to the platform's word that it has the last file.
        cpu: user and system seconds of this process in that time.
        lags: how late the event loop was, seconds, at each tick.
    """

    bytes: int
    seconds: float
    cpu: float
    lags: list[float]

    @property
    def speed(self) -> float:
        """Bytes per second."""
        return self.bytes / self.seconds

    @property
    def lag_p99(self) -> float:
        """The event loop's lag, seconds, 99th percentile."""
        return sorted(self.lags)[int(len(self.lags) * 0.99)] if self.lags else 0.0


@contextmanager
def big_clip(size: int) -> Iterator[Path]:
    """A valid MP4 of `size` bytes: a real clip, and a hole behind it."""
    with tempfile.TemporaryDirectory() as folder:
        path = asyncio.run(make_sample(Path(folder) / "clip.mp4"))
        grow(path, size)
        # Read once, so that all runs find it in the page cache.
        with path.open("rb", buffering=0) as file:
            while file.read(1 << 22):
                pass
        yield path


async def measure_uploads(sink: Sink, path: Path, accounts: int) -> Measured:
    """Publish the file on so many accounts at once, and measure from the claim to the end."""
    if sink.certificate:
        os.environ["SSL_CERT_FILE"] = str(sink.certificate)
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), sandbox_url=sink.url, database_url="")
        async with open_pellacia(settings) as pellacia:
            await _connect(settings, accounts)
            return await _publish(pellacia, path, accounts)


async def _connect(settings: Settings, accounts: int) -> None:
    now, tokens = dt.datetime.now(dt.UTC), Tokens("token")
    async with make_database(settings, SystemClock()) as database:
        vault = await open_vault(settings, database)
        async with database.write() as tx:
            for number in range(accounts):
                account = Account(id=uuid.uuid4(), platform="youtube", label=f"a{number}")
                account = await tx.accounts.add_or_update(account, now=now)
                seal = partial(vault.seal, tokens, account)
                await tx.credentials.put(account, seal, updated_at=now)


async def _publish(pellacia: Pellacia, path: Path, accounts: int) -> Measured:
    async with pellacia.press() as press:
        addresses = tuple(f"youtube:a{number}" for number in range(accounts))
        view = await press.posts.write(Draft(file=path, addresses=addresses, title="Benchmark"))
        lags: list[float] = []
        ticker = asyncio.create_task(_note_lags(lags))
        cpu = _cpu()
        async for delivery in press.worker.run(post_id=view.stored.id, until_idle=True):
            if delivery.status is not Status.COMPLETED:
                raise SystemExit(f"The upload did not complete: {delivery.error}")
        used = _cpu() - cpu
        ticker.cancel()
        seconds = await _seconds_of_bytes(pellacia, view)
        return Measured(path.stat().st_size * accounts, seconds, used, lags)


async def _seconds_of_bytes(pellacia: Pellacia, view: PostView) -> float:
    """Read from the journal how long bytes were on their way, every commit between them included."""
    journals = [await pellacia.queue.journal(delivery.id) for delivery in view.deliveries]
    began = min(entry.at for entries in journals for entry in entries if entry.to_step == "send")
    ended = max(entry.at for entries in journals for entry in entries if entry.to_step == "wait")
    return (ended - began).total_seconds()


async def _note_lags(lags: list[float]) -> None:
    while True:
        due = time.perf_counter() + TICK
        await asyncio.sleep(TICK)
        lags.append(time.perf_counter() - due)


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
