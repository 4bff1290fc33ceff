"""The alarm clock rings when our clock says so, and no chore can break it."""

import asyncio
import datetime as dt
import logging

import pytest

from pellacia_service.clock import HurriedClock, SystemClock
from pellacia_service.errors import SetupError
from pellacia_service.scheduler import AlarmClock
from tests.clocks import HeldClock

HOUR = dt.timedelta(hours=1)
TICK = dt.timedelta(milliseconds=20)


class Bell:
    """Counts how often it was rung."""

    def __init__(self) -> None:
        self.count = 0
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self.count += 1
        self._rung.set()

    async def heard(self, seconds: float = 5) -> bool:
        """Tell whether it was rung since the last time, waiting for it."""
        try:
            await asyncio.wait_for(self._rung.wait(), seconds)
        except TimeoutError:
            return False
        self._rung.clear()
        return True


@pytest.fixture
def bell() -> Bell:
    return Bell()


async def test_an_alarm_rings_at_its_instant_and_not_before(bell: Bell) -> None:
    clock = SystemClock()
    async with AlarmClock(clock) as alarm:
        instant = clock.now() + 10 * TICK
        alarm.at(instant, "post", bell.ring)

        assert await bell.heard()
        assert instant <= clock.now() < instant + 50 * TICK


async def test_an_instant_that_has_passed_rings_at_once(bell: Bell) -> None:
    async with AlarmClock(SystemClock()) as alarm:
        alarm.at(SystemClock().now() - HOUR, "post", bell.ring)

        assert await bell.heard()


async def test_an_earlier_alarm_takes_the_place_of_a_later_one_and_rings_alone(bell: Bell) -> None:
    clock = SystemClock()
    async with AlarmClock(clock) as alarm:
        alarm.at(clock.now() + 20 * TICK, "post", bell.ring)
        alarm.at(clock.now() + 5 * TICK, "post", bell.ring)

        assert await bell.heard()
        assert not await bell.heard(0.6)


async def test_by_a_hurried_clock_an_hour_is_over_in_a_moment(bell: Bell) -> None:
    clock = HurriedClock(rate=36_000)
    async with AlarmClock(clock) as alarm:
        instant = clock.now() + HOUR
        alarm.at(instant, "post", bell.ring)

        assert await bell.heard()
        assert clock.now() >= instant


async def test_by_a_clock_that_is_held_nothing_has_to_be_waited_for(
    bell: Bell, clock: HeldClock
) -> None:
    async with AlarmClock(clock) as alarm:
        alarm.at(clock.now() + 24 * HOUR, "post", bell.ring)

        assert await bell.heard()
        assert clock.slept == [24 * 3600]


async def test_an_alarm_that_is_put_off_does_not_ring(bell: Bell) -> None:
    clock = SystemClock()
    async with AlarmClock(clock) as alarm:
        alarm.at(clock.now() + 5 * TICK, "post", bell.ring)
        alarm.silence("post")

        assert not await bell.heard(0.3)


async def test_a_chore_is_done_at_once_and_again_after_each_period(bell: Bell) -> None:
    async def chore() -> None:
        bell.ring()

    async with AlarmClock(SystemClock()) as alarm:
        alarm.every(5 * TICK, "chore", chore)

        assert [await bell.heard() for _ in range(3)] == [True, True, True]


async def test_a_chore_that_takes_longer_than_its_period_is_never_done_twice_at_a_time(
    bell: Bell,
) -> None:
    at_work, most = 0, 0

    async def chore() -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await asyncio.sleep(0.1)
        at_work -= 1
        bell.ring()

    async with AlarmClock(SystemClock()) as alarm:
        alarm.every(TICK, "slow", chore)
        assert [await bell.heard() for _ in range(3)] == [True, True, True]

    assert most == 1


async def test_a_chore_that_fails_is_told_once_and_done_again_and_the_others_go_on(
    bell: Bell, caplog: pytest.LogCaptureFixture
) -> None:
    tries = 0

    async def broken() -> None:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise SetupError("The network drive is away.")
        if tries == 4:
            bell.ring()

    async def sound() -> None:
        sounds.ring()

    sounds = Bell()
    with caplog.at_level(logging.WARNING):
        async with AlarmClock(SystemClock()) as alarm:
            alarm.every(2 * TICK, "watching", broken)
            alarm.every(2 * TICK, "sound", sound)
            assert await bell.heard()
            assert await sounds.heard()

    told = [record.getMessage() for record in caplog.records]
    assert told == ["watching: The network drive is away.", "watching: works again"]


async def test_a_mistake_in_a_chore_stands_in_the_log_with_its_whole_story(
    bell: Bell, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken() -> None:
        bell.ring()
        raise KeyError("figures")

    async with AlarmClock(SystemClock()) as alarm:
        alarm.every(HOUR, "analytics", broken)
        assert await bell.heard()

    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert "analytics" in record.getMessage()


async def test_closing_stops_what_still_runs_and_waits_until_it_has(
    bell: Bell, caplog: pytest.LogCaptureFixture
) -> None:
    ended: list[str] = []

    async def endless() -> None:
        bell.ring()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("tidied up")

    async with AlarmClock(SystemClock()) as alarm:
        alarm.every(HOUR, "endless", endless)
        assert await bell.heard()

    assert ended == ["tidied up"]
    assert caplog.records == []
    assert asyncio.all_tasks() == {asyncio.current_task()}
