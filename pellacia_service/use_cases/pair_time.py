"""The time of a pair of video and metadata: the calendar is asked as it is for any other post."""

from collections.abc import Iterator
from dataclasses import replace

from pellacia_service.domain.calendar_choice import Choice
from pellacia_service.domain.calendar_wish import ConflictError, Wish
from pellacia_service.domain.diagnostic import Diagnostic, Level
from pellacia_service.repositories.session import Transaction
from pellacia_service.use_cases.pair_check import Checked
from pellacia_service.use_cases.posts import Prepared
from pellacia_service.use_cases.schedule import Schedule
from pellacia_service.use_cases.schedule_posts import clip_of
from pellacia_service.watch_folder.codes import Code
from pellacia_service.watch_folder.folder import Pair


class PairTime:
    """Asks the calendar about pairs."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    async def choose(self, tx: Transaction, prepared: Prepared, checked: Checked) -> Choice | None:
        """
        Decide about the time of a pair, by what the transaction sees; None: it goes out at once.

        Raises:
            ConflictError: it collides, and the metadata does not say what else to do.
            BadInputError: it is past, or no free time is near.
        """
        draft = prepared.draft
        if draft.due_at is None:
            return None
        wish = Wish(draft.due_at.isoformat(), draft.timezone, checked.on_conflict)
        return await self._schedule.choose(tx, wish, prepared.accounts, clip_of(prepared))


def at_its_time(prepared: Prepared, choice: Choice | None) -> Prepared:
    """Return what is to be stored, with the time that was chosen."""
    if choice is None:
        return prepared
    moment = choice.moment
    draft = replace(
        prepared.draft, due_at=moment.at, timezone=moment.zone, wall_time=moment.wall_text
    )
    return replace(prepared, draft=draft)


def collision(pair: Pair, checked: Checked, error: ConflictError) -> Diagnostic:
    """Say where in the metadata the time stands that collides, and which ones are free."""
    nearest = " and ".join(moment.text for moment in error.free)
    free = f"The nearest free times: {nearest}" if nearest else "No free time is near"
    reasons = " ".join(dict.fromkeys(one.message for one in error.collisions))
    return _at_the_time(
        pair,
        checked,
        Level.ERROR,
        Code.COLLISION,
        f"the time collides. {reasons}",
        f'{free}. Or add "on_conflict": "shift" or "allow".',
    )


def told(pair: Pair, checked: Checked, choice: Choice | None) -> Iterator[Diagnostic]:
    """Yield what was decided about a time that collides."""
    for note in choice.notes if choice else ():
        yield _at_the_time(pair, checked, Level.WARNING, Code.COLLIDED, note, "")


def _at_the_time(
    pair: Pair, checked: Checked, level: Level, code: Code, message: str, fix: str
) -> Diagnostic:
    line, column = (checked.time.line, checked.time.column) if checked.time else (0, 0)
    return Diagnostic(pair.metadata, level, code, message, fix, line, column)
