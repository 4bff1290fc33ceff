"""Bytes that arrive: counted and hashed, never kept."""

import hashlib
import tempfile
from collections.abc import AsyncIterator
from typing import IO

from starlette.requests import ClientDisconnect, Request

BLOCK = 1 << 20
HEAD_BYTES = 12
"""As many of a file's first bytes tell what kind of file it is."""


class Growing:
    """
    A file that arrives in order. Holds its length, its hash and its first few bytes only.

    Args:
        grain: bytes of a broken piece are kept in multiples of this; the rest must come again.
    """

    def __init__(self, *, grain: int = 1) -> None:
        self.size = 0
        self.head = b""
        self._hash = hashlib.sha256()
        self._grain = grain

    @property
    def sha256(self) -> str:
        """The hash of everything kept so far, lower-case hex."""
        return self._hash.hexdigest()

    async def take(self, request: Request, *, most: int) -> bool:
        """
        Add a request's body. False where the connection broke or the body was longer than `most`.

        What arrived before a break is kept, down to the grain.
        """
        loose = bytearray()
        taken = 0
        try:
            async for block in request.stream():
                taken += len(block)
                if taken > most:
                    return False
                loose += block
                self._keep(loose, whole=False)
        except ClientDisconnect:
            return False
        self._keep(loose, whole=True)
        return True

    def _keep(self, loose: bytearray, *, whole: bool) -> None:
        fits = len(loose) if whole else len(loose) - len(loose) % self._grain
        if fits:
            self.head += bytes(loose[: min(fits, HEAD_BYTES - len(self.head))])
            self._hash.update(memoryview(loose)[:fits])
            self.size += fits
            del loose[:fits]


class Pieces:
    """
    A file whose pieces may arrive in any order and more than once.

    The pieces lie in an unnamed temporary file until `digest` has hashed them, then they are gone.
    """

    def __init__(self) -> None:
        self._pieces: dict[int, IO[bytes]] = {}

    async def take(self, index: int, blocks: AsyncIterator[bytes]) -> int:
        """Keep one piece, replacing an earlier one with the same index. Returns its length."""
        piece = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `digest` or `forget`
        async for block in blocks:
            piece.write(block)
        if index in self._pieces:
            self._pieces[index].close()
        self._pieces[index] = piece
        return piece.tell()

    @property
    def indexes(self) -> list[int]:
        """The pieces that are here, in order."""
        return sorted(self._pieces)

    def size(self) -> int:
        """Bytes over all pieces."""
        return sum(piece.seek(0, 2) for piece in self._pieces.values())

    def digest(self, order: list[int] | None = None) -> str:
        """Hash the pieces one after the other and forget them."""
        whole = hashlib.sha256()
        for index in order if order is not None else self.indexes:
            piece = self._pieces[index]
            piece.seek(0)
            while block := piece.read(BLOCK):
                whole.update(block)
        self.forget()
        return whole.hexdigest()

    def forget(self) -> None:
        """Drop all pieces."""
        for piece in self._pieces.values():
            piece.close()
        self._pieces.clear()
