"""Words for a post: how they are put together, counted, and held against what cannot be sent."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellacia_service.domain.post import Content
from pellacia_service.platform_kit.text import (
    caption,
    clean_problem,
    count_hashtags,
    count_mentions,
    utf16_length,
    weighted_length,
)

ANY_TEXT = st.text(st.characters(exclude_categories=()))
"""Broken pairs included."""


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (Content("Hello", "World", ("a", "b")), "Hello\n\nWorld\n\n#a #b"),
        (Content("Hello", "", ("a",)), "Hello\n\n#a"),
        (Content("", "World"), "World"),
        (Content("Hello"), "Hello"),
        (Content("", "", ("a", "b")), "#a #b"),
        (Content(" \n", " World "), "World"),
        (Content(), ""),
    ],
)
def test_empty_parts_leave_no_empty_lines(content: Content, expected: str) -> None:
    assert caption(content) == expected


@pytest.mark.parametrize(
    ("title", "description"),
    [("On #Hills", ""), ("", "In the #hills."), ("", "#hills"), ("", "(#HILLS)")],
)
def test_a_hashtag_that_is_written_already_is_not_repeated(title: str, description: str) -> None:
    content = Content(title, description, ("hills", "hillside"))

    assert caption(content) == f"{title}{description}\n\n#hillside"


def test_a_caption_without_the_title_repeats_the_titles_hashtags() -> None:
    content = Content("On #hills", "A walk.", ("hills",))

    assert caption(content, with_title=False) == "A walk.\n\n#hills"


@pytest.mark.parametrize(
    ("text", "units"),
    [("", 0), ("abc", 3), ("é", 1), ("日本", 2), ("👋", 2), ("👋🏽", 4), ("\ud83d", 1)],
)
def test_utf16_units_are_counted_as_javascript_counts_them(text: str, units: int) -> None:
    assert utf16_length(text) == units


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("", 0),
        ("plain", 5),
        ("é", 1),
        ("e\u0301", 1),
        ("—", 1),
        ("\u2019", 1),
        ("…", 2),
        ("€", 2),
        ("©", 2),
        ("あ", 2),
        ("\u10ff", 1),
        ("\u1100", 2),
        ("ไ", 1),
        ("ש", 1),
        ("👋🏽", 2),
        ("👨\u200d👩\u200d👧", 2),
        ("🇩🇪", 2),
        ("1\ufe0f\u20e3", 2),
        ("example.com", 23),
        ("https://example.com/a/very/long/path?with=a&query=too", 23),
        ("see https://example.com now", 31),
        ("a\r\nb", 3),
    ],
)
def test_x_weighs_characters_emoji_and_links(text: str, weight: int) -> None:
    assert weighted_length(text) == weight


@given(ANY_TEXT)
def test_any_text_can_be_weighed(text: str) -> None:
    assert 0 <= weighted_length(text) <= 23 * len(text)


@pytest.mark.parametrize("unit", ["a.", "д.", "a-b.c/", "@", "日本."])
def test_no_text_takes_long_to_weigh(unit: str) -> None:
    text = unit * (25_000 // len(unit))
    begun = time.perf_counter()

    weighted_length(text)

    assert time.perf_counter() - begun < 5


@pytest.mark.parametrize(
    ("text", "hashtags", "mentions"),
    [
        ("", 0, 0),
        ("#a #b #a", 3, 0),
        ("(#a), #b_c.", 2, 0),
        ("issue#3 ## #", 0, 0),
        ("#日本 #été", 2, 0),
        ("@nina and @n.na_2", 0, 2),
        ("mail nina@example.com", 0, 0),
    ],
)
def test_hashtags_and_mentions_are_counted_as_written(
    text: str, hashtags: int, mentions: int
) -> None:
    assert (count_hashtags(text), count_mentions(text)) == (hashtags, mentions)


@pytest.mark.parametrize("text", ["", "two\nlines\r\n\tand a tab", "👨\u200d👩\u200d👧 é 日本"])
def test_ordinary_text_has_no_problem(text: str) -> None:
    assert list(clean_problem("title", text, "YouTube")) == []


@pytest.mark.parametrize(
    ("character", "name"),
    [("\0", "U+0000"), ("\x1b", "U+001B"), ("\x85", "U+0085"), ("\ud83d", "U+D83D")],
)
def test_a_character_that_cannot_be_sent_is_named_with_its_place(character: str, name: str) -> None:
    [problem] = clean_problem("title", f"ab{character}c{character}", "YouTube")

    assert (problem.field, problem.rule, problem.actual) == ("title", "characters", name)
    assert "character 3" in problem.fix
    assert "YouTube" in problem.message


def test_a_platform_may_turn_down_further_characters() -> None:
    [problem] = clean_problem("text", "\ufeffHi", "X", refused=frozenset("\ufeff"))

    assert problem.actual == "U+FEFF"


@given(ANY_TEXT)
def test_a_text_without_a_problem_can_be_encoded(text: str) -> None:
    if not list(clean_problem("title", text, "YouTube")):
        text.encode("utf-8")
