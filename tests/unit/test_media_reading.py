"""What is read of a video that is whole."""

import subprocess
import sys
from pathlib import Path

import pytest

from pellacia_service.media import make_sample, read_media
from tests import clips


async def test_a_clip_is_described_by_its_own_bytes(tmp_path: Path) -> None:
    path = clips.make_clip(tmp_path / "clip.mp4", seconds=1)

    media = await read_media(path)

    assert (media.container, media.video_codec, media.audio_codec) == ("mp4", "h264", "aac")
    assert (media.width, media.height, media.rotation, media.height > media.width) == (
        360,
        640,
        0,
        True,
    )
    assert media.duration == pytest.approx(1, abs=0.05)
    assert media.frame_rate == 30
    assert (media.audio_channels, media.audio_sample_rate) == (2, 48_000)
    assert media.pixel_format == "yuv420p"
    assert (media.size, media.modified_ns) == (path.stat().st_size, path.stat().st_mtime_ns)
    assert (media.path, media.inode, media.sha256) == (path, path.stat().st_ino, "")


async def test_the_name_of_a_file_says_nothing_about_its_kind(tmp_path: Path) -> None:
    path = clips.webm(tmp_path / "clip.webm").rename(tmp_path / "clip.mp4")

    media = await read_media(path)

    assert (media.container, media.video_codec, media.audio_codec) == ("webm", "vp9", "opus")


async def test_a_quicktime_file_is_told_from_an_mp4(tmp_path: Path) -> None:
    media = await read_media(clips.quicktime(tmp_path / "clip.mov"))

    assert media.container == "mov"


async def test_h265_is_told_from_h264(tmp_path: Path) -> None:
    media = await read_media(clips.hevc(tmp_path / "clip.mp4"))

    assert media.video_codec == "hevc"


async def test_a_video_without_sound_has_an_empty_audio_codec(tmp_path: Path) -> None:
    media = await read_media(clips.silent(tmp_path / "clip.mp4"))

    assert (media.audio_codec, media.audio_channels, media.audio_sample_rate) == ("", 0, 0)


@pytest.mark.parametrize(
    ("degrees", "shown"), [(0, (640, 360)), (90, (360, 640)), (180, (640, 360)), (270, (360, 640))]
)
async def test_width_and_height_are_those_that_a_player_shows(
    tmp_path: Path, degrees: int, shown: tuple[int, int]
) -> None:
    path = clips.rotated(tmp_path / "clip.mp4", degrees)

    media = await read_media(path)

    assert (media.rotation, (media.width, media.height)) == (degrees, shown)


async def test_an_index_in_front_is_told_from_one_at_the_end(tmp_path: Path) -> None:
    in_front = clips.make_clip(tmp_path / "front.mp4", seconds=1)
    at_end = clips.index_at_end(tmp_path / "end.mp4")

    assert (await read_media(in_front)).faststart
    assert not (await read_media(at_end)).faststart


async def test_a_fragmented_mp4_has_its_index_in_front(tmp_path: Path) -> None:
    media = await read_media(clips.fragmented(tmp_path / "clip.mp4"))

    assert media.faststart


async def test_padding_counts_as_size_but_not_as_bit_rate(tmp_path: Path) -> None:
    path = clips.make_clip(tmp_path / "clip.mp4", seconds=1)
    before = await read_media(path)
    clips.grow(path, 5 * 1024**3)

    after = await read_media(path)

    assert after.size == 5 * 1024**3
    assert after.bit_rate == before.bit_rate


async def test_the_sample_suits_all_six_platforms(tmp_path: Path) -> None:
    path = await make_sample(tmp_path / "sample.mp4", title="Hello")

    media = await read_media(path)

    assert (media.container, media.video_codec, media.audio_codec) == ("mp4", "h264", "aac")
    assert (media.width, media.height, media.frame_rate) == (720, 1280, 30)
    assert media.duration == pytest.approx(6, abs=0.05)
    assert media.faststart
    assert media.size > 75_000
    assert (media.audio_channels, media.audio_sample_rate) == (2, 48_000)


async def test_the_same_sample_has_the_same_bytes(tmp_path: Path) -> None:
    one = await make_sample(tmp_path / "one.mp4", seconds=3)

    other = await make_sample(tmp_path / "other.mp4", seconds=3)

    assert one.read_bytes() == other.read_bytes()


def test_ffmpeg_is_loaded_only_when_a_video_is_read() -> None:
    program = "import sys, pellacia_service.media; sys.exit('av' in sys.modules)"

    ended = subprocess.run([sys.executable, "-c", program], check=False)

    assert ended.returncode == 0
