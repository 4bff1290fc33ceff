"""How every sign-in stands: what it may do, how long it lasts, and which posts that is too short for."""

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pellacia_service.clock import Clock
from pellacia_service.domain.account import Account
from pellacia_service.domain.credential import (
    CredentialUse,
    Outlook,
    Purpose,
    StoredCredential,
    sign_in_command,
)
from pellacia_service.domain.standing import Health, Standing
from pellacia_service.domain.tokens import Tokens
from pellacia_service.errors import LoginNeededError, PellaciaError, PlatformError, SetupError
from pellacia_service.platform_kit.facts import Facts
from pellacia_service.platform_kit.lives import is_renewable, outlook
from pellacia_service.platform_kit.scopes import scopes_for
from pellacia_service.publishing.refreshing import Renewer, ends_within
from pellacia_service.repositories.session import Database
from pellacia_service.vault import Vault

SOON = dt.timedelta(days=7)
"""Whoever must sign in again within this time is told to."""

LEAST_AHEAD = dt.timedelta(minutes=10)
SHARE_AHEAD = 0.2
"""A token is renewed when less than this part of its life is left, and in any case ten minutes before."""

NO_USE = frozenset({Purpose.SIGN_IN.value, Purpose.ROTATE.value, Purpose.LOGOUT.value})
"""What is written down among the uses and asks nothing of a platform."""

LOG = logging.getLogger(__name__)


class SignIns:
    """The sign-ins of all connected accounts."""

    def __init__(
        self,
        *,
        database: Database,
        vault: Vault,
        renewer: Renewer,
        facts: Mapping[str, Facts],
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._renewer = renewer
        self._facts = facts
        self._clock = clock
        self._alerted: set[tuple[str, dt.datetime]] = set()

    async def all(self) -> list[Standing]:
        """Say of every account that is signed in how it stands. Asks no platform."""
        async with self._database.read() as tx:
            accounts = await tx.accounts.connected()
        return [await self.of(account) for account in accounts]

    async def of(self, account: Account) -> Standing:
        """Say how one account stands."""
        async with self._database.read() as tx:
            stored = await tx.credentials.stored(account.address)
            waiting = await tx.credentials.needed_for(account)
            uses = await tx.credential_uses.of(account.address)
        told = Standing(account=account, last_used=_last_used(uses))
        try:
            tokens = self._vault.open(stored)
        except SetupError as error:
            return replace(told, health=Health.UNKNOWN_KEY, why=str(error))
        except LoginNeededError as error:
            return replace(told, health=Health.NEEDS_LOGIN, why=str(error))
        ahead, missing = outlook(account.platform, tokens), _missing(account.platform, tokens)
        told = replace(
            told,
            scopes=tokens.scopes,
            missing=missing,
            expires_at=tokens.expires_at,
            refreshable_until=tokens.refresh_ends_at,
            reconnect_by=ahead.reconnect_by,
            posts_after=len(
                [one for one in waiting if ahead.reconnect_by and one.due_at > ahead.reconnect_by]
            ),
        )
        health, why = self._health(account, stored, tokens, ahead)
        return replace(told, health=health, why=why)

    def _health(
        self, account: Account, stored: StoredCredential, tokens: Tokens, ahead: Outlook
    ) -> tuple[Health, str]:
        now, by = self._clock.now(), ahead.reconnect_by
        is_over = tokens.expires_at is not None and tokens.expires_at <= now
        if stored.refused:
            return Health.NEEDS_LOGIN, stored.refused
        if by and by <= now:
            return Health.NEEDS_LOGIN, ahead.why
        if is_over and not is_renewable(account.platform, tokens, now):
            return Health.NEEDS_LOGIN, ahead.why or "it has run out"
        if by and by - now <= SOON:
            return Health.EXPIRING, ahead.why
        return Health.OK, ahead.why

    async def refresh(
        self, accounts: Sequence[Account]
    ) -> list[tuple[Standing, PellaciaError | None]]:
        """
        Renew these sign-ins now, also one that the platform has refused before.

        Returns:
            How each stands after that, and why it could not be renewed. What has no end, or ends
            only later, is no error.
        """
        return [await self._refresh(account) for account in accounts]

    async def _refresh(self, account: Account) -> tuple[Standing, PellaciaError | None]:
        failure: PellaciaError | None = None
        try:
            _, tokens = await self._renewer.opened(account)
            if is_renewable(account.platform, tokens, self._clock.now()):
                facts = self._facts[account.platform]
                await self._renewer.renew(account, facts, tokens, again=True)
        except (PlatformError, SetupError) as error:
            failure = error
        return await self.of(account), failure

    async def renew_ahead(self) -> None:
        """Renew whatever ends soon, write down what can be foreseen, and say what a person must do."""
        async with self._database.read() as tx:
            accounts = await tx.accounts.connected()
        for account in accounts:
            try:
                await self._renew_ahead(account)
            except (PlatformError, SetupError) as error:
                # The others are renewed all the same; what needs a person stands in `auth status`.
                LOG.info("%s: %s", account.address, error)
            await self._alert(account)

    async def _renew_ahead(self, account: Account) -> None:
        stored, tokens = await self._renewer.opened(account)
        ahead = outlook(account.platform, tokens)
        if ahead != stored.outlook:
            async with self._database.write() as tx:
                await tx.credentials.foresee(stored, ahead)
        if stored.refused or not ends_within(
            account.platform, tokens, self._clock.now(), _ahead(tokens)
        ):
            return
        await self._renewer.renew(account, self._facts[account.platform], tokens)

    async def _alert(self, account: Account) -> None:
        """Say once that a sign-in ends within days while posts depend on it."""
        standing = await self.of(account)
        by = standing.reconnect_by
        if by is None or standing.health is not Health.EXPIRING or not standing.posts_after:
            return
        if (account.address, by) not in self._alerted:
            self._alerted.add((account.address, by))
            LOG.warning(
                "The sign-in of %s (%s) ends on %s, and %s scheduled for after that: "
                "sign in again before: %s",
                account.address,
                account.name,
                f"{by:%Y-%m-%d %H:%M} UTC",
                "1 post is" if standing.posts_after == 1 else f"{standing.posts_after} posts are",
                sign_in_command(account.address),
            )


def _ahead(tokens: Tokens) -> dt.timedelta:
    if tokens.expires_at is None or tokens.issued_at is None:
        return LEAST_AHEAD
    return max(LEAST_AHEAD, SHARE_AHEAD * (tokens.expires_at - tokens.issued_at))


def _missing(platform: str, tokens: Tokens) -> Mapping[str, str]:
    """Return the usual scopes that were not granted, and what does not work without each."""
    if not tokens.scopes:
        return {}  # stored before scopes were kept, or by a platform that names none
    return {
        scope.name: scope.without
        for scope in scopes_for(platform)
        if scope.name not in tokens.scopes
    }


def _last_used(uses: Sequence[CredentialUse]) -> dt.datetime | None:
    used = [one.at for one in uses if one.purpose not in NO_USE]
    return used[-1] if used else None
