"""Connected accounts without the sign-in pages: what a sign-in leaves behind, written directly."""

import datetime as dt
import uuid
from functools import partial

import httpx

from pellacia_service.clock import SystemClock
from pellacia_service.domain.account import DEFAULT_LABEL, Account
from pellacia_service.domain.names import PLATFORM_NAMES
from pellacia_service.domain.tokens import Tokens
from pellacia_service.settings import Settings
from pellacia_service.wiring.network import open_vault
from pellacia_service.wiring.records import make_database

PAGE_TOKENS = ("facebook", "instagram")
LIFE = dt.timedelta(hours=1)


async def connect_all(settings: Settings, label: str = DEFAULT_LABEL) -> None:
    """Connect an account of every platform of the sandbox."""
    now = dt.datetime.now(dt.UTC)
    database = make_database(settings, SystemClock())
    async with database:
        vault = await open_vault(settings, database)
    async with (
        httpx.AsyncClient(verify=False, trust_env=False, base_url=settings.sandbox_url) as http,
        database,
        database.write() as tx,
    ):
        for name in PLATFORM_NAMES:
            asked = {"platform": name, "label": label}
            given = (await http.post("/_sandbox/accounts", json=asked)).json()
            ids = dict(given["ids"])
            page_token = ids.pop("page_access_token", "")
            if name == "linkedin":
                # As a sign-in with the least scopes leaves it: a member, not a page.
                del ids["organization_urn"]
            account = Account(uuid.uuid4(), name, label, given["account"], ids)
            account = await tx.accounts.add_or_update(account, now=now)
            token = page_token if name in PAGE_TOKENS else given["access_token"]
            tokens = Tokens(token, expires_at=now + LIFE)
            await tx.credentials.put(account, partial(vault.seal, tokens, account), updated_at=now)
