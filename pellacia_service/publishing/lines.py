"""Lines to the platforms: fetches an account's token when it is needed, and renews it ahead of time."""

import datetime as dt

import httpx

from pellacia_service.clock import Clock
from pellacia_service.domain.account import Account
from pellacia_service.domain.budget import Call
from pellacia_service.domain.credential import Purpose
from pellacia_service.domain.tokens import Tokens
from pellacia_service.errors import LoginNeededError, SetupError, TransientError
from pellacia_service.platform_kit.facts import Facts
from pellacia_service.platform_kit.http import Api
from pellacia_service.platform_kit.lives import is_renewable
from pellacia_service.publishing.crash_points import CrashPlan
from pellacia_service.publishing.refreshing import Renewer, ends_within, stored_in
from pellacia_service.publishing.uses import use_of
from pellacia_service.repositories.session import Database
from pellacia_service.vault import Vault

AHEAD = dt.timedelta(minutes=5)
"""A token with less life than this is renewed before it is used."""

LAST_MOMENT = dt.timedelta(seconds=30)
"""A token with less life than this may end on the way to the platform."""

NOTE_EVERY = dt.timedelta(hours=1)
"""One process notes the use of one sign-in for one kind of call once in this time."""


class Lines:
    """
    Makes lines to the platforms.

    Args:
        http: for everything that may be repeated; keeps its connections.
        fresh: keeps no connection, for calls that publish: an idle connection that the other
            side is just closing would turn a clear answer into an unknown outcome.
        renewer: renews a sign-in, one at a time for each account.
    """

    def __init__(
        self,
        *,
        http: httpx.AsyncClient,
        fresh: httpx.AsyncClient,
        database: Database,
        vault: Vault,
        renewer: Renewer,
        clock: Clock,
        sandbox_url: str,
        crash: CrashPlan,
    ) -> None:
        self._http = http
        self._fresh = fresh
        self._database = database
        self._vault = vault
        self._renewer = renewer
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

    async def renewed(self, account: Account, facts: Facts, refused: str) -> bool:
        """
        Renew a sign-in whose access token a platform refused before its time.

        Args:
            refused: the access token.

        Returns:
            False where no other can be had: a person must sign in.

        Raises:
            TransientError: none can be had just now.
        """
        _, tokens = await self._renewer.opened(account)
        if tokens.access_token != refused:
            return True
        if not is_renewable(account.platform, tokens, self._clock.now()):
            return False
        await self._renewer.renew(account, facts, tokens)
        return True

    async def _tokens(self, account: Account, facts: Facts, call: Call) -> Tokens:
        tokens, now = await self._opened(account, Purpose(call.value)), self._clock.now()
        if not ends_within(account.platform, tokens, now, AHEAD):
            return tokens
        try:
            return await self._renewer.renew(account, facts, tokens)
        except (LoginNeededError, TransientError):
            # What is left of its life is used: a call that is due does not wait for another.
            if tokens.expires_at and tokens.expires_at - self._clock.now() > LAST_MOMENT:
                return tokens
            raise

    async def _opened(self, account: Account, purpose: Purpose) -> Tokens:
        """
        Open the account's sign-in, and write down that it was opened.

        Raises:
            LoginNeededError: it has signed out, or what is stored cannot be believed.
        """
        async with self._database.read() as tx:
            stored = await stored_in(tx, account)
        try:
            tokens = self._vault.open(stored)
        except (LoginNeededError, SetupError):
            await self._note(account, purpose, "refused")
            raise
        await self._note(account, purpose, "done")
        return tokens

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
