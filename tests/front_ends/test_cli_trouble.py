"""Trouble on this machine: the home, the disk, the network, the pipe, Ctrl-C, and what nobody expected."""

import os
import resource
import signal
import socket
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from pellacia_service.sandbox.server import RunningSandbox
from tests.front_ends.command import CommandLine, Ended, ended
from tests.trouble import make_trouble, posts_in, requests_in

LONGEST_FILE = 16 * 1024
"""Bytes. A database is larger: to it, the disk is full."""


@pytest.mark.parametrize("words", [["queue", "status"], ["auth", "status"], ["db", "upgrade"]])
def test_a_home_that_cannot_be_made_is_named_with_what_helps(
    words: list[str], empty: CommandLine, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    ended = empty(*words, "--json", PELLACIA_HOME=str(tmp_path / "file"))

    assert (ended.code, ended.document["error"]["kind"]) == (1, "setup")
    assert f"The home folder {tmp_path}/file cannot be used: it is a file." in ended.message
    assert "PELLACIA_HOME" in ended.message


def test_a_database_of_a_newer_version_is_left_alone(pellacia: CommandLine) -> None:
    with sqlite3.connect(pellacia.home / "pellacia.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()

    ended = pellacia("queue", "list", "--json")

    assert ended.code == 1
    assert "revision 9999" in ended.message
    assert "Install the newer version" in ended.message


def test_a_full_disk_is_said_and_nothing_is_published(
    pellacia: CommandLine, clip: Path, sandbox: RunningSandbox
) -> None:
    process = pellacia.process(
        "upload", "--platform", "x", "--file", str(clip), "--title", "Hi", "--json"
    )
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (LONGEST_FILE, LONGEST_FILE))

    refused = ended(process)

    assert (refused.code, refused.document["error"]["kind"]) == (1, "setup")
    assert str(pellacia.home / "pellacia.db") in refused.message
    assert (pellacia.posts(), posts_in(sandbox)) == ([], [])


def test_a_setting_that_cannot_be_read_is_named(empty: CommandLine) -> None:
    ended = empty("queue", "status", "--json", PELLACIA_CONCURRENCY="many")

    assert ended.code == 2
    assert "PELLACIA_CONCURRENCY" in ended.message


def test_without_a_network_it_fails_and_a_retry_publishes_once(
    pellacia: CommandLine, clip: Path, sandbox: RunningSandbox
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}"
        words = [
            "upload",
            "--platforms",
            "x,facebook",
            "--file",
            str(clip),
            "--title",
            "Hi",
            "--json",
        ]
        failed = pellacia(*words, PELLACIA_SANDBOX_URL=nowhere)

    retried = pellacia("queue", "retry", "--status", "failed", "--json")
    worked = pellacia("worker", "--until-idle")

    assert failed.code == 5
    assert {one["error"]["kind"] for one in failed.document["deliveries"]} == {"network"}
    assert [post["status"] for post in retried.document["items"]] == ["pending"]
    assert worked.code == 0
    assert sorted(post["platform"] for post in posts_in(sandbox)) == ["facebook", "x"]


def test_signing_in_without_a_network_says_so(empty: CommandLine) -> None:
    ended = empty(
        "auth", "login", "all", "--yes", "--json", PELLACIA_SANDBOX_URL="http://127.0.0.1:9"
    )

    assert ended.code == 1
    assert "No sandbox answers at http://127.0.0.1:9." in ended.message


def until_it_sends(sandbox: RunningSandbox, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 30
    while not any("upload" in call["path"] for call in requests_in(sandbox)):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)


def stopped(process: subprocess.Popen[str], sandbox: RunningSandbox, by: signal.Signals) -> Ended:
    until_it_sends(sandbox, process)
    return ended(process, by)


def test_an_interrupted_upload_says_where_it_stands_and_a_worker_goes_on(
    pellacia: CommandLine, clip: Path, sandbox: RunningSandbox
) -> None:
    make_trouble(sandbox, {"bytes_per_second": 50_000}, path="dms-uploads|upload", times=1)
    words = ["upload", "--platform", "linkedin", "--file", str(clip), "--title", "Hi", "--json"]

    interrupted = stopped(pellacia.process(*words), sandbox, signal.SIGINT)
    worked = pellacia("worker", "--until-idle")

    assert (interrupted.code, interrupted.document["status"]) == (130, "processing")
    assert "Stopped. Where it stands:" in interrupted.err
    assert "To go on from here: pellacia-dist worker --until-idle" in interrupted.err
    assert "Traceback" not in interrupted.err
    assert worked.code == 0, worked.err
    assert len(posts_in(sandbox)) == 1


def test_a_worker_that_is_told_to_end_says_what_is_under_way(
    pellacia: CommandLine, clip: Path, sandbox: RunningSandbox
) -> None:
    make_trouble(sandbox, {"bytes_per_second": 50_000}, path="dms-uploads|upload", times=1)
    pellacia("upload", "--platform", "linkedin", "--file", str(clip), "--title", "Hi", "--no-wait")

    interrupted = stopped(pellacia.process("worker", "--json"), sandbox, signal.SIGTERM)

    assert interrupted.code == 130
    assert interrupted.document["deliveries"] == {"processing": 1}
    assert "  … linkedin  uploading" in interrupted.err


def test_interrupted_before_anything_is_queued_it_says_so(
    pellacia: CommandLine, clip: Path, tmp_path: Path
) -> None:
    growing = tmp_path / "growing.mp4"
    growing.write_bytes(clip.read_bytes())
    in_an_hour = time.time() + 1  # a young file is watched for a second before anything is written
    os.utime(growing, (in_an_hour, in_an_hour))
    words = ["upload", "--platform", "x", "--file", str(growing), "--title", "Hi", "--json"]
    process = pellacia.process(*words)
    while not list((pellacia.home / "publishers").glob("*.lock")):
        time.sleep(0.02)

    interrupted = ended(process, signal.SIGINT)

    assert (interrupted.code, interrupted.document["error"]["kind"]) == (130, "interrupted")
    assert "Nothing was queued and nothing was sent." in interrupted.err
    assert pellacia.posts() == []


def test_an_interrupted_demo_says_that_nothing_of_it_is_left(empty: CommandLine) -> None:
    process = empty.process("demo", "--no-tui", "--json")
    assert process.stderr is not None
    assert process.stderr.readline().startswith("Connecting six accounts")

    interrupted = ended(process, signal.SIGINT)

    assert (interrupted.code, interrupted.document["error"]["kind"]) == (130, "interrupted")
    assert "The sandbox is gone" in interrupted.err


def test_asking_for_a_sign_in_can_be_interrupted(empty: CommandLine) -> None:
    read, write = os.pipe()
    process = subprocess.Popen(
        [*empty.program, "auth", "login", "youtube", "--json"],
        env={**os.environ, **empty.environment},
        stdin=read,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stderr is not None
    while "Paste" not in process.stderr.readline():
        assert process.poll() is None

    interrupted = ended(process, signal.SIGINT)

    os.close(read)
    os.close(write)
    assert (interrupted.code, interrupted.document["error"]["kind"]) == (130, "interrupted")


def test_a_reader_that_goes_away_ends_nothing_and_shows_no_traceback(
    pellacia: CommandLine, clip: Path, sandbox: RunningSandbox
) -> None:
    read, write = os.pipe()
    os.close(read)
    words = ["upload", "--platform", "facebook", "--file", str(clip), "--title", "Hi"]

    broken = pellacia.run(*words, stdout=write)

    os.close(write)
    assert broken.code == 0
    assert "Traceback" not in broken.err
    assert "BrokenPipe" not in broken.err
    assert len(posts_in(sandbox)) == 1


def test_an_answer_that_cannot_be_written_is_exit_1(pellacia: CommandLine) -> None:
    with Path("/dev/full").open("w") as full:
        ended = pellacia.run("queue", "status", "--json", stdout=full.fileno())

    assert (ended.code, ended.err) == (
        1,
        "The answer cannot be written: No space left on device.\n",
    )


def test_what_nobody_expected_is_one_line_and_verbose_tells_the_rest(
    pellacia: CommandLine, clip: Path
) -> None:
    pellacia("upload", "--platform", "x", "--file", str(clip), "--title", "Hi", "--no-wait")
    with sqlite3.connect(pellacia.home / "pellacia.db") as database:
        database.execute("PRAGMA ignore_check_constraints = ON")
        database.execute("UPDATE deliveries SET step = 'nonsense'")
    database.close()

    short = pellacia("queue", "list", "--json")
    long = pellacia("queue", "list", "--verbose")

    assert (short.code, short.document["error"]["kind"]) == (1, "unexpected")
    assert short.err.count("\n") == 1
    assert "'nonsense' is not a valid Step" in short.err
    assert "Traceback" in long.err
