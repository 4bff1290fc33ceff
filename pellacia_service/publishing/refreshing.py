"""
Renewing sign-ins: one at a time for each account, over all processes.

    lock the row (committed) ─► call the platform ─► new pair (committed, lock gone) ─► use it

Whoever comes meanwhile waits, and uses the new pair. A holder that dies leaves a lock that runs out.
A refresh token that works once may be used up by a call whose answer is lost; then the next one is
refused, and only where the stored pair has not changed in the meantime must the person sign in again.
"""

import asyncio
import datetime as dt
import logging
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from pellacia_service.clock import Clock
from pellacia_service.domain.account import Account
from pellacia_service.domain.credential import Purpose, StoredCredential, sign_in_command
from pellacia_service.domain.tokens import Tokens
from pellacia_service.errors import LoginNeededError, NotFoundError, TransientError
from pellacia_service.platform_kit.facts import Facts
from pellacia_service.platform_kit.lives import is_renewable, outlook
from pellacia_service.publishing.crash_points import CrashPlan
from pellacia_service.publishing.uses import use_of
from pellacia_service.repositories.session import Database, Transaction
from pellacia_service.vault import Vault

if TYPE_CHECKING:
    # Authlib costs a quarter of a second; most commands renew nothing.
    from pellacia_service.platform_kit.oauth import OAuth

LEASE = dt.timedelta(seconds=30)
"""Longer than a call for new tokens takes before it is given up. A lock that is older is nobody's."""

FIRST_LOOK, LONGEST_LOOK = 0.05, 0.5
"""Seconds between two looks at whether the one who renews has done it, growing."""

TRIES = 2
"""
Calls before a renewal is given up for now. Showing a token again that was traded in already loses
nothing: what it was traded for is lost with the answer.
"""

REST = dt.timedelta(seconds=30)
"""After a renewal that found no answer, this process leaves the platform alone."""

DEAD = frozenset({"invalid_grant", "invalid_request", "invalid_token", "access_denied", "190"})
"""Words of a platform for: not with this token, ever. X and LinkedIn say invalid_request, Meta 190."""

LOG = logging.getLogger(__name__)


