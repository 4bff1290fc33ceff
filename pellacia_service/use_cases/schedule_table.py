"""
A plan as a CSV table: one row is one post.

Columns: file, platforms, at, and if you like timezone, title, description, hashtags, privacy,
thumbnail, and `platform.key` for what only one platform gets. Paths are relative to the table.
Columns that an export adds for people (id, status, scheduled_at) are read over.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pellacia_service.domain.calendar import zone_named
from pellacia_service.domain.calendar_wish import OnConflict, PlanError, RowProblem, Wish
from pellacia_service.domain.draft import Draft
from pellacia_service.domain.names import ALL, PLATFORM_NAMES, split_address
from pellacia_service.domain.post import Privacy, split_hashtags
from pellacia_service.errors import BadInputError

REQUIRED = ("file", "platforms", "at")
OPTIONAL = ("timezone", "title", "description", "hashtags", "privacy", "thumbnail")
TOLD_ONLY = ("id", "status", "scheduled_at")
LARGEST = 10 * 1024 * 1024
"""Bytes. A plan of a year is a hundredth of it."""


@dataclass(frozen=True)
class Row:
    """One row that could be read."""

    number: int
    draft: Draft
    wish: Wish


def read_table(path: Path, on_conflict: OnConflict) -> tuple[list[Row], list[RowProblem]]:
    """
    Read a table. Whether files exist and times are free is not looked at.

    Returns:
        The rows that could be read, and what is wrong with the others.

    Raises:
        BadInputError: it is no CSV at all, or a column is missing or not known.
    """
    lines = _cells(path)
    head = [name.strip().lower() for name in lines[0]]
    _check_head(head, path)
    rows: list[Row] = []
    problems: list[RowProblem] = []
    for number, cells in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        reader = _Reader(number, head, cells, path.parent, on_conflict)
        row = reader.row()
        problems += reader.problems
        if not reader.problems:
            rows.append(row)
    return rows, problems


def _cells(path: Path) -> list[list[str]]:
    try:
        if path.is_file() and path.stat().st_size > LARGEST:
            raise BadInputError(f"{path} is too large for a plan.")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInputError(f"The plan {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadInputError(f"{path} is not text in UTF-8. Save it as CSV UTF-8.") from error
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise BadInputError(f"{path} is no CSV table: {error}.") from error
    if not lines:
        raise BadInputError(f"{path} is empty. Its first row names columns: {', '.join(REQUIRED)}.")
    return lines


def _check_head(head: Sequence[str], path: Path) -> None:
    """Find every fault of the first row at once."""
    problems = [
        RowProblem(1, name, "there is no such column, and it is needed.")
        for name in REQUIRED
        if name not in head
    ]
    problems += [
        RowProblem(1, name, "this column stands there twice.")
        for name in dict.fromkeys(head)
        if name and head.count(name) > 1
    ]
    problems += [
        RowProblem(
            1,
            name or "(without a name)",
            f"not known. Columns: {', '.join((*REQUIRED, *OPTIONAL))}, or such as x.title.",
        )
        for name in head
        if not _is_column(name)
    ]
    if problems:
        raise PlanError(problems)


def _is_column(name: str) -> bool:
    platform, dot, key = name.partition(".")
    if dot:
        return platform in PLATFORM_NAMES and bool(key)
    return name in {*REQUIRED, *OPTIONAL, *TOLD_ONLY}


class _Reader:
    """Reads the cells of one row, and remembers what is wrong with them."""

    def __init__(
        self,
        number: int,
        head: Sequence[str],
        cells: Sequence[str],
        folder: Path,
        on_conflict: OnConflict,
    ) -> None:
        self.problems: list[RowProblem] = []
        self._number = number
        self._folder = folder
        self._on_conflict = on_conflict
        self._cells = {name: cell.strip() for name, cell in zip(head, cells, strict=False)}
        for cell in cells[len(head) :]:
            if cell.strip():
                self._complain("(behind the last)", f"{cell!r} stands in no column.")

    def row(self) -> Row:
        """Read the row; it counts only where no problem was found."""
        for name in REQUIRED:
            if not self._cell(name):
                self._complain(name, "empty, and it is needed.")
        draft = Draft(
            file=self._folder / self._cell("file"),
            addresses=self._platforms(),
            title=self._cell("title"),
            description=self._cell("description"),
            hashtags=split_hashtags(self._cell("hashtags")),
            privacy=self._privacy("privacy"),
            thumbnail=self._folder / self._cell("thumbnail") if self._cell("thumbnail") else None,
            overrides=self._overrides(),
        )
        return Row(self._number, draft, Wish(self._cell("at"), self._zone(), self._on_conflict))

    def _cell(self, name: str) -> str:
        return self._cells.get(name, "")

    def _complain(self, column: str, message: str) -> None:
        self.problems.append(RowProblem(self._number, column, message))

    def _platforms(self) -> tuple[str, ...]:
        words = tuple(re.split(r"[\s,;+]+", self._cell("platforms").strip(" ,;+")))
        for word in filter(None, words):
            try:
                if word.lower() != ALL:
                    split_address(word)
            except BadInputError as error:
                self._complain("platforms", str(error))
        return words

    def _privacy(self, column: str) -> Privacy:
        word = self._cell(column).lower() or Privacy.PUBLIC.value
        try:
            return Privacy(word)
        except ValueError:
            self._complain(column, f"{word!r} is none of {', '.join(Privacy)}.")
            return Privacy.PUBLIC

    def _zone(self) -> str:
        name = self._cell("timezone")
        try:
            return zone_named(name).key if name else ""
        except BadInputError as error:
            self._complain("timezone", str(error))
            return ""

    def _overrides(self) -> dict[str, dict[str, str]]:
        overrides: dict[str, dict[str, str]] = {}
        for name, cell in self._cells.items():
            platform, dot, key = name.partition(".")
            if not dot or not cell:
                continue
            if key == "privacy":
                self._privacy(name)
            overrides.setdefault(platform, {})[key] = cell
        return overrides
