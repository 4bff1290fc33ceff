"""Where a drill takes place: a folder that is gone in the end, and in it the grounds of each lane."""

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle, islice
from pathlib import Path

from pellacia_service.clock import SystemClock
from pellacia_service.domain.names import PLATFORM_NAMES
from pellacia_service.drill.life import Life, Place, Task, lead
from pellacia_service.drill.plans import Plan
from pellacia_service.drill.witness import Witness, open_witness
from pellacia_service.errors import BadInputError
from pellacia_service.media import make_sample
from pellacia_service.repositories.session import Database
from pellacia_service.settings import Settings
from pellacia_service.wiring.records import make_database

HURRY = 50.0
"""Publishers' pauses pass this many times as fast."""

QUIET_SECONDS = 2.0

LEASE_SECONDS = 20.0
"""Half a second outside, for whoever has nothing else to do than to wait for its end."""

AGE = 60.0
"""Seconds by which the clip is dated back, so that nobody takes it for one that is being written."""


@contextmanager
def open_grounds(
    count: int, servers: tuple[str, ...], seed: int
) -> Iterator[list[tuple[Place, Witness]]]:
    """
    Open so many grounds, in turn on a database file and on each server, and warm this process up.

    Raises:
        SetupError: the sandbox does not start, or a database cannot be used.
    """
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(suffix="-pellacia-drill"))
        clip = _make_clip(Path(name))
        witnesses = [stack.enter_context(open_witness(seed + number)) for number in range(count)]
        addresses = islice(cycle(("", *servers)), count)
        grounds = []
        for number, (witness, address) in enumerate(zip(witnesses, addresses, strict=True)):
            place = stack.enter_context(
                _open_place(Path(name) / f"home{number}", clip, address, witness)
            )
            warm_up(place, PLATFORM_NAMES if number == 0 else PLATFORM_NAMES[:1])
            grounds.append((place, witness))
        yield grounds


@contextmanager
def _open_place(home: Path, clip: Path, address: str, witness: Witness) -> Iterator[Place]:
    """Make a home, and take its tables away again where they are on a server."""
    settings = Settings(
        home=home,
        database_url=address,
        database_schema=f"pellacia_drill_{os.getpid()}_{home.name}",
        sandbox_url=witness.url,
        quiet_seconds=QUIET_SECONDS,
        lease_seconds=LEASE_SECONDS,
        # With many, a freezing could catch another delivery's claim, and with it the database; of
        # two, one may be an upload ahead of its time.
        concurrency=2,
        # The quotas of an app are shared by its accounts; the drill has more of those than any app.
        limits={"all": 0},
    )
    if address and not settings.server:
        raise BadInputError(
            f"{address} is a file. The drill makes one of its own; name a database server."
        )
    database = make_database(settings, SystemClock())
    try:
        yield Place(settings, clip, HURRY, database)
    finally:
        if address:
            asyncio.run(_clear(database))


async def _clear(database: Database) -> None:
    async with database:
        await database.downgrade("base")


def warm_up(place: Place, platforms: tuple[str, ...]) -> None:
    """
    Live through a few deliveries in this very process.

    Whatever is loaded, compiled or looked up at first use is then there already in every publisher
    that is forked from here.
    """
    tasks = tuple(Task("warm", Plan(platform)) for platform in platforms)
    with open(os.devnull, "wb") as nobody:  # noqa: PTH123 - a descriptor is needed, not a path
        lead(Life(connect=tasks), place, nobody.fileno())
        for task in tasks:
            lead(Life(begin=task), place, nobody.fileno())


def _make_clip(folder: Path) -> Path:
    """Draw the smallest clip that all six platforms take."""
    clip = asyncio.run(make_sample(folder / "clip.mp4", seconds=3, width=360, height=640))
    moment = time.time() - AGE
    os.utime(clip, (moment, moment))
    return clip
