"""A watched folder, and the program by the machine's own clock. What is about files runs on one database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pellacia_service.facade import Pellacia, open_pellacia
from pellacia_service.settings import Settings
from tests.flows.accounts import connect_all
from tests.postgres import ServerAddress, place_for


@pytest.fixture
async def database_url(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: ServerAddress
) -> AsyncIterator[str]:
    kind = getattr(request, "param", "sqlite")
    async with place_for(kind, tmp_path, postgres) as address:
        yield address


@pytest.fixture
async def opened(settings: Settings) -> AsyncIterator[Pellacia]:
    """The program by the machine's own clock: files carry the machine's own time."""
    async with open_pellacia(settings) as pellacia:
        await connect_all(settings)
        yield pellacia


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "finished"
    path.mkdir()
    return path
