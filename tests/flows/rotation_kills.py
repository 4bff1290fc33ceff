"""
Kills a key rotation again and again, and reads every sign-in after each death.

    python -m tests.flows.rotation_kills HOME ROWS KILLS SEED

In a process of its own, because it forks: no event loop, no threads, no connections may be there.
"""

import asyncio
import datetime as dt
import json
import os
import random
import signal
import sys
import uuid
from functools import partial
from pathlib import Path

from pellacia_service.clock import SystemClock
from pellacia_service.domain.account import Account
from pellacia_service.domain.tokens import Tokens
from pellacia_service.errors import SetupError
from pellacia_service.publishing.crash_points import CrashPlan
from pellacia_service.settings import Settings
from pellacia_service.vault import KEY_FILE, GivenKeys, KeyFile, Vault
from pellacia_service.wiring.keys import open_keys
from pellacia_service.wiring.network import open_vault
from pellacia_service.wiring.records import open_records

ROW = "after a sign-in sealed anew"
ENDS = ("before a new key", "after a new key", "before the old keys go", "after the old keys go")
"""Where it is killed beside after a row."""


async def fill(settings: Settings, rows: int) -> None:
    """Sign many accounts in."""
    now = dt.datetime.now(dt.UTC)
    async with open_records(settings, SystemClock()) as records:
        vault = await open_vault(settings, records.database)
        async with records.database.write() as tx:
            for number in range(rows):
                label = f"a{number:05}"
                account = Account(uuid.uuid4(), "youtube", label)
                account = await tx.accounts.add_or_update(account, now=now)
                seal = partial(vault.seal, Tokens(f"secret of youtube:{label}"), account)
                await tx.credentials.put(account, seal, updated_at=now)


async def rotate(settings: Settings, plan: str = "") -> None:
    """Rotate, and die where the plan says."""
    async with (
        open_records(settings, SystemClock()) as records,
        open_keys(records, CrashPlan(plan)) as keys,
    ):
        await keys.rotation.rotate()


async def readable(settings: Settings) -> int:
    """Return how many sign-ins hold what was put into them, as a fresh start of the program sees it."""
    async with open_records(settings, SystemClock()) as records:
        vault = await open_vault(settings, records.database)
        async with records.database.read() as tx:
            stored = await tx.credentials.all()
    return sum(vault.open(one).access_token == f"secret of {one.address}" for one in stored)


async def opened_by(settings: Settings, keys: str) -> bool:
    """Tell whether these keys are enough."""
    async with (
        open_records(settings, SystemClock()) as records,
        records.database.read() as tx,
    ):
        try:
            Vault(GivenKeys(keys)).check(await tx.credentials.all())
        except SetupError:
            return False
    return True


def killed(settings: Settings, plan: str) -> bool:
    """Rotate in a child that dies; True where it died of what the plan says."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            asyncio.run(rotate(settings, plan))
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def main(home: Path, rows: int, kills: int, seed: int) -> None:
    """Print what was found."""
    settings = Settings(home=home, database_url="")
    asyncio.run(fill(settings, rows))
    first_key = (home / KEY_FILE).read_text().strip()
    places = sorted(random.Random(seed).sample(range(1, rows), kills))
    steps = [place - before for before, place in zip([0, *places], places, strict=False)]
    plans = [*ENDS[:2], *(f"{ROW}#{step}" for step in steps), *ENDS[2:]]
    deaths, unreadable, most_keys = 0, 0, 0
    for plan in plans:
        deaths += killed(settings, plan)
        unreadable += rows - asyncio.run(readable(settings))
        most_keys = max(most_keys, len(KeyFile(home / KEY_FILE).load()))
    keys = KeyFile(home / KEY_FILE).load()
    found = {
        "deaths": deaths,
        "unreadable": unreadable,
        "most_keys": most_keys,
        "keys_left": len(keys),
        "first_key_opens": asyncio.run(opened_by(settings, first_key)),
        "last_key_opens": asyncio.run(opened_by(settings, keys[0].text)),
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *(int(word) for word in sys.argv[2:5]))
