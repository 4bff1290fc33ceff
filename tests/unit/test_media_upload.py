"""The bytes of a file on their way out."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pellacia_service.errors import BadInputError
from pellacia_service.media import MediaChangedError, stream
from tests import clips

MEBIBYTE = 1024 * 1024


async def gathered(blocks: AsyncIterator[bytes]) -> bytes:
    return b"".join([block async for block in blocks])


def out_of_memory(path: Path) -> Path:
    """Let the kernel forget what it holds of a file, so that the disk is asked."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return path


def times_open(path: Path) -> int:
    """Count the descriptors that this process has on a file."""
    links = list(Path("/proc/self/fd").iterdir())
    return sum(link.is_symlink() and link.readlink() == path for link in links)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Five and a half mebibytes of noise."""
    return clips.written(tmp_path / "film", os.urandom(5 * MEBIBYTE + MEBIBYTE // 2))


@pytest.mark.parametrize(
    ("start", "size"), [(0, 5 * MEBIBYTE), (MEBIBYTE + 3, 3 * MEBIBYTE + 5), (7, 1), (9, 0)]
)
async def test_exactly_the_bytes_that_were_asked_for_come_out(
    film: Path, start: int, size: int
) -> None:
    sent = await gathered(stream(film, start, size)())

    assert sent == film.read_bytes()[start : start + size]


async def test_what_must_come_from_the_disk_comes_out_the_same(film: Path) -> None:
    whole = film.read_bytes()
    out_of_memory(film)

    sent = await gathered(stream(film, 0, len(whole))())

    assert sent == whole


async def test_a_retry_begins_anew(film: Path) -> None:
    begin = stream(film, 0, 2 * MEBIBYTE)
    first = await gathered(begin())

    second = await gathered(begin())

    assert first == second


async def test_no_block_is_empty_or_longer_than_two_mebibytes(film: Path) -> None:
    sizes = [len(block) async for block in stream(film, 1, 5 * MEBIBYTE)()]

    assert all(0 < size <= 2 * MEBIBYTE for size in sizes)


async def test_others_get_their_turn_between_two_blocks(tmp_path: Path) -> None:
    turns = 0
    film = clips.written(tmp_path / "film", bytes(10 * MEBIBYTE))
    sending = asyncio.create_task(gathered(stream(film, 0, 10 * MEBIBYTE)()))

    while not sending.done():
        turns += 1
        await asyncio.sleep(0)

    assert turns >= 5


async def test_a_file_that_is_shorter_than_asked_is_noticed(film: Path) -> None:
    size = film.stat().st_size

    with pytest.raises(MediaChangedError, match=f"film ends at byte {size:,}"):
        await gathered(stream(film, 0, size + 1)())


async def test_a_file_that_is_cut_while_it_is_sent_is_noticed(film: Path) -> None:
    blocks = stream(film, 0, 5 * MEBIBYTE)()
    await anext(blocks)
    os.truncate(film, 2 * MEBIBYTE)

    with pytest.raises(MediaChangedError, match="cut while it was uploaded"):
        await gathered(blocks)


async def test_a_file_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="does not exist"):
        await gathered(stream(tmp_path / "film", 0, 1)())


async def test_a_file_is_closed_when_all_of_it_is_sent(film: Path) -> None:
    await gathered(stream(film, 0, 5 * MEBIBYTE)())

    assert times_open(film) == 0


async def test_a_file_is_closed_when_sending_is_broken_off(film: Path) -> None:
    blocks = stream(out_of_memory(film), 0, 5 * MEBIBYTE)()
    async for _ in blocks:
        break

    await blocks.aclose()  # type: ignore[attr-defined]  # an AsyncIterator that is a generator
    await asyncio.get_running_loop().shutdown_default_executor()
    await asyncio.sleep(0.01)

    assert times_open(film) == 0


async def test_a_file_is_closed_when_the_sender_is_cancelled(film: Path) -> None:
    sending = asyncio.create_task(gathered(stream(out_of_memory(film), 0, 5 * MEBIBYTE)()))
    await asyncio.sleep(0)

    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_default_executor()
    await asyncio.sleep(0.01)

    assert times_open(film) == 0
