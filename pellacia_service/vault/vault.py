"""The vault: seals and opens tokens, and refuses to begin where a key is missing."""

from collections.abc import Iterable, Mapping, Sequence

from pellacia_service.domain.account import Account
from pellacia_service.domain.credential import StoredCredential
from pellacia_service.domain.json import Json
from pellacia_service.domain.tokens import Tokens
from pellacia_service.errors import LoginNeededError, SetupError
from pellacia_service.vault import envelope
from pellacia_service.vault.keys import Key, KeySource, new_key

UNNAMED = "whose id is not known"
"""Said of a key that sealed something in the format before, which names none."""


class Vault:
    """
    Seals and opens tokens. Knows nothing of where they are kept.

    To open something, the keys as they were last read are enough; to seal, they are read anew:
    another process may have changed them, and nothing may be sealed with a key that was retired.
    """

    def __init__(self, source: KeySource) -> None:
        self._source = source
        self._keys: list[Key] = []

    def check(self, stored: Iterable[StoredCredential]) -> None:
        """
        Make sure that the keys at hand belong to what is stored, before anything is done with them.

        Where nothing is stored and there is no key, the first one is made.

        Raises:
            SetupError: a key is missing; the sentence names it. Nothing was made or changed.
        """
        self._keys = self._source.load()
        missing: dict[str, list[str]] = {}
        everything = list(stored)
        for one in everything:
            if not self._has_key_of(one):
                name = envelope.key_id_of(one.sealed) or UNNAMED
                missing.setdefault(name, []).append(one.address)
        if missing:
            raise self._missing(missing)
        if not self._keys:
            self._keys = self._source.make()

    def seal(self, tokens: Tokens, account: Account, version: int) -> dict[str, Json]:
        """
        Return the tokens as a document that only these keys open, for this account and version.

        Raises:
            SetupError: there is no key any more.
        """
        self._keys = self._source.load()
        if not self._keys:
            raise SetupError(
                f"There is no key in {self._source.name}, so nothing was stored. Bring it back."
            )
        return envelope.seal(
            tokens.to_json(), keys=self._keys, account_id=account.id, version=version
        )

    def open(self, stored: StoredCredential) -> Tokens:
        """
        Return the tokens of an account.

        Raises:
            SetupError: the key that sealed them is not there. Nothing is overwritten.
            LoginNeededError: what is stored was changed, cut, swapped, or is an older one put back.
        """
        if not self._has_key_of(stored):
            self._keys = self._source.load()
        if not self._has_key_of(stored):
            name = envelope.key_id_of(stored.sealed) or UNNAMED
            raise self._missing({name: [stored.address]})
        try:
            return Tokens.from_json(self._opened(stored))
        except (envelope.DamagedError, KeyError, ValueError) as error:
            raise _damaged(stored) from error

    def is_newest(self, stored: StoredCredential) -> bool:
        """Tell whether it is sealed with the key that seals now."""
        return bool(self._keys) and envelope.key_id_of(stored.sealed) == self._keys[0].id

    @property
    def key_ids(self) -> list[str]:
        """The keys at hand, the one that seals first."""
        return [key.id for key in self._keys]

    @property
    def keeps_its_keys(self) -> bool:
        """True where this program makes and retires the keys; False where they are given to it."""
        return self._source.is_ours

    def begin_rotation(self) -> None:
        """
        Make a new key that seals from now on; the old ones go on opening.

        A rotation that was interrupted has left such a key behind, and goes on with it. Keys that
        are given from outside stay as they are: the first of them is the new one.
        """
        self._keys = self._source.load()
        if self._source.is_ours and len(self._keys) == 1:
            self._source.replace([new_key(), *self._keys])
            self._keys = self._source.load()

    def end_rotation(self) -> Sequence[str]:
        """Retire all keys but the one that seals, and return their ids."""
        retired = [key.id for key in self._keys[1:]]
        if self._source.is_ours and retired:
            self._source.replace(self._keys[:1])
            self._keys = self._source.load()
        return retired

    def _opened(self, stored: StoredCredential) -> Mapping[str, Json]:
        if envelope.is_old(stored.sealed):
            # Bound to nothing: believed only where the account never had a better one.
            if stored.mark or stored.version:
                raise envelope.DamagedError
            return envelope.open_old(stored.sealed, keys=self._keys)
        if stored.version != stored.mark:
            raise envelope.DamagedError
        return envelope.open_sealed(
            stored.sealed, keys=self._keys, account_id=stored.account_id, version=stored.mark
        )

    def _has_key_of(self, stored: StoredCredential) -> bool:
        named = envelope.key_id_of(stored.sealed)
        if named or not self._keys:
            return named in {key.id for key in self._keys}
        try:
            envelope.open_old(stored.sealed, keys=self._keys)
        except (envelope.DamagedError, KeyError):
            # Not readable at all: no key is missing for it, and opening it says so.
            return not envelope.is_old(stored.sealed)
        return True

    def _missing(self, missing: Mapping[str, Sequence[str]]) -> SetupError:
        at_hand = ", ".join(self.key_ids) or "none"
        lost = "; ".join(
            f"the key {name} that sealed the sign-in of {', '.join(addresses)}"
            for name, addresses in missing.items()
        )
        first = next(iter(missing.values()))[0]
        return SetupError(
            f"Missing: {lost}. It is not in {self._source.name} (keys there: {at_hand}). Nothing was "
            "changed, and no new key was made. Bring the key back, or add it behind the others in "
            "PELLACIA_SECRET_KEYS; if it is lost for good, sign out here and in again: "
            f"pellacia-dist auth logout {first} --here-only"
        )


def _damaged(stored: StoredCredential) -> LoginNeededError:
    label = stored.address.partition(":")[2]
    return LoginNeededError(
        f"The stored sign-in of {stored.address} is damaged, belongs to another account, or is an "
        "older one that was put back. It is not used. Sign in again: "
        f"pellacia-dist auth login {stored.platform}" + (f" --label {label}" if label else ""),
        platform=stored.platform,
        code="sign_in_damaged",
        not_done=True,
    )
