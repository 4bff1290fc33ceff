"""Every test here that takes `database` or `place` runs on both databases."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from pellacia_service.repositories.session import Database
from tests.clocks import HeldClock
from tests.postgres import KINDS, ServerAddress, database_at, place_for


@pytest.fixture(params=KINDS, scope="session")
def kind(request: pytest.FixtureRequest) -> str:
    """Which of the two databases."""
    return str(request.param)


@pytest.fixture
async def place(kind: str, tmp_path: Path, postgres: ServerAddress) -> AsyncIterator[str]:
    """The address of an empty database, without tables."""
    async with place_for(kind, tmp_path, postgres) as address:
        yield address


@pytest.fixture(scope="session")
def shared_place(
    kind: str, tmp_path_factory: pytest.TempPathFactory, postgres: ServerAddress
) -> Iterator[str]:
    """The address of the database that all tests of one kind use, one after the other."""
    stack = AsyncExitStack()
    place = place_for(kind, tmp_path_factory.mktemp("database"), postgres)
    with asyncio.Runner() as runner:
        yield runner.run(stack.enter_async_context(place))
        runner.run(stack.aclose())


@pytest.fixture
async def database(shared_place: str, clock: HeldClock) -> AsyncIterator[Database]:
    """An open database with all its tables, and nothing in them."""
    async with database_at(shared_place, clock) as opened:
        yield opened
