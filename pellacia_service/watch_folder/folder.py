"""
The watched folder on disk: which pairs lie in it, and how they leave it.

    DIR/clip.mp4  DIR/clip.json        what arrives
    DIR/done/                          what was taken; posts are published from here
    DIR/refused/                       what was not, each pair beside its clip.why.txt
    DIR/.pellacia-move-<id>            a move that is under way

A pair is two files, and two renames are not one. So a move is written down before its first rename
and crossed out after its last consequence: whatever is killed in between, the next run reads the
note and ends what was begun. Every step of a move may be repeated.

The functions here block; the use case calls them in threads.
"""

import json
import os
import sys
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from pellacia_service.errors import BadInputError, SetupError

DONE = "done"
REFUSED = "refused"
VIDEO = ".mp4"
METADATA = ".json"
UNFINISHED = frozenset({".part", ".partial", ".tmp", ".temp", ".crdownload", ".download"})
"""Endings that programs give to files they are still writing."""

MOVE = ".pellacia-move-"
WHY = ".why.txt"
GONE = ""
LONGEST_STEM = 200
"""Bytes; a name may have 255, and gets a number and an ending."""


@dataclass(frozen=True)
class Pair:
    """Two files of one stem, by their names in the folder."""

    video: str
    metadata: str

    @property
    def stem(self) -> str:
        """What both names begin with."""
        return Path(self.video).stem


@dataclass(frozen=True)
class Found:
    """What lies in the folder. `alone`: files whose other half is missing."""

    pairs: tuple[Pair, ...]
    alone: tuple[str, ...]


@dataclass(frozen=True)
class Move:
    """
    Some files on their way into `done` or `refused`.

    Args:
        video, metadata: the names as they arrived.
        files: where from to where to, relative to the folder.
        marks: where from to what the file looked like then, to know it from a later arrival.
        why: the text of the .why.txt; empty where nothing was refused.
        video_sha256: of the video, where it was read before the move.
    """

    id: str
    video: str
    metadata: str
    place: str
    stem: str
    files: Mapping[str, str]
    marks: Mapping[str, str]
    why: str = ""
    video_sha256: str = ""

    @property
    def pair(self) -> Pair:
        """The two names as they arrived."""
        return Pair(self.video, self.metadata)

    @property
    def moved_to(self) -> str:
        """Where the video lies after the move, relative to the folder."""
        return next(iter(self.files.values()))

    def target(self, source: str) -> str:
        """Return where a file lies after the move: where it was, if it is not among those moved."""
        return self.files.get(source, source)


