"""What LinkedIn takes: text that it shows uncut, and files within its limits."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Content, Privacy
from pellacia_service.platforms.linkedin import LinkedIn, little_text
from pellacia_service.sandbox.little_text import shown

PLATFORM = LinkedIn()
WORDS = Content(title="A walk", description="Along the river (1).", hashtags=("river",))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain text, 100% & more!", "plain text, 100% & more!"),
        ("(part 1)", "\\(part 1\\)"),
        ("a\\b", "a\\\\b"),
        ("|{}@[]()<>*_~", "\\|\\{\\}\\@\\[\\]\\(\\)\\<\\>\\*\\_\\~"),
        ("#river #été #日本", "#river #été #日本"),
        ("(#river)", "\\(#river\\)"),
        ("#snake_case", "#snake\\_case"),
        ("# ## C#5 #", "\\# \\#\\# C\\#5 \\#"),
        ("https://example.com/a_b#c", "https://example.com/a\\_b\\#c"),
        ("nina@example.com", "nina\\@example.com"),
    ],
)
def test_reserved_characters_get_a_backslash_and_hashtags_stay(text: str, written: str) -> None:
    assert little_text(text) == written


@given(st.text() | st.text("ab1 #_\\(){}[]<>|@*~\n"))
def test_any_text_is_shown_uncut(text: str) -> None:
    assert shown(little_text(text)) == text


@pytest.mark.parametrize(
    ("description", "fits"),
    [
        ("a" * 2999, True),
        ("a" * 3000, True),
        ("a" * 3001, False),
        ("(" * 1500, True),
        ("(" * 1500 + "a", False),
        ("👋" * 1500, True),
        ("👋" * 1500 + "a", False),
    ],
)
def test_the_commentary_is_counted_as_it_is_sent(
    clip_media: Media, description: str, fits: bool
) -> None:
    content = Content(description=description)

    rules = {problem.rule for problem in PLATFORM.problems(content, clip_media)}

    assert rules == (set() if fits else {"max_length"})


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"size": 74_999}, "min_size"),
        ({"size": 75_000}, ""),
        ({"size": 500 * 10**6}, ""),
        ({"size": 500 * 10**6 + 1}, "max_size"),
        ({"duration": 2.9}, "min_duration"),
        ({"duration": 3.0}, ""),
        ({"duration": 1800.0}, ""),
        ({"duration": 1800.1}, "max_duration"),
        ({"container": "mov"}, "unsupported"),
    ],
)
def test_a_file_is_held_against_the_limits_of_linkedin(
    clip_media: Media, change: dict[str, object], rule: str
) -> None:
    media = replace(clip_media, **change)  # type: ignore[arg-type]  # one field, from the table

    rules = {problem.rule for problem in PLATFORM.problems(WORDS, media)}

    assert rules == ({rule} if rule else set())


def test_a_private_post_is_never_shown_to_the_feed(clip_media: Media) -> None:
    [problem] = PLATFORM.problems(replace(WORDS, privacy=Privacy.PRIVATE), clip_media)

    assert problem.field == "privacy"
