"""A new key for all sign-ins: killed anywhere, nothing is lost, and the same command goes on."""

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from filelock import FileLock

from pellacia_service.settings import Settings
from pellacia_service.vault import KEY_FILE
from tests.flows.rotation_kills import ENDS, fill, readable

ROWS = 12


def in_process(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )


def command(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return in_process(
        "-m", "pellacia_service", *words, PELLACIA_HOME=str(home), PELLACIA_DATABASE_URL="",
        **environment,
    )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a few sign-ins."""
    asyncio.run(fill(Settings(home=tmp_path / "home", database_url=""), ROWS))
    return tmp_path / "home"


def all_readable(home: Path, **settings: Any) -> bool:
    return asyncio.run(readable(Settings(home=home, database_url="", **settings))) == ROWS


@pytest.mark.parametrize(
    ("rows", "kills"), [(40, 15), pytest.param(600, 500, marks=pytest.mark.long)]
)
def test_every_sign_in_is_readable_after_every_death_of_a_rotation(
    tmp_path: Path, rows: int, kills: int
) -> None:
    ended = in_process(
        "-m", "tests.flows.rotation_kills", str(tmp_path / "home"), str(rows), str(kills), "1"
    )

    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == {
        "deaths": kills + len(ENDS),
        "unreadable": 0,
        "most_keys": 2,
        "keys_left": 1,
        "first_key_opens": False,
        "last_key_opens": True,
    }


def test_the_command_goes_on_where_it_was_killed(home: Path) -> None:
    dead = command(home, "auth", "rotate-keys", PELLACIA_CRASH_AT="after a sign-in sealed anew#5")

    ended = command(home, "auth", "rotate-keys", "--json")

    assert dead.returncode == -9
    assert len(json.loads(ended.stdout)["sealed_anew"]) == ROWS - 5
    assert all_readable(home)


def test_a_backup_from_before_the_rotation_is_refused_and_its_key_named(home: Path) -> None:
    shutil.copy(home / "pellacia.db", home / "backup.db")
    retired = json.loads(command(home, "auth", "rotate-keys", "--json").stdout)["retired"]

    shutil.copy(home / "backup.db", home / "pellacia.db")
    ended = command(home, "auth", "rotate-keys")

    assert ended.returncode == 1
    assert retired[0] in ended.stderr


def test_given_keys_are_sealed_anew_with_the_first_of_them(home: Path) -> None:
    old, new = (home / KEY_FILE).read_text().strip(), Fernet.generate_key().decode()

    alone = command(home, "auth", "rotate-keys", PELLACIA_SECRET_KEYS=old)
    ended = command(home, "auth", "rotate-keys", "--json", PELLACIA_SECRET_KEYS=f"{new},{old}")

    assert alone.returncode == 2
    assert "Put a new key in front of it" in alone.stderr
    assert len(json.loads(ended.stdout)["sealed_anew"]) == ROWS
    assert all_readable(home, secret_keys=new)
    assert (home / KEY_FILE).read_text().strip() == old


def test_two_rotations_do_not_make_a_key_each(home: Path) -> None:
    before = (home / KEY_FILE).read_text()

    with FileLock(home / "rotation.lock"):
        ended = command(home, "auth", "rotate-keys")

    assert ended.returncode == 2
    assert (home / KEY_FILE).read_text() == before


def test_rows_put_back_or_swapped_in_the_file_are_refused_after_a_rotation(home: Path) -> None:
    """The whole way: file, repository, vault."""
    query = "SELECT platform, credentials, version FROM platform_credentials ORDER BY platform"
    with sqlite3.connect(home / "pellacia.db") as database:
        before = database.execute(query).fetchall()
    command(home, "auth", "rotate-keys")
    old_and_new = f"{before[0][1]}"
    with sqlite3.connect(home / "pellacia.db") as database:
        now = database.execute(query).fetchall()
        put = "UPDATE platform_credentials SET credentials = ?, version = ? WHERE platform = ?"
        database.execute(put, (now[1][1], now[0][2], now[0][0]))
        database.execute(put, (now[2][1][:40], now[2][2], now[2][0]))
        database.execute(put, (now[3][1], before[3][2], now[3][0]))

    ended = command(home, "auth", "rotate-keys", "--json")

    assert old_and_new != now[0][1]
    assert json.loads(ended.stdout)["damaged"] == [now[0][0], now[2][0], now[3][0]]
    assert json.loads(ended.stdout)["retired"] == []
    assert ended.returncode == 3


@pytest.mark.parametrize("words", [("worker", "--until-idle"), ("auth", "rotate-keys")])
def test_without_its_key_nothing_starts_and_nothing_is_overwritten(
    home: Path, words: tuple[str, ...]
) -> None:
    (home / KEY_FILE).rename(home / "lost")
    database = (home / "pellacia.db").read_bytes()

    ended = command(home, *words)

    assert ended.returncode == 1
    assert "Missing: the key " in ended.stderr
    assert not (home / KEY_FILE).exists()
    assert (home / "pellacia.db").read_bytes() == database


def test_the_queue_can_be_read_without_any_key(home: Path) -> None:
    (home / KEY_FILE).unlink()

    assert command(home, "queue", "list").returncode == 0
    # Every sign-in is listed, and none can be used: exit code 3.
    assert command(home, "auth", "status").returncode == 3
