"""What a person says to the calendar, and the two ways it says no. The door loads this every time."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellacia_service.errors import BadInputError

if TYPE_CHECKING:
    from pellacia_service.domain.calendar import Moment
    from pellacia_service.domain.calendar_rules import Collision


class OnConflict(enum.StrEnum):
    """What becomes of a wish that collides."""

    REJECT = "reject"
    SHIFT = "shift"
    ALLOW = "allow"


@dataclass(frozen=True)
class Wish:
    """
    When a post should be public, in a person's words.

    Args:
        at: a date and time, plain words, `next-slot` or `best`.
        timezone: an IANA name; empty: the default zone.
    """

    at: str
    timezone: str = ""
    on_conflict: OnConflict = OnConflict.REJECT

    @property
    def word(self) -> str:
        """`at` without blanks around it, in lower case."""
        return self.at.strip().lower()


@dataclass(frozen=True)
class RuleWords:
    """
    Changes of an account's rules as they were typed. None: not said.

    Args:
        quiet_hours: `22:00-07:00`, or `none`.
        timezone: an IANA name; empty: the default zone.
    """

    minimum_gap_minutes: float | None = None
    daily_cap: int | None = None
    same_clip_hours: float | None = None
    quiet_hours: str | None = None
    timezone: str | None = None


class ConflictError(BadInputError):
    """
    A wish collides with what is planned.

    Args:
        collisions: every rule that it would break.
        free: the nearest free times, earliest first.
    """

    def __init__(
        self, message: str, collisions: "Sequence[Collision]", free: "Sequence[Moment]"
    ) -> None:
        super().__init__(message)
        self.collisions = tuple(collisions)
        self.free = tuple(free)


@dataclass(frozen=True, order=True)
class RowProblem:
    """One thing that is wrong with a table. Rows are counted as spreadsheets do: the head is row 1."""

    row: int
    column: str
    message: str

    def __str__(self) -> str:
        return f"row {self.row}, column {self.column}: {self.message}"


class PlanError(BadInputError):
    """A table of wishes cannot be imported as it is. Carries every problem, by row."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        rows = len({problem.row for problem in problems})
        lines = "\n".join(f"  {problem}" for problem in problems)
        what = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
        super().__init__(
            f"Nothing was imported: {what} in {rows} row{'s' if rows != 1 else ''}.\n{lines}"
        )
        self.problems = tuple(problems)
