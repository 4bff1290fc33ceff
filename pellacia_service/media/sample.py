"""
A short video that is drawn instead of filmed, and that all six platforms take.

Vertical H.264 with stereo AAC in an MP4 whose index stands in front, 30 pictures a second: five
pale bars swing over a slow gradient, to a tone that beeps once a second. The same arguments give
the same bytes on the same machine.
"""

import asyncio
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.filter import Graph
    from av.filter.context import FilterContext
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

SAMPLE_RATE = 48_000
AUDIO_BLOCK = 1024
"""Samples in one AAC frame."""

BARS = 5
COLOURS = "nb_colors=4:c0=#1b2a6b:c1=#7a2f8f:c2=#e8505b:c3=#f9c46b"
SMALLER = 4
"""The gradient is drawn at a quarter of its width: enlarging it is cheaper than drawing it."""


@dataclass(frozen=True)
class Drawing:
    """
    What to draw and how to pack it.

    Args:
        width, height: pixels, even numbers: yuv420p halves both.
        video_codec, audio_codec: FFmpeg's encoder names; an empty one leaves that stream out.
        encoder: the video encoder's own options.
        container: the muxer's own options.
    """

    seconds: float = 6
    width: int = 720
    height: int = 1280
    title: str = ""
    frame_rate: int = 30
    video_codec: str = "libx264"
    audio_codec: str = "aac"
    encoder: Mapping[str, str] = field(
        default_factory=lambda: {"preset": "ultrafast", "crf": "20", "threads": "1"}
    )
    container: Mapping[str, str] = field(default_factory=lambda: {"movflags": "+faststart"})


async def make_sample(
    path: Path, *, seconds: float = 6, width: int = 720, height: int = 1280, title: str = ""
) -> Path:
    """
    Draw a sample video and write it to `path`, in a thread.

    Args:
        seconds: TikTok, Instagram and Facebook ask for three at least.
        width, height: pixels, even numbers.
        title: written into the file's metadata.

    Returns:
        The path that was given.
    """
    drawing = Drawing(seconds=seconds, width=width, height=height, title=title)
    await asyncio.to_thread(draw, path, drawing)
    return path


def draw(path: Path, drawing: Drawing) -> None:
    """Draw, encode and write a file. Blocks for a fraction of the video's length."""
    import av  # noqa: PLC0415 - loading FFmpeg takes 77 ms, which only those who need it wait

    # "bitexact" leaves FFmpeg's version and random ids out of the file.
    options = {**drawing.container, "fflags": "+bitexact"}
    with av.open(path, "w", container_options=options) as output:
        if drawing.title:
            output.metadata["title"] = drawing.title
        tracks = [_video(output, drawing)] if drawing.video_codec else []
        tracks += [_audio(output, drawing)] if drawing.audio_codec else []
        _encode(output, tracks, drawing.seconds)


@dataclass(frozen=True)
class _Track:
    """
    One stream of the file.

    Args:
        frames: encodes the next frame each time it is asked, without end.
        rest: encodes what the encoder still holds back.
    """

    frames: "Iterator[list[Packet[Any]]]"
    rest: "Callable[[], list[Packet[Any]]]"
    frames_per_second: float


def _encode(output: "OutputContainer", tracks: list[_Track], seconds: float) -> None:
    """Write pictures and sound second by second, so that a player finds both close together."""
    for second in range(math.ceil(seconds)):
        length = min(1.0, seconds - second)
        for track in tracks:
            for packets in islice(track.frames, round(length * track.frames_per_second)):
                output.mux(packets)
    for track in tracks:
        output.mux(track.rest())


def _video(output: "OutputContainer", drawing: Drawing) -> _Track:
    """Add the pictures."""
    added = output.add_stream(
        drawing.video_codec, rate=drawing.frame_rate, options=dict(drawing.encoder)
    )
    stream = cast("VideoStream", added)
    stream.width, stream.height = drawing.width, drawing.height
    stream.pix_fmt = "yuv420p"
    frames = (stream.encode(picture) for picture in _pictures(drawing))
    return _Track(frames, stream.encode, drawing.frame_rate)


def _audio(output: "OutputContainer", drawing: Drawing) -> _Track:
    """Add the sound."""
    added = output.add_stream(drawing.audio_codec, rate=SAMPLE_RATE, layout="stereo")
    stream = cast("AudioStream", added)
    stream.bit_rate = 128_000
    frames = (stream.encode(sound) for sound in _sounds())
    return _Track(frames, stream.encode, SAMPLE_RATE / AUDIO_BLOCK)


def _pictures(drawing: Drawing) -> "Iterator[VideoFrame]":
    """Draw pictures without end."""
    from av.filter import Graph  # noqa: PLC0415 - see draw

    graph = Graph()
    rate = f"rate={drawing.frame_rate}"
    small = f"{max(drawing.width // SMALLER, 16)}x{max(drawing.height // SMALLER, 16)}"
    picture = _chain(
        graph,
        ("gradients", f"size={small}:{rate}:speed=0.02:seed=7:{COLOURS}"),
        ("scale", f"{drawing.width}:{drawing.height}"),
        ("format", "yuv420p"),
    )
    for number in range(BARS):
        picture = _bar_over(graph, picture, drawing, number)
    picture.link_to(graph.add("buffersink"))
    graph.configure()
    while True:
        yield graph.vpull()


def _bar_over(
    graph: "Graph", picture: "FilterContext", drawing: Drawing, number: int
) -> "FilterContext":
    """Lay one bar over the picture; each swings a little slower than the one before."""
    width, height = max(drawing.width // 12, 2), max(drawing.height // 4, 2)
    bar = graph.add("color", f"color=white@0.55:size={width}x{height}:rate={drawing.frame_rate}")
    clear = graph.add("format", "yuva420p")
    graph.link_nodes(bar, clear)
    left = f"(main_w/{BARS + 1})*{number + 1}-overlay_w/2"
    top = f"(main_h-overlay_h)/2+main_h/5*sin(2*PI*t/{3 + number}+{number})"
    over = graph.add("overlay", f"x={left}:y={top}:format=yuv420")
    picture.link_to(over, 0, 0)
    clear.link_to(over, 0, 1)
    return over


def _sounds() -> "Iterator[AudioFrame]":
    """Sound a tone without end."""
    from av.filter import Graph  # noqa: PLC0415 - see draw

    graph = Graph()
    tone = f"frequency=330:beep_factor=3:sample_rate={SAMPLE_RATE}:samples_per_frame={AUDIO_BLOCK}"
    _chain(
        graph,
        ("sine", tone),
        ("aformat", f"sample_fmts=fltp:channel_layouts=stereo:sample_rates={SAMPLE_RATE}"),
        ("abuffersink", ""),
    )
    graph.configure()
    while True:
        yield cast("AudioFrame", graph.pull())


def _chain(graph: "Graph", *filters: tuple[str, str]) -> "FilterContext":
    """Link filters one behind the other and return the last."""
    contexts = [graph.add(name, arguments) for name, arguments in filters]
    for before, after in pairwise(contexts):
        before.link_to(after)
    return contexts[-1]
