"""The call that publishes is made again only where no connection was made, and three times at most."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pellacia_service.clock import HurriedClock
from pellacia_service.facade import Delivery, Pellacia, Status, Step, open_pellacia
from pellacia_service.publishing.publish import MOST_CONNECTIONS
from pellacia_service.sandbox.server import RunningSandbox
from pellacia_service.settings import Settings
from tests.door import Door, open_door
from tests.flows.accounts import connect_all
from tests.flows.conftest import RATE
from tests.flows.publishing import publish_on
from tests.trouble import posts_in, requests_in

PROCESSED = b'"succeeded"'
"""X's last word before the post is created, on a connection that is kept."""

PAUSES = [2.0, 4.0]
"""Seconds before the second and the third attempt. No poll waits for so long."""


class DoorkeepersClock(HurriedClock):
    """Opens a door again before one of the pauses between attempts; None: never."""

    def __init__(self, door: Door, opens_at: float | None) -> None:
        super().__init__(RATE)
        self._door = door
        self._opens_at = opens_at
        self.pauses: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Wait like any other, with the door as it is to be afterwards."""
        if seconds in PAUSES:
            self.pauses.append(seconds)
        if seconds == self._opens_at:
            await self._door.open()
        await super().sleep(seconds)


@pytest.fixture
async def door(sandbox: RunningSandbox) -> AsyncIterator[Door]:
    """The way to the sandbox; it shuts between X's processing and the call that publishes."""
    async with open_door(urlsplit(sandbox.url).port or 0, shut_at=PROCESSED) as opened:
        yield opened


async def _published(
    clip: Path, door: Door, clock: HurriedClock, settings: Settings
) -> tuple[Delivery, int]:
    """Publish on X through the door; return what became of it, and how often it was announced."""
    async with open_pellacia(
        settings.model_copy(update={"sandbox_url": door.url}), clock
    ) as opened:
        await connect_all(settings)
        delivery = await publish_on(opened, clip, "x")
        return delivery, await _intents(opened, delivery)


async def _intents(pellacia: Pellacia, delivery: Delivery) -> int:
    return [entry.to_step for entry in await pellacia.queue.journal(delivery.id)].count(
        Step.PUBLISH
    )


def _calls_that_publish(sandbox: RunningSandbox) -> int:
    return [call["path"] for call in requests_in(sandbox, "x")].count("/2/tweets")


async def test_a_platform_that_is_reached_at_the_third_attempt_gets_exactly_one_post(
    clip: Path, door: Door, settings: Settings, sandbox: RunningSandbox
) -> None:
    clock = DoorkeepersClock(door, opens_at=PAUSES[-1])

    delivery, intents = await _published(clip, door, clock, settings)

    assert (delivery.status, intents) == (Status.COMPLETED, MOST_CONNECTIONS)
    assert clock.pauses == PAUSES
    assert _calls_that_publish(sandbox) == len(posts_in(sandbox, "x")) == 1


async def test_a_platform_that_is_never_reached_is_tried_three_times_and_not_held(
    clip: Path, door: Door, settings: Settings, sandbox: RunningSandbox
) -> None:
    clock = DoorkeepersClock(door, opens_at=None)

    delivery, intents = await _published(clip, door, clock, settings)

    assert (delivery.status, intents) == (Status.FAILED, MOST_CONNECTIONS)
    assert clock.pauses == PAUSES
    assert _calls_that_publish(sandbox) == len(posts_in(sandbox, "x")) == 0
