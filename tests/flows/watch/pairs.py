"""Pairs of video and metadata that arrive in a watched folder, and what became of them."""

import json
import shutil
from pathlib import Path

import pytest

from pellacia_service.facade import Intake, Pellacia
from pellacia_service.watch_folder.folder import Pair
from tests.clips import lain_there
from tests.postgres import KINDS

GOOD = {"title": "Hello", "platforms": ["youtube", "x"]}
PAIR = Pair("clip.mp4", "clip.json")


ON_BOTH = pytest.mark.parametrize("database_url", KINDS, indirect=True)
"""Where the database decides; the rest is about files, and runs on one of the two."""


def metadata(path: Path, value: object) -> Path:
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return lain_there(path)


def video(path: Path, clip: Path) -> Path:
    shutil.copy(clip, path)
    return lain_there(path)


def arrive(folder: Path, clip: Path, value: object = GOOD, stem: str = "clip") -> None:
    """Put a pair that has lain still for a while into the folder."""
    video(folder / f"{stem}.mp4", clip)
    metadata(folder / f"{stem}.json", value)


async def taken(pellacia: Pellacia, folder: Path) -> Intake:
    [intake] = await pellacia.watch_folder(folder).once()
    return intake


async def number_of_posts(pellacia: Pellacia) -> int:
    return len((await pellacia.queue.page(limit=1000)).posts)


def files_in(folder: Path) -> list[str]:
    """Everything that is no business of the watcher's own, by its relative name."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir())
    return sorted(str(path) for path in found if not path.name.startswith("."))
