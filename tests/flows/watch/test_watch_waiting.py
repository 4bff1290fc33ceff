"""The watch folder: what is unfinished waits, what is no pair is refused, and a watcher says so."""

import asyncio
import datetime as dt
import os
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from pellacia_service.facade import IntakeResult, Pellacia, open_pellacia
from pellacia_service.settings import Settings
from pellacia_service.use_cases.watch import PATIENCE
from tests.clips import lain_there
from tests.clocks import HeldClock
from tests.flows.watch.pairs import (
    GOOD,
    arrive,
    files_in,
    metadata,
    taken,
    video,
)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.json"])
async def test_half_a_pair_waits_for_the_other(
    opened: Pellacia, folder: Path, clip: Path, name: str
) -> None:
    arrive(folder, clip)
    (folder / name).unlink()

    intake = await taken(opened, folder)

    assert intake.result is IntakeResult.WAITING
    assert "is not there yet" in intake.reason
    assert len(files_in(folder)) == 1


@pytest.mark.parametrize(
    "name", [".clip.mp4", "clip.part.mp4", "clip.mp4.part", "clip.tmp.mp4", "~clip.mp4"]
)
async def test_a_name_that_says_unfinished_is_left_alone(
    opened: Pellacia, folder: Path, clip: Path, name: str
) -> None:
    video(folder / name, clip)
    metadata(folder / name.replace(".mp4", ".json"), GOOD)

    intakes = await opened.watch_folder(folder).once()

    assert [intake for intake in intakes if intake.is_settled] == []
    assert (folder / name).exists()


async def test_a_file_that_is_still_being_written_is_left_where_it_is(
    opened: Pellacia, folder: Path, clip: Path
) -> None:
    arrive(folder, clip)

    async def write_on() -> None:
        while True:
            with (folder / "clip.mp4").open("ab") as file:
                file.write(bytes(1000))
            await asyncio.sleep(0.05)

    writing = asyncio.create_task(write_on())
    await asyncio.sleep(0.1)
    intake = await taken(opened, folder)
    writing.cancel()

    assert intake.result is IntakeResult.WAITING
    assert "still being written" in intake.reason
    assert (folder / "clip.mp4").exists()


@pytest.mark.parametrize("content", ['{"title": "Hel', ""])
async def test_a_file_that_ends_early_gets_ten_seconds_before_it_is_refused(
    settings: Settings, folder: Path, clip: Path, content: str
) -> None:
    clock = HeldClock(dt.datetime.now(dt.UTC))
    video(folder / "clip.mp4", clip)
    (folder / "clip.json").write_text(content)

    async with open_pellacia(settings, clock) as pellacia:
        intake = await taken(pellacia, folder)

    assert intake.result is IntakeResult.REFUSED
    assert PATIENCE <= clock.monotonic() < PATIENCE + 5


async def test_a_file_that_ended_early_is_taken_once_it_is_whole(
    opened: Pellacia, folder: Path, clip: Path
) -> None:
    video(folder / "clip.mp4", clip)
    (folder / "clip.json").write_text('{"title": "Hel')
    watching = opened.watch_folder(folder)
    early = [intake async for intake in watching.round()]

    metadata(folder / "clip.json", GOOD)
    late = [intake async for intake in watching.round()]

    assert [intake.result for intake in (*early, *late)] == ["waiting", "queued"]


def make_link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def make_loop(path: Path) -> None:
    path.symlink_to(path)


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_folder(path: Path) -> None:
    path.mkdir()
    (path / "inside").touch()


@pytest.mark.parametrize("make", [make_link, make_loop, make_pipe, make_folder])
@pytest.mark.parametrize("name", ["clip.mp4", "clip.json"])
async def test_what_is_no_file_is_refused_and_never_opened(
    opened: Pellacia, folder: Path, clip: Path, name: str, make: Callable[[Path], None]
) -> None:
    arrive(folder, clip)
    (folder / name).unlink()
    make(folder / name)

    async with asyncio.timeout(5):
        intake = await taken(opened, folder)

    assert [(found.file, found.code) for found in intake.diagnostics] == [(name, "PL021")]
    assert os.path.lexists(folder / "refused" / name)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{" + b" " * 1024 * 1024 + b"}", "JS003"),
        (b"[" * 100_000, "JS004"),
        (b'{"platforms": "x", "title": "\xff"}', "JS001"),
        (b'{"platforms": "x", "platforms": "x"}', "JS005"),
        (b"\0" * 100, "JS008"),
    ],
    ids=["giant", "deep", "encoding", "twice", "zeros"],
)
async def test_a_hostile_metadata_file_is_refused_with_its_code(
    opened: Pellacia, folder: Path, clip: Path, content: bytes, code: str
) -> None:
    video(folder / "clip.mp4", clip)
    (folder / "clip.json").write_bytes(content)
    lain_there(folder / "clip.json")

    intake = await taken(opened, folder)

    assert intake.result is IntakeResult.REFUSED
    assert [found.code for found in intake.diagnostics] == [code]


async def test_a_video_that_is_none_is_refused(opened: Pellacia, folder: Path, clip: Path) -> None:
    arrive(folder, clip)
    metadata(folder / "clip.mp4", "Dear Nina, the film is not ready.\n" * 100)

    intake = await taken(opened, folder)

    assert [(found.file, found.code) for found in intake.diagnostics] == [("clip.mp4", "PL023")]


@pytest.mark.parametrize(
    "stem", ["ünïcode 🎬", "x" * 245, "two\nlines", b"\xff\xfe".decode("utf-8", "surrogateescape")]
)
async def test_a_strange_name_is_taken_or_refused_but_never_in_the_way(
    opened: Pellacia, folder: Path, clip: Path, stem: str
) -> None:
    arrive(folder, clip, stem=stem)

    intake = await taken(opened, folder)

    assert intake.is_settled
    assert not (folder / f"{stem}.mp4").exists()


@pytest.mark.parametrize("first", ["clip.mp4", "clip.json"])
async def test_a_watcher_takes_a_pair_as_soon_as_its_second_half_is_renamed_into_place(
    opened: Pellacia, folder: Path, clip: Path, first: str
) -> None:
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    arrive(elsewhere, clip)
    second = ({"clip.mp4", "clip.json"} - {first}).pop()

    async with aclosing(opened.watch_folder(folder).run()) as intakes, asyncio.timeout(4):
        (elsewhere / first).rename(folder / first)
        assert (await anext(intakes)).result is IntakeResult.WAITING
        (elsewhere / second).rename(folder / second)
        intake = await anext(intakes)

    assert intake.result is IntakeResult.QUEUED


async def test_a_watcher_says_once_that_a_file_waits(
    settings: Settings, folder: Path, clip: Path
) -> None:
    clock = HeldClock()
    video(folder / "clip.mp4", clip)

    async with (
        open_pellacia(settings, clock) as pellacia,
        aclosing(pellacia.watch_folder(folder).run()) as intakes,
    ):
        first = await anext(intakes)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(intakes), 0.5)

    assert first.reason == "its metadata (.json) is not there yet"
    assert clock.monotonic() > 60