class Folder:
    """One watched folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def scan(self) -> Found:
        """
        Look what lies in the folder, in the order of the names.

        Raises:
            BadInputError: there is no such folder, or it cannot be read.
        """
        try:
            names = sorted(entry.name for entry in os.scandir(self.path) if _is_meant(entry.name))
        except OSError as trouble:
            raise BadInputError(
                f"The folder {self.path} cannot be watched: {trouble.strerror}."
            ) from trouble
        videos = {Path(name).stem: name for name in reversed(names) if _ends(name, VIDEO)}
        sheets = {Path(name).stem: name for name in reversed(names) if _ends(name, METADATA)}
        pairs = tuple(
            Pair(videos[stem], sheets[stem]) for stem in sorted(videos.keys() & sheets.keys())
        )
        paired = {name for pair in pairs for name in (pair.video, pair.metadata)}
        return Found(pairs, tuple(name for name in names if name not in paired))

    def begin(
        self,
        pair: Pair,
        place: str,
        sources: Iterable[str],
        *,
        why: str = "",
        video_sha256: str = "",
    ) -> Move:
        """
        Write down that files are about to be moved, and under which names.

        Args:
            sources: relative to the folder, the video first; each keeps its ending and gets the
                stem that is free.
        """
        self._make(place)
        sources = list(sources)
        stem = self._free_stem(place, pair.stem, [Path(source).suffix for source in sources])
        files = {source: f"{place}/{stem}{Path(source).suffix}" for source in sources}
        move = Move(
            id=uuid.uuid4().hex,
            video=pair.video,
            metadata=pair.metadata,
            place=place,
            stem=stem,
            files=files,
            marks={source: _mark(self.path / source) for source in sources},
            why=why,
            video_sha256=video_sha256,
        )
        self._write(self._note(move), json.dumps(asdict(move)))
        return move

    def carry_out(self, move: Move) -> None:
        """Rename what is not renamed yet, and say why where something was refused."""
        self._make(move.place)
        for source, target in move.files.items():
            # A file of the same name that has arrived since stays for the next look.
            if _mark(self.path / source) == move.marks[source] != GONE:
                self._rename(self.path / source, self.path / target)
        if move.why and self.is_there(move):
            self._write(self.path / move.place / f"{move.stem}{WHY}", move.why)
        self._settle_names(move.place)

    def is_there(self, move: Move) -> bool:
        """Say whether all the files of a move lie where it has brought them."""
        return all(os.path.lexists(self.path / target) for target in move.files.values())

    def finish(self, move: Move) -> None:
        """Cross a move out: all its consequences are in the database or on disk."""
        self._note(move).unlink(missing_ok=True)

    def unfinished(self) -> list[Move]:
        """
        Return the moves that an earlier run has begun and not ended.

        Raises:
            BadInputError: a note cannot be understood; nothing of this program has written it.
        """
        notes = sorted(path for path in self.path.glob(f"{MOVE}*") if path.suffix != ".tmp")
        return [_read_note(path) for path in notes]

    def _make(self, place: str) -> None:
        try:
            (self.path / place).mkdir(exist_ok=True)
        except OSError as trouble:
            raise _cannot_change(self.path / place, trouble) from trouble

    def _free_stem(self, place: str, stem: str, endings: Iterable[str]) -> str:
        """Return the stem, with a number where files of that name lie there already."""
        short = os.fsdecode(os.fsencode(stem)[:LONGEST_STEM])
        taken = [*endings, WHY]
        number, free = 1, short
        while any(os.path.lexists(self.path / place / f"{free}{ending}") for ending in taken):
            number += 1
            free = f"{short}-{number}"
        return free

    def _rename(self, source: Path, target: Path) -> None:
        try:
            source.rename(target)
        except OSError as trouble:
            raise _cannot_change(source, trouble) from trouble

    def _note(self, move: Move) -> Path:
        return self.path / f"{MOVE}{move.id}"

    def _write(self, path: Path, text: str) -> None:
        """Write a small file so that it is there whole, or not at all, also after a power cut."""
        young = path.with_name(f"{MOVE}{uuid.uuid4().hex}.tmp")
        try:
            with young.open("w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            young.replace(path)
        except OSError as trouble:
            raise _cannot_change(path, trouble) from trouble

    def _settle_names(self, place: str) -> None:
        """Make the renames outlive a power cut before the database says that they happened."""
        if sys.platform == "win32":
            return
        for folder in (self.path / place, self.path):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _is_meant(name: str) -> bool:
    """Say whether a name is that of a finished video or metadata file."""
    endings = {ending.lower() for ending in Path(name).suffixes}
    return (
        not name.startswith((".", "~"))
        and not endings & UNFINISHED
        and (_ends(name, VIDEO) or _ends(name, METADATA))
    )


def _mark(path: Path) -> str:
    """Write down what a file looks like; a rename changes neither size nor time."""
    try:
        found = path.lstat()
    except OSError:
        return GONE
    return f"{found.st_size} bytes of {found.st_mtime_ns}"


def _ends(name: str, ending: str) -> bool:
    return Path(name).suffix.lower() == ending


def _read_note(path: Path) -> Move:
    try:
        move = Move(**json.loads(path.read_text(encoding="utf-8")))
        ways = [*move.files.keys(), *move.files.values()]
        if not all(_stays_inside(way) for way in ways):
            raise ValueError("a path leads out of the folder")
    except (OSError, ValueError, TypeError, AttributeError) as trouble:
        raise BadInputError(
            f"{path} looks like a note of this program and cannot be understood: {trouble}. "
            "Take it away, and look whether files are missing in the folder."
        ) from trouble
    return move


def _stays_inside(way: str) -> bool:
    parts = PurePosixPath(way).parts
    return len(parts) == 1 or (len(parts) == 2 and parts[0] in {DONE, REFUSED})


def _cannot_change(path: Path, trouble: OSError) -> SetupError:
    return SetupError(
        f"{path} cannot be written or moved: {trouble.strerror}. The watched folder and its done "
        "and refused must be on one disk, and writable by this user."
    )
