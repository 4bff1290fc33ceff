"""
The boxes of an MP4 or QuickTime file, walked without FFmpeg.

A box is a length, a four-letter name and a content that may be boxes again. FFmpeg reads a file
that was cut off as if it were whole, as long as its index stands in front; the walk does not. It
also counts what the index lists, before FFmpeg takes memory for each entry.

Source: ISO/IEC 14496-12, sections 4.2 "Object structure", 8.6 "Track data layout", 8.8 "Fragments".
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from pellacia_service.errors import BadInputError

MOST_BOXES = 2_000_000
"""A twelve-hour film in fragments of half a second has about a million, nested ones included."""

MOST_SAMPLES = 10_000_000
"""Twelve hours at 60 pictures a second, with sound, have five million."""

LARGEST_INDEX = 256 * 1024 * 1024
"""Bytes. Twelve hours at 60 pictures a second need about a third of it."""

TABLES = ("trak", "mdia", "minf", "stbl")
"""The way from the index down to a track's tables."""

SAMPLE_COUNTS = {"stsz": ">8xI", "trun": ">4xI"}
"""Tables that list samples, with where their number stands in the content."""

TRACK_NUMBER = {0: ">12xI", 1: ">20xI"}
"""Where a track's number stands in its header (tkhd), by the header's version."""


@dataclass(frozen=True)
class Box:
    """
    One box, by its place in the file.

    Args:
        name: four characters, Latin-1.
        start: offset of its first byte.
        body: offset of its content.
        end: offset after its last byte.
    """

    name: str
    start: int
    body: int
    end: int


class BoxFile:
    """
    A file made of boxes.

    Args:
        size: bytes of the file.
        name: what to call the file in a sentence.
    """

    def __init__(self, file: BinaryIO, size: int, name: str) -> None:
        self._file = file
        self._size = size
        self._name = name
        self._boxes_left = MOST_BOXES

    def index_is_in_front(self) -> bool:
        """
        Walk the whole file and say whether its index (moov) stands before the pictures (mdat).

        Raises:
            BadInputError: it is cut off, has no index or no pictures, or its index is absurd.
        """
        first: dict[str, Box] = {}
        samples = 0
        for box in self.walk(0, self._size):
            first.setdefault(box.name, box)
            if box.name == "moof":
                samples += sum(self._samples(run) for run in self._within(box, ("traf",)))
        index = first.get("moov")
        pictures = [first[name].start for name in ("mdat", "moof") if name in first]
        if index is None or not pictures:
            missing = "pictures (mdat box)" if index else "index (moov box)"
            raise self._bad(f"has no {missing}: the recording or copy was not finished.")
        self._refuse_absurd_numbers(index)
        self._refuse_too_many(samples + self._listed(index))
        return index.start < min(pictures)

    def walk(self, start: int, end: int) -> Iterator[Box]:
        """
        Yield the boxes that lie one behind the other between two offsets.

        Raises:
            BadInputError: one reaches beyond the end, or the file has absurdly many.
        """
        while start < end:
            self._boxes_left -= 1
            if self._boxes_left < 0:
                raise self._bad(f"consists of more than {MOST_BOXES:,} boxes.")
            box = self._box_at(start, end)
            yield box
            start = box.end

    def _box_at(self, start: int, end: int) -> Box:
        """Read a box's head: length 0 means "to the end", 1 that 64 bits of length follow."""
        head = self._read(start, min(16, end - start))
        if not head.strip(b"\0"):
            return Box("free", start, start, end)  # some cameras fill a file up with zeros
        if len(head) < 8:
            raise self._cut_off(start + 8, end)
        length, kind = struct.unpack(">I4s", head[:8])
        header = 8
        if length == 1:
            if len(head) < 16:
                raise self._cut_off(start + 16, end)
            length, header = struct.unpack(">Q", head[8:])[0], 16
        stop = start + length if length else end
        if stop < start + header:
            raise self._bad(f"is damaged: the box at byte {start:,} is shorter than its own head.")
        if stop > end:
            raise self._cut_off(stop, end)
        return Box(kind.decode("latin-1"), start, start + header, stop)

    def _within(self, outer: Box, way: tuple[str, ...]) -> Iterator[Box]:
        """Yield the boxes at the end of a way down through nested boxes."""
        for box in self.walk(outer.body, outer.end):
            if not way:
                yield box
            elif box.name == way[0]:
                yield from self._within(box, way[1:])

    def _listed(self, index: Box) -> int:
        """Count the samples for which FFmpeg will keep an entry each."""
        if index.end - index.start > LARGEST_INDEX:
            raise self._bad(f"has an index of {index.end - index.start:,} bytes.")
        total = 0
        for track in self._within(index, TABLES[:-1]):
            if track.name == TABLES[-1]:
                tables = list(self.walk(track.body, track.end))
                if not any(self._is_raw_sound(table) for table in tables):
                    total += sum(self._samples(table) for table in tables)
        return total

    def _samples(self, table: Box) -> int:
        """Read how many samples a table lists; other tables list none."""
        layout = SAMPLE_COUNTS.get(table.name)
        return self._numbers(table, layout)[0] if layout else 0

    def _is_raw_sound(self, table: Box) -> bool:
        """Know uncompressed sound by its times: one entry, each sample one tick. It has no list."""
        if table.name != "stts":
            return False
        entries, _, ticks = self._numbers(table, ">4xIII") if _room(table) >= 16 else (0, 0, 0)
        return (entries, ticks) == (1, 1)

    def _numbers(self, box: Box, layout: str) -> tuple[int, ...]:
        """Unpack numbers from the beginning of a box's content."""
        size = struct.calcsize(layout)
        if _room(box) < size:
            raise self._cut_off(box.body + size, box.end)
        return struct.unpack(layout, self._read(box.body, size))

    def _read(self, start: int, size: int) -> bytes:
        self._file.seek(start)
        content = self._file.read(size)
        if len(content) < size:  # the file was cut while it was walked
            raise self._cut_off(start + size, start + len(content))
        return content

    def _refuse_absurd_numbers(self, index: Box) -> None:
        """FFmpeg counts to four thousand million for a track whose number is negative to it."""
        for box in self._within(index, ("trak",)):
            if box.name == "tkhd":
                version = self._numbers(box, ">B")[0]
                [track] = self._numbers(box, TRACK_NUMBER.get(version, TRACK_NUMBER[0]))
                if not 0 < track < 2**31:
                    raise self._bad(f"is damaged: one of its tracks has the number {track:,}.")

    def _refuse_too_many(self, samples: int) -> None:
        if samples > MOST_SAMPLES:
            raise self._bad(
                f"is damaged: its index lists {samples:,} pictures and pieces of sound, "
                f"more than {MOST_SAMPLES:,}."
            )

    def _cut_off(self, wanted: int, end: int) -> BadInputError:
        return self._bad(
            f"is cut off or damaged: a part of it reaches to byte {wanted:,}, but ends at {end:,}."
        )

    def _bad(self, what: str) -> BadInputError:
        return BadInputError(f"{self._name} {what} Export or copy the video again.")


def _room(box: Box) -> int:
    """Return the bytes of a box's content."""
    return box.end - box.body
