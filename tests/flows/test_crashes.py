"""Real processes, killed for real: whatever the moment, each platform ends with exactly one post."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pellacia_service.facade import PLATFORM_NAMES, Pellacia, Status
from pellacia_service.sandbox.server import RunningSandbox
from pellacia_service.settings import Settings
from tests.trouble import posts_in, requests_in

LONG = pytest.mark.long

CRASH_POINTS = (
    "after a send call",
    "after publish",
    pytest.param("after the open call", marks=LONG),
    pytest.param("before a send call", marks=LONG),
    pytest.param("after last_part", marks=LONG),
    pytest.param("after the publish call", marks=LONG),
    pytest.param("before done", marks=LONG),
    pytest.param("before open", marks=LONG),
    pytest.param("after open", marks=LONG),
    pytest.param("before the open call", marks=LONG),
    pytest.param("after send", marks=LONG),
    pytest.param("before wait", marks=LONG),
    pytest.param("after ready", marks=LONG),
    pytest.param("before publish", marks=LONG),
    pytest.param("before confirm", marks=LONG),
)


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    return {
        **os.environ,
        "PELLACIA_HOME": str(settings.home),
        "PELLACIA_DATABASE_URL": settings.database_url,
        "PELLACIA_SANDBOX_URL": settings.sandbox_url,
        "PELLACIA_QUIET_SECONDS": "0.5",
    }


def run(words: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pellacia_service", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def upload_words(clip: Path) -> list[str]:
    return ["upload", "--platforms", "all", "--file", str(clip), "--title", "Hello", "--json"]


@pytest.mark.parametrize("point", CRASH_POINTS)
async def test_killed_and_started_again_it_publishes_once(
    point: str,
    pellacia: Pellacia,
    clip: Path,
    clip_sha256: str,
    environment: dict[str, str],
    sandbox: RunningSandbox,
) -> None:
    killed = run(upload_words(clip), {**environment, "PELLACIA_CRASH_AT": f"{point}#2"})
    assert killed.returncode == -9

    ended = run(["worker", "--until-idle"], environment)

    [view] = (await pellacia.queue.page()).posts
    held = {one.platform for one in view.deliveries if one.status is Status.HELD}
    posts = posts_in(sandbox)
    assert ended.returncode == (7 if held else 0), ended.stderr
    assert len(posts) == len({post["platform"] for post in posts})
    assert {post["platform"] for post in posts} | held == set(PLATFORM_NAMES)
    assert held <= {"x", "linkedin"}
    assert {post["sha256"] for post in posts} == {clip_sha256}


async def test_killed_right_before_the_call_it_is_held_where_absence_cannot_be_proved(
    pellacia: Pellacia, clip: Path, environment: dict[str, str], sandbox: RunningSandbox
) -> None:
    words = ["upload", "--platform", "x", "--file", str(clip), "--title", "Hello"]
    run(words, {**environment, "PELLACIA_CRASH_AT": "before the publish call"})

    run(["worker", "--until-idle"], environment)

    [view] = (await pellacia.queue.page()).posts
    assert view.deliveries[0].status == "held"
    assert posts_in(sandbox) == []


async def test_a_killed_upload_goes_on_at_the_byte_the_platform_confirms(
    pellacia: Pellacia,
    clip: Path,
    environment: dict[str, str],
    sandbox: RunningSandbox,
) -> None:
    words = ["upload", "--platform", "linkedin", "--file", str(clip), "--title", "Hello"]
    run(words, {**environment, "PELLACIA_CRASH_AT": "before wait"})

    run(["worker", "--until-idle"], environment)

    parts = [call for call in requests_in(sandbox, "linkedin") if "dms-uploads" in call["path"]]
    assert sum(call["bytes_in"] for call in parts) == clip.stat().st_size
