"""Scheduled posts are uploaded ahead of their time, and public on the minute."""

import asyncio
import datetime as dt
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from pellacia_service.cli import shapes
from pellacia_service.clock import HurriedClock
from pellacia_service.facade import (
    PLATFORM_NAMES,
    Delivery,
    Draft,
    OnConflict,
    Pellacia,
    PostView,
    Privacy,
    Status,
    Step,
    Wish,
    open_pellacia,
)
from pellacia_service.sandbox.server import RunningSandbox
from pellacia_service.settings import Settings
from tests.flows.accounts import connect_all
from tests.flows.conftest import RATE
from tests.flows.publishing import work
from tests.trouble import make_trouble, posts_in, requests_in

SECOND = dt.timedelta(seconds=1)
MINUTE = dt.timedelta(minutes=1)
FLIPPED = tuple(name for name in PLATFORM_NAMES if name != "tiktok")
"""Where one call makes public what was uploaded before."""


@pytest.fixture
def clock() -> HurriedClock:
    return HurriedClock(RATE)


@pytest.fixture
async def program(settings: Settings, clock: HurriedClock) -> AsyncIterator[Pellacia]:
    """The program with its six accounts, by a clock that can be put forward."""
    async with open_pellacia(settings, clock) as opened:
        await connect_all(settings)
        yield opened


@pytest.fixture
def own_clip(clip: Path, tmp_path: Path) -> Path:
    """A clip that a test may change."""
    return Path(shutil.copy2(clip, tmp_path / "own.mp4"))


async def plan(
    program: Pellacia, clip: Path, *addresses: str, at: str = "in 30 minutes"
) -> PostView:
    draft = Draft(file=clip, addresses=addresses, title="Hello", description="A clip.")
    planned = await program.calendar().planner().add(draft, Wish(at, "", OnConflict.ALLOW))
    return planned.view


def due_of(view: PostView) -> dt.datetime:
    assert view.stored.scheduled_at is not None
    return view.stored.scheduled_at


def put_forward(clock: HurriedClock, to: dt.datetime) -> None:
    clock.ahead += (to - clock.now()).total_seconds()


async def at(program: Pellacia, clock: HurriedClock, instant: dt.datetime) -> None:
    """Run a worker at an instant until nothing is left to do."""
    put_forward(clock, instant)
    await work(program)


async def again(program: Pellacia, view: PostView) -> PostView:
    return await program.queue.show(view.stored.id)


async def only(program: Pellacia, view: PostView) -> Delivery:
    [delivery] = (await again(program, view)).deliveries
    return delivery


def public_in(sandbox: RunningSandbox) -> list[str]:
    return sorted(post["platform"] for post in posts_in(sandbox) if post["state"] == "public")


def bytes_received(sandbox: RunningSandbox, platform: str) -> int:
    return sum(int(call["bytes_in"]) for call in requests_in(sandbox, platform))


def later_in_the_sandbox(sandbox: RunningSandbox, time: dt.timedelta) -> None:
    advance = {"advance": time.total_seconds()}
    httpx.post(f"{sandbox.url}/_sandbox/clock", json=advance, verify=False).raise_for_status()


def ended(words: list[str], environment: dict[str, str]) -> int:
    """Run a program to its end, and return how it ended."""
    run = subprocess.run(words, env=environment, capture_output=True, timeout=90, check=False)
    return run.returncode


async def test_what_was_uploaded_ahead_is_public_at_its_time_by_one_call_without_a_byte_of_the_file(
    program: Pellacia, clip: Path, sandbox: RunningSandbox, clock: HurriedClock
) -> None:
    view = await plan(program, clip, *FLIPPED)
    await work(program)
    staged = await again(program, view)
    before = {platform: bytes_received(sandbox, platform) for platform in FLIPPED}
    assert {one.step for one in staged.deliveries} == {Step.READY}
    assert all(one.is_staged and not one.lease_owner for one in staged.deliveries)
    assert public_in(sandbox) == []

    await at(program, clock, due_of(view) - SECOND)

    done = await again(program, view)
    assert done.status is Status.COMPLETED, done
    assert public_in(sandbox) == sorted(FLIPPED)
    for one in done.deliveries:
        assert bytes_received(sandbox, one.platform) - before[one.platform] < 5_000
        assert one.published_at is not None
        assert one.published_at >= due_of(view)


async def test_nothing_is_public_a_minute_before_its_time(
    program: Pellacia, clip: Path, sandbox: RunningSandbox, clock: HurriedClock
) -> None:
    view = await plan(program, clip, "all")
    await work(program)

    await at(program, clock, due_of(view) - MINUTE)

    assert public_in(sandbox) == []
    assert (await again(program, view)).status is Status.PROCESSING


