"""A command line in an empty home, and one with an account on every platform."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import stamina

from pellacia_service.sandbox.server import RunningSandbox
from tests.front_ends.command import CommandLine


@pytest.fixture(autouse=True)
def _retries_without_waits() -> Iterator[None]:
    """stamina's own switch for tests: as many tries, no pauses."""
    with stamina.set_testing(True, attempts=2):
        yield


def command_line(home: Path, sandbox: RunningSandbox) -> CommandLine:
    environment = {
        "PELLACIA_HOME": str(home),
        "PELLACIA_SANDBOX_URL": sandbox.url,
        "PELLACIA_QUIET_SECONDS": "0.2",
        "PELLACIA_ATTEMPTS": "2",
    }
    return CommandLine(home, environment)


@pytest.fixture(scope="session")
def signed_in_home(
    tmp_path_factory: pytest.TempPathFactory, _sandbox_process: RunningSandbox
) -> Path:
    """A home with an account on every platform, to be copied."""
    home = tmp_path_factory.mktemp("signed-in")
    assert command_line(home, _sandbox_process)("auth", "login", "all", "--yes").code == 0
    return home


@pytest.fixture
def empty(tmp_path: Path, sandbox: RunningSandbox) -> CommandLine:
    """The program on its first day."""
    return command_line(tmp_path / "home", sandbox)


@pytest.fixture
def pellacia(tmp_path: Path, signed_in_home: Path, sandbox: RunningSandbox) -> CommandLine:
    """The program with an account on every platform, and nothing in the queue."""
    shutil.copytree(signed_in_home, tmp_path / "home")
    return command_line(tmp_path / "home", sandbox)
