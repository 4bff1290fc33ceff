"""
What kind of file it is, by its first bytes and never by its name.

FFmpeg is told which of its readers to use. Left to guess, it would also take a playlist for a video
and open the files that the playlist names.
"""

import struct
from dataclasses import dataclass

from pellacia_service.errors import BadInputError

HEAD_SIZE = 4096
"""Bytes from the start of the file that tell its kind."""

EBML = b"\x1a\x45\xdf\xa3"
DOC_TYPE = b"\x42\x82"
TS_PACKET = 188
TS_SYNC = 0x47


@dataclass(frozen=True)
class Kind:
    """
    A kind of video file.

    Args:
        container: our name for it: "mp4", "mov", "webm", else FFmpeg's.
        reader: the one FFmpeg demuxer that may open it.
    """

    container: str
    reader: str

    @property
    def has_boxes(self) -> bool:
        """True where the file is made of ISO boxes."""
        return self.reader == "mov"


MP4 = Kind("mp4", "mov")
MOV = Kind("mov", "mov")

BRANDS = {b"qt  ": MOV, b"3gp": Kind("3gp", "mov"), b"3g2": Kind("3g2", "mov")}
"""Beginning of the ftyp box's major brand; any other that is no picture or song is an MP4."""

PICTURE_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis")

OLD_QUICKTIME = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
"""QuickTime files of before 2004 have no ftyp box."""

READERS: tuple[tuple[int, bytes, Kind], ...] = (
    (8, b"AVI ", Kind("avi", "avi")),
    (0, b"FLV\x01", Kind("flv", "flv")),
    (0, b"OggS", Kind("ogg", "ogg")),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Kind("asf", "asf")),
    (0, b"\x00\x00\x01\xba", Kind("mpeg", "mpeg")),
)
"""Offset, bytes, kind."""

NO_VIDEO: tuple[tuple[int, bytes, str], ...] = (
    (0, b"#EXTM3U", "a playlist, which only names other files"),
    (0, b"ffconcat", "a playlist, which only names other files"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"\x89PNG", "a PNG picture"),
    (0, b"GIF8", "a GIF picture"),
    (8, b"WEBP", "a WebP picture"),
    (0, b"BM", "a bitmap picture"),
    (8, b"WAVE", "sound without pictures"),
    (0, b"ID3", "sound without pictures"),
    (0, b"fLaC", "sound without pictures"),
    (0, b"%PDF", "a PDF document"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a compressed archive"),
    (0, b"<", "a text or web page"),
)


def kind_of(head: bytes, name: str) -> Kind:
    """
    Tell the kind of file from its first bytes.

    Args:
        head: the first 4,096 bytes, fewer in a smaller file.
        name: what to call the file in a sentence.

    Raises:
        BadInputError: it is no kind of video that is known here.
    """
    kind = _iso(head, name) or _matroska(head) or _by_magic(head) or _transport_stream(head)
    if kind is None:
        raise BadInputError(
            f"{name} is {_what_else(head)}, not a video. Name an MP4, MOV or WebM file."
        )
    return kind


def _iso(head: bytes, name: str) -> Kind | None:
    """Tell MP4 from QuickTime by the brand, and refuse the pictures that share the format."""
    if head[4:8] in OLD_QUICKTIME:
        return MOV
    if head[4:8] != b"ftyp":
        return None
    brand = head[8:12]
    if brand in PICTURE_BRANDS:
        raise BadInputError(f"{name} is a HEIF or AVIF picture, not a video. Name a video file.")
    return BRANDS.get(brand, BRANDS.get(brand[:3], MP4))


def _matroska(head: bytes) -> Kind | None:
    """Tell WebM from Matroska by the document type in the EBML head."""
    if not head.startswith(EBML):
        return None
    at = head.find(DOC_TYPE, 0, 64)
    is_webm = at > 0 and head[at + 3 : at + 7] == b"webm"
    return Kind("webm" if is_webm else "matroska", "matroska")


def _by_magic(head: bytes) -> Kind | None:
    for offset, magic, kind in READERS:
        if head.startswith(magic, offset):
            return kind
    return None


def _transport_stream(head: bytes) -> Kind | None:
    """Know MPEG-TS by its packets; Blu-ray puts four bytes of time before each."""
    for first, step in ((0, TS_PACKET), (4, TS_PACKET + 4)):
        packets = head[first::step]
        if len(packets) >= 4 and set(packets) == {TS_SYNC}:
            return Kind("mpegts", "mpegts")
    return None


def _what_else(head: bytes) -> str:
    """Name what a file is that is no video."""
    for offset, magic, what in NO_VIDEO:
        if head.startswith(magic, offset):
            return what
    return "text" if is_text(head) else "of an unknown kind"


def is_text(head: bytes) -> bool:
    """Say whether the bytes read as text."""
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as trouble:
        if trouble.start < len(head) - 3:
            return False
        text = head[: trouble.start].decode("utf-8-sig")
    return all(character.isprintable() or character in "\r\n\t\f" for character in text)


def segment_end(head: bytes) -> int:
    """
    Return where the segment of a Matroska or WebM file must end, 0 where its head does not say.

    Source: RFC 8794 (EBML), sections 4 to 6; RFC 9559, "Segment".
    """
    at = 4
    length, width = _ebml_length(head, at)
    at += width + length
    if width == 0 or head[at : at + 4] != b"\x18\x53\x80\x67":
        return 0
    length, width = _ebml_length(head, at + 4)
    unknown = (1 << 7 * width) - 1
    return 0 if width == 0 or length == unknown else at + 4 + width + length


def _ebml_length(head: bytes, at: int) -> tuple[int, int]:
    """Read a length whose leading zero bits say how many bytes it takes; (0, 0) where none is."""
    if at >= len(head) or head[at] == 0:
        return 0, 0
    width = 9 - head[at].bit_length()
    raw = head[at : at + width].ljust(8, b"\0")
    number = struct.unpack(">Q", raw)[0] >> 8 * (8 - width)
    return number & ((1 << 7 * width) - 1), width
