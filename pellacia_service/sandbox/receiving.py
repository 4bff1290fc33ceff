"""Bytes that arrive: counted and hashed, never kept."""

import hashlib

from starlette.requests import ClientDisconnect, Request

BLOCK = 1 << 20
"""Bytes that are read at once."""

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
