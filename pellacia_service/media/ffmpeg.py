"""
FFmpeg, kept on a short lead: the one module that imports PyAV to read.

It is handed an open file and the name of one reader, so it never follows a reference to another
file. The number of bytes and of pictures it may look at, the pixels of a picture and the time it
may take are bounded, because a header can claim anything.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import BinaryIO

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition

from pellacia_service.errors import BadInputError

LARGEST_SIDE = 16_384
"""Pixels. Twice the long side of an 8K picture."""

MOST_PIXELS = 8192 * 8192
"""Pixels of one picture, about twice 8K: the decoder asks for no more memory than that needs."""

PATIENCE = 20.0
"""Seconds after which FFmpeg gives a file up."""

MOST_PACKETS = 400
"""Pieces of the file read in search of one picture; key pictures lie less than 300 apart."""

OPTIONS = {
    "probesize": "16000000",
    "analyzeduration": "10000000",
    "max_pixels": str(MOST_PIXELS),
    "protocol_whitelist": "file",
    "threads": "1",
}

SCANTIEST = 1000
"""Bits per second below which a duration is not believed: a picture that never moves has more."""

SLOWEST, FASTEST = 0.1, 1000.0
"""Pictures per second between which a frame rate is believed."""


@contextmanager
def container_of(file: BinaryIO, reader: str, name: str) -> Iterator[InputContainer]:
    """
    Let FFmpeg read the headers of an open file.

    Args:
        reader: FFmpeg's name of the one demuxer to use.
        name: what to call the file in a sentence.

    Raises:
        BadInputError: FFmpeg cannot make sense of it, here or inside the `with`.
    """

    def refuse(url: str, flags: int, options: dict[str, str]) -> BinaryIO:
        raise BadInputError(f"{name} names another file ({url}) instead of holding the video.")

    file.seek(0)
    try:
        with av.open(
            file,
            "r",
            format=reader,
            options=OPTIONS,
            metadata_errors="replace",  # a title in an old encoding does no harm
            timeout=PATIENCE,
            io_open=refuse,
        ) as container:
            yield container
    except (FFmpegError, ValueError, OverflowError, MemoryError) as trouble:
        raise BadInputError(
            f'{name} is damaged or not a video: FFmpeg says "{_words(trouble)}". '
            "Play it once to see whether it is whole, then export or copy it again."
        ) from trouble


def _words(trouble: Exception) -> str:
    """Return FFmpeg's own words without PyAV's number and file name around them."""
    if isinstance(trouble, FFmpegError):
        return str(trouble.strerror)
    return str(trouble) or type(trouble).__name__


def pictures_of(container: InputContainer, name: str) -> av.VideoStream:
    """
    Return the stream of moving pictures; the cover of a song is none.

    Raises:
        BadInputError: there is none, or its size is absurd.
    """
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            return _plausible(stream, name)
    what = "holds only sound" if container.streams.audio else "holds neither pictures nor sound"
    raise BadInputError(f"{name} {what}. Name a video file, or export it with its pictures.")


def _plausible(stream: av.VideoStream, name: str) -> av.VideoStream:
    """Refuse a picture size that no camera makes, before memory is taken for it."""
    if not stream.codec_context:
        raise BadInputError(
            f"{name} has pictures in a format that FFmpeg does not know. Export it as H.264."
        )
    width, height = stream.codec_context.width, stream.codec_context.height
    if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
        raise BadInputError(
            f"{name} claims pictures of {width} x {height} pixels, which is not plausible. "
            "Export the video again."
        )
    stream.codec_context.options = {"max_pixels": OPTIONS["max_pixels"]}
    return stream


def picture_at(
    container: InputContainer, stream: av.VideoStream, name: str, *, seconds: float = 0
) -> av.VideoFrame:
    """
    Decode one picture: the first at or after a moment, else the last before it.

    Args:
        seconds: from the beginning of the video.

    Raises:
        BadInputError: none can be decoded, as in a download whose content has not come yet.
    """
    if seconds > 0:
        container.seek(round(seconds * av.time_base) + (container.start_time or 0))
    latest = None
    for packet in islice(container.demux(stream), MOST_PACKETS):
        for picture in packet.decode():
            latest = picture
            if picture.time is None or picture.time >= seconds:
                return picture
    if latest is None:
        raise BadInputError(
            f"{name} has headers, but no picture can be decoded from it: its content is missing "
            "or damaged. Copy or export it again."
        )
    return latest


def frame_rate_of(stream: av.VideoStream, name: str) -> float:
    """
    Return pictures per second.

    Raises:
        BadInputError: the file claims none, or an absurd number.
    """
    rate = float(stream.average_rate or stream.guessed_rate or Fraction(0))
    if not SLOWEST <= rate <= FASTEST:
        raise BadInputError(
            f"{name} claims {rate:g} pictures per second, which no player shows. "
            "Export the video again at 24 to 60."
        )
    return rate


def duration_of(container: InputContainer, size: int, name: str) -> float:
    """
    Return seconds.

    Args:
        size: bytes of the file.

    Raises:
        BadInputError: the file does not say, or claims more than its bytes can hold.
    """
    seconds = (container.duration or 0) / av.time_base
    if seconds <= 0:
        raise BadInputError(
            f"{name} does not say how long it is: the recording was not finished. "
            "Export it again, or repair it: ffmpeg -i in.mp4 -c copy out.mp4"
        )
    if size * 8 / seconds < SCANTIEST:
        raise BadInputError(
            f"{name} claims to last {seconds:,.0f} seconds, but has only {size:,} bytes. "
            "Export the video again."
        )
    return seconds


@dataclass(frozen=True)
class Sound:
    """What is known of the first sound track; an empty codec means that there is none."""

    codec: str = ""
    channels: int = 0
    sample_rate: int = 0


def sound_of(container: InputContainer) -> Sound:
    """Describe the first sound track. A format that FFmpeg does not know is called "unknown"."""
    for stream in container.streams.audio:
        codec = stream.codec_context
        if not codec:
            return Sound("unknown")
        return Sound(codec.codec.canonical_name, codec.channels, codec.sample_rate)
    return Sound()


def rotation_of(picture: av.VideoFrame) -> int:
    """Return the degrees clockwise by which a player turns the stored picture, in quarter turns."""
    # FFmpeg counts counter-clockwise.
    return round(-picture.rotation / 90) % 4 * 90


def shown_size(stream: av.VideoStream, rotation: int) -> tuple[int, int]:
    """Return width and height as a player shows them: pixels made square, then turned."""
    width, height = stream.codec_context.width, stream.codec_context.height
    shape = stream.sample_aspect_ratio
    if shape and Fraction(1, 8) <= shape <= 8:
        width = max(1, round(width * shape))
    return (height, width) if rotation in {90, 270} else (width, height)


def bit_rate_of(container: InputContainer, size: int, duration: float) -> int:
    """
    Return bits per second of pictures and sound together.

    Taken from the streams where the index knows them, so that padding does not count; else from
    the size of the file.
    """
    rates = [
        (stream.codec_context and stream.codec_context.bit_rate) or 0
        for stream in (*container.streams.video, *container.streams.audio)
    ]
    return sum(rates) if rates and all(rates) else round(size * 8 / duration)


TURNS = {
    0: (),
    90: (("transpose", "clock"),),
    180: (("hflip", ""), ("vflip", "")),
    270: (("transpose", "cclock"),),
}
"""Degrees clockwise to the filters that turn a picture so far."""


def to_jpeg(picture: av.VideoFrame, rotation: int, longest_side: int) -> bytes:
    """Turn a picture, fit it into a square of that many pixels, and compress it."""
    scale = min(1.0, longest_side / max(picture.width, picture.height))
    size = [max(2, round(side * scale)) for side in (picture.width, picture.height)]
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=picture.width,
        height=picture.height,
        format=picture.format,
        time_base=Fraction(1, av.time_base),
    )
    graph.link_nodes(
        source,
        graph.add("scale", f"{size[0]}:{size[1]}:out_range=full"),
        *(graph.add(turn, how) for turn, how in TURNS[rotation]),
        graph.add("format", "yuvj420p"),
        graph.add("buffersink"),
    ).configure()
    graph.push(picture)
    return _compress(graph.vpull())


def _compress(picture: av.VideoFrame) -> bytes:
    """Return a picture as JPEG."""
    encoder = av.VideoCodecContext.create("mjpeg", "w")
    encoder.width, encoder.height = picture.width, picture.height
    encoder.pix_fmt = picture.format.name
    encoder.time_base = Fraction(1, 1)
    encoder.options = {"qscale": "4"}
    picture.pts = 0
    picture.time_base = encoder.time_base
    return b"".join(bytes(packet) for packet in [*encoder.encode(picture), *encoder.encode(None)])
