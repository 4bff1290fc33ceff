"""
THE DOOR: what a front end may use, and nothing else.

`open_pellacia` opens the program's records; from there methods lead to publishing, connecting and
the rest. Their imports are deferred to the moment they are used: together they cost a second, and
nobody should wait for clients that are not used. They are the only deferred imports on the way in.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pellacia_service import __version__
from pellacia_service.clock import Clock, SystemClock
from pellacia_service.domain.account import DEFAULT_LABEL, Account
from pellacia_service.domain.calendar_wish import (
    ConflictError,
    OnConflict,
    PlanError,
    RuleWords,
    Wish,
)
from pellacia_service.domain.delivery import (
    INTENT,
    RESTING,
    Delivery,
    DeliveryError,
    Status,
    Step,
)
from pellacia_service.domain.diagnostic import Diagnostic
from pellacia_service.domain.draft import Draft
from pellacia_service.domain.intake import Intake, IntakeResult
from pellacia_service.domain.json import Json
from pellacia_service.domain.limit import Limit
from pellacia_service.domain.names import ALL, PLATFORM_NAMES, platform_name
from pellacia_service.domain.post import Privacy, split_hashtags
from pellacia_service.domain.problem import Problem
from pellacia_service.domain.view import PostView
from pellacia_service.errors import (
    BadInputError,
    ErrorKind,
    LoginNeededError,
    NotConnectedError,
    NotFoundError,
    PellaciaError,
    PlatformError,
    ProblemsError,
    RateLimitedError,
    SetupError,
)

if TYPE_CHECKING:
    from pellacia_service.domain.calendar_choice import Choice, Planned
    from pellacia_service.drill.score import Score as DrillScore
    from pellacia_service.publishing.progress import Progress, ProgressBoard
    from pellacia_service.settings import Settings
    from pellacia_service.use_cases.accounts import Accounts
    from pellacia_service.use_cases.limits import Limits
    from pellacia_service.use_cases.queue import Queue
    from pellacia_service.use_cases.schedule_rules import AccountCalendar, CalendarRules
    from pellacia_service.use_cases.schema import Schema
    from pellacia_service.use_cases.sign_in import SignIn
    from pellacia_service.use_cases.watch import WatchFolder
    from pellacia_service.wiring.calendar import Calendar
    from pellacia_service.wiring.press import Press
    from pellacia_service.wiring.records import Records

__all__ = [
    "ALL",
    "DEFAULT_LABEL",
    "INTENT",
    "PLATFORM_NAMES",
    "RESTING",
    "Account",
    "AccountCalendar",
    "BadInputError",
    "CalendarRules",
    "Choice",
    "ConflictError",
    "Delivery",
    "DeliveryError",
    "Diagnostic",
    "Draft",
    "DrillScore",
    "ErrorKind",
    "Intake",
    "IntakeResult",
    "Json",
    "Limit",
    "LoginNeededError",
    "NotConnectedError",
    "NotFoundError",
    "OnConflict",
    "Pellacia",
    "PellaciaError",
    "PlanError",
    "Planned",
    "PlatformError",
    "PostView",
    "Press",
    "Privacy",
    "Problem",
    "ProblemsError",
    "Progress",
    "ProgressBoard",
    "RateLimitedError",
    "RuleWords",
    "Schema",
    "Settings",
    "SetupError",
    "SignIn",
    "Status",
    "Step",
    "Wish",
    "__version__",
    "demo_settings",
    "make_sample",
    "open_pellacia",
    "open_schema",
    "platform_name",
    "read_settings",
    "run_drill",
    "serve_sandbox",
    "split_hashtags",
]


@dataclass(frozen=True)
class Pellacia:
    """The open program."""

    settings: "Settings"
    clock: Clock
    accounts: "Accounts"
    queue: "Queue"
    _records: "Records"

    def press(self) -> AbstractAsyncContextManager["Press"]:
        """Become a publisher, for as long as the context is open."""
        from pellacia_service.wiring.press import open_press  # noqa: PLC0415

        return open_press(self._records)

    def calendar(self) -> "Calendar":
        """Return what is planned, by which rules, and what puts posts into it."""
        from pellacia_service.wiring.calendar import make_calendar  # noqa: PLC0415

        return make_calendar(self._records)

    def limits(self) -> "Limits":
        """Return what tells how much of the platforms' limits is left."""
        from pellacia_service.wiring.limits import make_limits  # noqa: PLC0415

        return make_limits(self._records)

    def sign_in(self) -> AbstractAsyncContextManager["SignIn"]:
        """Open what connects accounts."""
        from pellacia_service.wiring.sign_in import open_sign_in  # noqa: PLC0415

        return open_sign_in(self._records)

    def watch_folder(self, folder: Path) -> "WatchFolder":
        """Return what takes finished videos from a folder into the queue."""
        from pellacia_service.wiring.watching import make_watch_folder  # noqa: PLC0415

        return make_watch_folder(self._records, folder)


def read_settings() -> "Settings":
    """
    Read the settings from the environment and from config.toml in the home folder.

    Raises:
        SetupError: a setting has a value that cannot be used; the message names it.
    """
    from pellacia_service.settings import load_settings  # noqa: PLC0415

    return load_settings()


def demo_settings(home: Path, sandbox_url: str) -> "Settings":
    """Return settings that touch nothing outside a folder and talk to nobody but the sandbox."""
    from pellacia_service.settings import Settings  # noqa: PLC0415

    return Settings(home=home, sandbox_url=sandbox_url, database_url="")


@asynccontextmanager
async def open_pellacia(
    settings: "Settings | None" = None, clock: Clock | None = None
) -> AsyncIterator[Pellacia]:
    """
    Open the program. The database is made or brought up to date where that is needed.

    Raises:
        SetupError: the home folder or the database cannot be used.
    """
    from pellacia_service.wiring.records import open_records  # noqa: PLC0415

    async with open_records(settings or read_settings(), clock or SystemClock()) as records:
        yield Pellacia(
            settings=records.settings,
            clock=records.clock,
            accounts=records.accounts,
            queue=records.queue,
            _records=records,
        )


def open_schema(settings: "Settings") -> "Schema":
    """Return what moves the database's schema up and down."""
    from pellacia_service.use_cases.schema import Schema  # noqa: PLC0415
    from pellacia_service.wiring.records import make_database, make_home  # noqa: PLC0415

    make_home(settings)
    return Schema(make_database(settings, SystemClock()))


async def make_sample(path: Path) -> Path:
    """Make a short MP4 that all six platforms take."""
    from pellacia_service.media import make_sample as make  # noqa: PLC0415

    return await make(path)


def run_drill(
    *,
    platforms: tuple[str, ...],
    kills: int,
    seed: int,
    servers: tuple[str, ...],
    plan: str,
    tick: "Callable[[DrillScore], None]",
) -> "DrillScore":
    """Kill publishers in the sandbox; see `DrillOrder`. Forks: no event loop may be running."""
    from pellacia_service.drill.run import DrillOrder, run_drill  # noqa: PLC0415

    return run_drill(DrillOrder(platforms, kills, seed, servers, plan), tick)


def serve_sandbox(*, port: int, seed: int) -> None:
    """Serve the six-platform sandbox on loopback until interrupted."""
    from pellacia_service.wiring.sandbox import serve  # noqa: PLC0415

    serve(port=port, seed=seed)
