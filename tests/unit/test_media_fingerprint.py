"""The hash of a file, and whether it is still the same file."""

import asyncio
import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from pellacia_service.media import (
    MediaChangedError,
    ensure_unchanged,
    read_media,
    sha256_of,
    unchanged,
)
from tests import clips

MEBIBYTE = 1024 * 1024


def sparse(path: Path, size: int) -> Path:
    """A file of zeros that takes no space on disk."""
    with path.open("wb") as file:
        file.truncate(size)
    return path


async def test_the_hash_is_that_of_the_whole_file(tmp_path: Path) -> None:
    path = clips.written(tmp_path / "file", os.urandom(3 * MEBIBYTE + 17))

    digest = await sha256_of(path)

    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()


async def test_hashing_tells_how_far_it_is(tmp_path: Path) -> None:
    path = sparse(tmp_path / "file", 2 * MEBIBYTE + 1)
    seen: list[int] = []

    await sha256_of(path, on_block=seen.append)

    assert seen == [MEBIBYTE, 2 * MEBIBYTE, 2 * MEBIBYTE + 1]


async def test_cancelling_stops_the_thread_that_hashes(tmp_path: Path) -> None:
    path = sparse(tmp_path / "file", 64 * 1024 * MEBIBYTE)
    seen: list[int] = []
    begun = asyncio.Event()

    def on_block(done: int) -> None:
        seen.append(done)
        begun.set()

    hashing = asyncio.create_task(sha256_of(path, on_block=on_block))
    await begun.wait()
    hashing.cancel()
    await asyncio.gather(hashing, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_default_executor()

    assert hashing.cancelled()
    assert seen[-1] < 1024 * MEBIBYTE


async def test_a_file_that_is_written_to_while_it_is_hashed_is_noticed(tmp_path: Path) -> None:
    path = sparse(tmp_path / "file", 128 * MEBIBYTE)

    def touch(_: int) -> None:
        clips.lain_there(path)

    with pytest.raises(MediaChangedError, match="written to since"):
        await sha256_of(path, on_block=touch)


async def test_a_file_that_is_replaced_while_it_is_hashed_is_noticed(tmp_path: Path) -> None:
    path = sparse(tmp_path / "file", 128 * MEBIBYTE)
    other = sparse(tmp_path / "other", 128 * MEBIBYTE)

    def swap(_: int) -> None:
        if other.exists():
            other.rename(path)

    with pytest.raises(MediaChangedError, match="another file of the same size"):
        await sha256_of(path, on_block=swap)


async def test_a_file_that_nobody_touched_is_unchanged(tmp_path: Path) -> None:
    media = await read_media(clips.make_clip(tmp_path / "clip.mp4", seconds=1))

    assert unchanged(media)


async def test_a_longer_file_is_another_file(tmp_path: Path) -> None:
    path = clips.make_clip(tmp_path / "clip.mp4", seconds=1)
    media = await read_media(path)
    clips.grow(path, media.size + 1000)

    with pytest.raises(MediaChangedError, match=f"had {media.size:,} bytes and has"):
        ensure_unchanged(media)


async def test_a_file_written_again_with_the_same_size_is_another_file(tmp_path: Path) -> None:
    path = clips.make_clip(tmp_path / "clip.mp4", seconds=1)
    media = await read_media(path)
    clips.lain_there(path, seconds=30)

    with pytest.raises(MediaChangedError, match="written to since"):
        ensure_unchanged(media)


async def test_another_file_in_its_place_is_another_file(tmp_path: Path) -> None:
    media = await read_media(clips.make_clip(tmp_path / "clip.mp4", seconds=1))

    assert not unchanged(replace(media, inode=media.inode + 1))


async def test_a_file_that_is_gone_has_changed(tmp_path: Path) -> None:
    path = clips.make_clip(tmp_path / "clip.mp4", seconds=1)
    media = await read_media(path)
    path.unlink()

    with pytest.raises(MediaChangedError, match="does not exist"):
        ensure_unchanged(media)
