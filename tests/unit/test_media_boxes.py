"""The walk over the boxes of a file, with files that nobody would make on purpose."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellacia_service.errors import BadInputError
from pellacia_service.media.boxes import MOST_BOXES, BoxFile
from pellacia_service.media.kinds import kind_of, segment_end

NAMES = ("ftyp", "moov", "mdat", "moof", "trak", "mdia", "minf", "stbl", "stsz", "stts", "traf")


def box(name: str, content: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(content), name.encode()) + content


def wide_box(name: str, content: bytes) -> bytes:
    """A box whose length takes 64 bits."""
    return struct.pack(">I4sQ", 1, name.encode(), 16 + len(content)) + content


def opened(content: bytes) -> BoxFile:
    return BoxFile(io.BytesIO(content), len(content), "clip.mp4")


def tables(*boxes: bytes) -> bytes:
    """An index with one track that has these tables."""
    nested = b"".join(boxes)
    for name in ("stbl", "minf", "mdia", "trak", "moov"):
        nested = box(name, nested)
    return nested


BOX_LIKE = st.recursive(
    st.binary(max_size=40),
    lambda inner: st.builds(
        lambda name, parts: box(name, b"".join(parts)),
        st.sampled_from(NAMES),
        st.lists(inner, max_size=4),
    ),
    max_leaves=20,
)


@given(st.lists(BOX_LIKE, max_size=6).map(b"".join))
def test_no_bytes_make_the_walk_fail_in_another_way_than_with_a_sentence(content: bytes) -> None:
    try:
        opened(content).index_is_in_front()
    except BadInputError as refused:
        assert str(refused).startswith("clip.mp4 ")


@given(st.binary(max_size=300))
def test_no_bytes_make_the_look_at_the_kind_fail_in_another_way(content: bytes) -> None:
    try:
        kind_of(content, "clip.mp4")
    except BadInputError as refused:
        assert "clip.mp4 is " in str(refused)
    assert segment_end(b"\x1a\x45\xdf\xa3" + content) >= 0


@given(st.binary(min_size=8, max_size=64))
def test_boxes_follow_each_other_without_gap_or_end(content: bytes) -> None:
    place = 0

    try:
        for found in opened(content).walk(0, len(content)):
            assert found.start == place < found.end <= len(content)
            place = found.end
    except BadInputError:
        return

    assert place == len(content)


def test_a_length_of_64_bits_is_read() -> None:
    content = box("ftyp", b"isom") + wide_box("mdat", b"pictures") + tables()

    assert not opened(content).index_is_in_front()


def test_a_length_of_zero_reaches_to_the_end() -> None:
    content = tables() + struct.pack(">I4s", 0, b"mdat") + b"pictures"

    assert opened(content).index_is_in_front()


def test_zeros_at_the_end_are_padding() -> None:
    content = tables() + box("mdat", b"pictures") + bytes(5)

    assert opened(content).index_is_in_front()


def test_letters_at_the_end_are_damage() -> None:
    content = tables() + box("mdat", b"pictures") + b"rest"

    with pytest.raises(BadInputError, match="is cut off or damaged"):
        opened(content).index_is_in_front()


def test_a_box_shorter_than_its_own_head_never_stops_the_walk_from_ending() -> None:
    content = box("ftyp") + struct.pack(">I4s", 4, b"free") + bytes(100)

    with pytest.raises(BadInputError, match="shorter than its own head"):
        opened(content).index_is_in_front()


def test_a_track_that_lists_more_than_anybody_films_is_refused() -> None:
    sizes = box("stsz", struct.pack(">III", 0, 1, 2**32 - 1))
    content = tables(sizes) + box("mdat", b"pictures")

    with pytest.raises(BadInputError, match=r"lists 4,294,967,295 pictures"):
        opened(content).index_is_in_front()


def test_uncompressed_sound_may_list_every_single_sample() -> None:
    times = box("stts", struct.pack(">IIII", 0, 1, 2**31, 1))
    sizes = box("stsz", struct.pack(">III", 0, 4, 2**31))
    content = tables(times, sizes) + box("mdat", b"sound")

    assert opened(content).index_is_in_front()


def test_a_file_of_nothing_but_tiny_boxes_is_given_up() -> None:
    content = box("free") * (MOST_BOXES + 1)

    with pytest.raises(BadInputError, match="consists of more than"):
        opened(content).index_is_in_front()
