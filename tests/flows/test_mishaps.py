"""What nobody has foreseen ends neither the worker nor the other deliveries, and publishes nothing twice."""

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pellacia_service.clock import HurriedClock
from pellacia_service.domain.delivery import RESTING
from pellacia_service.facade import Delivery, Draft, Pellacia, Status, Step
from pellacia_service.publishing.invariants import BrokenInvariantError
from pellacia_service.publishing.mishaps import WAITS
from pellacia_service.repositories.session import Database
from pellacia_service.sandbox.server import RunningSandbox
from pellacia_service.settings import Settings
from pellacia_service.wiring.records import make_database
from tests.flows.publishing import publish_on, work
from tests.trouble import make_trouble, posts_in

LONGER_THAN_ANY_WAIT = 1.0 + max(WAITS).total_seconds()


@pytest.fixture
async def database(pellacia: Pellacia, settings: Settings) -> AsyncIterator[Database]:
    async with make_database(settings, pellacia.clock) as opened:
        yield opened


async def with_ids(database: Database, platform: str, ids: Mapping[str, str]) -> Mapping[str, str]:
    """Replace what is known of an account, and return what was: the clients rely on it."""
    async with database.write() as tx:
        [account] = await tx.accounts.all(platform)
        await tx.accounts.add_or_update(
            replace(account, ids=dict(ids)), now=dt.datetime.now(dt.UTC)
        )
    return account.ids


async def queue(pellacia: Pellacia, clip: Path, *addresses: str) -> dict[str, Delivery]:
    async with pellacia.press() as press:
        draft = Draft(file=clip, addresses=addresses, title="Hello, world")
        await press.posts.write(draft)
    return await deliveries(pellacia)


async def deliveries(pellacia: Pellacia) -> dict[str, Delivery]:
    [view] = (await pellacia.queue.page()).posts
    return {delivery.platform: delivery for delivery in view.deliveries}


async def work_for_hours(pellacia: Pellacia) -> dict[str, Delivery]:
    """Work until everything rests, skipping over the waits; return what became of it."""
    assert isinstance(pellacia.clock, HurriedClock)
    for _ in range(2 * len(WAITS)):
        await work(pellacia)
        found = await deliveries(pellacia)
        if all(one.step in RESTING for one in found.values()):
            return found
        pellacia.clock.ahead += LONGER_THAN_ANY_WAIT
    raise AssertionError(f"still under way: {found}")


async def test_a_mistake_in_one_delivery_leaves_the_others_alone_and_is_tried_again(
    pellacia: Pellacia, clip: Path, database: Database, sandbox: RunningSandbox
) -> None:
    ids = await with_ids(database, "facebook", {})
    await queue(pellacia, clip, "facebook", "x")
    async with pellacia.press() as press:
        async for delivery in press.worker.run(until_idle=True):
            if delivery.platform == "facebook":
                break
    waiting = (await deliveries(pellacia))["facebook"]
    await with_ids(database, "facebook", ids)

    found = await work_for_hours(pellacia)

    assert waiting.error is not None
    assert "KeyError: 'page_id'" in waiting.error.message
    assert waiting.not_before is not None
    assert {one.status for one in found.values()} == {Status.COMPLETED}
    assert len(posts_in(sandbox)) == 2


async def test_what_goes_wrong_again_and_again_waits_longer_each_time_and_rests_in_the_end(
    pellacia: Pellacia,
    clip: Path,
    database: Database,
    sandbox: RunningSandbox,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ids = await with_ids(database, "facebook", {})
    await queue(pellacia, clip, "facebook")

    failed = (await work_for_hours(pellacia))["facebook"]

    assert failed.step is Step.FAILED
    assert failed.error is not None
    assert f"queue retry --id {failed.id}" in failed.error.message
    stories = [one for one in caplog.records if one.levelno == logging.ERROR and one.exc_info]
    assert len(stories) == len(WAITS) + 1
    journal = await pellacia.queue.journal(failed.id)
    waits = [entry.reason for entry in journal if "tried again in" in entry.reason]
    assert waits == [
        f"something unexpected: KeyError; tried again in {wait.seconds} s" for wait in WAITS
    ]

    await with_ids(database, "facebook", ids)
    await pellacia.queue.retry(failed.post_id)
    assert (await work_for_hours(pellacia))["facebook"].step is Step.DONE
    assert len(posts_in(sandbox)) == 1


async def test_where_it_may_have_been_published_it_is_held_and_never_published_again(
    pellacia: Pellacia, clip: Path, database: Database, sandbox: RunningSandbox
) -> None:
    make_trouble(sandbox, {"lost_answer": True}, platform="x", method="POST", path=r"/2/tweets$")
    await with_ids(database, "x", {})
    await queue(pellacia, clip, "x")

    held = (await work_for_hours(pellacia))["x"]

    assert held.step is Step.HELD
    assert held.error is not None
    assert "queue resolve" in held.error.message
    assert len(posts_in(sandbox, "x")) == 1


@pytest.mark.parametrize(
    ("step", "rests_at"),
    [
        (Step.SEND, Step.FAILED),
        (Step.READY, Step.FAILED),
        (Step.LAST_PART, Step.HELD),
        (Step.PUBLISH, Step.HELD),
        (Step.UNSURE, Step.HELD),
        (Step.CONFIRM, Step.HELD),
        (Step.DONE, Step.DONE),
    ],
)
async def test_a_broken_invariant_stops_its_delivery_for_good(
    pellacia: Pellacia, clip: Path, database: Database, step: Step, rests_at: Step
) -> None:
    broken = BrokenInvariantError("It was to go from publish to send.")
    done = await publish_on(pellacia, clip, "x")
    stood = replace(done, step=step, intent_at=done.completed_at, completed_at=None)
    async with database.write() as tx:
        await tx.deliveries.save(stood, expected_epoch=done.epoch)

    async with pellacia.press() as press:
        rests = await press.worker._mishaps.put_back(stood, broken)

    assert rests.step is (await deliveries(pellacia))["x"].step is rests_at
    if rests_at in {Step.FAILED, Step.HELD}:
        assert rests.error is not None


async def test_leases_that_are_lost_drop_the_work_and_do_not_look_like_an_interrupt(
    pellacia: Pellacia, clip: Path, sandbox: RunningSandbox
) -> None:
    make_trouble(sandbox, {"bytes_per_second": 100_000}, platform="x", path="")
    post_id = (await queue(pellacia, clip, "x"))["x"].post_id

    async with pellacia.press() as press:

        async def go() -> None:
            async for _ in press.worker.run(until_idle=True):
                pass

        task = asyncio.create_task(go())
        async for view in pellacia.queue.watch(post_id, every=0.1):
            if view.deliveries[0].step is Step.SEND:
                break
        # What the keeper of the leases calls when it could not renew them for too long.
        press.worker._drop_everything()
        await task

    found = (await deliveries(pellacia))["x"]
    assert (found.step, found.epoch) == (Step.DONE, 2)
    assert len(posts_in(sandbox, "x")) == 1
