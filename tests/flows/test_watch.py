"""The watch folder: a finished pair becomes one post, whatever arrives and whatever is killed."""

import asyncio
import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from pathlib import Path

import pytest

from pellacia_service.facade import Intake, IntakeResult, Pellacia, open_pellacia
from pellacia_service.media import sha256_of
from pellacia_service.sandbox.server import RunningSandbox
from pellacia_service.settings import Settings
from pellacia_service.use_cases.watch import PATIENCE
from pellacia_service.watch_folder.folder import DONE, REFUSED, Folder, Pair
from tests.clips import lain_there
from tests.clocks import HeldClock
from tests.flows.accounts import connect_all
from tests.flows.publishing import work
from tests.postgres import KINDS, ServerAddress, place_for
from tests.trouble import posts_in

GOOD = {"title": "Hello", "platforms": ["youtube", "x"]}
PAIR = Pair("clip.mp4", "clip.json")


ON_BOTH = pytest.mark.parametrize("database_url", KINDS, indirect=True)
"""Where the database decides; the rest is about files, and runs on one of the two."""


@pytest.fixture
async def database_url(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: ServerAddress
) -> AsyncIterator[str]:
    kind = getattr(request, "param", "sqlite")
    async with place_for(kind, tmp_path, postgres) as address:
        yield address


@pytest.fixture
async def opened(settings: Settings) -> AsyncIterator[Pellacia]:
    """The program by the machine's own clock: files carry the machine's own time."""
    async with open_pellacia(settings) as pellacia:
        await connect_all(settings)
        yield pellacia


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "finished"
    path.mkdir()
    return path


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


@ON_BOTH
async def test_a_finished_pair_is_published_from_done(
    opened: Pellacia, folder: Path, clip: Path, clip_sha256: str, sandbox: RunningSandbox
) -> None:
    arrive(folder, clip)

    intake = await taken(opened, folder)
    await work(opened)

    assert intake.result is IntakeResult.QUEUED
    assert files_in(folder) == ["done/clip.json", "done/clip.mp4"]
    posts = posts_in(sandbox)
    assert {post["platform"] for post in posts} == {"youtube", "x"}
    assert {post["sha256"] for post in posts} == {clip_sha256}


async def test_a_pair_with_a_time_waits_for_it_in_the_calendar(
    opened: Pellacia, folder: Path, clip: Path
) -> None:
    arrive(folder, clip, {**GOOD, "at": "2036-07-01 14:00", "timezone": "Europe/Berlin"})

    intake = await taken(opened, folder)

    assert intake.post_id is not None
    stored = (await opened.queue.show(intake.post_id)).stored
    assert stored.scheduled_at == dt.datetime(2036, 7, 1, 12, tzinfo=dt.UTC)
    assert (stored.timezone, stored.wall_time) == ("Europe/Berlin", "2036-07-01 14:00")


async def test_everything_that_the_metadata_says_reaches_the_post(
    opened: Pellacia, folder: Path, clip: Path
) -> None:
    own = {"title": "Hello, X", "made_with_ai": True}
    arrive(folder, clip, {**GOOD, "hashtags": "#a b", "privacy": "public", "x": own})

    intake = await taken(opened, folder)

    assert intake.post_id is not None
    post = (await opened.queue.show(intake.post_id)).stored.post
    assert (post.title, post.hashtags) == ("Hello", ("a", "b"))
    assert post.overrides == {"x": {"title": "Hello, X", "made_with_ai": "true"}}


async def test_a_thumbnail_of_the_same_stem_moves_along(
    opened: Pellacia, folder: Path, clip: Path
) -> None:
    (folder / "clip.jpg").write_bytes(b"\xff\xd8\xff\xe0 a picture")
    arrive(folder, clip, {**GOOD, "thumbnail": "clip.jpg"})

    intake = await taken(opened, folder)

    assert intake.post_id is not None
    post = (await opened.queue.show(intake.post_id)).stored.post
    assert post.thumbnail == folder / "done/clip.jpg"
    assert post.thumbnail.is_file()


