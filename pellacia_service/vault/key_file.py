"""Keys in a file of the home folder, readable by its owner only, and no part of a backup."""

import os
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path

from pellacia_service.errors import SetupError
from pellacia_service.vault.keys import Key, new_key, read_keys

KEY_FILE = "secret.key"
MOST_BYTES = 65_536
"""More than a thousand keys. A longer file is something else."""


class KeyFile:
    """
    A key file: one key on a line, the newest first.

    Args:
        owner: the user id it must belong to; None: whoever runs this.
    """

    is_ours = True

    def __init__(self, path: Path, *, owner: int | None = None) -> None:
        self._path = path
        self._owner = owner

    @property
    def name(self) -> str:
        """What to call it in a sentence."""
        return f"the key file {self._path}"

    def load(self) -> list[Key]:
        """Return the keys; none where there is no file."""
        try:
            # O_NONBLOCK: a pipe under this name must be refused, not waited for.
            descriptor = os.open(
                self._path, os.O_RDONLY | _flag("O_NOFOLLOW") | _flag("O_NONBLOCK")
            )
        except FileNotFoundError:
            return []
        except OSError as error:
            # With O_NOFOLLOW a link says ELOOP, which reads as if there were many.
            why = "it is a link" if self._path.is_symlink() else error.strerror
            raise self._unfit(f"cannot be opened: {why}") from error
        try:
            self._refuse_what_others_reach(os.fstat(descriptor))
            text = os.read(descriptor, MOST_BYTES)
        finally:
            os.close(descriptor)
        keys = read_keys(text.decode("ascii", "replace"), where=self.name.capitalize())
        if not keys:
            raise self._unfit("is empty")
        return keys

    def make(self) -> list[Key]:
        """Make the file with a first key; of several that try at once, one does."""
        draft = self._draft([new_key()])
        try:
            os.link(draft, self._path)  # fails where the file exists, and never shows half of it
        except FileExistsError:
            pass
        except OSError as error:
            raise self._unfit(f"cannot be made: {error.strerror}") from error
        finally:
            draft.unlink(missing_ok=True)
        self._settle()
        return self.load()

    def replace(self, keys: Sequence[Key]) -> None:
        """Write all keys, then put the new file in place of the old one."""
        draft = self._draft(keys)
        try:
            draft.replace(self._path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise self._unfit(f"cannot be changed: {error.strerror}") from error
        self._settle()

    def _draft(self, keys: Sequence[Key]) -> Path:
        """Write a file beside the real one, down to the disk."""
        draft = self._path.with_name(f".{self._path.name}.{secrets.token_hex(6)}")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.writelines(f"{key.text}\n" for key in keys)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise self._unfit(f"cannot be made: {error.strerror}") from error
        return draft

    def _settle(self) -> None:
        """Bring the folder's entry down to the disk: a key that a power cut takes is lost for good."""
        if os.name != "posix":
            return
        descriptor = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _refuse_what_others_reach(self, info: os.stat_result) -> None:
        if not stat.S_ISREG(info.st_mode):
            raise self._unfit("is not a plain file")
        if os.name != "posix":
            return
        owner = os.geteuid() if self._owner is None else self._owner
        if info.st_uid != owner:
            raise self._unfit(f"belongs to another user ({info.st_uid})")
        if info.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise self._unfit("can be reached by others")

    def _unfit(self, why: str) -> SetupError:
        return SetupError(
            f"The key file {self._path} {why}. It must be a plain file of yours that only you can "
            f"read: chmod 600 {self._path}. Nothing was changed."
        )


def _flag(name: str) -> int:
    """Return a flag of `os.open`; 0 where the system has none of that name."""
    return int(getattr(os, name, 0))
