"""
Seals the accounts' tokens before they reach the database.

The keys come from PELLACIA_SECRET_KEYS (the first one seals, all of them open) or from a key file
beside the database, readable by its owner only, made on first use and no part of a backup.
"""

import json
import os
import stat
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from pellacia_service.domain.tokens import Tokens
from pellacia_service.errors import SetupError

KEY_FILE = "secret.key"


class Vault:
    """Seals and opens tokens. Knows nothing of where they are kept."""

    def __init__(self, keys: list[str]) -> None:
        try:
            self._box = MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise SetupError(
                "A key in PELLACIA_SECRET_KEYS is not 32 bytes of URL-safe base64. Make one: python -c "
                '"from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
            ) from error

    def seal(self, tokens: Tokens) -> str:
        """Return the tokens as text that only this vault's keys open."""
        return self._box.encrypt(json.dumps(tokens.to_json()).encode()).decode()

    def open(self, sealed: str, *, address: str) -> Tokens:
        """
        Return the tokens of an account.

        Raises:
            SetupError: none of the keys opens them. Nothing is overwritten.
        """
        try:
            return Tokens.from_json(json.loads(self._box.decrypt(sealed.encode())))
        except InvalidToken as error:
            raise SetupError(
                f"The keys at hand do not open the sign-in of {address}. Bring back the key that "
                "sealed it (PELLACIA_SECRET_KEYS or the key file), or sign in again: "
                f"pellacia-dist auth login {address.partition(':')[0]}"
            ) from error


def open_vault(secret_keys: str, home: Path) -> Vault:
    """
    Return the vault with the keys that were given, else with the home folder's key file.

    Raises:
        SetupError: a key is malformed, or the key file can be read by others.
    """
    keys = [key.strip() for key in secret_keys.split(",") if key.strip()]
    return Vault(keys or [_key_of_home(home / KEY_FILE)])


def _key_of_home(path: Path) -> str:
    """Read the key file, making it first where there is none."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_key(path)
    except OSError as error:
        raise SetupError(f"Cannot make the key file {path}: {error.strerror}.") from error
    key = Fernet.generate_key().decode()
    with os.fdopen(descriptor, "w") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key


def _read_key(path: Path) -> str:
    info = path.lstat()
    open_to_others = os.name == "posix" and info.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    if not stat.S_ISREG(info.st_mode) or open_to_others:
        raise SetupError(
            f"The key file {path} must be a plain file that only you can read. Run: chmod 600 {path}"
        )
    return path.read_text().strip()
