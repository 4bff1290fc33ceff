"""
Keys in the keychain of the operating system, through `keyring`.

On macOS every script that the same Python runs can read them, and a headless Linux has no keychain
at all (keyring's own notes, read 2026-11-22); a key file is the better choice on servers.
"""

from collections.abc import Sequence
from typing import Protocol

from pellacia_service.errors import SetupError
from pellacia_service.vault.keys import Key, new_key, read_keys

SERVICE = "pellacia-distribution"
INSTEAD = "Take PELLACIA_KEYCHAIN away to use a key file, or set PELLACIA_SECRET_KEYS."


class Backend(Protocol):
    """What is needed of `keyring`, or of one of its backends."""

    def get_password(self, service: str, username: str, /) -> str | None:
        """Return what is kept, or None."""

    def set_password(self, service: str, username: str, password: str, /) -> None:
        """Keep something."""


class Keychain:
    """
    One entry of the keychain: the keys, the newest first.

    Args:
        entry: its name; one home folder has one.
        backend: None: the one that `keyring` finds for this system.
    """

    name = "the keychain"
    is_ours = True

    def __init__(self, entry: str, *, backend: Backend | None = None) -> None:
        self._entry = entry
        self._backend = backend

    def load(self) -> list[Key]:
        """Return the keys; none where there is no entry."""
        backend = self._backend or find_backend()
        try:
            text = backend.get_password(SERVICE, self._entry)
        except Exception as error:
            raise _unusable(error) from error
        return read_keys(text or "", where="The keychain")

    def make(self) -> list[Key]:
        """Make the first key."""
        keys = self.load() or [new_key()]
        self.replace(keys)
        return keys

    def replace(self, keys: Sequence[Key]) -> None:
        """Put these keys in place of those that are there."""
        backend = self._backend or find_backend()
        try:
            backend.set_password(SERVICE, self._entry, ",".join(key.text for key in keys))
        except Exception as error:
            raise _unusable(error) from error


def find_backend() -> Backend:
    """
    Return this system's keychain.

    Raises:
        SetupError: `keyring` is not installed, or finds no keychain.
    """
    try:
        import keyring  # noqa: PLC0415 - optional, and asks the system when it is imported
        from keyring.backends import fail  # noqa: PLC0415
    except ImportError as error:
        raise SetupError(
            "PELLACIA_KEYCHAIN needs one more package: "
            f"pip install 'pellacia-distribution[keychain]'. {INSTEAD}"
        ) from error
    backend = keyring.get_keyring()
    if isinstance(backend, fail.Keyring):
        raise SetupError(f"This machine has no keychain that can be used. {INSTEAD}")
    return backend


def _unusable(error: Exception) -> SetupError:
    # Backends raise whatever their system raises; only the kind of it is repeated.
    return SetupError(
        f"The keychain cannot be used ({type(error).__name__}). Unlock it and try again. {INSTEAD}"
    )
