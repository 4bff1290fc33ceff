"""No token, key or client secret is ever found where it does not belong."""

import asyncio
import base64
import datetime as dt
import os
import sqlite3
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import httpx
import pytest

from pellacia_service.clock import SystemClock
from pellacia_service.sandbox.server import RunningSandbox, running_sandbox
from pellacia_service.settings import Settings
from pellacia_service.vault import KEY_FILE
from pellacia_service.wiring.network import open_vault
from pellacia_service.wiring.records import make_database
from tests.flows.canaries import can_see_children, files_under, hits, processes_below
from tests.trouble import requests_in

pytestmark = [
    pytest.mark.long,
    pytest.mark.xdist_group("canaries"),  # one worker, so that the life is led once
]

CLIENT_SECRET = "canary-client-secret-4f7a91c2"
GIVEN_KEY = base64.urlsafe_b64encode(b"canary-key-for-sealing-0123456.!").decode()
FORMS = {
    "raw": lambda token: f"GET /?x={token} HTTP".encode(),
    "percent-encoded": lambda token: urllib.parse.quote(f'"{token}"').encode(),
    "base64": lambda token: base64.b64encode(f"user:{token}:rest".encode()),
    "url-safe base64": lambda token: base64.urlsafe_b64encode(f"ab{token}".encode()),
    "hex": lambda token: f"\0{token}\0".encode().hex().encode(),
    "utf-16": lambda token: f"<{token}>".encode("utf-16"),
}


@dataclass
class Run:
    """One home in which commands are run, and everything that was seen of them."""

    home: Path
    sandbox: RunningSandbox
    seen: dict[str, bytes] = field(default_factory=dict)

    def __call__(self, *words: str, **environment: str) -> int:
        """Run a command as chatty as it can be, watching its process."""
        process = subprocess.Popen(
            [sys.executable, "-m", "pellacia_service", *words, "--verbose"],
            env={**os.environ, **self.environment, **environment},
            stdout=(log := self.home.with_name(f"out{len(self.seen)}")).open("wb"),
            stderr=subprocess.STDOUT,
        )
        while process.poll() is None:
            self.seen |= {f"{words}: {name}": text for name, text in _seen_of(process.pid).items()}
            self.seen |= self._journals(words)
            time.sleep(0.2)
        self.seen[f"{words}: output"] = log.read_bytes()
        return process.returncode

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "PELLACIA_HOME": str(self.home),
            "PELLACIA_DATABASE_URL": "",
            "PELLACIA_SANDBOX_URL": self.sandbox.url,
            "PELLACIA_YOUTUBE_CLIENT_ID": "canary",
            "PELLACIA_YOUTUBE_CLIENT_SECRET": CLIENT_SECRET,
            "PELLACIA_QUIET_SECONDS": "0.2",
            "PELLACIA_ATTEMPTS": "2",
            "PELLACIA_LOG_LEVEL": "DEBUG",
        }

    def _journals(self, words: tuple[str, ...]) -> dict[str, bytes]:
        """What SQLite keeps beside the file while it works."""
        kept = {}
        for path in self.home.glob("pellacia.db-*"):
            try:
                kept[f"{words}: {path.name}"] = path.read_bytes()
            except FileNotFoundError:
                continue
        return kept

    @property
    def tokens(self) -> list[str]:
        """Every token that the sandbox has handed out: each is a canary."""
        world = self.sandbox.world
        return [*world.tokens, *world.refresh_tokens]


def _seen_of(pid: int) -> dict[str, bytes]:
    return processes_below(pid) if can_see_children() else {}


async def _let_tokens_run_out(settings: Settings) -> None:
    """Make every stored access token one that ends in a minute."""
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)
    async with make_database(settings, SystemClock()) as database:
        vault = await open_vault(settings, database)
        async with database.write() as tx:
            for account in await tx.accounts.connected():
                tokens = vault.open(await tx.credentials.stored(account.address))
                seal = partial(vault.seal, replace(tokens, expires_at=soon), account)
                await tx.credentials.put(account, seal, updated_at=soon)


def _back_up(home: Path) -> None:
    with (
        sqlite3.connect(home / "pellacia.db") as source,
        sqlite3.connect(home / "backup.db") as target,
    ):
        source.backup(target)


@pytest.fixture
def run(tmp_path: Path, sandbox: RunningSandbox) -> Run:
    return Run(tmp_path / "home", sandbox)


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[Run]:
    """A sandbox and a home, and everything that was seen of one life in them."""
    with running_sandbox(seed=7, pace=0.1) as sandbox:
        run = Run(tmp_path_factory.mktemp("life") / "home", sandbox)
        _live(run, clip)
        yield run