async def test_tiktok_begins_no_earlier_than_it_must_and_keeps_the_last_part_back(
    program: Pellacia, clip: Path, sandbox: RunningSandbox, clock: HurriedClock
) -> None:
    view = await plan(program, clip, "tiktok")
    await work(program)
    assert (await only(program, view)).step is Step.CHECK

    await at(program, clock, due_of(view) - 3 * MINUTE)
    held = await only(program, view)
    await at(program, clock, due_of(view) - SECOND)

    done = await only(program, view)
    assert (held.step, held.is_staged) == (Step.SEND, True)
    assert done.step is Step.DONE
    assert done.intent_at is not None
    assert done.intent_at >= due_of(view)
    assert len(requests_in(sandbox, "tiktok")) > 0
    assert [post["platform"] for post in posts_in(sandbox)] == ["tiktok"]


async def test_a_private_video_is_handed_over_at_its_time_as_well(
    program: Pellacia, clip: Path, clock: HurriedClock
) -> None:
    draft = Draft(file=clip, addresses=("youtube",), title="Hello", privacy=Privacy.PRIVATE)
    wish = Wish("in 30 minutes", "", OnConflict.ALLOW)
    view = (await program.calendar().planner().add(draft, wish)).view
    await work(program)
    assert (await only(program, view)).is_staged

    await at(program, clock, due_of(view))

    assert (await only(program, view)).step is Step.DONE


async def test_a_publisher_killed_between_staging_and_the_hour_changes_nothing(
    program: Pellacia,
    clip: Path,
    settings: Settings,
    sandbox: RunningSandbox,
    clock: HurriedClock,
) -> None:
    view = await plan(program, clip, "instagram")
    environment = {
        **os.environ,
        "PELLACIA_HOME": str(settings.home),
        "PELLACIA_DATABASE_URL": settings.database_url,
        "PELLACIA_SANDBOX_URL": settings.sandbox_url,
        "PELLACIA_CRASH_AT": "after a snooze",
    }
    words = [sys.executable, "-m", "pellacia_service", "worker", "--until-idle"]
    assert await asyncio.to_thread(ended, words, environment) == -9
    sent = bytes_received(sandbox, "instagram")
    assert sent > clip.stat().st_size

    await at(program, clock, due_of(view) - SECOND)

    done = await only(program, view)
    assert done.step is Step.DONE
    assert bytes_received(sandbox, "instagram") - sent < 5_000
    assert (done.lateness or MINUTE) < 10 * SECOND


async def test_a_container_that_has_expired_while_a_quota_was_waited_for_is_made_anew(
    program: Pellacia, clip: Path, sandbox: RunningSandbox, clock: HurriedClock
) -> None:
    view = await plan(program, clip, "instagram")
    await work(program)
    full = {"error": {"message": "Too many posts.", "code": 9, "error_subcode": 2207042}}
    make_trouble(sandbox, {"status": 400, "body": full}, path="media_publish")
    await at(program, clock, due_of(view) - SECOND)
    waiting = await only(program, view)
    later_in_the_sandbox(sandbox, dt.timedelta(hours=25))

    assert (waiting.step, waiting.is_staged) == (Step.READY, False)
    assert waiting.not_before is not None
    await at(program, clock, waiting.not_before + SECOND)

    done = await only(program, view)
    assert done.step is Step.DONE, done
    assert public_in(sandbox) == ["instagram"]


async def test_a_file_that_changes_after_staging_does_not_change_what_is_published(
    program: Pellacia,
    own_clip: Path,
    clip_sha256: str,
    sandbox: RunningSandbox,
    clock: HurriedClock,
) -> None:
    view = await plan(program, own_clip, "instagram")
    await work(program)
    own_clip.write_bytes(own_clip.read_bytes() + b"changed")

    await at(program, clock, due_of(view) - SECOND)

    assert (await only(program, view)).step is Step.DONE
    assert [post["sha256"] for post in posts_in(sandbox)] == [clip_sha256]


async def test_a_file_that_changes_before_the_part_that_publishes_is_not_published(
    program: Pellacia, own_clip: Path, sandbox: RunningSandbox, clock: HurriedClock
) -> None:
    view = await plan(program, own_clip, "tiktok")
    await at(program, clock, due_of(view) - 3 * MINUTE)
    assert (await only(program, view)).is_staged
    own_clip.touch()

    await at(program, clock, due_of(view) - SECOND)

    failed = await only(program, view)
    assert failed.step is Step.FAILED
    assert "not the file that was queued" in (failed.error or pytest.fail("no words")).message
    assert posts_in(sandbox) == []


@pytest.mark.parametrize("platform", ["instagram", "tiktok"])
async def test_a_staged_post_that_nothing_published_for_an_hour_waits_for_a_decision(
    platform: str, program: Pellacia, clip: Path, sandbox: RunningSandbox, clock: HurriedClock
) -> None:
    view = await plan(program, clip, platform)
    await at(program, clock, due_of(view) - 3 * MINUTE)
    assert (await only(program, view)).is_staged

    await at(program, clock, due_of(view) + 40 * MINUTE)
    missed = await only(program, view)
    await program.queue.retry(view.stored.id)
    await work(program)

    assert missed.step is Step.MISSED
    assert "40 min late" in (missed.error or pytest.fail("no words")).message
    assert (await only(program, view)).step is Step.DONE
    assert len(posts_in(sandbox)) == 1


