"""What a press does again and again beside publishing: one line for each chore."""

import datetime as dt
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

from pellacia_service.domain.intake import IntakeResult
from pellacia_service.publishing.crash_points import CrashPlan
from pellacia_service.publishing.runner import Chore
from pellacia_service.use_cases.pruning import Pruning
from pellacia_service.use_cases.watch import LOOK_SECONDS
from pellacia_service.wiring.limits import make_plan
from pellacia_service.wiring.records import Records
from pellacia_service.wiring.renewing import make_sign_ins
from pellacia_service.wiring.watching import make_watch_folder

MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
LOOK = dt.timedelta(seconds=LOOK_SECONDS)

LOG = logging.getLogger(__name__)


def make_chores(records: Records) -> tuple[Chore, ...]:
    """Return name, period, and what is done. The order does not matter: each has its own alarm."""
    return (
        Chore("pruning", 6 * HOUR, _pruning(records)),
        Chore("renewing sign-ins", 10 * MINUTE, make_sign_ins(records, CrashPlan()).renew_ahead),
        *(
            Chore(f"watching {folder}", LOOK, _watching(records, folder))
            for folder in records.settings.watch_folders
        ),
    )


def _pruning(records: Records) -> Callable[[], Awaitable[None]]:
    pruning = Pruning(
        database=records.database, clock=records.clock, plan=make_plan(records.settings)
    )

    async def prune() -> None:
        LOG.info("pruning: %s rows removed", await pruning.prune())

    return prune


def _watching(records: Records, folder: Path) -> Callable[[], Awaitable[None]]:
    watch = make_watch_folder(records, folder)

    async def take_what_is_there() -> None:
        async with aclosing(watch.round()) as intakes:
            async for intake in intakes:
                if intake.result is IntakeResult.REFUSED:
                    LOG.warning("%s in %s was refused: %s", intake.file, folder, intake.reason)
                elif intake.is_settled:
                    LOG.info("%s in %s: %s", intake.file, folder, intake.result)

    return take_what_is_there
