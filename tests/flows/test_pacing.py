"""What a platform allows is kept by all publishers together, and what waits goes on by itself."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import httpx
import pytest

from pellacia_service.clock import SystemClock
from pellacia_service.facade import (
    Delivery,
    Draft,
    ErrorKind,
    Pellacia,
    Status,
    Step,
    open_pellacia,
)
from pellacia_service.sandbox.server import RunningSandbox
from pellacia_service.settings import Settings
from tests.flows.accounts import connect_all
from tests.flows.publishing import work
from tests.trouble import make_trouble, posts_in, requests_in

SECOND = dt.timedelta(seconds=1)
SHORTLY_BEFORE_MIDNIGHT = dt.datetime(2026, 3, 9, 6, 50, tzinfo=dt.UTC)
"""In Los Angeles, on the day on which its clocks go forward."""

INIT = "/video/init/"


class MovedClock:
    """The machine's clock, moved to another time, and further on when a test says so."""

    def __init__(self, start: dt.datetime) -> None:
        self._machine = SystemClock()
        self._ahead = start - self._machine.now()

    def now(self) -> dt.datetime:
        return self._machine.now() + self._ahead

    def monotonic(self) -> float:
        return self._machine.monotonic()

    def outside(self, seconds: float) -> float:
        return seconds / 10

    async def sleep(self, seconds: float) -> None:
        await self._machine.sleep(self.outside(seconds))

    def move_to(self, instant: dt.datetime) -> None:
        self._ahead = instant - self._machine.now()


@pytest.fixture
def moved_clock() -> MovedClock:
    return MovedClock(SHORTLY_BEFORE_MIDNIGHT)


@pytest.fixture
def limits() -> dict[str, int]:
    """The operator's own amounts; a test may put in some before it opens the program."""
    return {}


@pytest.fixture
async def press(
    settings: Settings, moved_clock: MovedClock, limits: dict[str, int]
) -> AsyncIterator[Pellacia]:
    """The open program with accounts, at the moved hour."""
    ours = settings.model_copy(update={"limits": limits, "lease_seconds": 3600.0})
    async with open_pellacia(ours, moved_clock) as opened:
        await connect_all(ours)
        yield opened


async def queue(pellacia: Pellacia, clip: Path, address: str, count: int = 1) -> None:
    async with pellacia.press() as press:
        for number in range(count):
            title = f"Clip {number}"
            await press.posts.write(Draft(file=clip, addresses=(address,), title=title))


async def deliveries(pellacia: Pellacia) -> list[Delivery]:
    """All of them, those that were queued first first."""
    page = await pellacia.queue.page()
    return [delivery for view in reversed(page.posts) for delivery in view.deliveries]


def waiting(found: Sequence[Delivery]) -> list[Delivery]:
    return [delivery for delivery in found if delivery.not_before is not None]


def calls(sandbox: RunningSandbox, platform: str, path: str) -> int:
    return sum(path in call["path"] for call in requests_in(sandbox, platform))


async def until(happened: Callable[[], bool]) -> None:
    for _ in range(600):
        if happened():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never happened")


def later_in_the_sandbox(sandbox: RunningSandbox, seconds: float) -> None:
    answer = httpx.post(f"{sandbox.url}/_sandbox/clock", json={"advance": seconds}, verify=False)
    answer.raise_for_status()


async def test_a_used_up_day_brings_the_delivery_back_at_midnight_across_daylight_saving(
    press: Pellacia,
    clip: Path,
    sandbox: RunningSandbox,
    moved_clock: MovedClock,
    limits: dict[str, int],
) -> None:
    limits["youtube.uploads"] = 1
    await queue(press, clip, "youtube", count=2)
    midnight = dt.datetime(2026, 3, 9, 7, tzinfo=dt.UTC)

    await work(press)

    [waits] = waiting(await deliveries(press))
    assert waits.error is not None
    assert (waits.error.kind, waits.error.retry_at) == (ErrorKind.RATE_LIMIT, midnight)
    assert waits.not_before is not None
    assert midnight <= waits.not_before < midnight + SECOND
    assert len(posts_in(sandbox, "youtube")) == 1

    moved_clock.move_to(midnight + SECOND)
    await work(press)

    assert [one.status for one in await deliveries(press)] == [Status.COMPLETED] * 2
    assert len(posts_in(sandbox, "youtube")) == 2


