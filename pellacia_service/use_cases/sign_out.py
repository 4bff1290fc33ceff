"""Signing out: the platform is told first, then the data key is destroyed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pellacia_service.clock import Clock
from pellacia_service.domain.account import Account, WaitingPost
from pellacia_service.domain.credential import Purpose, StoredCredential
from pellacia_service.errors import LoginNeededError, SetupError, TransientError
from pellacia_service.platform_kit.revoking import Revoker
from pellacia_service.publishing.uses import use_of
from pellacia_service.repositories.session import Database
from pellacia_service.vault import Vault


@dataclass(frozen=True)
class SignedOut:
    """
    What became of a sign-in.

    Args:
        revoked: True where the platform has ended it.
        why_not: what is left for a person to do, where it has not.
        waiting: posts that were still to go out to this account, and now cannot.
    """

    account: Account
    revoked: bool
    why_not: str
    waiting: Sequence[WaitingPost]


class SignOut:
    """Disconnects accounts."""

    def __init__(
        self,
        *,
        database: Database,
        vault: Vault,
        revoker: Callable[[str], Revoker],
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._revoker = revoker
        self._clock = clock

    async def sign_out(self, account: Account, *, here_only: bool) -> SignedOut:
        """
        End an account's sign-in at the platform, then forget it here. The account's history stays.

        Args:
            here_only: forget it here even where the platform cannot be told.

        Raises:
            NotFoundError: the account is not signed in.
            TransientError: the platform could not be told; nothing was forgotten.
        """
        async with self._database.read() as tx:
            stored = await tx.credentials.stored(account.address)
        why_not = await self._why_not_revoked(stored)
        by_hand = self._by_hand(stored.platform)
        if why_not and not (here_only or by_hand):
            raise TransientError(
                f"{why_not} Nothing was changed. Try again, or sign out on this machine only: "
                f"pellacia-dist auth logout {account.address} --here-only",
                platform=account.platform,
                code="not_revoked",
            )
        outcome = "not revoked" if why_not else "revoked"
        async with self._database.write() as tx:
            waiting = await tx.credentials.needed_for(account)
            await tx.credentials.remove(account)
            now = self._clock.now()
            await tx.credential_uses.note(use_of(account, Purpose.LOGOUT, now, outcome))
        return SignedOut(account, not why_not, why_not, waiting)

    async def _why_not_revoked(self, stored: StoredCredential) -> str:
        """Tell the platform; return in words why that did not do, "" where it did."""
        if by_hand := self._by_hand(stored.platform):
            return by_hand
        try:
            tokens = self._vault.open(stored)
        except (SetupError, LoginNeededError) as error:
            return f"The platform cannot be told, because the sign-in does not open: {error}"
        try:
            await self._revoker(stored.platform).revoke(tokens)
        except TransientError as error:
            return str(error)
        return ""

    def _by_hand(self, platform: str) -> str:
        """Return what a person must do where the platform has no call for it."""
        facts = self._revoker(platform).facts
        if facts.sign_in.revoke_url:
            return ""
        return (
            f"{facts.title} lets no program end this sign-in. Remove the app yourself: in the "
            f"account's settings on {facts.title}, under apps or business integrations."
        )
