"""
A new key for all sign-ins, without a moment in which one of them cannot be opened.

The new key is written first, in front of the old one; then the sign-ins are sealed anew one by
one, each in a transaction of its own; the old key goes only when none needs it. Killed anywhere,
the same command goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from pellacia_service.clock import Clock
from pellacia_service.domain.credential import Purpose
from pellacia_service.domain.names import split_address
from pellacia_service.errors import BadInputError, LoginNeededError, NotFoundError
from pellacia_service.publishing.crash_points import CrashPlan
from pellacia_service.publishing.uses import use_of
from pellacia_service.repositories.session import Database, Transaction
from pellacia_service.vault import Vault


@dataclass(frozen=True)
class Rotated:
    """
    What a rotation did.

    Args:
        key_id: the key that seals now.
        retired: keys that nothing needs any more. Keys given from outside are named, not removed.
        sealed_anew: the addresses of the sign-ins that changed keys in this run.
        damaged: sign-ins that no key opens, and which were left as they are.
        keys_are_given: True where the keys come from PELLACIA_SECRET_KEYS.
    """

    key_id: str
    retired: Sequence[str]
    sealed_anew: Sequence[str]
    damaged: Sequence[str]
    keys_are_given: bool


class KeyRotation:
    """
    Changes the key.

    Args:
        lock: a file that keeps two rotations of one home apart; each would make a key of its own.
        crash: where this process dies; for tests.
    """

    def __init__(
        self, *, database: Database, vault: Vault, clock: Clock, lock: Path, crash: CrashPlan
    ) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._lock = FileLock(lock, timeout=0)
        self._crash = crash

    async def rotate(self) -> Rotated:
        """
        Seal every sign-in with a new key, and retire the old ones.

        Raises:
            BadInputError: another rotation is under way, or no new key was given.
            SetupError: a key is missing; nothing was changed.
        """
        try:
            with self._lock:
                return await self._rotate()
        except Timeout as error:
            raise BadInputError("Another `auth rotate-keys` is under way. Wait for it.") from error

    async def _rotate(self) -> Rotated:
        async with self._database.read() as tx:
            stored = await tx.credentials.all()
        self._vault.check(stored)
        self._refuse_without_a_new_key(all(map(self._vault.is_newest, stored)))
        self._crash.reached("before a new key")
        self._vault.begin_rotation()
        self._crash.reached("after a new key")
        sealed_anew, damaged = [], []
        for address in [one.address for one in stored if not self._vault.is_newest(one)]:
            try:
                sealed_anew += [address] if await self._seal_anew(address) else []
            except LoginNeededError:
                damaged.append(address)
        return Rotated(
            key_id=self._vault.key_ids[0],
            retired=await self._retire(),
            sealed_anew=sealed_anew,
            damaged=damaged,
            keys_are_given=not self._vault.keeps_its_keys,
        )

    def _refuse_without_a_new_key(self, all_newest: bool) -> None:
        if not self._vault.keeps_its_keys and len(self._vault.key_ids) == 1 and all_newest:
            raise BadInputError(
                "The keys come from PELLACIA_SECRET_KEYS, which holds only the one that is in use "
                f"({self._vault.key_ids[0]}). Put a new key in front of it, with a comma between, "
                "wherever the program runs; then run this again."
            )

    async def _seal_anew(self, address: str) -> bool:
        """Seal one sign-in with the new key; False where there is nothing left to do."""
        self._crash.reached("before a sign-in sealed anew")
        async with self._database.write() as tx:
            done = await self._seal_within(tx, address)
        self._crash.reached("after a sign-in sealed anew")
        return done

    async def _seal_within(self, tx: Transaction, address: str) -> bool:
        try:
            stored = await tx.credentials.stored(address)
        except NotFoundError:
            return False  # signed out in the meantime
        if self._vault.is_newest(stored):
            return False  # renewed in the meantime
        account = await tx.accounts.find(*split_address(address))
        tokens, now = self._vault.open(stored), self._clock.now()
        await tx.credentials.put(
            account, partial(self._vault.seal, tokens, account), updated_at=now
        )
        await tx.credential_uses.note(use_of(account, Purpose.ROTATE, now))
        return True

    async def _retire(self) -> Sequence[str]:
        """Take the old keys away, unless something was sealed with one of them in the meantime."""
        self._crash.reached("before the old keys go")
        async with self._database.write() as tx:
            # Whoever seals now waits, and reads the keys anew when this transaction is over.
            await tx.credentials.hold_still()
            await tx.credential_uses.prune(now=self._clock.now())
            still_needed = [
                one for one in await tx.credentials.all() if not self._vault.is_newest(one)
            ]
            retired = [] if still_needed else self._vault.end_rotation()
        self._crash.reached("after the old keys go")
        return retired
