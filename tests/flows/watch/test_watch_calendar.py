"""The watch folder: a time is asked of the calendar, as it is for any other post."""

import json
from pathlib import Path

import pytest

from pellacia_service.facade import IntakeResult, Pellacia
from tests.flows.watch.pairs import GOOD, arrive, files_in, taken

AT = "2036-07-01 14:00"
COLLIDES = "2036-07-01 14:05"
BERLIN = {"timezone": "Europe/Berlin"}


async def plan(pellacia: Pellacia, folder: Path, clip: Path) -> None:
    """Have something in the calendar that the next pair can collide with."""
    arrive(folder, clip, {**GOOD, "title": "First", "at": AT, **BERLIN}, stem="first")
    assert (await taken(pellacia, folder)).result is IntakeResult.QUEUED


async def test_a_pair_whose_time_collides_is_refused_with_the_nearest_free_times(
    opened: Pellacia, folder: Path, clip: Path
) -> None:
    await plan(opened, folder, clip)
    arrive(folder, clip, {**GOOD, "at": COLLIDES, **BERLIN})

    intake = await taken(opened, folder)

    assert intake.result is IntakeResult.REFUSED
    assert {"refused/clip.mp4", "refused/clip.json"} <= set(files_in(folder))
    why = (folder / "refused" / "clip.why.txt").read_text()
    assert "clip.json:1:" in why
    assert "PL015" in why
    assert "The nearest free times: 2036-" in why
    assert '"on_conflict": "shift"' in why


async def test_a_refused_time_leaves_nothing_in_the_calendar(
    opened: Pellacia, folder: Path, clip: Path
) -> None:
    await plan(opened, folder, clip)
    arrive(folder, clip, {**GOOD, "at": COLLIDES, **BERLIN})

    await taken(opened, folder)

    assert len(await opened.calendar().schedule.all()) == 1


async def test_a_pair_that_allows_a_shift_gets_the_next_free_time_and_is_told(
    opened: Pellacia, folder: Path, clip: Path
) -> None:
    await plan(opened, folder, clip)
    arrive(folder, clip, {**GOOD, "at": COLLIDES, **BERLIN, "on_conflict": "shift"})

    intake = await taken(opened, folder)

    assert intake.result is IntakeResult.QUEUED
    assert intake.post_id is not None
    stored = (await opened.queue.show(intake.post_id)).stored
    assert stored.wall_time > COLLIDES
    assert [one.code for one in intake.diagnostics] == ["PL016"]
    assert "Shifted from" in intake.diagnostics[0].message


async def test_a_pair_that_is_to_be_posted_anyway_keeps_its_time(
    opened: Pellacia, folder: Path, clip: Path
) -> None:
    await plan(opened, folder, clip)
    arrive(folder, clip, {**GOOD, "at": COLLIDES, **BERLIN, "on_conflict": "allow"})

    intake = await taken(opened, folder)

    assert intake.post_id is not None
    assert (await opened.queue.show(intake.post_id)).stored.wall_time == COLLIDES


@pytest.mark.parametrize("value", ["maybe", 1])
async def test_any_other_word_for_a_conflict_is_refused(
    opened: Pellacia, folder: Path, clip: Path, value: object
) -> None:
    arrive(folder, clip, json.dumps({**GOOD, "at": AT, **BERLIN, "on_conflict": value}))

    intake = await taken(opened, folder)

    assert intake.result is IntakeResult.REFUSED
    assert "on_conflict" in (folder / "refused" / "clip.why.txt").read_text()


async def test_a_word_about_conflicts_without_a_time_is_refused(
    opened: Pellacia, folder: Path, clip: Path
) -> None:
    arrive(folder, clip, {**GOOD, "on_conflict": "shift"})

    intake = await taken(opened, folder)

    assert [one.code for one in intake.diagnostics] == ["PL013"]
