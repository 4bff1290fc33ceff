"""Lines to the platforms: fetches an account's token when it is needed, and renews it ahead of time."""

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import httpx

from pellacia_service.clock import Clock
from pellacia_service.domain.account import Account
from pellacia_service.domain.budget import Call
from pellacia_service.domain.credential import Purpose, StoredCredential
from pellacia_service.domain.tokens import Tokens
from pellacia_service.errors import LoginNeededError, NotFoundError, SetupError
from pellacia_service.platform_kit.facts import Facts
from pellacia_service.platform_kit.http import Api
from pellacia_service.publishing.crash_points import CrashPlan
from pellacia_service.publishing.uses import use_of
from pellacia_service.repositories.session import Database, Transaction
from pellacia_service.vault import Vault

if TYPE_CHECKING:
    # Authlib costs a quarter of a second; most commands renew nothing.
    from pellacia_service.platform_kit.oauth import OAuth

AHEAD = dt.timedelta(minutes=5)
"""A token with less life than this is renewed before it is used."""

NOTE_EVERY = dt.timedelta(hours=1)
"""One process notes the use of one sign-in for one kind of call once in this time."""


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
        self._noted: dict[tuple[str, Purpose, str], dt.datetime] = {}

    async def line(self, account: Account, facts: Facts, call: Call) -> Api:
        """Return a line whose token is good for the next call."""
        return self._api(self._http, account, facts, await self._tokens(account, facts, call))

    async def fresh_line(self, account: Account, facts: Facts, call: Call) -> Api:
        """Return a line on a connection that nothing else has used."""
        return self._api(self._fresh, account, facts, await self._tokens(account, facts, call))

    def _api(self, http: httpx.AsyncClient, account: Account, facts: Facts, tokens: Tokens) -> Api:
        return Api(
            http=http,
            facts=facts,
            account=account,
            token=tokens.access_token,
            clock=self._clock,
            sandbox_url=self._sandbox_url,
        )

    async def _tokens(self, account: Account, facts: Facts, call: Call) -> Tokens:
        tokens = await self._opened(account, Purpose(call.value))
        if not tokens.needs_refresh(self._clock.now(), AHEAD):
            return tokens
        self._crash.reached("before the renewal call")
        newer = await self._oauth(facts).refresh(tokens)
        self._crash.reached("after the renewal call")
        now = self._clock.now()
        self._crash.reached("before new tokens")
        async with self._database.write() as tx:
            # Signed out in the meantime: that must not be undone by a renewal.
            await self._stored(tx, account)
            await tx.credentials.put(
                account, partial(self._vault.seal, newer, account), updated_at=now
            )
            await tx.credential_uses.note(use_of(account, Purpose.REFRESH, now))
        self._crash.reached("after new tokens")
        return newer

    async def _opened(self, account: Account, purpose: Purpose) -> Tokens:
        """
        Open the account's sign-in, and write down that it was opened.

        Raises:
            LoginNeededError: it has signed out, or what is stored cannot be believed.
        """
        async with self._database.read() as tx:
            stored = await self._stored(tx, account)
        try:
            tokens = self._vault.open(stored)
        except (LoginNeededError, SetupError):
            await self._note(account, purpose, "refused")
            raise
        await self._note(account, purpose, "done")
        return tokens

    async def _stored(self, tx: Transaction, account: Account) -> StoredCredential:
        try:
            return await tx.credentials.stored(account.address)
        except NotFoundError as error:
            raise LoginNeededError(
                str(error), platform=account.platform, code="signed_out", not_done=True
            ) from error

    async def _note(self, account: Account, purpose: Purpose, outcome: str) -> None:
        """Write a use down: the first of its kind in an hour, or every part of a file would be a row."""
        now, kind = self._clock.now(), (account.address, purpose, outcome)
        if kind in self._noted and now - self._noted[kind] < NOTE_EVERY:
            return
        self._noted[kind] = now
        self._crash.reached("before the note of a use")
        async with self._database.write() as tx:
            await tx.credential_uses.note(use_of(account, purpose, now, outcome))
        self._crash.reached("after the note of a use")
