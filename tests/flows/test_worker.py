"""A worker that has nothing to do sleeps lightly: an earlier post wakes it within a second."""

import asyncio
import contextlib
import datetime as dt
import json
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from pellacia_service.clock import SystemClock
from pellacia_service.domain.work import Work
from pellacia_service.facade import Delivery, Draft, Pellacia, Status, Step, open_pellacia
from pellacia_service.repositories.session import Database
from pellacia_service.sandbox.server import RunningSandbox
from pellacia_service.settings import Settings
from pellacia_service.wiring.press import Press
from pellacia_service.wiring.records import make_database
from tests.flows.accounts import connect_all
from tests.flows.publishing import publish_on
from tests.trouble import posts_in

HOUR = dt.timedelta(hours=1)
ONE_SECOND = 1.0


@pytest.fixture
async def both(settings: Settings) -> AsyncIterator[tuple[Pellacia, Pellacia]]:
    """The program twice, by the machine's clock, each with connections of its own."""
    ours = settings.model_copy(update={"stage_minutes": 0.0})
    async with open_pellacia(ours, SystemClock()) as one, open_pellacia(ours, SystemClock()) as two:
        await connect_all(ours)
        yield one, two


@contextlib.asynccontextmanager
async def running(press: Press) -> AsyncIterator[list[Delivery]]:
    """Run a press as `worker` does, and collect what it gives back."""
    given_back: list[Delivery] = []

    async def go() -> None:
        async for delivery in press.runner.run():
            given_back.append(delivery)  # noqa: PERF401 - looked at while it grows

    task = asyncio.create_task(go())
    try:
        yield given_back
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(happened: Callable[[], bool], seconds: float = 30) -> float:
    """Wait for it, and return how many seconds that took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while not happened():
        assert loop.time() - began < seconds, "it never happened"
        await asyncio.sleep(0.01)
    return loop.time() - began


async def queue(press: Press, clip: Path, due_at: dt.datetime | None) -> uuid.UUID:
    draft = Draft(file=clip, addresses=("x",), title=f"Due {due_at}", due_at=due_at)
    return (await press.posts.write(draft)).stored.id


async def seconds_until_begun(pellacia: Pellacia, post_id: uuid.UUID) -> float:
    """Wait until a publisher has a delivery of the post in its hands."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while loop.time() - began < 30:
        [delivery] = (await pellacia.queue.show(post_id)).deliveries
        if delivery.epoch > 0:
            return loop.time() - began
        await asyncio.sleep(0.01)
    raise AssertionError("nobody took it")


async def test_a_worker_that_sleeps_until_a_later_post_wakes_within_a_second_for_an_earlier_one(
    both: tuple[Pellacia, Pellacia], clip: Path
) -> None:
    here, elsewhere = both
    async with here.press() as press, elsewhere.press() as others:
        later = await queue(press, clip, SystemClock().now() + HOUR)
        async with running(press) as given_back:
            await asyncio.sleep(1.2)

            earlier = await queue(others, clip, None)

            assert await seconds_until_begun(elsewhere, earlier) < ONE_SECOND
            await until(lambda: len(given_back) > 0)

    [delivery] = given_back
    assert (delivery.post_id, delivery.step) == (earlier, Step.DONE)
    [waiting] = (await here.queue.show(later)).deliveries
    assert waiting.epoch == 0


async def test_a_post_that_becomes_due_while_the_worker_sleeps_begins_on_the_second(
    both: tuple[Pellacia, Pellacia], clip: Path
) -> None:
    here, _ = both
    async with here.press() as press, running(press):
        due_at = SystemClock().now() + dt.timedelta(seconds=2)
        post_id = await queue(press, clip, due_at)

        await seconds_until_begun(here, post_id)

        late = SystemClock().now() - due_at
        assert dt.timedelta() <= late < dt.timedelta(seconds=ONE_SECOND)


