"""What X takes: a text of 280 as it counts, and files within its limits."""

from dataclasses import replace

import pytest

from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Content, Privacy
from pellacia_service.platforms.x import X, text_of

PLATFORM = X()
WORDS = Content(title="A walk", description="Along the river.", hashtags=("river", "walk"))
MB = 10**6


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (Content("Title", "Words", ("a",)), "Title\n\n#a"),
        (Content("", "Words", ("a",)), "Words\n\n#a"),
        (Content("A #a", "Words", ("a", "b")), "A #a\n\n#b"),
        (Content("Title", "Words", options={"with_description": "true"}), "Title\n\nWords"),
        (Content(), ""),
    ],
)
def test_the_text_is_the_title_or_else_the_description(content: Content, text: str) -> None:
    assert text_of(content) == text


@pytest.mark.parametrize(
    ("title", "premium", "fits"),
    [
        ("a" * 279, "", True),
        ("a" * 280, "", True),
        ("a" * 281, "", False),
        ("日" * 140, "", True),
        ("日" * 140 + "a", "", False),
        ("👨\u200d👩\u200d👧" * 140, "", True),
        ("https://example.com/" + "a" * 300, "", True),
        ("a" * 281, "true", True),
        ("a " * 12_500, "true", True),
        ("a " * 12_500 + "bc", "true", False),
    ],
)
def test_the_text_is_as_long_as_x_counts(
    clip_media: Media, title: str, premium: str, fits: bool
) -> None:
    content = Content(title, options={"premium": premium})

    rules = {problem.rule for problem in PLATFORM.problems(content, clip_media)}

    assert rules == (set() if fits else {"max_length"})


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"size": 512 * MB}, ""),
        ({"size": 512 * MB + 1}, "max_size"),
        ({"duration": 0.49}, "min_duration"),
        ({"duration": 0.5}, ""),
        ({"duration": 140.0}, ""),
        ({"duration": 140.1}, "max_duration"),
        ({"frame_rate": 60.0}, ""),
        ({"frame_rate": 60.1}, "max_frame_rate"),
        ({"width": 1920, "height": 1080}, ""),
        ({"width": 1920, "height": 1200}, ""),
        ({"width": 1920, "height": 1202}, "max_short_side"),
        ({"width": 1922, "height": 1080}, "max_long_side"),
        ({"width": 900, "height": 300}, ""),
        ({"width": 902, "height": 300}, "max_aspect_ratio"),
        ({"width": 300, "height": 902}, "min_aspect_ratio"),
        ({"container": "mov"}, ""),
        ({"container": "webm"}, "unsupported"),
        ({"video_codec": "hevc"}, "unsupported"),
    ],
)
def test_a_file_is_held_against_the_limits_of_x(
    clip_media: Media, change: dict[str, object], rule: str
) -> None:
    media = replace(clip_media, **change)  # type: ignore[arg-type]  # one field, from the table

    rules = {problem.rule for problem in PLATFORM.problems(WORDS, media)}

    assert rules == ({rule} if rule else set())


@pytest.mark.parametrize(
    ("content", "field", "rule"),
    [
        (Content("$AAPL and $MSFT"), "text", "max_cashtags"),
        (Content("a\0b"), "text", "characters"),
        (Content("a\ufeffb"), "text", "characters"),
        (Content("a\ud83db"), "text", "characters"),
        (Content("a", options={"reply_settings": "nobody"}), "reply_settings", "unsupported"),
        (Content("a", privacy=Privacy.PRIVATE), "privacy", "unsupported"),
    ],
)
def test_what_x_would_turn_down_is_said_before_anything_is_sent(
    clip_media: Media, content: Content, field: str, rule: str
) -> None:
    [problem] = PLATFORM.problems(content, clip_media)

    assert (problem.field, problem.rule) == (field, rule)


@pytest.mark.parametrize("title", ["$AAPL is up", "5$ and 6$", "US$100, US$200", "$5 $10"])
def test_one_cashtag_and_prices_are_no_problem(clip_media: Media, title: str) -> None:
    assert PLATFORM.problems(Content(title), clip_media) == []