async def test_a_staged_post_a_few_minutes_late_is_published_and_marked_late(
    program: Pellacia, clip: Path, clock: HurriedClock
) -> None:
    view = await plan(program, clip, "x")
    await work(program)

    await at(program, clock, due_of(view) + 5 * MINUTE)

    done = await only(program, view)
    journal = await program.queue.journal(done.id)
    assert done.step is Step.DONE
    assert any("late by 5 min" in entry.reason for entry in journal)
    assert 5 * MINUTE <= (done.lateness or dt.timedelta()) < 6 * MINUTE


async def test_staged_posts_that_are_late_do_not_come_in_a_burst(
    program: Pellacia, clip: Path, sandbox: RunningSandbox, clock: HurriedClock
) -> None:
    one = await plan(program, clip, "instagram")
    await plan(program, clip, "instagram", at="in 31 minutes")
    await work(program)

    await at(program, clock, due_of(one) + 5 * MINUTE)

    assert public_in(sandbox) == ["instagram"]


async def test_a_staged_post_can_be_moved_to_another_day_and_goes_out_then(
    program: Pellacia, clip: Path, sandbox: RunningSandbox, clock: HurriedClock
) -> None:
    view = await plan(program, clip, "instagram")
    await work(program)

    wish = Wish("in 30 hours", "", OnConflict.ALLOW)
    moved = (await program.calendar().schedule.move(view.stored.id, wish)).view
    await at(program, clock, due_of(view))
    assert (await only(program, view)).step is Step.CHECK
    put_forward(clock, due_of(moved) - 30 * MINUTE)
    later_in_the_sandbox(sandbox, dt.timedelta(hours=30))
    await work(program)
    staged = await only(program, view)
    await at(program, clock, due_of(moved) - SECOND)

    assert staged.is_staged
    assert (await only(program, view)).step is Step.DONE
    assert len(posts_in(sandbox)) == 1


async def test_a_staged_post_that_is_moved_nearer_is_not_uploaded_again(
    program: Pellacia, clip: Path, sandbox: RunningSandbox, clock: HurriedClock
) -> None:
    view = await plan(program, clip, "instagram")
    await work(program)
    sent = bytes_received(sandbox, "instagram")

    wish = Wish("in 10 minutes", "", OnConflict.ALLOW)
    moved = (await program.calendar().schedule.move(view.stored.id, wish)).view
    await work(program)
    await at(program, clock, due_of(moved) - SECOND)

    assert (await only(program, view)).step is Step.DONE
    assert bytes_received(sandbox, "instagram") - sent < 5_000


async def test_a_staged_post_that_is_cancelled_stays_out_of_sight_and_is_said_to_lie_there(
    program: Pellacia, clip: Path, sandbox: RunningSandbox, clock: HurriedClock
) -> None:
    view = await plan(program, clip, "youtube")
    await work(program)

    cancelled = await program.calendar().schedule.cancel(view.stored.id)
    await at(program, clock, due_of(view) + SECOND)

    assert [one.leaves_an_upload for one in cancelled.deliveries] == [True]
    assert [post["state"] for post in posts_in(sandbox)] == ["private"]


async def test_scripts_read_when_it_was_due_when_it_was_public_and_how_late_that_was(
    program: Pellacia, clip: Path, clock: HurriedClock
) -> None:
    view = await plan(program, clip, "x")
    waiting = shapes.post(view)["deliveries"]
    await work(program)
    await at(program, clock, due_of(view) - SECOND)

    told = shapes.post(await again(program, view))["deliveries"]

    assert isinstance(waiting, list)
    assert isinstance(told, list)
    assert isinstance(waiting[0], dict)
    assert isinstance(told[0], dict)
    assert waiting[0]["lateness_seconds"] is None
    assert told[0]["due_at"] == shapes.instant(due_of(view))
    assert isinstance(told[0]["lateness_seconds"], float)
    assert 0 <= told[0]["lateness_seconds"] < 30


async def test_without_staging_everything_begins_at_its_time(
    settings: Settings, clip: Path
) -> None:
    unstaged = settings.model_copy(update={"stage_minutes": 0})
    async with open_pellacia(unstaged, HurriedClock(RATE)) as program:
        await connect_all(settings)
        view = await plan(program, clip, "instagram")

        await work(program)

        assert (await only(program, view)).step is Step.CHECK


async def test_a_publisher_killed_after_taking_its_turn_leaves_the_turn_to_whoever_takes_it_up(
    program: Pellacia, clip: Path, settings: Settings, clock: HurriedClock
) -> None:
    draft = Draft(file=clip, addresses=("x",), title="Hi", due_at=clock.now() - 5 * MINUTE)
    async with program.press() as press:
        view = await press.posts.write(draft)
    environment = {
        **os.environ,
        "PELLACIA_HOME": str(settings.home),
        "PELLACIA_DATABASE_URL": settings.database_url,
        "PELLACIA_SANDBOX_URL": settings.sandbox_url,
        "PELLACIA_CRASH_AT": "after taking a turn",
    }
    words = [sys.executable, "-m", "pellacia_service", "worker", "--until-idle"]
    assert await asyncio.to_thread(ended, words, environment) == -9

    await work(program)

    assert (await only(program, view)).step is Step.DONE