async def test_a_watched_folder_is_emptied_and_published_while_the_worker_runs(
    settings: Settings, tmp_path: Path, clip: Path, sandbox: RunningSandbox
) -> None:
    missing, folder = tmp_path / "not there", tmp_path / "arrivals"
    folder.mkdir()
    words = {"title": "From the folder", "platforms": ["x"]}
    (folder / "film.json").write_text(json.dumps(words))
    shutil.copy(clip, folder / "film.mp4")
    ours = settings.model_copy(update={"watch": os.pathsep.join(map(str, [missing, folder]))})

    async with open_pellacia(ours, SystemClock()) as pellacia:
        await connect_all(ours)
        async with pellacia.press() as press, running(press) as given_back:
            await until(lambda: len(given_back) > 0)

    assert [delivery.status for delivery in given_back] == [Status.COMPLETED]
    assert len(posts_in(sandbox, "x")) == 1
    assert [path.name for path in folder.glob("*.mp4")] == []


# Hints of the database


class Bell:
    """Counts how often it was rung."""

    def __init__(self) -> None:
        self.count = 0

    def ring(self) -> None:
        self.count += 1


@contextlib.asynccontextmanager
async def listening(
    settings: Settings,
) -> AsyncIterator[tuple[Database, Bell, "asyncio.Task[None]"]]:
    bell = Bell()
    async with make_database(settings, SystemClock()) as database:
        task = asyncio.create_task(database.listen(bell.ring))
        try:
            yield database, bell, task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def terminate_listeners(address: str) -> None:
    """End, on the server, every connection whose last word was LISTEN."""
    engine = create_async_engine(address, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        ended = await connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            )
        )
        assert len(ended.all()) == 1
    await engine.dispose()


only_on_a_server = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
only_in_a_file = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@only_on_a_server
async def test_who_listens_hears_of_new_and_of_changed_orders_but_not_of_steps(
    pellacia: Pellacia, settings: Settings, clip: Path, database_url: str
) -> None:
    async with listening(settings) as (_, bell, _):
        await until(lambda: bell.count == 1)

        delivery = await publish_on(pellacia, clip, "x")

        await asyncio.sleep(0.2)
        assert bell.count == 2
        await pellacia.queue.resume()
        await until(lambda: bell.count == 3)
    assert delivery.step is Step.DONE


@only_on_a_server
async def test_a_lost_line_to_the_server_is_made_again_and_what_was_missed_is_looked_for(
    pellacia: Pellacia, settings: Settings, database_url: str
) -> None:
    async with listening(settings) as (_, bell, _):
        await until(lambda: bell.count == 1)

        await terminate_listeners(database_url)

        await until(lambda: bell.count == 2)
        await pellacia.queue.resume()
        await until(lambda: bell.count == 3)


@only_on_a_server
async def test_another_schema_on_the_same_server_has_nothing_to_do_with_our_queue(
    pellacia: Pellacia, settings: Settings, database_url: str
) -> None:
    theirs = settings.model_copy(update={"database_schema": "somebody_else"})
    async with listening(theirs) as (_, bell, _):
        await until(lambda: bell.count == 1)

        await pellacia.queue.resume()

        await asyncio.sleep(0.3)
        assert bell.count == 1


@only_on_a_server
async def test_a_worker_that_is_no_longer_told_finds_an_earlier_post_within_a_second_even_so(
    both: tuple[Pellacia, Pellacia], clip: Path, database_url: str
) -> None:
    here, elsewhere = both
    async with here.press() as press, elsewhere.press() as others, running(press):
        await asyncio.sleep(0.5)
        await terminate_listeners(database_url)

        post_id = await queue(others, clip, None)

        assert await seconds_until_begun(elsewhere, post_id) < ONE_SECOND


@only_in_a_file
async def test_in_a_file_there_is_nothing_to_listen_to(
    settings: Settings, database_url: str
) -> None:
    async with listening(settings) as (_, bell, task):
        await asyncio.wait_for(task, 1)

        assert bell.count == 0


# Being stopped in the middle


async def test_who_is_stopped_in_the_middle_of_reading_keeps_nobody_from_writing(
    settings: Settings,
) -> None:
    async with make_database(settings, SystemClock()) as database:

        async def read_for_ever() -> None:
            while True:
                async with database.read() as tx:
                    await tx.deliveries.next_due(SystemClock().now(), [Work.UPLOADS])

        for number in range(10):
            task = asyncio.create_task(read_for_ever())
            await asyncio.sleep(0.01 + number / 1000)
            task.cancel()
            await asyncio.wait([task])

            async with asyncio.timeout(5), database.write() as tx:
                await tx.deliveries.release_owner("nobody")
