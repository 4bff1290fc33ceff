"""
Seals the accounts' tokens before they reach the database: envelope encryption.

Each sealing makes a data key of its own (AES-256-GCM), which is wrapped by the newest of our keys
(`MultiFernet`). What is sealed is bound to account, field, version and key, so that a row that was
swapped, cut, changed or put back is refused. Where the keys are: `keys.py`. What is stored:
`envelope.py`. Nothing here knows the database.
"""

from pellacia_service.vault.key_file import KEY_FILE, KeyFile
from pellacia_service.vault.keychain import Keychain
from pellacia_service.vault.keys import GivenKeys, Key, KeySource
from pellacia_service.vault.vault import Vault

__all__ = ["KEY_FILE", "GivenKeys", "Key", "KeyFile", "KeySource", "Keychain", "Vault"]
