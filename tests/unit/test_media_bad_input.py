"""Files that cannot be published: each is refused with a sentence that says why and what helps."""

import asyncio
import errno
import os
import random
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pellacia_service.errors import BadInputError
from pellacia_service.media import read_media, wait_until_still
from pellacia_service.media.opening import cannot_open
from pellacia_service.media.probe import probe
from tests import clips
from tests.clocks import HeldClock

HUGE = b"\x7f\xff\xff\xff"
FORTY_HOURS = struct.pack(">d", 144_000_000)  # milliseconds


class WritingClock(HeldClock):
    """A clock during whose pauses somebody goes on writing a file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    async def sleep(self, seconds: float) -> None:
        with self._path.open("ab") as file:
            file.write(b"more")
        await super().sleep(seconds)


async def refusal(path: Path) -> str:
    """Return the sentence with which a file is refused, which must come at once and name it."""
    async with asyncio.timeout(10):
        with pytest.raises(BadInputError) as refused:
            await read_media(path)
    sentence = str(refused.value)
    assert path.name in sentence
    assert sentence.endswith((".", "mp4"))
    return sentence


async def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "does not exist" in await refusal(tmp_path / "nowhere" / "clip.mp4")


async def test_a_file_is_no_folder(tmp_path: Path) -> None:
    path = clips.written(tmp_path / "file", b"x") / "clip.mp4"

    assert "a part of its path is a file" in await refusal(path)


async def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "is a folder" in await refusal(tmp_path)


async def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    path = tmp_path / "pipe.mp4"
    os.mkfifo(path)

    assert "is a pipe" in await refusal(path)


async def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's address may have no more than 107 characters
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("clip.mp4")

        assert "is a socket" in await refusal(tmp_path / "clip.mp4")


async def test_a_device_is_refused_without_reading_it() -> None:
    assert "is a device" in await refusal(Path("/dev/zero"))


async def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.symlink_to(path)

    assert "leads back to itself" in await refusal(path)


async def test_a_link_to_a_video_is_a_video(tmp_path: Path) -> None:
    video = clips.make_clip(tmp_path / "clip.mp4", seconds=1)
    link = tmp_path / "link.mp4"
    link.symlink_to(video)

    assert (await read_media(link)).size == video.stat().st_size


async def test_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    assert "too long" in await refusal(tmp_path / ("x" * 300 + ".mp4"))


async def test_a_name_with_a_zero_character_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="null"):
        await read_media(tmp_path / "a\0b.mp4")


def test_a_file_that_this_user_may_not_read_says_what_helps() -> None:
    trouble = PermissionError(errno.EACCES, "Permission denied")

    assert str(cannot_open(Path("clip.mp4"), trouble)) == (
        "clip.mp4 may not be read by this user. Change its permissions, or those of its folder."
    )


def claiming(box: bytes, offset: int, value: bytes) -> Callable[[Path], Path]:
    """A whole clip in which a few bytes of one box claim something else."""
    return lambda path: clips.patched(clips.make_clip(path, seconds=1), box, offset, value)


def containing(content: bytes) -> Callable[[Path], Path]:
    return lambda path: clips.written(path, content)


def forty_hours_of_webm(path: Path) -> Path:
    content = clips.webm(path.with_suffix(".webm")).read_bytes()
    at = content.index(b"\x44\x89\x88") + 3  # the duration element, eight bytes long
    return clips.written(path, content[:at] + FORTY_HOURS + content[at + 8 :])


def huge_vp8_picture(path: Path) -> Path:
    encoder = {"deadline": "realtime", "cpu-used": "8"}
    made = clips.drawn(
        path.with_suffix(".webm"),
        replace(
            clips.SMALL,
            seconds=1,
            width=90,
            height=160,
            encoder=encoder,
            container={},
            video_codec="libvpx",
            audio_codec="libopus",
        ),
    )
    content = made.read_bytes()
    at = content.index(b"\x9d\x01\x2a") + 3  # a key picture's start code, then 14-bit sizes
    return clips.written(path, content[:at] + b"\xff\x3f\xff\x3f" + content[at + 4 :])


def reference_to(path: Path) -> bytes:
    return f"#EXTM3U\n#EXTINF:10,\nfile://{path}\n#EXT-X-ENDLIST\n".encode()


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "empty": (containing(b""), "is empty"),
    "one byte": (containing(b"\0"), "not a video"),
    "a letter": (clips.text, "is text"),
    "a picture": (containing(b"\x89PNG\r\n\x1a\n" + bytes(5000)), "is a PNG picture"),
    "a picture of a telephone": (containing(b"\0\0\0\x18ftypheic" + bytes(500)), "HEIF or AVIF"),
    "a picture that hides a video": (
        lambda path: clips.written(path, b"GIF89a" + clips.make_clip(path).read_bytes()),
        "is a GIF picture",
    ),
    "a web page": (containing(b"<html><body>ftypisom</body></html>"), "web page"),
    "an archive": (containing(b"PK\x03\x04" + bytes(range(256))), "ZIP archive"),
    "a song": (containing(b"ID3\x04" + bytes(400)), "sound without pictures"),
    "a video of sound only": (clips.audio_only, "holds only sound"),
    "bytes without sense": (containing(random.Random(1).randbytes(5000)), "unknown kind"),
    "a playlist": (containing(reference_to(Path("/etc/hostname"))), "is a playlist"),
    "a list to join": (containing(b"ffconcat version 1.0\nfile /etc/hostname\n"), "is a playlist"),
    "truncated": (clips.truncated, "is cut off"),
    "half written": (clips.half_written, "is cut off"),
    "a webm cut off": (
        lambda path: clips.cut(clips.webm(path.with_suffix(".webm"))).rename(path),
        "is cut off",
    ),
    "no index": (clips.without_index, "has no index"),
    "no pictures": (containing(b"\0\0\0\x0cftypisom\0\0\0\x08moov"), "has no pictures"),
    "an empty index": (
        containing(b"\0\0\0\x0cftypisom\0\0\0\x08moov\0\0\0\x08mdat"),
        "is damaged",
    ),
    "zeros for content": (clips.without_content, "is damaged"),
    "almost no pictures a second": (claiming(b"mdhd", 20, bytes(4)), "pictures per second"),
    "a billion samples": (claiming(b"stsz", 16, HUGE), "lists 2,147,4"),
    "a billion samples in a fragment": (
        lambda path: clips.patched(clips.fragmented(path), b"trun", 12, HUGE),
        "lists 2,147,4",
    ),
    "a track with a negative number": (
        lambda path: clips.patched(clips.fragmented(path), b"tkhd", 20, b"\xff\0\0\1"),
        "has the number 4,278,190,081",
    ),
    "a billion times": (claiming(b"stts", 12, HUGE), "is damaged"),
    "forty hours in a second": (forty_hours_of_webm, "claims to last 144,000 seconds"),
    "a picture of 268 megapixels": (huge_vp8_picture, "damaged"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_no_whole_video_is_refused_with_its_reason(tmp_path: Path, case: str) -> None:
    make, reason = REFUSED[case]
    path = make(tmp_path / "clip.mp4")

    assert reason in await refusal(path)


async def test_a_playlist_never_opens_the_file_that_it_names(tmp_path: Path) -> None:
    pipe = tmp_path / "secret.mp4"
    os.mkfifo(pipe)  # opening it would wait for ever
    path = clips.written(tmp_path / "clip.mp4", reference_to(pipe))

    assert "is a playlist" in await refusal(path)


async def test_a_file_that_grows_between_two_looks_is_still_being_written(tmp_path: Path) -> None:
    path = clips.make_clip(tmp_path / "clip.mp4", seconds=1)
    clock = WritingClock(path)
    os.utime(path, (clock.now().timestamp(),) * 2)

    with pytest.raises(BadInputError, match=r"clip\.mp4 is still being written"):
        await read_media(path, clock=clock)


async def test_a_file_written_just_now_is_looked_at_twice(tmp_path: Path) -> None:
    path = clips.make_clip(tmp_path / "clip.mp4", seconds=1)
    clock = HeldClock()
    os.utime(path, (clock.now().timestamp(),) * 2)

    await wait_until_still(path, clock)

    assert clock.slept == [1.0]


async def test_a_file_that_has_lain_there_costs_no_waiting(tmp_path: Path) -> None:
    path = clips.make_clip(tmp_path / "clip.mp4", seconds=1)
    clock = HeldClock()
    os.utime(path, (clock.now().timestamp() - 2,) * 2)

    await wait_until_still(path, clock)

    assert clock.slept == []


def test_no_damage_to_the_headers_crashes_or_hangs(tmp_path: Path) -> None:
    whole = clips.make_clip(tmp_path / "whole.mp4", seconds=1).read_bytes()
    chance = random.Random(20261122)
    slowest = 0.0

    for _ in range(200):
        content = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            content[chance.randrange(4096)] = chance.randrange(256)
        path = clips.written(tmp_path / "clip.mp4", bytes(content))
        began = time.monotonic()
        try:
            probe(path)
        except BadInputError as refused:
            assert "clip.mp4" in str(refused)
        slowest = max(slowest, time.monotonic() - began)

    assert slowest < 5
