"""Videos that arrive in pieces and leave as a length, a hash, and whether they look like an MP4."""

import hashlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request

OPENING = 12
"""Bytes that tell the container: a length, the word "ftyp", a brand."""
BLOCK = 1 << 20
MOST_IN_MEMORY = 4 << 20


@dataclass(frozen=True)
class Video:
    """A whole video, as posts remember it. `sha256` is lower-case hex."""

    bytes: int
    sha256: str
    is_mp4: bool


@dataclass(frozen=True)
class Place:
    """Where a piece lies."""

    start: int
    length: int


NO_VIDEO = Video(0, "", is_mp4=False)


class InOrder:
    """A video whose pieces come one after the other. Of a broken piece nothing stays."""

    def __init__(self) -> None:
        self.size = 0
        self._hash = hashlib.sha256()
        self._opening = b""

    async def take(self, request: Request, *, length: int) -> bool:
        """Add a request's body. False, and nothing kept, where it is not `length` bytes long."""
        start = self.size
        grown, opening, taken = self._hash.copy(), self._opening, 0
        try:
            async for block in request.stream():
                grown.update(block)
                opening += block[: OPENING - len(opening)]
                taken += len(block)
        except ClientDisconnect:
            return False
        # The same piece may have come in over another connection while this one was being read.
        if taken != length or self.size != start:
            return False
        self._hash, self._opening, self.size = grown, opening, start + taken
        return True

    def close(self) -> Video:
        """Return the video that the pieces make."""
        return Video(self.size, self._hash.hexdigest(), _is_mp4(self._opening))


class InAnyOrder:
    """
    A video whose numbered pieces may come in any order, at once, and again. Gone once closed.

    All pieces lie behind each other in one temporary file, in memory while they are few.
    """

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=MOST_IN_MEMORY)  # noqa: SIM115 - see close
        self._end = 0
        self._places: dict[int, Place] = {}

    @property
    def indexes(self) -> list[int]:
        """The pieces that are here, in order."""
        return sorted(self._places)

    @property
    def size(self) -> int:
        """Bytes over all pieces."""
        return sum(place.length for place in self._places.values())

    async def take(self, index: int, blocks: AsyncIterator[bytes], *, length: int) -> bool:
        """Keep one piece, replacing an earlier one. False, and nothing kept, where it broke off."""
        place, written = Place(self._end, length), 0
        self._end += length
        try:
            async for block in blocks:
                if written + len(block) > length:
                    return False
                self._file.seek(place.start + written)
                self._file.write(block)
                written += len(block)
        except ClientDisconnect:
            return False
        if written == length:
            self._places[index] = place
        return written == length

    def close(self) -> Video:
        """Return the video that the pieces make, and forget the pieces."""
        whole, opening = hashlib.sha256(), b""
        for index in self.indexes:
            for block in self._blocks(self._places[index]):
                whole.update(block)
                opening += block[: OPENING - len(opening)]
        video = Video(self.size, whole.hexdigest(), _is_mp4(opening))
        self.forget()
        return video

    def forget(self) -> None:
        """Drop all pieces."""
        self._places.clear()
        self._file.close()

    def _blocks(self, place: Place) -> Iterator[bytes]:
        self._file.seek(place.start)
        left = place.length
        while left:
            block = self._file.read(min(BLOCK, left))
            left -= len(block)
            yield block


def _is_mp4(opening: bytes) -> bool:
    return opening[4:8] == b"ftyp"
