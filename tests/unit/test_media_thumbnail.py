"""One picture of a video."""

import io
from pathlib import Path

import av
import pytest

from pellacia_service.errors import BadInputError
from pellacia_service.media import thumbnail
from tests import clips


def size_of(jpeg: bytes) -> tuple[int, int]:
    with av.open(io.BytesIO(jpeg), "r", format="mjpeg") as container:
        picture = next(container.decode(video=0))
        return picture.width, picture.height


async def test_a_thumbnail_is_a_jpeg_whose_longest_side_was_chosen(tmp_path: Path) -> None:
    path = clips.make_clip(tmp_path / "clip.mp4", seconds=1)

    jpeg = await thumbnail(path, longest_side=320)

    assert jpeg.startswith(b"\xff\xd8\xff")
    assert size_of(jpeg) == (180, 320)


@pytest.mark.parametrize(("degrees", "shown"), [(90, (202, 360)), (180, (360, 202))])
async def test_a_thumbnail_is_turned_as_a_player_shows_it(
    tmp_path: Path, degrees: int, shown: tuple[int, int]
) -> None:
    path = clips.rotated(tmp_path / "clip.mp4", degrees)

    assert size_of(await thumbnail(path)) == shown


async def test_another_moment_is_another_picture(tmp_path: Path) -> None:
    path = clips.make_clip(tmp_path / "clip.mp4", seconds=2)

    assert await thumbnail(path, 0.1) != await thumbnail(path, 1.5)


async def test_a_moment_beyond_the_end_is_the_last_picture(tmp_path: Path) -> None:
    path = clips.make_clip(tmp_path / "clip.mp4", seconds=1)

    assert await thumbnail(path, 99) == await thumbnail(path, 0.99)


async def test_a_small_video_is_not_enlarged(tmp_path: Path) -> None:
    path = clips.make_clip(tmp_path / "clip.mp4", seconds=1, width=90, height=160)

    assert size_of(await thumbnail(path)) == (90, 160)


async def test_a_letter_has_no_thumbnail(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="is text"):
        await thumbnail(clips.text(tmp_path / "clip.mp4"))
