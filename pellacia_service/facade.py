"""
THE DOOR: what a front end may use, and nothing else.

`open_pellacia` opens the program's records; from there methods lead to publishing, connecting and
the rest. What a name or a method needs is imported when it is first used: together it costs a
second, and nobody should wait for clients that are not used. A name for front ends is written
three times: imported for the type checker, in `__all__`, and in `PLACES`.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from pellacia_service import __version__
from pellacia_service.clock import Clock, SystemClock

if TYPE_CHECKING:
    from pellacia_service.domain.account import DEFAULT_LABEL, Account, AccountChoice, SignedIn
    from pellacia_service.domain.calendar_choice import Choice, Planned
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
    from pellacia_service.domain.standing import Health, Standing
    from pellacia_service.domain.view import PostView
    from pellacia_service.drill.score import Score as DrillScore
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
        SettingError,
        SetupError,
    )
    from pellacia_service.loopback import Loopback
    from pellacia_service.publishing.progress import Progress, ProgressBoard
    from pellacia_service.settings import Settings, environment_for_children
    from pellacia_service.use_cases.accounts import Accounts
    from pellacia_service.use_cases.key_rotation import Rotated
    from pellacia_service.use_cases.limits import Limits
    from pellacia_service.use_cases.queue import Queue
    from pellacia_service.use_cases.schedule_rules import AccountCalendar, CalendarRules
    from pellacia_service.use_cases.schema import Schema
    from pellacia_service.use_cases.sign_in import SignIn
    from pellacia_service.use_cases.sign_out import SignedOut
    from pellacia_service.use_cases.watch import WatchFolder
    from pellacia_service.wiring.calendar import Calendar
    from pellacia_service.wiring.keys import Keys
    from pellacia_service.wiring.press import Press
    from pellacia_service.wiring.records import Records

__all__ = ["ALL", "DEFAULT_LABEL", "INTENT", "PLATFORM_NAMES", "RESTING"]
__all__ += ["BadInputError", "ConflictError", "DeliveryError", "LoginNeededError"]
__all__ += ["NotConnectedError", "NotFoundError", "PellaciaError", "PlanError", "PlatformError"]
__all__ += ["Health", "ProblemsError", "RateLimitedError", "SettingError", "SetupError"]
__all__ += ["Account", "AccountCalendar", "AccountChoice", "CalendarRules", "Choice", "Delivery"]
__all__ += ["Diagnostic", "Draft", "DrillScore", "ErrorKind", "Intake", "IntakeResult", "Json"]
__all__ += ["Limit", "Loopback", "OnConflict", "Pellacia", "Planned", "PostView", "Press"]
__all__ += ["Privacy", "Problem", "Progress", "ProgressBoard", "Rotated", "RuleWords", "Schema"]
__all__ += ["Settings", "SignIn", "SignedIn", "SignedOut", "Standing", "Status", "Step", "Wish"]
__all__ += ["__version__", "demo_settings", "environment_for_children", "make_sample"]
__all__ += ["open_pellacia", "open_schema", "platform_name", "read_settings", "run_drill"]
__all__ += ["serve_sandbox", "split_hashtags"]

PLACES: Mapping[str, str] = {
    "domain.account": "DEFAULT_LABEL Account AccountChoice SignedIn",
    "domain.calendar_choice": "Choice Planned",
    "domain.calendar_wish": "ConflictError OnConflict PlanError RuleWords Wish",
    "domain.delivery": "INTENT RESTING Delivery DeliveryError Status Step",
    "domain.diagnostic": "Diagnostic",
    "domain.draft": "Draft",
    "domain.intake": "Intake IntakeResult",
    "domain.json": "Json",
    "domain.limit": "Limit",
    "domain.names": "ALL PLATFORM_NAMES platform_name",
    "domain.post": "Privacy split_hashtags",
    "domain.problem": "Problem",
    "domain.standing": "Health Standing",
    "domain.view": "PostView",
    "drill.score": "DrillScore=Score",
    "errors": "BadInputError ErrorKind LoginNeededError NotConnectedError NotFoundError "
    "PellaciaError PlatformError ProblemsError RateLimitedError SettingError SetupError",
    "loopback": "Loopback",
    "publishing.progress": "Progress ProgressBoard",
    "settings": "Settings environment_for_children",
    "use_cases.key_rotation": "Rotated",
    "use_cases.schedule_rules": "AccountCalendar CalendarRules",
    "use_cases.schema": "Schema",
    "use_cases.sign_in": "SignIn",
    "use_cases.sign_out": "SignedOut",
    "wiring.press": "Press",
}
"""The names that are imported when they are first asked for, by where they stand; here=there."""


if not TYPE_CHECKING:  # so that a misspelt name stays a mistake to the type checker

    def __getattr__(name: str) -> object:
        """Import a name that was not asked for before (PEP 562)."""
        for module, names in PLACES.items():
            for here, _, there in (word.partition("=") for word in names.split()):
                if here == name:
                    place = import_module(f"pellacia_service.{module}")
                    return globals().setdefault(name, getattr(place, there or here))
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


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

    def keys(self) -> AbstractAsyncContextManager["Keys"]:
        """Open what changes the keys of sign-ins, and what signs out."""
        from pellacia_service.wiring.keys import open_keys  # noqa: PLC0415

        return open_keys(self._records)

    def watch_folder(self, folder: Path) -> "WatchFolder":
        """Return what takes finished videos from a folder into the queue."""
        from pellacia_service.wiring.watching import make_watch_folder  # noqa: PLC0415

        return make_watch_folder(self._records, folder)


def read_settings() -> "Settings":
    """
    Read the settings from the environment and from config.toml in the home folder.

    Raises:
        SettingError: a setting has a value that cannot be used; the message names it.
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
