"""
Which posts and which pieces TikTok takes.

Source: Content Posting API, direct post reference and media transfer guide, read 2026-11-22. That
one piece must be declared with its own size is newer than the guide: it has been enforced since
about 2026-08-09.
"""

from dataclasses import dataclass

from pellacia_service.sandbox.calls import whole_number

MIB = 1 << 20
SMALLEST_CHUNK, LARGEST_CHUNK = 5 * MIB, 64 * MIB
LARGEST_LAST_CHUNK = 128_000_000
"""The guide says 128 MB; this is the narrower reading."""
MOST_CHUNKS = 1000
LARGEST_VIDEO = 4 << 30
LONGEST_TITLE = 2200
"""UTF-16 units."""

PUBLIC, SELF_ONLY = "PUBLIC_TO_EVERYONE", "SELF_ONLY"
OPTIONS_OF_PUBLIC = (PUBLIC, "MUTUAL_FOLLOW_FRIENDS", SELF_ONLY)
OPTIONS_OF_PRIVATE = ("FOLLOWER_OF_CREATOR", "MUTUAL_FOLLOW_FRIENDS", SELF_ONLY)
PRIVACY_LEVELS = frozenset(OPTIONS_OF_PUBLIC) | frozenset(OPTIONS_OF_PRIVATE)

SWITCHES = (
    "disable_duet",
    "disable_stitch",
    "disable_comment",
    "brand_content_toggle",
    "brand_organic_toggle",
    "is_aigc",
)


@dataclass(frozen=True)
class Chunks:
    """How a file of `size` bytes comes: `count` pieces of `chunk`, the last with the remainder."""

    size: int
    chunk: int
    count: int

    def end(self, first: int) -> int:
        """Return the last byte, included, of the piece that begins at `first`."""
        is_last = first // self.chunk >= self.count - 1
        return self.size - 1 if is_last else first + self.chunk - 1


@dataclass(frozen=True)
class PostInfo:
    """What a direct post shall be. The caption is called title."""

    title: str
    privacy_level: str


def read_chunks(source: dict[str, object]) -> Chunks:
    """
    Read `source_info` of a file upload.

    Raises:
        ValueError: TikTok's sentence.
    """
    size, chunk, count = (
        whole_number(source.get(name)) for name in ("video_size", "chunk_size", "total_chunk_count")
    )
    if size is None or not 0 < size <= LARGEST_VIDEO:
        raise ValueError("The video size is invalid")
    if chunk is None or not _is_chunk_size(chunk, size):
        raise ValueError("The chunk size is invalid")
    if count is None or count != size // chunk or count > MOST_CHUNKS:
        raise ValueError("The total chunk count is invalid")
    last = size - chunk * (count - 1)
    if (count == 1 and chunk != size) or last > LARGEST_LAST_CHUNK:
        raise ValueError("The chunk size is invalid")
    return Chunks(size, chunk, count)


def _is_chunk_size(chunk: int, size: int) -> bool:
    smallest = min(SMALLEST_CHUNK, size)
    return smallest <= chunk <= min(LARGEST_CHUNK, size)


def read_post_info(info: object) -> PostInfo:
    """
    Read `post_info`.

    Raises:
        ValueError: a sentence.
    """
    if not isinstance(info, dict):
        raise ValueError("post_info is required")
    title, privacy = info.get("title", ""), info.get("privacy_level")
    if not isinstance(title, str) or len(title.encode("utf-16-le")) // 2 > LONGEST_TITLE:
        raise ValueError(f"The title must be a text of at most {LONGEST_TITLE} UTF-16 runes")
    if not isinstance(privacy, str) or privacy not in PRIVACY_LEVELS:
        raise ValueError("The privacy level is missing or invalid")
    for name in SWITCHES:
        if not isinstance(info.get(name, False), bool):
            raise ValueError(f"{name} must be true or false")
    cover = whole_number(info.get("video_cover_timestamp_ms", 0))
    if cover is None or cover < 0:
        raise ValueError("The video cover timestamp is invalid")
    if info.get("brand_content_toggle") and privacy == SELF_ONLY:
        raise ValueError("Branded content visibility cannot be set to private")
    return PostInfo(title, privacy)
