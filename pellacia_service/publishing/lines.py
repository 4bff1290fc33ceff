"""Lines to the platforms: fetches an account's token when it is needed, and renews it ahead of time."""

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx

from pellacia_service.clock import Clock
from pellacia_service.domain.account import Account
from pellacia_service.domain.tokens import Tokens
from pellacia_service.platform_kit.facts import Facts
from pellacia_service.platform_kit.http import Api
from pellacia_service.publishing.crash_points import CrashPlan
from pellacia_service.repositories.session import Database
from pellacia_service.vault import Vault

if TYPE_CHECKING:
    # Authlib costs a quarter of a second; most commands renew nothing.
    from pellacia_service.platform_kit.oauth import OAuth

AHEAD = dt.timedelta(minutes=5)
"""A token with less life than this is renewed before it is used."""


class Lines:
    """
    Makes lines to the platforms.

    Args:
        http: for everything that may be repeated; keeps its connections.
        fresh: keeps no connection, for calls that publish: an idle connection that the other
            side is just closing would turn a clear answer into an unknown outcome.
        oauth: for each platform the app that renews its tokens.
    """

    def __init__(
        self,
        *,
        http: httpx.AsyncClient,
        fresh: httpx.AsyncClient,
        database: Database,
        vault: Vault,
        oauth: "Callable[[Facts], OAuth]",
        clock: Clock,
        sandbox_url: str,
        crash: CrashPlan,
    ) -> None:
        self._http = http
        self._fresh = fresh
        self._database = database
        self._vault = vault
        self._oauth = oauth
        self._clock = clock
        self._sandbox_url = sandbox_url
        self._crash = crash

    async def line(self, account: Account, facts: Facts) -> Api:
        """Return a line whose token is good for the next call."""
        return self._api(self._http, account, facts, await self._tokens(account, facts))

    async def fresh_line(self, account: Account, facts: Facts) -> Api:
        """Return a line on a connection that nothing else has used."""
        return self._api(self._fresh, account, facts, await self._tokens(account, facts))

    def _api(self, http: httpx.AsyncClient, account: Account, facts: Facts, tokens: Tokens) -> Api:
        return Api(
            http=http,
            facts=facts,
            account=account,
            token=tokens.access_token,
            clock=self._clock,
            sandbox_url=self._sandbox_url,
        )

    async def _tokens(self, account: Account, facts: Facts) -> Tokens:
        async with self._database.read() as tx:
            sealed = await tx.credentials.get(account.address)
        tokens = self._vault.open(sealed, address=account.address)
        if not tokens.needs_refresh(self._clock.now(), AHEAD):
            return tokens
        self._crash.reached("before the renewal call")
        newer = await self._oauth(facts).refresh(tokens)
        self._crash.reached("after the renewal call")
        self._crash.reached("before new tokens")
        async with self._database.write() as tx:
            await tx.credentials.put(account, self._vault.seal(newer), updated_at=self._clock.now())
        self._crash.reached("after new tokens")
        return newer