@pytest.mark.long
async def test_two_publishers_together_make_six_inits_a_minute_and_the_rest_later(
    press: Pellacia,
    clip: Path,
    sandbox: RunningSandbox,
    moved_clock: MovedClock,
    limits: dict[str, int],
) -> None:
    limits["tiktok.looks"] = 0
    await queue(press, clip, "tiktok", count=8)
    publishers = asyncio.gather(work(press), work(press))

    await until(lambda: len(posts_in(sandbox, "tiktok")) >= 6)
    assert calls(sandbox, "tiktok", INIT) == 6
    waits = [one for one in await deliveries(press) if one.step is Step.OPEN]
    assert [one.error.code for one in waits if one.error] == ["budget_inits"] * 2

    later_in_the_sandbox(sandbox, 62)
    moved_clock.move_to(moved_clock.now() + 62 * SECOND)
    await publishers
    assert len(posts_in(sandbox, "tiktok")) == 8


async def test_nobody_calls_during_the_pause_that_a_platform_has_asked_for(
    press: Pellacia, clip: Path, sandbox: RunningSandbox, moved_clock: MovedClock
) -> None:
    storm = {"status": 429, "headers": {"Retry-After": "600"}, "body": {}}
    make_trouble(sandbox, storm, platform="instagram", path=r"/media$", times=1)
    await queue(press, clip, "instagram")
    await work(press)
    asked = len(requests_in(sandbox, "instagram"))
    await queue(press, clip, "instagram", count=2)

    await asyncio.gather(work(press), work(press))

    assert len(requests_in(sandbox, "instagram")) == asked
    waits = waiting(await deliveries(press))
    assert len(waits) == 3
    assert {one.error.kind for one in waits if one.error} == {ErrorKind.RATE_LIMIT}

    moved_clock.move_to(max(one.not_before for one in waits if one.not_before))
    await work(press)

    assert len(posts_in(sandbox, "instagram")) == 3


async def test_a_pause_of_one_account_does_not_stop_another(
    press: Pellacia, settings: Settings, clip: Path, sandbox: RunningSandbox
) -> None:
    await connect_all(settings, label="second")
    storm = {"status": 429, "headers": {"Retry-After": "600"}, "body": {}}
    make_trouble(sandbox, storm, platform="instagram", path=r"/media$", times=1)
    await queue(press, clip, "instagram")
    await work(press)

    await queue(press, clip, "instagram:second")
    await work(press)

    first, second = await deliveries(press)
    assert first.not_before is not None
    assert second.status is Status.COMPLETED


async def test_a_publish_for_which_there_is_no_room_waits_without_an_intent(
    press: Pellacia, clip: Path, sandbox: RunningSandbox, limits: dict[str, int]
) -> None:
    limits["x.posts"] = 1
    await queue(press, clip, "x", count=2)

    await work(press)

    [waits] = waiting(await deliveries(press))
    assert (waits.step, waits.intent_at) == (Step.READY, None)
    steps = [entry.to_step for entry in await press.queue.journal(waits.id)]
    assert Step.PUBLISH not in steps
    assert len(posts_in(sandbox, "x")) == 1


async def test_a_look_for_which_there_is_no_room_leaves_the_delivery_unsure(
    press: Pellacia, clip: Path, sandbox: RunningSandbox, moved_clock: MovedClock
) -> None:
    storm = {"status": 429, "headers": {"Retry-After": "600"}, "body": {}}
    make_trouble(sandbox, {"lost_answer": True}, platform="x", method="POST", path=r"/2/tweets$")
    make_trouble(sandbox, storm, platform="x", method="GET", path=r"/users/\d+/tweets$")
    await queue(press, clip, "x")

    await work(press)

    [waits] = await deliveries(press)
    assert (waits.step, waits.status) == (Step.UNSURE, Status.PROCESSING)
    assert waits.not_before is not None

    moved_clock.move_to(waits.not_before)
    await work(press)

    [found] = await deliveries(press)
    assert found.status is Status.COMPLETED
    assert len(posts_in(sandbox, "x")) == 1


async def test_limits_that_are_lifted_hold_nothing_back(
    press: Pellacia, clip: Path, sandbox: RunningSandbox, limits: dict[str, int]
) -> None:
    limits["all"] = 0
    await queue(press, clip, "instagram", count=2)

    await work(press)

    assert len(posts_in(sandbox, "instagram")) == 2
    assert await press.limits().all() == []


async def test_a_paused_platform_waits_and_the_others_go_on(
    press: Pellacia, clip: Path, sandbox: RunningSandbox
) -> None:
    await press.queue.pause("youtube")
    await queue(press, clip, "youtube")
    await queue(press, clip, "instagram")
    await work(press)
    assert {post["platform"] for post in posts_in(sandbox)} == {"instagram"}

    await press.queue.resume("youtube")
    await work(press)

    assert {post["platform"] for post in posts_in(sandbox)} == {"instagram", "youtube"}