@pytest.mark.parametrize(
    "name", ["none.jpg", "/etc/passwd", "../secret.jpg", "link.jpg", "clip.mp4"]
)
async def test_a_thumbnail_comes_from_the_watched_folder_only(
    opened: Pellacia, folder: Path, clip: Path, name: str
) -> None:
    (folder.parent / "secret.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    (folder / "link.jpg").symlink_to("/etc/passwd")
    arrive(folder, clip, {**GOOD, "thumbnail": name})

    intake = await taken(opened, folder)

    assert [found.code for found in intake.diagnostics] == ["PL020"]
    assert intake.result is IntakeResult.REFUSED


async def test_all_problems_of_all_platforms_are_said_at_once_beside_the_refused_pair(
    opened: Pellacia, folder: Path, clip: Path
) -> None:
    value = {"titel": "Hi", "platforms": ["tiktok", "x", "youtube:none"], "description": "x" * 2214}
    arrive(folder, clip, value)

    intake = await taken(opened, folder)

    assert files_in(folder) == ["refused/clip.json", "refused/clip.mp4", "refused/clip.why.txt"]
    why = (folder / "refused/clip.why.txt").read_text().splitlines()
    assert why == [str(found) for found in intake.diagnostics]
    assert [line.partition(" [fix")[0] for line in why] == [
        "clip.json:1:2 error PL001 there is no key called 'titel' here",
        "clip.json:1:46 error PL005 No account is connected as youtube:none",
        "clip.json:1:78 error TT012 The caption has 2,214 UTF-16 units; TikTok takes 2,200",
        "clip.json:1:78 error XX014 The text has 2,214 characters as X counts them; X takes 280",
    ]
    assert await number_of_posts(opened) == 0


async def test_a_refused_pair_is_taken_once_it_is_mended(
    opened: Pellacia, folder: Path, clip: Path
) -> None:
    arrive(folder, clip, {**GOOD, "titel": "Hi"})
    await taken(opened, folder)

    metadata(folder / "clip.json", GOOD)
    (folder / "refused/clip.mp4").rename(folder / "clip.mp4")
    intake = await taken(opened, folder)

    assert intake.result is IntakeResult.QUEUED


@ON_BOTH
async def test_the_same_pair_twice_is_one_post(opened: Pellacia, folder: Path, clip: Path) -> None:
    arrive(folder, clip)
    first = await taken(opened, folder)

    arrive(folder, clip, stem="again")
    second = await taken(opened, folder)

    assert second.result is IntakeResult.DUPLICATE
    assert second.post_id == first.post_id
    assert await number_of_posts(opened) == 1


async def test_another_pair_of_the_same_name_gets_a_number(
    opened: Pellacia, folder: Path, clip: Path
) -> None:
    arrive(folder, clip)
    await taken(opened, folder)

    arrive(folder, clip, {**GOOD, "title": "Another"})
    intake = await taken(opened, folder)

    assert intake.result is IntakeResult.QUEUED
    assert intake.moved_to == "done/clip-2.mp4"
    assert "done/clip-2.json" in files_in(folder)


@ON_BOTH
async def test_two_watchers_of_one_folder_take_each_pair_once(
    opened: Pellacia, settings: Settings, folder: Path, clip: Path
) -> None:
    for number in range(4):
        arrive(folder, clip, {**GOOD, "title": f"Number {number}"}, stem=f"clip{number}")

    async with open_pellacia(settings) as other:
        taken_by = await asyncio.gather(
            opened.watch_folder(folder).once(), other.watch_folder(folder).once()
        )

    settled = [intake for intakes in taken_by for intake in intakes if intake.is_settled]
    assert [intake.result for intake in settled] == [IntakeResult.QUEUED] * 4
    assert await number_of_posts(opened) == 4


@ON_BOTH
async def test_the_same_pair_in_two_folders_at_once_is_one_post(
    opened: Pellacia, settings: Settings, folder: Path, clip: Path
) -> None:
    another = folder.parent / "another"
    another.mkdir()
    arrive(folder, clip)
    arrive(another, clip)

    async with open_pellacia(settings) as other:
        [[one], [two]] = await asyncio.gather(
            opened.watch_folder(folder).once(), other.watch_folder(another).once()
        )

    assert {one.result, two.result} == {IntakeResult.QUEUED, IntakeResult.DUPLICATE}
    assert one.post_id == two.post_id
    assert await number_of_posts(opened) == 1


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
