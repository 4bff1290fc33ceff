"""A sign-in opens only where it was sealed for, unchanged, with a key that is still there."""

import datetime as dt
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from pellacia_service.domain.account import Account
from pellacia_service.domain.credential import StoredCredential
from pellacia_service.domain.json import Json
from pellacia_service.domain.tokens import Tokens
from pellacia_service.errors import LoginNeededError, SetupError
from pellacia_service.vault import KEY_FILE, GivenKeys, Keychain, KeyFile, Vault

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
TOKENS = Tokens("ya29.access", refresh_token="1//refresh", expires_at=NOON, scopes=("a", "b"))
NINA = Account(uuid.UUID(int=1), "youtube", name="Nina")
OTHER = Account(uuid.UUID(int=2), "youtube", "second")
NEW, OLD = (Fernet.generate_key().decode() for _ in range(2))


def stored(
    sealed: dict[str, Json], account: Account = NINA, version: int = 3, mark: int = 3
) -> StoredCredential:
    return StoredCredential(account.address, account.id, sealed, version, mark, NOON)


def vault_with(*keys: str) -> Vault:
    vault = Vault(GivenKeys(",".join(keys)))
    vault.check([])
    return vault


def key_id(key: str) -> str:
    return GivenKeys(key).load()[0].id


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / KEY_FILE
    Vault(KeyFile(path)).check([])
    return path


def test_what_was_sealed_opens_again() -> None:
    vault = vault_with(NEW)

    assert vault.open(stored(vault.seal(TOKENS, NINA, 3))) == TOKENS


def test_no_two_sealings_share_a_data_key_or_a_nonce() -> None:
    vault = vault_with(NEW)

    first, second = (vault.seal(TOKENS, NINA, 3) for _ in range(2))

    assert all(first[name] != second[name] for name in ("wrapped", "nonce", "ciphertext"))


def _changed_bytes(sealed: dict[str, Json]) -> Iterator[dict[str, Json]]:
    """Every bit of every byte of the document flipped; those that leave it a document at all."""
    text = json.dumps(sealed).encode()
    for place in range(len(text)):
        for bit in range(8):
            flipped = bytearray(text)
            flipped[place] ^= 1 << bit
            try:
                document = json.loads(flipped)
            except ValueError:
                continue
            if isinstance(document, dict):
                yield document


def test_not_one_bit_of_a_document_can_be_flipped_unseen() -> None:
    vault = vault_with(NEW)
    tried = 0

    for document in _changed_bytes(vault.seal(TOKENS, NINA, 3)):
        with pytest.raises((LoginNeededError, SetupError)):
            vault.open(stored(document))
        tried += 1

    assert tried > 2000


@pytest.mark.parametrize("name", ["key_id", "wrapped", "nonce", "ciphertext"])
def test_a_text_that_was_cut_or_lengthened_anywhere_is_refused(name: str) -> None:
    vault = vault_with(NEW)
    sealed = vault.seal(TOKENS, NINA, 3)
    text = str(sealed[name])
    changed = [text[:length] for length in range(len(text))]
    changed += [text + more for more in ("A", "=", "====", "\n", " ", "é", "\0")]

    for one in changed:
        with pytest.raises((LoginNeededError, SetupError)):
            vault.open(stored({**sealed, name: one}))


@pytest.mark.parametrize("name", ["v", "key_id", "wrapped", "nonce", "ciphertext"])
@pytest.mark.parametrize("value", [None, 2.5, [], {}, True])
def test_a_part_of_another_kind_is_refused(name: str, value: Json) -> None:
    vault = vault_with(NEW)

    with pytest.raises((LoginNeededError, SetupError)):
        vault.open(stored({**vault.seal(TOKENS, NINA, 3), name: value}))


def test_a_row_that_was_swapped_with_another_accounts_is_refused() -> None:
    vault = vault_with(NEW)

    with pytest.raises(LoginNeededError, match="youtube:second is damaged, belongs to another"):
        vault.open(stored(vault.seal(TOKENS, NINA, 3), account=OTHER))


def test_an_older_row_that_was_put_back_is_refused() -> None:
    vault = vault_with(NEW)
    older = stored(vault.seal(TOKENS, NINA, 2), version=2, mark=3)

    with pytest.raises(LoginNeededError, match="an older one that was put back"):
        vault.open(older)
    with pytest.raises(LoginNeededError):
        vault.open(replace(older, version=3))


def test_the_format_before_opens_until_the_account_has_had_a_better_one() -> None:
    text = Fernet(NEW).encrypt(json.dumps(TOKENS.to_json()).encode()).decode()
    vault = vault_with(NEW)

    assert vault.open(stored({"sealed": text}, version=0, mark=0)) == TOKENS
    with pytest.raises(LoginNeededError):
        vault.open(stored({"sealed": text}, version=0, mark=1))


def test_an_older_key_behind_the_newest_goes_on_opening() -> None:
    sealed = vault_with(OLD).seal(TOKENS, NINA, 3)

    assert vault_with(NEW, OLD).open(stored(sealed)) == TOKENS


def test_a_wrong_key_is_named_before_anything_is_done() -> None:
    sealed = stored(vault_with(OLD).seal(TOKENS, NINA, 3))
    vault = Vault(GivenKeys(NEW))

    with pytest.raises(SetupError, match=key_id(OLD)) as refusal:
        vault.check([sealed])

    assert key_id(NEW) in str(refusal.value)
    assert NEW not in str(refusal.value)


