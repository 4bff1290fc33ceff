"""TikTok's arithmetic of pieces, and its limits, said before anything is sent."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Content, Privacy
from pellacia_service.platforms.tiktok import Chunks, TikTok, chunks_of, post_id_of

MIB = 1 << 20
MB = 1_000_000

SHAPE = {"width": 1080, "height": 1920, "duration": 12.0, "frame_rate": 30.0}


@pytest.mark.parametrize(
    ("total", "size", "count", "last"),
    [
        (1, 1, 1, 1),
        (5 * MIB - 1, 5 * MIB - 1, 1, 5 * MIB - 1),
        (50_000_123, 50_000_123, 1, 50_000_123),
        (64 * MIB, 64 * MIB, 1, 64 * MIB),
        (64 * MIB + 1, 10 * MIB, 6, 14 * MIB + 1),
        (70 * MIB, 10 * MIB, 7, 10 * MIB),
        (602_285_541, 10 * MIB, 57, 15_082_981),
        (4 * 1024 * MIB, 10 * MIB, 409, 16 * MIB),
    ],
)
def test_a_file_is_cut_as_tiktok_counts(total: int, size: int, count: int, last: int) -> None:
    chunks = chunks_of(total)

    last_start = (count - 1) * size
    assert (chunks.size, chunks.count, chunks.wanted_at(last_start)) == (size, count, last)


def test_the_sample_of_the_guide_comes_out_as_printed() -> None:
    sample = Chunks(total=50_000_123, size=10_000_000)

    assert (sample.count, sample.wanted_at(40_000_000)) == (5, 10_000_123)


@given(st.integers(1, 4 * 1024 * MIB))
def test_every_plan_keeps_every_rule(total: int) -> None:
    chunks = chunks_of(total)

    last = chunks.wanted_at((chunks.count - 1) * chunks.size)
    assert chunks.count == total // chunks.size
    assert (chunks.count - 1) * chunks.size + last == total
    assert 1 <= chunks.count <= 1000
    assert chunks.size <= 64 * MIB
    assert last <= 128 * MB
    assert chunks.size == total if chunks.count == 1 else chunks.size >= 5 * MIB


@given(st.integers(1, 4 * 1024 * MIB), st.data())
def test_bytes_round_down_to_a_border_from_which_the_rest_is_wanted(
    total: int, data: st.DataObject
) -> None:
    chunks = chunks_of(total)
    received = data.draw(st.integers(0, total))

    border = chunks.border(received)

    assert border <= received
    assert border == total or border % chunks.size == 0
    assert (chunks.wanted_at(border) == 0) == (received == total)


@pytest.mark.parametrize("nothing", [None, [], "", 0, {}])
def test_no_id_is_no_id(nothing: Any) -> None:
    assert post_id_of(nothing) == ""


@pytest.mark.parametrize(
    ("content", "broken"),
    [
        (Content(title="x" * 2_199), set()),
        (Content(title="x" * 2_200), set()),
        (Content(title="x" * 2_201), {("caption", "max_length")}),
        (Content(title="🎈" * 1_100), set()),
        (Content(title="🎈" * 1_100 + "x"), {("caption", "max_length")}),
        # A title, an empty line, and "#tag".
        (Content(title="x" * 2_194, hashtags=("tag",)), set()),
        (Content(title="x" * 2_195, hashtags=("tag",)), {("caption", "max_length")}),
        (Content(title="a\0b"), {("caption", "characters")}),
        (Content(title="a\ud83d"), {("caption", "characters")}),
        (Content(privacy=Privacy.UNLISTED), {("privacy", "unsupported")}),
        (Content(options={"video_cover_timestamp_ms": "12000"}), set()),
        (
            Content(options={"video_cover_timestamp_ms": "12001"}),
            {("video_cover_timestamp_ms", "range")},
        ),
        (
            Content(privacy=Privacy.PRIVATE, options={"brand_content_toggle": "true"}),
            {("brand_content_toggle", "forbidden_privacy")},
        ),
    ],
)
def test_what_tiktok_would_turn_down_is_said_beforehand(
    clip_media: Media, content: Content, broken: set[tuple[str, str]]
) -> None:
    problems = TikTok().problems(content, replace(clip_media, duration=12.0))

    assert {(problem.field, problem.rule) for problem in problems} == broken


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({"size": 4 * 1024 * MIB}, []),
        ({"size": 4 * 1024 * MIB + 1}, ["max_size"]),
        ({"duration": 600.0}, []),
        ({"duration": 600.5}, ["max_duration"]),
        ({"frame_rate": 23.0}, []),
        ({"frame_rate": 22.9}, ["min_frame_rate"]),
        ({"frame_rate": 60.1}, ["max_frame_rate"]),
        ({"width": 360, "height": 4096}, []),
        ({"width": 359}, ["min_short_side"]),
        ({"height": 4097}, ["max_long_side"]),
    ],
)
def test_a_video_must_have_the_shape_that_tiktok_takes(
    clip_media: Media, change: dict[str, Any], broken: list[str]
) -> None:
    problems = TikTok().problems(Content(), replace(clip_media, **{**SHAPE, **change}))

    assert [problem.rule for problem in problems] == broken
