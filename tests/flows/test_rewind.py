"""A database that is put back has forgotten what was published. Nothing is published again."""

import datetime as dt
import shutil
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from pellacia_service.clock import HurriedClock
from pellacia_service.facade import (
    PLATFORM_NAMES,
    Delivery,
    Draft,
    OnConflict,
    Pellacia,
    PostView,
    Status,
    Wish,
    open_pellacia,
)
from pellacia_service.sandbox.server import RunningSandbox
from pellacia_service.settings import Settings
from tests.flows.accounts import connect_all
from tests.flows.publishing import publish
from tests.trouble import posts_in

RATE = 10


class Backup:
    """A copy of a whole database, taken and put back while nobody uses it."""

    def __init__(self, address: str, folder: Path) -> None:
        self._url = sa.make_url(address)
        self._copy = folder / "backup.db"
        self._name = f"backup_{uuid.uuid4().hex}"

    async def take(self) -> None:
        if self._url.host is None:
            shutil.copy(str(self._url.database), self._copy)
        else:
            await self._on_server(f"CREATE DATABASE {self._name} TEMPLATE {self._url.database}")

    async def put_back(self) -> None:
        if self._url.host is None:
            for left in Path(str(self._url.database)).parent.glob("*.db-*"):
                left.unlink()
            shutil.copy(self._copy, str(self._url.database))
            return
        await self._on_server(f"DROP DATABASE {self._url.database} WITH (FORCE)")
        await self._on_server(f"ALTER DATABASE {self._name} RENAME TO {self._url.database}")

    async def _on_server(self, statement: str) -> None:
        engine = create_async_engine(
            self._url.set(database="postgres"), isolation_level="AUTOCOMMIT"
        )
        async with engine.connect() as connection:
            await connection.execute(sa.text(statement))
        await engine.dispose()


@dataclass(frozen=True)
class House:
    """A home, and its time, which goes on from one sitting to the next."""

    settings: Settings
    clock: HurriedClock


@pytest.fixture
def house(settings: Settings) -> House:
    return House(settings, HurriedClock(RATE))


@pytest.fixture
def backup(settings: Settings, tmp_path: Path) -> Backup:
    return Backup(settings.database, tmp_path)


@asynccontextmanager
async def opened(house: House) -> AsyncIterator[Pellacia]:
    """The program, for one sitting: a backup is put back while it is closed."""
    async with open_pellacia(house.settings, house.clock) as pellacia:
        yield pellacia


async def queued(house: House, clip: Path, due_at: dt.datetime | None = None) -> PostView:
    async with opened(house) as pellacia:
        await connect_all(house.settings)
        async with pellacia.press() as press:
            return await press.posts.write(
                Draft(file=clip, addresses=PLATFORM_NAMES, title="Hello", due_at=due_at)
            )


async def worked(house: House) -> tuple[list[str], dict[str, Delivery]]:
    """Run a worker; return what it had to say, and what became of each delivery."""
    said: list[str] = []
    async with opened(house) as pellacia:
        async with pellacia.press() as press:
            press.notices.listen(said.append)
            async for _ in press.worker.run(until_idle=True):
                pass
        views = (await pellacia.queue.page()).posts
    return said, {one.platform: one for view in views for one in view.deliveries}


async def test_a_backup_from_before_the_upload_publishes_nothing_a_second_time(
    house: House, clip: Path, sandbox: RunningSandbox, backup: Backup
) -> None:
    await queued(house, clip)
    await backup.take()
    await worked(house)
    assert len(posts_in(sandbox)) == 6
    await backup.put_back()

    said, deliveries = await worked(house)

    assert sorted(post["platform"] for post in posts_in(sandbox)) == sorted(PLATFORM_NAMES)
    assert {one.status for one in deliveries.values()} == {Status.HELD}
    assert any("The database was put back" in text and "6 are held" in text for text in said)
    assert {one.error.code for one in deliveries.values() if one.error} == {"rewound"}


async def test_the_quarantine_happens_once_and_then_life_goes_on(
    house: House, clip: Path, sandbox: RunningSandbox, backup: Backup
) -> None:
    await queued(house, clip)
    await backup.take()
    await worked(house)
    await backup.put_back()
    await worked(house)

    async with opened(house) as pellacia:
        view = await publish(pellacia, clip, ["youtube"], title="Another")
    said, _ = await worked(house)

    assert [one.status for one in view.deliveries] == [Status.COMPLETED]
    assert said == []
    assert len(posts_in(sandbox, "youtube")) == 2


async def test_a_database_that_only_went_on_is_not_suspected(
    house: House, clip: Path, sandbox: RunningSandbox, backup: Backup
) -> None:
    await queued(house, clip)
    await worked(house)
    await backup.take()
    await backup.put_back()

    said, deliveries = await worked(house)

    assert said == []
    assert {one.status for one in deliveries.values()} == {Status.COMPLETED}


async def test_what_is_queued_after_the_backup_was_put_back_is_published(
    house: House, clip: Path, sandbox: RunningSandbox, backup: Backup
) -> None:
    await queued(house, clip)
    await backup.take()
    await worked(house)
    await backup.put_back()

    async with opened(house) as pellacia:
        view = await publish(pellacia, clip, ["tiktok"], title="Another")

    assert [one.status for one in view.deliveries] == [Status.COMPLETED]
    assert len(posts_in(sandbox, "tiktok")) == 2


async def test_a_planned_post_that_was_not_due_keeps_its_time(
    house: House, clip: Path, sandbox: RunningSandbox, backup: Backup
) -> None:
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    await queued(house, clip)
    planned = await queued(house, clip, due_at=tomorrow)
    await backup.take()
    await worked(house)
    await backup.put_back()

    await worked(house)

    async with opened(house) as pellacia:
        view = await pellacia.queue.show(planned.stored.id)
    assert {one.status for one in view.deliveries} == {Status.PENDING}


async def test_what_is_known_to_have_been_announced_is_never_announced_again(
    house: House, clip: Path, sandbox: RunningSandbox, backup: Backup
) -> None:
    """The backup says "tomorrow"; a person moved it to today, and that has been forgotten."""
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    planned = await queued(house, clip, due_at=tomorrow)
    await backup.take()
    async with opened(house) as pellacia:
        now = pellacia.clock.now() + dt.timedelta(seconds=30)
        await pellacia.calendar().schedule.move(
            planned.stored.id, Wish(at=f"{now:%Y-%m-%dT%H:%M:%SZ}", on_conflict=OnConflict.ALLOW)
        )
        await pellacia.clock.sleep(31)
    await worked(house)
    assert len(posts_in(sandbox)) == 6
    await backup.put_back()

    _, deliveries = await worked(house)

    assert {one.status for one in deliveries.values()} == {Status.HELD}
    assert len(posts_in(sandbox)) == 6
