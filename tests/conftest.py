"""What all tests stand on: a sandbox, a clock held in the hand, a real clip, a line to a platform."""

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest

from pellacia_service.domain.media import Media
from pellacia_service.media import make_sample, read_media
from pellacia_service.platform_kit.http import Api
from pellacia_service.platforms import PLATFORMS
from pellacia_service.sandbox.server import RunningSandbox, running_sandbox
from tests.clocks import HeldClock
from tests.lines import ApiFor, api_on
from tests.postgres import postgres

__all__ = ["postgres"]


@pytest.fixture(scope="session")
def _sandbox_process() -> Iterator[RunningSandbox]:
    with running_sandbox(seed=1, pace=0.1) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox_process: RunningSandbox) -> Iterator[RunningSandbox]:
    """A sandbox with no posts, no faults and no sessions; its accounts outlive a test."""
    httpx.post(f"{_sandbox_process.url}/_sandbox/reset", verify=False).raise_for_status()
    httpx.delete(f"{_sandbox_process.url}/_sandbox/faults", verify=False).raise_for_status()
    yield _sandbox_process


@pytest.fixture
def clock() -> HeldClock:
    """Time that passes only when the program sleeps or a test says so."""
    return HeldClock()


@pytest.fixture(scope="session")
async def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real, vertical H.264 + AAC MP4 of a few seconds that suits all six platforms."""
    return await make_sample(tmp_path_factory.mktemp("clips") / "clip.mp4", seconds=4)


@pytest.fixture(scope="session")
async def clip_media(clip: Path) -> Media:
    """What the clip's own headers say."""
    return await read_media(clip)


@pytest.fixture(scope="session")
def clip_sha256(clip: Path) -> str:
    """The clip's hash."""
    return hashlib.sha256(clip.read_bytes()).hexdigest()


@pytest.fixture
async def api_for(sandbox: RunningSandbox) -> AsyncIterator[ApiFor]:
    """Make a line to one platform of the sandbox, signed in with an account of its own."""
    async with httpx.AsyncClient(trust_env=False, verify=False) as http:

        def make(platform: str, label: str = "default") -> Api:
            return api_on(sandbox.url, PLATFORMS[platform].facts, label=label, http=http)

        yield make


@pytest.fixture
def media_of() -> Callable[[Path], object]:
    """Read a file as the program does."""
    return read_media