def _live(run: Run, clip: Path) -> None:
    """A sign-in, uploads, renewals, a crash, a rotation, failures with tracebacks, sign-outs."""
    upload = ("upload", "--file", str(clip), "--platforms")
    settings = Settings(home=run.home, database_url="", sandbox_url=run.sandbox.url)
    assert run("auth", "login", "all", "--yes") == 0
    assert run(*upload, "all", "--title", "One") == 0
    asyncio.run(_let_tokens_run_out(settings))
    assert run(*upload, "youtube,tiktok,x", "--title", "Two") == 0
    assert run(*upload, "x", "--title", "Three", PELLACIA_CRASH_AT="after the publish call") == -9
    assert run("auth", "rotate-keys") == 0
    _back_up(run.home)
    assert run("auth", "logout", "x", PELLACIA_SANDBOX_URL="http://127.0.0.1:9") == 1
    assert run("auth", "logout", "tiktok") == 0
    _revoke(run, "youtube")
    assert run(*upload, "youtube", "--title", "Four") != 0


def _revoke(run: Run, platform: str) -> None:
    world = run.sandbox.world
    for token in world.tokens.values():
        token.revoked = token.revoked or token.account.platform == platform
    for refresh in world.refresh_tokens.values():
        refresh.retired = refresh.retired or refresh.account.platform == platform


def test_a_whole_life_of_the_program_leaves_no_token_anywhere(life: Run) -> None:
    key = (life.home / KEY_FILE).read_text().strip()
    files = files_under(life.home, but=[KEY_FILE])

    found = hits({**files, **life.seen}, [*life.tokens, CLIENT_SECRET, key])

    assert found == []
    assert {"pellacia.db", "backup.db"} <= set(files)
    assert len(life.tokens) >= 12
    assert any(b"Traceback" in text for text in life.seen.values())


def test_the_uses_of_the_sign_ins_are_written_down_without_them(life: Run) -> None:
    with sqlite3.connect(life.home / "pellacia.db") as database:
        rows = database.execute("SELECT purpose, account, outcome FROM credential_uses").fetchall()

    assert {purpose for purpose, _, _ in rows} >= {
        "sign-in", "open", "send", "look", "publish", "refresh", "rotate", "logout",
    }  # fmt: skip
    assert ("logout", "tiktok", "revoked") in rows
    assert ("refresh", "x", "done") in rows


def test_signing_out_ends_the_tokens_at_the_platform(life: Run) -> None:
    world = life.sandbox.world
    tokens = [one for one in world.tokens.values() if one.account.platform == "tiktok"]
    refresh = [one for one in world.refresh_tokens.values() if one.account.platform == "tiktok"]

    assert tokens and all(one.revoked for one in tokens)
    assert refresh and all(one.retired for one in refresh)
    assert any("/oauth/revoke/" in call["path"] for call in requests_in(life.sandbox))


def test_no_call_carries_a_token_in_its_address(life: Run) -> None:
    addresses = "\n".join(str(call) for call in requests_in(life.sandbox)).encode()

    assert hits({"addresses": addresses}, life.tokens) == []


@pytest.mark.skipif(not can_see_children(), reason="needs /proc to see children")
def test_children_are_given_neither_keys_nor_client_secrets(run: Run) -> None:
    run("demo", "--no-tui", PELLACIA_SECRET_KEYS=GIVEN_KEY, PELLACIA_SANDBOX_URL="")
    environments = {name: text for name, text in run.seen.items() if name.endswith("environ")}

    assert any(b"PELLACIA_HOME" in text for text in environments.values())
    assert hits(environments, [GIVEN_KEY, CLIENT_SECRET]) == []


@pytest.mark.parametrize("form", FORMS)
def test_the_scanner_finds_what_is_planted(run: Run, form: str) -> None:
    given = httpx.post(
        f"{run.sandbox.url}/_sandbox/accounts",
        json={"platform": "youtube", "label": "planted"},
        verify=False,
    ).json()
    run.home.mkdir()
    (run.home / "pellacia.db-wal").write_bytes(b"\0" * 77 + FORMS[form](given["access_token"]))

    assert hits(files_under(run.home), run.tokens)


@pytest.mark.skipif(not can_see_children(), reason="needs /proc to see children")
def test_the_scanner_sees_arguments_and_environments_of_processes() -> None:
    word = "canary-in-an-argument"
    parent = (
        "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1], sys.argv[2]])"
    )
    child = "import time; print('up', flush=True); time.sleep(60)"
    process = subprocess.Popen(
        [sys.executable, "-c", parent, child, word],
        stdout=subprocess.PIPE,
        env={**os.environ, "CANARY": "canary-in-an-environment"},
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        seen = processes_below(process.pid)
    finally:
        for name in seen:
            os.kill(int(name.partition("/")[0]), 9) if name.endswith("environ") else None
        process.kill()
        process.wait()

    assert len(hits(seen, [word])) == 2
    assert len(hits(seen, ["canary-in-an-environment"])) == 1
