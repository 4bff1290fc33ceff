"""The whole program, opened by its door on an empty home, with six accounts of the sandbox."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import stamina

from pellacia_service.clock import HurriedClock
from pellacia_service.facade import Pellacia, open_pellacia
from pellacia_service.sandbox.server import RunningSandbox
from pellacia_service.settings import Settings
from tests.flows.accounts import connect_all
from tests.postgres import KINDS, ServerAddress, place_for

RATE = 10
"""How much faster than the machine's clock the program's runs: polls and quiet periods are waited for."""


FILE_IS_ENOUGH = {
    "test_unknown_outcomes.py",
    "test_pacing.py",
    "test_schedule.py",
    "test_thumbnails.py",
    "test_watch_taking.py",
    "test_watch_killed.py",
    "test_mishaps.py",
    "test_staging.py",
    "test_quota.py",
    "test_no_connection.py",
    "test_refresh.py",
    "test_rewind.py",
}
"""What these show does not depend on the database: on a server they run with the long tests."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to the long tests what the same test on the other database shows already."""
    for item in items:
        if item.path.name in FILE_IS_ENOUGH and "postgresql" in item.name:
            item.add_marker(pytest.mark.long)


@pytest.fixture(autouse=True)
def _retries_without_waits() -> Iterator[None]:
    """stamina's own switch for tests: as many tries, no pauses."""
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture(params=KINDS)
async def database_url(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: ServerAddress
) -> AsyncIterator[str]:
    """An empty database of either kind: what is published is published the same way."""
    async with place_for(str(request.param), tmp_path, postgres) as address:
        yield address


@pytest.fixture
def settings(tmp_path: Path, sandbox: RunningSandbox, database_url: str) -> Settings:
    return Settings(
        home=tmp_path / "home",
        database_url=database_url,
        sandbox_url=sandbox.url,
        quiet_seconds=5,
        # A keeper's thread renews by the machine's clock, ten times too late for this one.
        lease_seconds=3600,
    )


@pytest.fixture
async def pellacia(settings: Settings) -> AsyncIterator[Pellacia]:
    """The open program, with an account on every platform."""
    async with open_pellacia(settings, HurriedClock(RATE)) as opened:
        await connect_all(settings)
        yield opened
