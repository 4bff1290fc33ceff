"""
The time a post gets: the one that was asked for, or a better one, and what must be said about it.

A wish that collides is rejected with the nearest free times, or shifted to the next free one, or
allowed, as the person has decided (`OnConflict`). A time that the program picks by itself ("the
next slot", "the best hour") is always a free one.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pellacia_service.domain.account import Account
from pellacia_service.domain.calendar import Moment, moment_at
from pellacia_service.domain.calendar_best import History, best_first
from pellacia_service.domain.calendar_board import Board, Plans
from pellacia_service.domain.calendar_rules import Clip, Collision
from pellacia_service.domain.calendar_slots import USUAL_SLOTS, in_common, upcoming
from pellacia_service.domain.calendar_wish import ConflictError, OnConflict
from pellacia_service.domain.view import PostView
from pellacia_service.errors import BadInputError

WITHIN = dt.timedelta(days=7)
"""How far ahead the best hour is looked for: a better one next month helps nobody."""


@dataclass(frozen=True)
class Choice:
    """The moment that was chosen, and what a person must be told about it."""

    moment: Moment
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Planned:
    """A post in the calendar, and what must be said about the time it got."""

    view: PostView
    choice: Choice


@dataclass(frozen=True)
class Chooser:
    """
    Chooses the time of one post.

    Args:
        accounts: all that the post goes to.
        clip: the post's file.
        zone: in which chosen times are told.
        besides: a post that makes room for this one, because it is this one.
    """

    plans: Plans
    accounts: Sequence[Account]
    clip: Clip
    now: dt.datetime
    zone: str
    besides: uuid.UUID | None = None

    @property
    def board(self) -> Board:
        """The accounts' calendars."""
        return self.plans.board(self.accounts, self.besides)

    def settle(self, wish: Moment, on_conflict: OnConflict) -> Choice:
        """
        Decide about a time that a person asked for.

        Raises:
            BadInputError: it is past, or no free time is near.
            ConflictError: it collides, and collisions are to be rejected.
        """
        if wish.at <= self.now:
            raise BadInputError(
                f"{wish.text} is past: it is {moment_at(self.now, self.zone).text} now. "
                "Choose a time to come, or publish now: pellacia-dist upload"
            )
        board = self.board
        collisions = board.collisions(wish.at, self.clip)
        told = (wish.note,) if wish.note else ()
        if not collisions:
            return Choice(wish, told)
        reasons = _sentences(collisions)
        match on_conflict:
            case OnConflict.ALLOW:
                return Choice(wish, (*told, f"It collides, as you allowed. {reasons}"))
            case OnConflict.SHIFT:
                moment = self._shifted(wish, board)
                return Choice(
                    moment, (*told, f"Shifted from {wish.text} to {moment.text}. {reasons}")
                )
            case OnConflict.REJECT:
                raise self._conflict(wish, board, collisions)

    def next_slot(self) -> Choice:
        """
        Take the next recurring slot that all accounts have and that is free on all of them.

        Accounts without slots of their own follow the others; where none has any, the usual times
        are taken.

        Raises:
            BadInputError: there is no such slot in the next eight weeks.
        """
        own = [one for one in self.accounts if self.plans.slots.get(one.id)]
        if not own:
            note = "No recurring slots are set, so the usual times were taken: 9, 12, 15, 18, 20 h."
            return self._first(list(upcoming(USUAL_SLOTS, self.zone, self.now)), (note,))
        streams = [
            upcoming(self.plans.slots[one.id], self.plans.rules[one.id].zone, self.now)
            for one in own
        ]
        names = ", ".join(one.address for one in own)
        return self._first(in_common(streams), (f"The next free slot of {names}.",))

    def best(self) -> Choice:
        """
        Take the hour of the coming week that promises most by the accounts' own history.

        Raises:
            BadInputError: no hour worth considering is free.
        """
        histories = [self.plans.histories.get(one.id, History()) for one in self.accounts]
        slots = {slot for history in histories for slot in history.hours()}
        week = [
            moment
            for moment in upcoming(slots, self.zone, self.now)
            if moment.at <= self.now + WITHIN
        ]
        note = (
            "The best free hour of the coming week by the accounts' own history."
            if any(history.scores() for history in histories)
            else "There is no history yet, so every hour is as good as any other: "
            "the next free one of the usual hours was taken."
        )
        return self._first(best_first(week, histories), (note,))

    def _first(self, moments: Sequence[Moment], notes: tuple[str, ...]) -> Choice:
        free = self.board.first_free((moment.at for moment in moments), self.clip)
        if free is None:
            raise BadInputError(
                "No slot is free on all of these accounts at once. Schedule them one by one, "
                "add slots (pellacia-dist schedule slots add), or name a time: --at."
            )
        chosen = next(moment for moment in moments if moment.at == free)
        told = (chosen.note,) if chosen.note else ()
        return Choice(moment_at(free, self.zone), (*notes, *told))

    def _shifted(self, wish: Moment, board: Board) -> Moment:
        free = board.next_free(wish.at, self.clip)
        if free is None:
            raise BadInputError(f"No time is free in the five weeks after {wish.text}.")
        return moment_at(free, self.zone)

    def _conflict(
        self, wish: Moment, board: Board, collisions: Sequence[Collision]
    ) -> ConflictError:
        around = (
            board.last_free(wish.at, self.clip, after=self.now),
            board.next_free(wish.at, self.clip),
        )
        free = [moment_at(at, self.zone) for at in around if at is not None]
        nearest = " and ".join(moment.text for moment in free)
        hint = f"The nearest free times: {nearest}. " if free else "No free time is near. "
        return ConflictError(
            f"{wish.text} collides. {_sentences(collisions)} {hint}"
            "To take the next free one: --on-conflict shift. To publish anyway: --on-conflict allow.",
            collisions,
            free,
        )


CHOSEN_BY_US: Mapping[str, Callable[[Chooser], Choice]] = {
    "next-slot": Chooser.next_slot,
    "best": Chooser.best,
}
"""Words behind `--at` that leave the choice to the program."""


def _sentences(collisions: Sequence[Collision]) -> str:
    return " ".join(collision.message for collision in collisions)
