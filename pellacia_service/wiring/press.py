"""What publishes: the lines to the platforms, the step machine, the worker."""

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import stamina.instrumentation

from pellacia_service.clock import SystemClock
from pellacia_service.platforms import PLATFORMS
from pellacia_service.publishing.crash_points import CrashPlan
from pellacia_service.publishing.fingerprints import Fingerprints
from pellacia_service.publishing.high_water import HighWater
from pellacia_service.publishing.lines import Lines
from pellacia_service.publishing.machine import Machine
from pellacia_service.publishing.mishaps import Mishaps
from pellacia_service.publishing.owners import Owner
from pellacia_service.publishing.pacing import Pacer
from pellacia_service.publishing.progress import ProgressBoard
from pellacia_service.publishing.retries import Retries
from pellacia_service.publishing.runner import Runner
from pellacia_service.publishing.timekeeping import SteadyClock
from pellacia_service.publishing.trip import Tools
from pellacia_service.publishing.watchman import Notices
from pellacia_service.publishing.worker import Worker
from pellacia_service.scheduler import AlarmClock
from pellacia_service.use_cases.posts import Posts
from pellacia_service.wiring.chores import make_chores
from pellacia_service.wiring.limits import make_plan
from pellacia_service.wiring.network import open_clients, open_vault
from pellacia_service.wiring.records import Records, make_database
from pellacia_service.wiring.renewing import make_renewer
from pellacia_service.wiring.staging import make_stage
from pellacia_service.wiring.watchman import make_high_water, make_watchman


@dataclass(frozen=True)
class Press:
    """
    What talks to the platforms: write posts, publish them, see how far they are.

    Args:
        worker: publishes until nothing is left to do.
        runner: publishes, and does the chores, until stopped.
        notices: what the publisher has to say about the database and the clocks.
    """

    posts: Posts
    worker: Worker
    runner: Runner
    board: ProgressBoard
    notices: Notices


@asynccontextmanager
async def open_press(records: Records, crash: CrashPlan | None = None) -> AsyncIterator[Press]:
    """
    Open the lines to the platforms and become a publisher; close them in the end.

    Args:
        crash: where this publisher dies; None: where the environment says, as a rule nowhere.
    """
    # Its default hook prints; what is being waited for is said by the delivery itself.
    stamina.instrumentation.set_on_retry_hooks([])
    settings, clock = records.settings, SteadyClock(records.clock)
    records = replace(records, clock=clock)
    high_water, notices = make_high_water(settings), Notices()
    async with (
        _open_tools(records, crash or CrashPlan.from_environment(), high_water) as tools,
        AlarmClock(clock) as alarm,
    ):
        with Owner(settings.home) as owner:
            worker = Worker(
                database=records.database,
                lease_database=lambda: make_database(settings, SystemClock()),
                machine=Machine(tools=tools, platforms=PLATFORMS),
                mishaps=Mishaps(tools=tools, platforms=PLATFORMS),
                owner=owner,
                clock=clock,
                alarm=alarm,
                lease=dt.timedelta(seconds=settings.lease_seconds),
                concurrency=settings.concurrency,
                crash=tools.crash,
                watchman=make_watchman(records, high_water, clock, notices),
            )
            posts = Posts(
                database=records.database,
                accounts=records.accounts,
                platforms=PLATFORMS,
                clock=clock,
                stage=make_stage(settings),
            )
            runner = Runner(worker=worker, alarm=alarm, chores=make_chores(records))
            yield Press(posts, worker, runner, tools.board, notices)


def provers() -> frozenset[str]:
    """Return the platforms that can prove that a post is not there, so that nobody needs to be asked."""
    return frozenset(
        name for name, platform in PLATFORMS.items() if platform.facts.can_prove_absence
    )


@asynccontextmanager
async def _open_tools(
    records: Records, crash: CrashPlan, high_water: HighWater
) -> AsyncIterator[Tools]:
    settings, clock = records.settings, records.clock
    fingerprints = Fingerprints()
    vault = await open_vault(settings, records.database)
    async with open_clients(settings) as (http, fresh):
        try:
            yield Tools(
                database=records.database,
                clock=clock,
                lines=Lines(
                    http=http,
                    fresh=fresh,
                    database=records.database,
                    vault=vault,
                    renewer=make_renewer(records, vault, crash),
                    clock=clock,
                    sandbox_url=settings.sandbox_url,
                    crash=crash,
                ),
                pacer=Pacer(
                    database=records.database,
                    clock=clock,
                    plan=make_plan(settings),
                ),
                retries=Retries(clock=clock, attempts=settings.attempts),
                board=ProgressBoard(clock),
                fingerprints=fingerprints,
                settle=settings.settle,
                crash=crash,
                high_water=high_water,
            )
        finally:
            await fingerprints.close()
