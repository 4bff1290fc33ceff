"""
How far the database had come, written down beside it.

A database that is restored from a backup, or loses its last seconds when a server fails over, has
forgotten calls that were made. Each call that publishes is announced in the database under a
growing number; the number is also written here, in a file of the home folder, before the call. A
database that knows a smaller number than the file has been put back.

The file is only added to, one line for each announcement and one a minute, and every line is on
the disk before the call goes out. Publishers of one home share it.
"""

import asyncio
import datetime as dt
import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from filelock import FileLock

from pellacia_service.errors import SetupError

FOLDER = "high_water"

MOST_LINES = 20_000
"""Lines after which the oldest are dropped, at the start of a publisher."""

KEPT_LINES = 10_000


@dataclass(frozen=True)
class Line:
    """
    One line of the file.

    Args:
        number: the highest number that was committed.
        delivery: the delivery whose call was announced; empty: none was.
        server: the server and its timeline, where the database says so.
        place: stands for the database's address; see `Watchman`.
        lowered: the database was put back, and this has been dealt with.
    """

    number: int
    at: str
    delivery: str = ""
    server: str = ""
    place: str = ""
    lowered: bool = False


@dataclass(frozen=True)
class Mark:
    """
    How far the database had come.

    Args:
        at: when the mark was last raised.
        announced: the number of the last announced call of each delivery.
    """

    number: int
    at: dt.datetime
    server: str = ""
    announced: Mapping[uuid.UUID, int] = field(default_factory=dict)

    def lost(self, known: int) -> frozenset[uuid.UUID]:
        """Return the deliveries whose call was announced after the number that is known."""
        return frozenset(one for one, number in self.announced.items() if number > known)


class HighWater:
    """
    The file of one database.

    Args:
        home: the home folder.
        place: stands for the database's address.
    """

    def __init__(self, home: Path, place: str) -> None:
        self._folder = home / FOLDER
        self._place = place
        self._file = self._folder / f"{place}.jsonl"
        self.server = ""

    def attach(self, identity: str) -> Mark | None:
        """
        Take the file of the database with this identity, and return its mark.

        A database that is older than its own identity is known by its address. None: no publisher
        of this home has worked on it.
        """
        with self._locked():
            self._file = self._folder / f"{identity}.jsonl"
            lines = _read(self._file) or self._of_this_place()
            if len(lines) > MOST_LINES:
                self._rewrite(lines[-KEPT_LINES:])
        return to_mark(lines)

    async def raise_to(
        self, number: int, at: dt.datetime, delivery_id: uuid.UUID | None = None
    ) -> None:
        """
        Write a committed number down; it is on the disk when this returns.

        Raises:
            SetupError: it cannot be written; the call must not be made.
        """
        delivery = str(delivery_id) if delivery_id else ""
        line = Line(number, at.isoformat(), delivery, self.server, self._place)
        await asyncio.to_thread(self._append, line)

    async def lower_to(self, number: int, at: dt.datetime) -> None:
        """Begin again from a smaller number: what was forgotten has been dealt with."""
        line = Line(number, at.isoformat(), "", self.server, self._place, lowered=True)
        await asyncio.to_thread(self._append, line)

    def _append(self, line: Line) -> None:
        with self._locked():
            _write(self._file, "ab", _text(line))

    def _rewrite(self, lines: list[Line]) -> None:
        fresh = self._file.with_suffix(".new")
        _write(fresh, "wb", b"".join(_text(line) for line in lines))
        fresh.replace(self._file)

    def _of_this_place(self) -> list[Line]:
        """Return the lines of the file that was last written for this address."""
        files = [_read(path) for path in self._folder.glob("*.jsonl")]
        here = [lines for lines in files if lines and lines[-1].place == self._place]
        return max(here, key=lambda lines: lines[-1].at, default=[])

    def _locked(self) -> FileLock:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self._folder, error) from error
        return FileLock(self._folder / "lock")


def to_mark(lines: list[Line]) -> Mark | None:
    """Sum the lines of a file up."""
    if not lines:
        return None
    number, announced = 0, dict[uuid.UUID, int]()
    for line in lines:
        if line.lowered:
            number, announced = line.number, {}
        number = max(number, line.number)
        if line.delivery:
            announced[uuid.UUID(line.delivery)] = line.number
    at = max(dt.datetime.fromisoformat(line.at) for line in lines)
    return Mark(number, at, lines[-1].server, announced)


def _text(line: Line) -> bytes:
    return json.dumps(asdict(line)).encode() + b"\n"


def _read(path: Path) -> list[Line]:
    """Read a file; a line that the power cut short was not the last word before any call."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return []
    return list(filter(None, map(_line, text.splitlines())))


def _line(text: bytes) -> Line | None:
    try:
        return Line(**json.loads(text))
    except (ValueError, TypeError):
        return None


def _write(path: Path, mode: Literal["ab", "wb"], text: bytes) -> None:
    try:
        is_new = not path.exists()
        with path.open(mode) as file:
            # After a line that was cut short the next one must stand on its own.
            file.write(b"\n" + text if mode == "ab" and file.tell() else text)
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            _sync_folder(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from error


def _sync_folder(folder: Path) -> None:
    """Make a new file's name last. Only where folders can be opened (not on Windows)."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(path: Path, error: OSError) -> SetupError:
    return SetupError(
        f"{path} cannot be written: {error.strerror}. Nothing is published without it, because a "
        "database that was put back could not be told from one that was not. "
        "Make room, or give yourself the right to write there."
    )
