"""The keys that wrap data keys, and the places they may come from."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.fernet import Fernet

from pellacia_service.errors import SetupError

ID_DIGITS = 12
"""Hex digits of a key's id: enough that no two keys of one user share it, and says nothing of the key."""


@dataclass(frozen=True)
class Key:
    """
    One key.

    Args:
        text: 32 bytes in URL-safe base64.
        id: what it may be called in sentences and rows: the start of a hash of it.
    """

    text: str = field(repr=False)
    id: str

    @property
    def fernet(self) -> Fernet:
        """The box that this key opens."""
        return Fernet(self.text)


def new_key() -> Key:
    """Make a key."""
    return read_keys(Fernet.generate_key().decode(), where="A new key")[0]


def read_keys(text: str, *, where: str) -> list[Key]:
    """
    Read keys that stand one after the other, with commas, blanks or line ends between them.

    Args:
        where: the place they were read from, for the sentence.

    Raises:
        SetupError: one of them is no key. It is not repeated.
    """
    return [_read_key(word, where) for word in text.replace(",", " ").split()]


def _read_key(word: str, where: str) -> Key:
    try:
        Fernet(word)
        raw = base64.urlsafe_b64decode(word)
    except ValueError as error:
        raise SetupError(
            f"{where} holds something that is not 32 bytes of URL-safe base64. Make a key: python -c "
            '"from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
        ) from error
    digest = hashlib.sha256(b"pellacia-distribution key id\0" + raw).hexdigest()
    return Key(text=word, id=digest[:ID_DIGITS])


class KeySource(Protocol):
    """A place that keys come from. The first key seals, all of them open."""

    @property
    def name(self) -> str:
        """What to call it in a sentence."""

    @property
    def is_ours(self) -> bool:
        """True where this program may make keys there and take them away."""

    def load(self) -> list[Key]:
        """
        Return the keys that are there now; none where the place is empty.

        Raises:
            SetupError: the place cannot be read, others can read it, or it holds no keys.
        """

    def make(self) -> list[Key]:
        """
        Make the first key, or return what another process has put there in the meantime.

        Raises:
            SetupError: nothing can be written there.
        """

    def replace(self, keys: Sequence[Key]) -> None:
        """
        Put these keys in place of those that are there: all of it happens, or nothing.

        Raises:
            SetupError: nothing can be written there.
        """


class GivenKeys:
    """Keys that were given from outside; they are never made or changed here."""

    name = "PELLACIA_SECRET_KEYS"
    is_ours = False

    def __init__(self, text: str) -> None:
        self._keys = read_keys(text, where=self.name)

    def load(self) -> list[Key]:
        """Return the keys."""
        return list(self._keys)

    def make(self) -> list[Key]:
        """Refuse: they come from outside."""
        raise SetupError(f"{self.name} holds no key.")

    def replace(self, keys: Sequence[Key]) -> None:
        """Refuse: they come from outside."""
        raise SetupError(f"{self.name} is changed by whoever sets it.")
