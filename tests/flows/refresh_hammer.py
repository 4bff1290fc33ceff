"""
Asks for the same account's line many times at once, as often as it is told to.

    python -m tests.flows.refresh_hammer SETTINGS

SETTINGS is JSON. Each line of stdin is one round: `{"address", "ahead", "callers"}`, `ahead` being the
seconds by which this process's clock goes ahead. Each is answered by one line: `{"tokens", "errors"}`.
"""

import asyncio
import hashlib
import json
import sys
from collections import Counter

import httpx

from pellacia_service.clock import HurriedClock
from pellacia_service.domain.account import Account
from pellacia_service.domain.budget import Call
from pellacia_service.domain.names import split_address
from pellacia_service.platforms import PLATFORMS
from pellacia_service.publishing.crash_points import CrashPlan
from pellacia_service.publishing.lines import Lines
from pellacia_service.settings import Settings
from pellacia_service.wiring.network import make_vault
from pellacia_service.wiring.records import Records, open_records
from pellacia_service.wiring.renewing import make_renewer


def lines_of(records: Records, http: httpx.AsyncClient, crash: CrashPlan) -> Lines:
    """Make the lines as a publisher has them."""
    vault = make_vault(records.settings)
    return Lines(
        http=http,
        fresh=http,
        database=records.database,
        vault=vault,
        renewer=make_renewer(records, vault, crash),
        clock=records.clock,
        sandbox_url=records.settings.sandbox_url,
        crash=crash,
    )


async def one_round(lines: Lines, account: Account, callers: int) -> dict[str, object]:
    """Ask for a line by many callers at once; say which tokens they got, without showing any."""
    facts = PLATFORMS[account.platform].facts
    asked = [lines.line(account, facts, Call.LOOK) for _ in range(callers)]
    tokens: set[str] = set()
    errors: Counter[str] = Counter()
    for got in await asyncio.gather(*asked, return_exceptions=True):
        if isinstance(got, BaseException):
            errors[f"{type(got).__name__}: {got}"] += 1
        else:
            tokens.add(hashlib.sha256(got.token.encode()).hexdigest()[:12])
    return {"tokens": sorted(tokens), "errors": dict(errors)}


async def main(text: str) -> None:
    clock = HurriedClock(1.0)
    async with (
        open_records(Settings(**json.loads(text)), clock) as records,
        httpx.AsyncClient(verify=False, trust_env=False) as http,
    ):
        lines = lines_of(records, http, CrashPlan.from_environment())
        while order := await asyncio.to_thread(sys.stdin.readline):
            asked = json.loads(order)
            clock.ahead = asked["ahead"]
            async with records.database.read() as tx:
                account = await tx.accounts.find(*split_address(asked["address"]))
            print(json.dumps(await one_round(lines, account, asked["callers"])), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
