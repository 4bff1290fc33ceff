"""The watch folder: a finished pair becomes one post."""

import asyncio
import datetime as dt
from pathlib import Path

import pytest

from pellacia_service.facade import IntakeResult, Pellacia, open_pellacia
from pellacia_service.sandbox.server import RunningSandbox
from pellacia_service.settings import Settings
from tests.flows.publishing import work
from tests.flows.watch.pairs import (
    GOOD,
    ON_BOTH,
    arrive,
    files_in,
    metadata,
    number_of_posts,
    taken,
)
from tests.trouble import posts_in


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
