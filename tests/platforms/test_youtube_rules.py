"""YouTube's limits: said before anything is sent, counted as YouTube counts."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Content
from pellacia_service.errors import RateLimitedError, RefusedError
from pellacia_service.platforms.youtube import PART_SIZE, YouTube, confirmed_bytes, tag_characters
from pellacia_service.sandbox.server import RunningSandbox
from tests.clocks import HeldClock
from tests.lines import ApiFor
from tests.trouble import make_trouble

MIB = 1 << 20
GRAIN = 262_144

CONTENT = Content(title="A walk", description="In the hills", hashtags=("hills", "slow life"))

PER_DAY = (
    "Quota exceeded for quota metric 'Video Uploads' and limit 'Video Uploads per day' of service "
    "'youtube.googleapis.com' for consumer 'project_number:123'."
)


@pytest.mark.parametrize(
    ("message", "opens_again"),
    [
        (PER_DAY, dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)),
        ("Too many requests.", dt.datetime(2026, 11, 22, 12, 1, tzinfo=dt.UTC)),
    ],
)
async def test_the_upload_quota_comes_back_at_midnight_pacific_and_a_rush_in_a_minute(
    api_for: ApiFor,
    clip_media: Media,
    sandbox: RunningSandbox,
    message: str,
    opens_again: dt.datetime,
) -> None:
    reason = {"message": message, "domain": "global", "reason": "rateLimitExceeded"}
    body = {"error": {"code": 429, "message": message, "errors": [reason]}}
    make_trouble(sandbox, {"status": 429, "body": body}, method="POST", path="upload")

    with pytest.raises(RateLimitedError) as error:
        await YouTube().open(replace(api_for("youtube"), clock=HeldClock()), CONTENT, clip_media)

    assert error.value.retry_at == opens_again


async def test_text_that_youtube_dislikes_is_refused_before_a_byte_is_sent(
    api_for: ApiFor, clip_media: Media
) -> None:
    with pytest.raises(RefusedError) as error:
        await YouTube().open(api_for("youtube"), replace(CONTENT, title="<b>"), clip_media)

    assert error.value.code == "invalidTitle"


@pytest.mark.parametrize(
    ("content", "broken"),
    [
        (Content(title="x" * 99), set()),
        (Content(title="x" * 100), set()),
        (Content(title="é" * 100), set()),
        (Content(title="x" * 101), {("title", "max_length")}),
        (Content(title="a < b"), {("title", "forbidden_characters")}),
        (Content(title="a\0b"), {("title", "characters")}),
        (Content(title="a\ud83d"), {("title", "characters")}),
        (Content(title="x", description="x" * 5_000), set()),
        (Content(title="x", description="é" * 2_500), set()),
        (Content(title="x", description="é" * 2_500 + "x"), {("description", "max_length")}),
        (Content(title="x", description="a > b"), {("description", "forbidden_characters")}),
        (Content(title="x", description="\udc00"), {("description", "characters")}),
        # 17 characters of the marker and a comma leave 482.
        (Content(title="x", hashtags=("t" * 482,)), set()),
        (Content(title="x", hashtags=("t" * 483,)), {("hashtags", "max_length")}),
        (Content(title="x", hashtags=("t" * 479 + " t",)), {("hashtags", "max_length")}),
        (Content(title="x", thumbnail=Path("/no/such.jpg")), {("thumbnail", "readable")}),
    ],
)
def test_what_youtube_would_turn_down_is_said_beforehand(
    clip_media: Media, content: Content, broken: set[tuple[str, str]]
) -> None:
    problems = YouTube().problems(content, clip_media)

    assert {(problem.field, problem.rule) for problem in problems} == broken


@pytest.mark.parametrize(
    ("file", "broken"),
    [("a walk.mp4", []), (" .mp4", ["required"]), ("a>b.mp4", ["forbidden_characters"])],
)
def test_a_file_name_that_stands_in_for_a_title_must_be_a_good_title(
    clip_media: Media, file: str, broken: list[str]
) -> None:
    problems = YouTube().problems(Content(title=" \n"), replace(clip_media, path=Path(file)))

    assert [problem.rule for problem in problems] == broken


@pytest.mark.parametrize(("size", "broken"), [(50 * MIB, []), (50 * MIB + 1, ["max_size"])])
def test_a_thumbnail_may_have_fifty_mebibytes(
    clip_media: Media, tmp_path: Path, size: int, broken: list[str]
) -> None:
    thumbnail = tmp_path / "cover.jpg"
    with thumbnail.open("wb") as file:
        file.write(b"\xff\xd8\xff")
        file.truncate(size)

    problems = YouTube().problems(replace(CONTENT, thumbnail=thumbnail), clip_media)

    assert [problem.rule for problem in problems] == broken


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({"size": 256 * 1024**3}, []),
        ({"size": 256 * 1024**3 + 1}, ["max_size"]),
        ({"duration": 12 * 3600.0}, []),
        ({"duration": 12 * 3600.0 + 1}, ["max_duration"]),
        ({"size": 0}, ["min_size"]),
    ],
)
def test_a_video_may_have_256_gibibytes_and_twelve_hours(
    clip_media: Media, change: dict[str, Any], broken: list[str]
) -> None:
    problems = YouTube().problems(CONTENT, replace(clip_media, **change))

    assert [problem.rule for problem in problems] == broken


def test_parts_have_the_grain_that_youtube_demands() -> None:
    assert PART_SIZE % GRAIN == 0


@pytest.mark.parametrize(
    ("header", "confirmed"),
    [("bytes=0-262143", 262_144), ("0-262143", 262_144), ("bytes=0-0", 1), ("", 0), ("bytes=", 0)],
)
def test_a_range_is_read_with_and_without_its_unit(header: str, confirmed: int) -> None:
    assert confirmed_bytes(header) == confirmed


@pytest.mark.parametrize(
    ("tags", "characters"),
    [((), 0), (("ab",), 2), (("ab", "cd"), 5), (("a b",), 5), (("a b", "c d", "e"), 13)],
)
def test_tags_are_counted_with_commas_and_quotes(tags: tuple[str, ...], characters: int) -> None:
    assert tag_characters(tags) == characters


@given(st.lists(st.text("ab ", min_size=1, max_size=5)))
def test_tags_cost_what_they_cost_written_out(tags: list[str]) -> None:
    written = ",".join(f'"{tag}"' if " " in tag else tag for tag in tags)

    assert tag_characters(tuple(tags)) == len(written)
