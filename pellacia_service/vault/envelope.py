"""
The shape of a sealed sign-in, and its cryptography.

    {"v": 2, "key_id": which key wraps, "wrapped": the data key, "nonce": …, "ciphertext": …}

AES-256-GCM authenticates account, field, version and key id beside the ciphertext. Fernet
authenticates the wrapped key. Base64 has letters that decode alike, so each text must be the one
that its bytes are written as: then no byte can be changed unseen.
"""

import base64
import json
import os
import uuid
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.fernet import InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pellacia_service.domain.json import Json
from pellacia_service.vault.keys import Key

VERSION = 2
FIELD = "credentials"
NAMES = frozenset({"v", "key_id", "wrapped", "nonce", "ciphertext"})
NONCE_BYTES = 12
KEY_BITS = 256

OLD_NAME = "sealed"
"""The only name of the format before: {"sealed": the tokens as text of Fernet}, bound to nothing."""


class DamagedError(Exception):
    """What was stored is not what was sealed for this place."""


def seal(
    secret: Mapping[str, Json], *, keys: Sequence[Key], account_id: uuid.UUID, version: int
) -> dict[str, Json]:
    """Seal a secret for one place. The first key wraps."""
    data_key, nonce = AESGCM.generate_key(KEY_BITS), os.urandom(NONCE_BYTES)
    bound = _bound(account_id, version, keys[0].id)
    ciphertext = AESGCM(data_key).encrypt(nonce, json.dumps(dict(secret)).encode(), bound)
    wrapped = MultiFernet([key.fernet for key in keys]).encrypt(data_key)
    return {
        "v": VERSION,
        "key_id": keys[0].id,
        "wrapped": wrapped.decode(),
        "nonce": _written(nonce),
        "ciphertext": _written(ciphertext),
    }


def open_sealed(
    sealed: Mapping[str, Json], *, keys: Sequence[Key], account_id: uuid.UUID, version: int
) -> dict[str, Json]:
    """
    Return the secret.

    Raises:
        DamagedError: it was sealed for another place, or is no longer what was sealed.
    """
    if set(sealed) != NAMES or sealed["v"] != VERSION:
        raise DamagedError
    try:
        wrapped = _text(sealed, "wrapped")
        _read(wrapped)
        data_key = MultiFernet([key.fernet for key in keys]).decrypt(wrapped)
        bound = _bound(account_id, version, _text(sealed, "key_id"))
        nonce, ciphertext = (_read(_text(sealed, name)) for name in ("nonce", "ciphertext"))
        return _object(AESGCM(data_key).decrypt(nonce, ciphertext, bound))
    except (InvalidToken, InvalidTag, ValueError) as error:
        raise DamagedError from error


def open_old(sealed: Mapping[str, Json], *, keys: Sequence[Key]) -> dict[str, Json]:
    """
    Return the secret of the format before.

    Raises:
        DamagedError: none of the keys opens it.
    """
    try:
        return _object(
            MultiFernet([key.fernet for key in keys]).decrypt(_text(sealed, OLD_NAME).encode())
        )
    except (InvalidToken, ValueError) as error:
        raise DamagedError from error


def key_id_of(sealed: Mapping[str, Json]) -> str:
    """Return the id of the key that wraps; "" where none is named."""
    found = sealed.get("key_id")
    return found if isinstance(found, str) else ""


def is_old(sealed: Mapping[str, Json]) -> bool:
    """Tell whether this is the format before."""
    return set(sealed) == {OLD_NAME}


def _bound(account_id: uuid.UUID, version: int, key_id: str) -> bytes:
    return f"{account_id}|{FIELD}|{version}|{key_id}".encode()


def _text(sealed: Mapping[str, Json], name: str) -> str:
    found = sealed[name]
    if not isinstance(found, str):
        raise DamagedError
    return found


def _written(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def _read(text: str) -> bytes:
    data = base64.urlsafe_b64decode(text)
    if _written(data) != text:
        raise DamagedError
    return data


def _object(data: bytes) -> dict[str, Json]:
    found = json.loads(data)
    if not isinstance(found, dict):
        raise DamagedError
    return found
