"""
Small real video files, and files that only pretend to be one.

Each helper writes `path`, dates it a minute back, as if it had lain there, and returns it.
"""

import os
import struct
import time
from dataclasses import replace
from pathlib import Path

from pellacia_service.media.sample import Drawing, draw

SMALL = Drawing(seconds=3, width=360, height=640, title="A small clip")
"""Drawn in about a fifth of a second."""

MATRICES = {
    0: (1, 0, 0, 1),
    90: (0, 1, -1, 0),
    180: (-1, 0, 0, -1),
    270: (0, -1, 1, 0),
}
"""Degrees clockwise to a, b, c, d of the track header's matrix (ISO/IEC 14496-12, 8.3.2)."""


def make_clip(
    path: Path, *, seconds: float = 3, width: int = 360, height: int = 640, frame_rate: int = 30
) -> Path:
    """A vertical H.264 + AAC MP4 with its index in front."""
    return drawn(
        path, replace(SMALL, seconds=seconds, width=width, height=height, frame_rate=frame_rate)
    )


def drawn(path: Path, drawing: Drawing) -> Path:
    """Any drawing at all."""
    draw(path, drawing)
    return lain_there(path)


def lain_there(path: Path, *, seconds: float = 60) -> Path:
    """Date a file back, so that nobody takes it for one that is still being written."""
    moment = time.time() - seconds
    os.utime(path, (moment, moment))
    return path


def landscape(path: Path) -> Path:
    """16:9 instead of 9:16."""
    return make_clip(path, width=640, height=360)


def hevc(path: Path) -> Path:
    """H.265 + AAC in an MP4."""
    encoder = {"preset": "ultrafast", "x265-params": "log-level=none:pools=1"}
    return drawn(path, replace(SMALL, seconds=1, video_codec="libx265", encoder=encoder))


def webm(path: Path) -> Path:
    """VP9 + Opus. `path` must end in .webm."""
    encoder = {"deadline": "realtime", "cpu-used": "8"}
    drawing = replace(SMALL, seconds=1, encoder=encoder, container={})
    return drawn(path, replace(drawing, video_codec="libvpx-vp9", audio_codec="libopus"))


def quicktime(path: Path) -> Path:
    """H.264 + AAC in a QuickTime file. `path` must end in .mov."""
    return drawn(path, replace(SMALL, seconds=1))


def silent(path: Path) -> Path:
    """Pictures without sound."""
    return drawn(path, replace(SMALL, seconds=1, audio_codec=""))


def audio_only(path: Path) -> Path:
    """Sound without pictures, in an MP4."""
    return drawn(path, replace(SMALL, seconds=1, video_codec=""))


def index_at_end(path: Path) -> Path:
    """The index (moov) stands behind the pictures (mdat)."""
    return drawn(path, replace(SMALL, seconds=1, container={}))


def fragmented(path: Path) -> Path:
    """An MP4 of fragments, as a browser or a camera that may lose power writes it."""
    container = {"movflags": "+frag_keyframe+empty_moov+default_base_moof"}
    return drawn(path, replace(SMALL, seconds=1, container=container))


def rotated(path: Path, degrees: int = 90) -> Path:
    """Stored as 640 x 360 with the order to turn it clockwise, as a telephone films upright."""
    landscape(path)
    numbers = MATRICES[degrees]
    a, b, c, d = (number * 0x10000 for number in numbers)
    matrix = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 0x40000000)
    return patched(path, b"tkhd", 48, matrix)


def patched(path: Path, box: bytes, offset: int, value: bytes) -> Path:
    """Overwrite bytes of the first box of that name, counted from the box's first byte."""
    content = bytearray(path.read_bytes())
    at = content.index(box) - 4 + offset
    content[at : at + len(value)] = value
    path.write_bytes(content)
    return lain_there(path)


def grow(path: Path, size: int) -> Path:
    """Make a valid file as large as wished by a box that nobody reads; it takes no space on disk."""
    room = size - path.stat().st_size
    if room < 16:
        raise ValueError(f"{path} has {path.stat().st_size} bytes: too many to grow to {size}")
    with path.open("ab") as file:
        file.write(struct.pack(">I4sQ", 1, b"free", room))
        file.truncate(size)
    return lain_there(path)


def cut(path: Path, share: float = 0.6) -> Path:
    """Keep only the first part of a file, as a broken copy does."""
    with path.open("r+b") as file:
        file.truncate(round(path.stat().st_size * share))
    return lain_there(path)


def truncated(path: Path) -> Path:
    """A clip whose index is whole, but whose pictures end early: a player shows its beginning."""
    return cut(make_clip(path, seconds=1))


def half_written(path: Path) -> Path:
    """A recording that was broken off before its index was written."""
    return cut(index_at_end(path))


def without_index(path: Path) -> Path:
    """All boxes whole, but the index is not among them."""
    index_at_end(path)
    content = path.read_bytes()
    path.write_bytes(content[: content.rindex(b"moov") - 4])
    return lain_there(path)


def without_content(path: Path) -> Path:
    """All boxes whole, but zeros instead of pictures: a download that has reserved its space."""
    make_clip(path, seconds=1)
    content = path.read_bytes()
    body = content.index(b"mdat") + 4
    path.write_bytes(content[:body] + bytes(len(content) - body))
    return lain_there(path)


def text(path: Path) -> Path:
    """A letter with the name of a film."""
    return written(path, b"Dear Nina,\nthe film is not ready yet.\n" * 100)


def written(path: Path, content: bytes) -> Path:
    """Any bytes at all."""
    path.write_bytes(content)
    return lain_there(path)