def test_a_wrong_key_is_noticed_for_the_format_before_too() -> None:
    text = Fernet(OLD).encrypt(b"{}").decode()

    with pytest.raises(SetupError, match="youtube"):
        Vault(GivenKeys(NEW)).check([stored({"sealed": text}, version=0, mark=0)])


def test_a_missing_key_file_is_not_made_anew_while_something_needs_the_old_one(
    key_file: Path,
) -> None:
    vault = Vault(KeyFile(key_file))
    sealed = stored(vault.seal(TOKENS, NINA, 3))
    missing = key_id(key_file.read_text())
    key_file.unlink()

    with pytest.raises(SetupError, match=missing):
        Vault(KeyFile(key_file)).check([sealed])
    with pytest.raises(SetupError, match="nothing was stored"):
        vault.seal(TOKENS, NINA, 4)

    assert list(key_file.parent.iterdir()) == []


def test_the_first_key_file_is_the_owners_alone(key_file: Path) -> None:
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in key_file.parent.iterdir()] == [KEY_FILE]


def test_of_two_first_starts_both_use_the_key_of_one(key_file: Path) -> None:
    before = key_file.read_text()

    keys = KeyFile(key_file).make()

    assert key_file.read_text().split() == before.split() == [key.text for key in keys]


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601])
def test_a_key_file_that_others_reach_is_refused(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)

    with pytest.raises(SetupError, match="can be reached by others"):
        KeyFile(key_file).load()


@pytest.mark.skipif(os.name != "posix", reason="owners are POSIX")
def test_a_key_file_of_another_user_is_refused(key_file: Path) -> None:
    with pytest.raises(SetupError, match="belongs to another user"):
        KeyFile(key_file, owner=os.geteuid() + 1).load()


def test_a_link_a_folder_or_a_pipe_in_place_of_a_key_file_is_refused(key_file: Path) -> None:
    elsewhere = key_file.with_name("elsewhere")
    shutil.move(key_file, elsewhere)

    key_file.symlink_to(elsewhere)
    with pytest.raises(SetupError, match="it is a link"):
        KeyFile(key_file).load()
    key_file.unlink()
    key_file.mkdir()
    with pytest.raises(SetupError, match="is not a plain file"):
        KeyFile(key_file).load()
    key_file.rmdir()
    os.mkfifo(key_file, 0o600)
    with pytest.raises(SetupError, match="is not a plain file"):
        KeyFile(key_file).load()


@pytest.mark.parametrize(
    "text",
    ["", "   \n", "not a key", "\0\xff", NEW[:-1], f"{NEW}\nrubbish"],
    # The key is another one in each process that collects the tests.
    ids=["empty", "blank", "words", "bytes", "cut", "more"],
)
def test_a_key_file_that_holds_something_else_is_refused_and_not_repeated(
    key_file: Path, text: str
) -> None:
    key_file.write_text(text)

    with pytest.raises(SetupError) as refusal:
        KeyFile(key_file).load()

    assert "rubbish" not in str(refusal.value)
    assert NEW[:-1] not in str(refusal.value)
    assert key_file.read_text() == text


def test_a_rotation_has_both_keys_in_the_file_until_it_ends(key_file: Path) -> None:
    vault = Vault(KeyFile(key_file))
    old = vault.open(stored(vault.seal(TOKENS, NINA, 3))) and key_id(key_file.read_text())

    vault.begin_rotation()
    both = [key.id for key in KeyFile(key_file).load()]
    vault.begin_rotation()

    assert [key.id for key in KeyFile(key_file).load()] == both
    assert both[1] == old
    assert vault.end_rotation() == [old]
    assert [key.id for key in KeyFile(key_file).load()] == both[:1]


def test_an_open_vault_seals_with_the_key_that_another_process_has_brought_in(
    key_file: Path,
) -> None:
    long_running, other = Vault(KeyFile(key_file)), Vault(KeyFile(key_file))
    long_running.check([])
    other.begin_rotation()
    other.end_rotation()

    sealed = long_running.seal(TOKENS, NINA, 3)

    assert other.open(stored(sealed)) == TOKENS
    assert long_running.open(stored(other.seal(TOKENS, NINA, 3))) == TOKENS


class Drawer:
    """A keychain in memory, in the shape of keyring's backends."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise RuntimeError(f"locked, and here is a secret: {self.kept}")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


def test_the_keychain_keeps_the_keys_of_each_home_apart() -> None:
    drawer = Drawer()
    vault, other = (Vault(Keychain(home, backend=drawer)) for home in ("/a", "/b"))
    vault.check([])
    other.check([])
    sealed = stored(vault.seal(TOKENS, NINA, 3))

    vault.begin_rotation()
    vault.end_rotation()

    assert len(drawer.kept) == 2
    with pytest.raises(SetupError, match="the keychain"):
        other.check([sealed])


def test_a_locked_keychain_is_said_in_words_without_what_is_in_it() -> None:
    drawer = Drawer()
    Keychain("/a", backend=drawer).make()
    drawer.locked = True

    with pytest.raises(SetupError, match="cannot be used") as refusal:
        Keychain("/a", backend=drawer).load()

    assert not any(key in str(refusal.value) for key in drawer.kept.values())


def test_tokens_and_sealed_rows_have_no_secret_in_their_repr() -> None:
    sealed = stored(vault_with(NEW).seal(TOKENS, NINA, 3))
    shown = repr((TOKENS, sealed, GivenKeys(NEW).load()))

    assert not any(
        secret in shown for secret in ("ya29", "1//", NEW, str(sealed.sealed["wrapped"]))
    )
