"""What Instagram has counted itself is believed: posts of other apps leave less room for ours."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pellacia_service.clock import HurriedClock
from pellacia_service.facade import Delivery, Limit, Pellacia, Status, Step, open_pellacia
from pellacia_service.sandbox.server import RunningSandbox
from pellacia_service.settings import Settings
from tests.flows.accounts import connect_all
from tests.flows.conftest import RATE
from tests.flows.publishing import publish, publish_on, work
from tests.trouble import make_trouble, posts_in, requests_in

QUOTA = "content_publishing_limit"
AN_HOUR = 3600.0
CONTAINER = re.compile(r"/17\d{15}$").search


@pytest.fixture
def clock() -> HurriedClock:
    return HurriedClock(RATE)


@pytest.fixture
async def program(settings: Settings, clock: HurriedClock) -> AsyncIterator[Pellacia]:
    """The open program, which waits long enough for a container to run out meanwhile."""
    settings = settings.model_copy(update={"quiet_seconds": 40.0})
    async with open_pellacia(settings, clock) as opened:
        await connect_all(settings)
        yield opened


def answer_with(sandbox: RunningSandbox, used: int, most: int, times: int = 1) -> None:
    """Have Instagram count posts that the sandbox has not seen."""
    config = {"quota_total": most, "quota_duration": 86_400}
    body = {"data": [{"quota_usage": used, "config": config}]}
    make_trouble(sandbox, {"status": 200, "body": body}, path=QUOTA, times=times)


def asked(sandbox: RunningSandbox) -> int:
    return sum(QUOTA in call["path"] for call in requests_in(sandbox, "instagram"))


async def posts_limit(program: Pellacia) -> Limit:
    [found] = [
        limit
        for limit in await program.limits().all()
        if (limit.platform, limit.kind) == ("instagram", "posts")
    ]
    return found


async def only(program: Pellacia) -> Delivery:
    [view] = (await program.queue.page()).posts
    [delivery] = view.deliveries
    return delivery


async def test_posts_of_other_apps_are_counted_and_shown(
    program: Pellacia, clip: Path, sandbox: RunningSandbox
) -> None:
    answer_with(sandbox, used=30, most=50)

    delivery = await publish_on(program, clip, "instagram")

    limit = await posts_limit(program)
    assert delivery.status is Status.COMPLETED
    # Twenty were left, and one of them is ours by now.
    assert (limit.limit, limit.left) == (100, 19)


async def test_without_room_nothing_is_published_until_instagram_has_some_again(
    program: Pellacia, clip: Path, sandbox: RunningSandbox, clock: HurriedClock
) -> None:
    answer_with(sandbox, used=100, most=100)
    waiting = await publish_on(program, clip, "instagram")
    assert (waiting.step, posts_in(sandbox, "instagram")) == (Step.READY, [])
    assert waiting.error is not None
    assert waiting.error.code == "budget_posts"

    clock.ahead += AN_HOUR + 60
    await work(program)

    assert (await only(program)).status is Status.COMPLETED
    assert asked(sandbox) == 2


async def test_a_quota_is_asked_for_once_in_five_minutes(
    program: Pellacia, clip: Path, sandbox: RunningSandbox
) -> None:
    await publish(program, clip, ["instagram"], title="One")
    await publish(program, clip, ["instagram"], title="Two")

    assert len(posts_in(sandbox, "instagram")) == 2
    assert asked(sandbox) == 1


async def test_a_quota_that_is_not_told_stops_nothing(
    program: Pellacia, clip: Path, sandbox: RunningSandbox
) -> None:
    refusal = {"error": {"message": "No.", "code": 10}}
    make_trouble(sandbox, {"status": 403, "body": refusal}, path=QUOTA, times=9)

    delivery = await publish_on(program, clip, "instagram")

    assert delivery.status is Status.COMPLETED
    assert asked(sandbox) == 1


async def expire_container(sandbox: RunningSandbox) -> None:
    """Have the container run out as soon as the call that publishes it was made."""
    for _ in range(600):
        if any("media_publish" in call["path"] for call in requests_in(sandbox, "instagram")):
            break
        await asyncio.sleep(0.05)
    looks = [call["path"] for call in requests_in(sandbox, "instagram") if CONTAINER(call["path"])]
    container = looks[-1].rpartition("/")[2]
    gone = {"id": container, "status_code": "EXPIRED", "status": "Expired"}
    make_trouble(sandbox, {"status": 200, "body": gone}, path=f"/{container}$", times=99)


@pytest.mark.parametrize(
    ("used", "status"), [(0, Status.COMPLETED), (1, Status.HELD)], ids=["nothing", "something"]
)
async def test_a_container_that_ran_out_is_made_anew_only_where_nothing_was_published_since(
    used: int,
    status: Status,
    program: Pellacia,
    clip: Path,
    sandbox: RunningSandbox,
) -> None:
    make_trouble(sandbox, {"status": 503, "body": {}}, path="media_publish")
    answer_with(sandbox, used=0, most=100)  # for the question before the upload
    answer_with(sandbox, used=used, most=100, times=99)

    delivery, _ = await asyncio.gather(
        publish_on(program, clip, "instagram"), expire_container(sandbox)
    )

    journal = [entry.reason for entry in await program.queue.journal(delivery.id)]
    assert delivery.status is status
    assert len(posts_in(sandbox, "instagram")) == (1 if used == 0 else 0)
    assert ("it ran out, and nothing was published since the call" in journal) == (used == 0)