class Renewer:
    """
    Renews sign-ins.

    Args:
        oauth: for each platform the app that renews its tokens.
    """

    def __init__(
        self,
        *,
        database: Database,
        vault: Vault,
        oauth: "Callable[[Facts], OAuth]",
        clock: Clock,
        crash: CrashPlan,
    ) -> None:
        self._database = database
        self._vault = vault
        self._oauth = oauth
        self._clock = clock
        self._crash = crash
        self._under_way: dict[str, asyncio.Task[Tokens]] = {}
        self._resting: dict[str, tuple[dt.datetime, TransientError]] = {}

    async def renew(
        self, account: Account, facts: Facts, stale: Tokens, *, again: bool = False
    ) -> Tokens:
        """
        Return newer tokens than `stale`, stored already.

        Args:
            again: ask the platform even where it has refused before, or did not answer just now.

        Raises:
            LoginNeededError: the platform refuses it, or it was signed out: a person must sign in.
            TransientError: no answer, or none that says anything of this sign-in.
        """
        task = self._under_way.get(account.address)
        if task is None:
            task = asyncio.create_task(self._renew(account, facts, stale, again=again))
            self._under_way[account.address] = task
            task.add_done_callback(partial(self._over, account.address))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            # A refresh token that was traded in is gone: what came for it has to be stored.
            await asyncio.wait([task])
            raise

    def _over(self, address: str, task: "asyncio.Task[Tokens]") -> None:
        del self._under_way[address]
        if not task.cancelled():
            task.exception()  # heard by whoever waits; where nobody does any more, nothing is said

    async def _renew(self, account: Account, facts: Facts, stale: Tokens, *, again: bool) -> Tokens:
        until, error = self._resting.get(account.address, (None, None))
        if until and error and self._clock.now() < until and not again:
            raise error
        deadline = self._clock.monotonic() + 2 * LEASE.total_seconds()
        for pause in _pauses():
            stored, tokens = await self.opened(account)
            if tokens.access_token != stale.access_token:
                return tokens
            if stored.refused and not again:
                raise self._dead(account, facts, stored.refused)
            by = uuid.uuid4().hex
            if await self._lock(stored, by):
                return await self._as_the_only_one(account, facts, tokens, by)
            if self._clock.monotonic() > deadline:
                raise self._nothing_new(
                    account, facts, "another process renews it and does not end"
                )
            await self._clock.sleep(pause)
        raise AssertionError("the pauses do not end")

    async def opened(self, account: Account) -> tuple[StoredCredential, Tokens]:
        """
        Return an account's sign-in, as it is stored and opened.

        Raises:
            LoginNeededError: it was signed out, or is damaged.
        """
        async with self._database.read() as tx:
            stored = await stored_in(tx, account)
        return stored, self._vault.open(stored)

    async def _lock(self, stored: StoredCredential, by: str) -> bool:
        self._crash.reached("before a lock on a sign-in")
        async with self._database.write() as tx:
            is_ours = await tx.credentials.begin_refresh(
                stored, by=by, now=self._clock.now(), lease=LEASE
            )
        self._crash.reached("after a lock on a sign-in")
        return is_ours

    async def _as_the_only_one(
        self, account: Account, facts: Facts, tokens: Tokens, by: str
    ) -> Tokens:
        try:
            newer = await self._asked(facts, tokens)
        except LoginNeededError as error:
            return await self._refused(account, facts, tokens, by, error)
        except TransientError as error:
            await self._let_go(account, by)
            told = self._nothing_new(account, facts, str(error))
            self._resting[account.address] = self._clock.now() + REST, told
            raise told from error
        return await self._keep(account, tokens, newer)

    async def _asked(self, facts: Facts, tokens: Tokens) -> Tokens:
        """Make the call; once more where no answer came."""
        for attempt in range(1, TRIES + 1):
            self._crash.reached("before the renewal call")
            try:
                newer = await self._oauth(facts).refresh(tokens)
            except TransientError:
                if attempt == TRIES:
                    raise
                await self._clock.sleep(1.0)
                continue
            self._crash.reached("after the renewal call")
            return newer
        raise AssertionError("the last try ends it")

    async def _keep(self, account: Account, before: Tokens, newer: Tokens) -> Tokens:
        """Store the new pair, unless the account has signed out, or in again, in the meantime."""
        now = self._clock.now()
        self._crash.reached("before new tokens")
        async with self._database.write() as tx:
            await tx.credentials.lock(account.id)
            kept = self._vault.open(await stored_in(tx, account))
            if kept == before:
                kept = newer
                await tx.credentials.put(
                    account,
                    partial(self._vault.seal, newer, account),
                    updated_at=now,
                    outlook=outlook(account.platform, newer),
                )
                await tx.credential_uses.note(use_of(account, Purpose.REFRESH, now))
        self._crash.reached("after new tokens")
        return kept

    async def _refused(
        self, account: Account, facts: Facts, before: Tokens, by: str, error: LoginNeededError
    ) -> Tokens:
        """Believe a refusal only where nobody has stored another pair in the meantime."""
        if error.code not in DEAD:
            await self._let_go(account, by)
            raise self._nothing_new(account, facts, str(error)) from error
        said, now = str(error).partition(". Sign in again")[0], self._clock.now()
        self._crash.reached("before a refusal")
        async with self._database.write() as tx:
            await tx.credentials.lock(account.id)
            kept = self._vault.open(await stored_in(tx, account))
            if kept == before:
                await tx.credentials.end_refresh(account.address, by=by, refused=said)
                await tx.credential_uses.note(use_of(account, Purpose.REFRESH, now, "refused"))
        self._crash.reached("after a refusal")
        if kept != before:
            return kept
        dead = self._dead(account, facts, said)
        LOG.error("%s", dead)
        raise dead from error

    async def _let_go(self, account: Account, by: str) -> None:
        self._crash.reached("before a lock is let go")
        async with self._database.write() as tx:
            await tx.credentials.end_refresh(account.address, by=by)
        self._crash.reached("after a lock is let go")

    def _dead(self, account: Account, facts: Facts, said: str) -> LoginNeededError:
        return LoginNeededError(
            f"The sign-in of {account.address} ({account.name}) is not renewed any more: {said}. "
            f"Sign in again: {sign_in_command(account.address)}",
            platform=facts.name,
            code="sign_in_ended",
            not_done=True,
        )

    def _nothing_new(self, account: Account, facts: Facts, why: str) -> TransientError:
        return TransientError(
            f"The sign-in of {account.address} could not be renewed just now: {why.rstrip('.')}. "
            "It is tried again by itself.",
            platform=facts.name,
            code="not_renewed",
            not_done=True,
        )


async def stored_in(tx: Transaction, account: Account) -> StoredCredential:
    """
    Return an account's sealed sign-in.

    Raises:
        LoginNeededError: it has signed out.
    """
    try:
        return await tx.credentials.stored(account.address)
    except NotFoundError as error:
        raise LoginNeededError(
            str(error), platform=account.platform, code="signed_out", not_done=True
        ) from error


def ends_within(platform: str, tokens: Tokens, now: dt.datetime, ahead: dt.timedelta) -> bool:
    """True where the access token ends within `ahead`, and another can be had."""
    if tokens.expires_at is None or tokens.expires_at - now > ahead:
        return False
    return is_renewable(platform, tokens, now)


def _pauses() -> Iterator[float]:
    pause = FIRST_LOOK
    while True:
        yield pause
        pause = min(1.5 * pause, LONGEST_LOOK)
