"""`watch` as scripts and people use it: in a process of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pellacia_service.sandbox.server import RunningSandbox
from pellacia_service.settings import Settings
from tests.clips import lain_there
from tests.flows.accounts import connect_all

GOOD = '{"title": "Hello", "platforms": ["youtube"]}'
BAD = '{\n "title": "Hello",\n "platfroms": ["youtube"]\n}'


@pytest.fixture
async def environment(tmp_path: Path, sandbox: RunningSandbox) -> dict[str, str]:
    """A home with an account on every platform of the sandbox."""
    settings = Settings(home=tmp_path / "home", sandbox_url=sandbox.url)
    settings.home.mkdir()
    await connect_all(settings)
    return {
        **os.environ,
        "PELLACIA_HOME": str(settings.home),
        "PELLACIA_SANDBOX_URL": settings.sandbox_url,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "finished"
    path.mkdir()
    return path


def arrive(folder: Path, clip: Path, metadata: str, stem: str = "clip") -> None:
    shutil.copy(clip, folder / f"{stem}.mp4")
    lain_there(folder / f"{stem}.mp4")
    (folder / f"{stem}.json").write_text(metadata)
    lain_there(folder / f"{stem}.json")


def run(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pellacia_service", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def items_of(ended: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    document = json.loads(ended.stdout)
    assert set(document) == {"items", "next"}
    assert document["next"] is None
    items: list[dict[str, Any]] = document["items"]
    return items


def test_what_was_taken_is_one_json_document_and_exit_code_0(
    environment: dict[str, str], folder: Path, clip: Path
) -> None:
    arrive(folder, clip, GOOD)

    ended = run(environment, "--json", "watch", str(folder), "--once")

    [item] = items_of(ended)
    assert (item["file"], item["result"], item["diagnostics"]) == ("clip.mp4", "queued", [])
    assert item["moved_to"] == "done/clip.mp4"
    listed = json.loads(run(environment, "queue", "list", "--json").stdout)["items"]
    assert [post["id"] for post in listed] == [item["id"]]
    assert ended.returncode == 0


def test_what_was_refused_is_exit_code_2_with_its_diagnostics(
    environment: dict[str, str], folder: Path, clip: Path
) -> None:
    arrive(folder, clip, BAD)

    ended = run(environment, "--json", "watch", str(folder), "--once")

    [item] = items_of(ended)
    assert (item["result"], item["id"]) == ("refused", None)
    assert [
        (found["file"], found["line"], found["column"], found["level"], found["code"])
        for found in item["diagnostics"]
    ] == [("clip.json", 1, 1, "error", "PL004"), ("clip.json", 3, 2, "error", "PL001")]
    assert ended.returncode == 2


def test_without_json_each_diagnostic_is_a_line_for_people(
    environment: dict[str, str], folder: Path, clip: Path
) -> None:
    arrive(folder, clip, BAD)

    ended = run(environment, "watch", str(folder), "--once")

    lines = [line.strip() for line in ended.stderr.splitlines()]
    assert lines[0] == "✗ clip.mp4  refused  see refused/clip.why.txt"
    assert lines[2] == (
        "clip.json:3:2 error PL001 there is no key called 'platfroms' here "
        '[fix: Did you mean "platforms"?]'
    )
    assert ended.stdout == ""


def test_a_pair_taken_before_is_a_duplicate_and_exit_code_0(
    environment: dict[str, str], folder: Path, clip: Path
) -> None:
    arrive(folder, clip, GOOD)
    run(environment, "watch", str(folder), "--once")
    arrive(folder, clip, GOOD, stem="again")

    ended = run(environment, "--json", "watch", str(folder), "--once")

    assert [item["result"] for item in items_of(ended)] == ["duplicate"]
    assert ended.returncode == 0


def test_a_folder_that_is_not_there_is_refused_and_not_made(
    environment: dict[str, str], folder: Path
) -> None:
    ended = run(environment, "watch", str(folder / "none"), "--once")

    assert ended.returncode == 2
    assert "cannot be watched" in ended.stderr
    assert not (folder / "none").exists()


def test_watching_goes_on_until_it_is_stopped_and_then_sums_up(
    environment: dict[str, str], folder: Path, clip: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "pellacia_service", "--json", "watch", str(folder)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline().startswith("Watching ")

    arrive(folder, clip, GOOD)
    said = process.stderr.readline()
    while "queued" not in said:
        said = process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=10)

    assert said.startswith("✓ clip.mp4  queued  ")
    assert [item["result"] for item in json.loads(output)["items"]] == ["queued"]
    assert process.returncode == 130
