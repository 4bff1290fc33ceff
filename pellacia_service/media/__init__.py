"""Video files: what they are, whether they changed, and their bytes on the way out."""

from pellacia_service.media.fingerprint import (
    MediaChangedError,
    ensure_unchanged,
    sha256_of,
    unchanged,
)
from pellacia_service.media.probe import read_media
from pellacia_service.media.sample import make_sample
from pellacia_service.media.stillness import wait_until_still
from pellacia_service.media.thumbnail import thumbnail
from pellacia_service.media.upload import stream

__all__ = [
    "MediaChangedError",
    "ensure_unchanged",
    "make_sample",
    "read_media",
    "sha256_of",
    "stream",
    "thumbnail",
    "unchanged",
    "wait_until_still",
]
