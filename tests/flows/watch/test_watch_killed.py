"""The watch folder: whatever is killed, each pair becomes one post."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from pellacia_service.facade import IntakeResult, Pellacia
from pellacia_service.media import sha256_of
from pellacia_service.settings import Settings
from pellacia_service.watch_folder.folder import DONE, REFUSED, Folder
from tests.flows.watch.pairs import (
    GOOD,
    ON_BOTH,
    PAIR,
    arrive,
    files_in,
    number_of_posts,
    taken,
)

KILLED_AFTER = ("the note", "one rename", "both renames", "the post")


@ON_BOTH
@pytest.mark.parametrize("moment", KILLED_AFTER)
async def test_a_pair_that_was_half_taken_when_the_program_died_becomes_one_post(
    opened: Pellacia, folder: Path, clip: Path, moment: str
) -> None:
    arrive(folder, clip)
    on_disk = Folder(folder)
    sha256 = await sha256_of(clip)
    move = on_disk.begin(PAIR, DONE, ["clip.mp4", "clip.json"], video_sha256=sha256)
    note = folder / f".pellacia-move-{move.id}"
    if moment == "one rename":
        (folder / "clip.mp4").rename(folder / "done/clip.mp4")
    if moment in {"both renames", "the post"}:
        on_disk.carry_out(move)
    if moment == "the post":
        written = note.read_text()
        await opened.watch_folder(folder).once()
        note.write_text(written)

    intake = await taken(opened, folder)

    assert intake.result is IntakeResult.QUEUED
    assert await number_of_posts(opened) == 1
    assert files_in(folder) == ["done/clip.json", "done/clip.mp4"]
    assert not note.exists()


@pytest.mark.parametrize("moment", KILLED_AFTER[:3])
async def test_a_pair_that_was_half_refused_when_the_program_died_is_refused_with_its_reasons(
    opened: Pellacia, folder: Path, clip: Path, moment: str
) -> None:
    arrive(folder, clip, {"titel": "Hi"})
    on_disk = Folder(folder)
    move = on_disk.begin(PAIR, REFUSED, ["clip.mp4", "clip.json"], why="the reasons\n")
    if moment == "one rename":
        (folder / "clip.mp4").rename(folder / "refused/clip.mp4")
    if moment == "both renames":
        on_disk.carry_out(move)

    intake = await taken(opened, folder)

    assert intake.result is IntakeResult.REFUSED
    assert files_in(folder) == ["refused/clip.json", "refused/clip.mp4", "refused/clip.why.txt"]
    assert (folder / "refused/clip.why.txt").read_text() == "the reasons\n"


async def test_a_pair_that_arrives_under_the_name_of_a_half_taken_one_is_another(
    opened: Pellacia, folder: Path, clip: Path
) -> None:
    arrive(folder, clip)
    on_disk = Folder(folder)
    on_disk.carry_out(on_disk.begin(PAIR, DONE, ["clip.mp4", "clip.json"]))
    arrive(folder, clip, {**GOOD, "title": "Another"})

    intakes = await opened.watch_folder(folder).once()

    assert [intake.moved_to for intake in intakes] == ["done/clip.mp4", "done/clip-2.mp4"]
    assert {intake.result for intake in intakes} == {IntakeResult.QUEUED}


async def test_a_pair_that_no_longer_passes_when_it_is_taken_up_again_is_refused(
    opened: Pellacia, folder: Path, clip: Path
) -> None:
    arrive(folder, clip, {**GOOD, "scheduled_at": "2020-01-01T00:00:00Z"})
    on_disk = Folder(folder)
    on_disk.carry_out(on_disk.begin(PAIR, DONE, ["clip.mp4", "clip.json"]))

    intake = await taken(opened, folder)

    assert (intake.result, intake.moved_to) == (IntakeResult.REFUSED, "refused/clip.mp4")
    assert "PL011" in (folder / "refused/clip.why.txt").read_text()
    assert await number_of_posts(opened) == 0


@pytest.fixture
def environment(settings: Settings) -> Mapping[str, str]:
    return {
        **os.environ,
        "PELLACIA_HOME": str(settings.home),
        "PELLACIA_DATABASE_URL": settings.database_url,
        "PELLACIA_SANDBOX_URL": settings.sandbox_url,
    }


def run_until_killed(
    command: list[str], environment: Mapping[str, str], folder: Path, kill: int
) -> None:
    """Let a watcher take one more pair or two, then kill it somewhere in the middle of the next."""
    process = subprocess.Popen(command, env=dict(environment), stderr=subprocess.DEVNULL)
    while process.poll() is None and len(files_in(folder / "done")) < 2 * kill:
        time.sleep(0.001)
    time.sleep(0.007 * (kill % 5))
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.long
@ON_BOTH
async def test_a_watcher_killed_again_and_again_makes_one_post_of_each_pair(
    opened: Pellacia, folder: Path, clip: Path, environment: Mapping[str, str]
) -> None:
    number = 12
    (folder / "done").mkdir()
    for index in range(number):
        arrive(folder, clip, {**GOOD, "title": f"Number {index}"}, stem=f"clip{index}")
    command = [sys.executable, "-m", "pellacia_service", "watch", str(folder), "--once"]

    for kill in range(1, number):
        await asyncio.to_thread(run_until_killed, command, environment, folder, kill)
    await opened.watch_folder(folder).once()

    assert await number_of_posts(opened) == number
    assert len(files_in(folder)) == 2 * number
    assert not list(folder.glob(".pellacia-move-*"))
