"""Metadata files: every mistake is found at its place, and none of them crashes or hangs."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pellacia_service.domain.media import Media
from pellacia_service.domain.names import PLATFORM_NAMES
from pellacia_service.domain.post import Content, Privacy
from pellacia_service.platforms import PLATFORMS
from pellacia_service.watch_folder.codes import MEANINGS, NEW_RULE, RULES, Code, code_of
from pellacia_service.watch_folder.metadata import WORDS_OF, Words
from pellacia_service.watch_folder.problems import explain
from pellacia_service.watch_folder.sheet import MOST_BYTES, Sheet, read_sheet
from pellacia_service.watch_folder.times import When, read_when

ROOT = Path(__file__).parents[2]
NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def said(content: str | bytes) -> list[str]:
    """What is said about a metadata file, a line each, without the advice."""
    raw = content.encode() if isinstance(content, str) else content
    return [str(found).partition(" [fix")[0] for found in read_sheet("c.json", raw).diagnostics]


def sheet_of(value: Mapping[str, object]) -> Sheet:
    return read_sheet("c.json", json.dumps(value).encode())


def when(**value: str) -> When:
    """Read the time of a file on 22 November 2026, at noon in London, by somebody in Berlin."""
    sheet = sheet_of({"platforms": "all", **value})
    assert sheet.metadata is not None
    return read_when(sheet, sheet.metadata, default_zone="Europe/Berlin", now=NOW)


def test_a_diagnostic_reads_like_a_compilers() -> None:
    sheet = read_sheet("clip.json", b'{"platforms": "all",\n  "titel": "Hi"}')

    assert [str(found) for found in sheet.diagnostics] == [
        "clip.json:2:3 error PL001 there is no key called 'titel' here "
        '[fix: Did you mean "title"?]'
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", "1:1 error JS007 the file ends where a value should stand"),
        ('{"title": "Hel', "1:11 error JS007 a text is not closed"),
        ('{"title": "a"', '1:14 error JS007 the file ends where a comma or "}" should stand'),
        ('{"a": 1,}', '1:8 error JS008 a comma stands before "}"'),
        ('{"a": [1,]}', '1:9 error JS008 a comma stands before "]"'),
        ("{'a': 1}", "1:2 error JS008 a text stands in single quotes"),
        ('{"a": 1} // hi', "1:10 error JS008 JSON has no comments"),
        ('{"a" 1}', "1:6 error JS008 '1' stands where a colon after the key 'a' should"),
        ('{"a": tru}', "1:7 error JS008 'tru' stands where a value should"),
        ('{"a": NaN}', "1:7 error JS008 'NaN' stands where a value should"),
        ('{"a":\n\n "x\ny"}', "3:4 error JS008 Invalid control character in a text"),
        ('{"a": ' + "9" * 5000 + "}", "1:7 error JS009 the number has too many digits"),
        ("[]", "1:1 error JS010 the file holds a list instead of an object"),
        ("null", "1:1 error JS010 the file holds null instead of an object"),
    ],
)
def test_what_is_no_json_is_named_with_its_place(content: str, line: str) -> None:
    assert said(content) == [f"c.json:{line}"]


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_a_deep_file_is_turned_down_instead_of_exhausting_the_stack(opening: str) -> None:
    [line] = said(opening * 100_000)

    assert "JS004 lists and objects stand more than 32 deep" in line


def test_a_key_that_stands_twice_is_found_where_it_stands_again() -> None:
    assert said('{"platforms": "all",\n "title": "a",\n "title": "b"}') == [
        "c.json:3:2 error JS005 the key 'title' stands here for the second time"
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('{"platforms": "all", "title": "ä"}'.encode("latin-1"), "1:32 error JS001"),
        ('{"platforms": "all"}'.encode("utf-16"), "1:1 error JS001 the file is UTF-16"),
        (b"\xef\xbb\xbf" + b'{"platforms": "all"}', "1:1 warning JS002"),
        (b'{"platforms": "all", "title": "\\ud83d"}', "1:31 error JS006"),
        (b'{"platforms": "all", "title": "a\\u0000"}', "1:31 error JS006"),
    ],
)
def test_a_wrong_encoding_is_named(content: bytes, line: str) -> None:
    [found] = said(content)

    assert found.startswith(f"c.json:{line}")


def test_a_byte_order_mark_keeps_nobody_from_reading_the_file() -> None:
    sheet = read_sheet("c.json", b'\xef\xbb\xbf{"platforms": ["x"], "title": "Hi"}')

    assert sheet.metadata is not None
    assert sheet.metadata.title == "Hi"


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ({}, "1:1 error PL004 no platform is named"),
        ({"platforms": []}, "1:15 error PL004 no platform is named"),
        ({"platforms": ["youtub"]}, "1:16 error PL003 there is no platform called 'youtub'"),
        ({"platforms": 3}, "1:15 error PL002 platforms is a number where a list belongs"),
        (
            {"platforms": "x", "title": ["a"]},
            "1:29 error PL002 title is a list where a text belongs",
        ),
        (
            {"platforms": "x", "privacy": "publik"},
            "1:31 error PL003 there is no privacy called 'publik'",
        ),
        ({"platforms": "x", "hashtags": ["a", "b c"]}, "1:38 error PL007 'b c' is no hashtag"),
        (
            {"platforms": "x", "x": {"premium": "yes"}},
            "1:37 error PL002 x.premium is a text where true or false belongs",
        ),
        ({"platforms": "x", "x": {"duet": True}}, "1:26 error PL001 there is no key called 'duet'"),
        (
            {"platforms": "tiktok", "tiktok": {"video_cover_timestamp_ms": -1}},
            "1:64 error PL008 tiktok.video_cover_timestamp_ms is -1, which is less than 0",
        ),
    ],
)
def test_what_the_schema_does_not_know_is_named_with_its_place(
    value: Mapping[str, object], line: str
) -> None:
    [found] = said(json.dumps(value))

    assert found.startswith(f"c.json:{line}")


def test_one_mistake_hides_no_other() -> None:
    sheet = sheet_of({"platforms": ["youtub", "x"], "titel": "a", "tiktok": {"duet": 1}})

    assert [found.code for found in sheet.diagnostics] == ["PL003", "PL001", "PL001"]
    assert sheet.metadata is not None
    assert sheet.metadata.platforms == ["x:default"]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({f"key{number}": 1 for number in range(60_000)}, 100),
        ({"platforms": ["a"] * 150_000}, 1),
        ({"platforms": "x", "hashtags": "a " * 500_000}, 1),
        ({"platforms": "x", "description": "a." * 500_000}, 1),
        ({"platforms": "x", "a" * 1_000_000: 1}, 1),
    ],
    ids=["keys", "platforms", "hashtags", "text", "key"],
)
def test_a_mebibyte_of_mistakes_is_answered_with_the_first_hundred(
    value: Mapping[str, object], found: int
) -> None:
    content = json.dumps(value).encode()

    sheet = read_sheet("c.json", content)

    assert len(content) <= MOST_BYTES
    assert len(sheet.diagnostics) == found
    assert max(len(str(one)) for one in sheet.diagnostics) < 400


def test_hashtags_and_platforms_may_be_one_text() -> None:
    sheet = sheet_of({"platforms": "youtube, twitter:work", "hashtags": "#one, two"})

    assert sheet.metadata is not None
    assert sheet.metadata.platforms == ["youtube:default", "x:work"]
    assert sheet.metadata.hashtags == ["one", "two"]


def test_what_only_one_platform_gets_becomes_its_override() -> None:
    own = {"title": "Hi", "hashtags": ["a", "b"], "disable_duet": True, "privacy": "private"}
    sheet = sheet_of({"platforms": "all", "tiktok": {**own, "video_cover_timestamp_ms": 1500}})

    assert sheet.metadata is not None
    assert [
        (platform, words.as_override()) for _, platform, words in sheet.metadata.own_words()
    ] == [
        (
            "tiktok",
            {
                "title": "Hi",
                "hashtags": "a b",
                "privacy": "private",
                "disable_duet": "true",
                "video_cover_timestamp_ms": "1500",
            },
        )
    ]


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ({"scheduled_at": "2026-12-27T14:00:00+01:00"}, "2026-12-27T13:00:00+00:00"),
        ({"scheduled_at": "2026-12-27t13:00z"}, "2026-12-27T13:00:00+00:00"),
        (
            {"at": "2026-12-27 14:00", "timezone": "America/New_York"},
            "2026-12-27T19:00:00+00:00",
        ),
        ({"at": "2026-12-27 14:00"}, "2026-12-27T13:00:00+00:00"),
    ],
)
def test_a_time_is_an_instant_or_a_wall_time_with_a_zone(
    value: dict[str, str], instant: str
) -> None:
    found = when(**value)

    assert found.diagnostics == ()
    assert found.moment is not None
    assert found.moment.at.isoformat() == instant


def test_a_file_without_a_time_is_due_at_once() -> None:
    assert when() == When()


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"at": "tomorrow"}, Code.NO_TIME),
        ({"at": "2026-02-30 10:00"}, Code.NO_TIME),
        ({"at": "20261227"}, Code.NO_TIME),
        ({"at": "9999-12-31 23:59", "timezone": "America/New_York"}, Code.NO_TIME),
        ({"scheduled_at": "2026-11-22T11:59:00Z"}, Code.PAST_TIME),
        ({"at": "2026-12-27 14:00", "timezone": "Europe/Berln"}, Code.NO_ZONE),
        ({"at": "2026-12-27 14:00", "timezone": "../etc/passwd"}, Code.NO_ZONE),
        ({"at": "2026-12-27 14:00", "timezone": "Europe"}, Code.NO_ZONE),
        ({"at": "2026-12-27 14:00", "scheduled_at": "2026-12-27T14:00Z"}, Code.TWO_TIMES),
        ({"timezone": "Europe/Berlin"}, Code.TWO_TIMES),
    ],
)
def test_a_time_that_means_nothing_is_turned_down(value: dict[str, str], code: Code) -> None:
    found = when(**value)

    assert [one.code for one in found.diagnostics] == [code]
    assert found.moment is None


@pytest.mark.parametrize(
    ("written", "instant"),
    [("2027-03-28 02:30", "2027-03-28T01:30"), ("2027-10-31 02:30", "2027-10-31T00:30")],
)
def test_a_time_over_which_clocks_change_is_taken_and_said_out_loud(
    written: str, instant: str
) -> None:
    found = when(at=written, timezone="Europe/Berlin")

    assert found.moment is not None
    assert found.moment.at.isoformat().startswith(instant)
    assert [(one.level, one.code) for one in found.diagnostics] == [("warning", "PL014")]


AWFUL = "\N{PILE OF POO}\x01<b> $ABC $DEF " * 2_200
AWFUL_OPTIONS = {
    "thumb_offset": "x",
    "video_cover_timestamp_ms": "x",
    "brand_content_toggle": "true",
    "reply_settings": "nobody",
}


def awful_contents(folder: Path) -> list[Content]:
    """Texts and settings that break every rule that a platform has about them."""
    large = folder / "large.jpg"
    large.write_bytes(bytes(3_000_000))
    content = Content(
        title=AWFUL,
        description=AWFUL,
        hashtags=tuple(f"tag\x01{number}" for number in range(600)),
        privacy=Privacy.PRIVATE,
        thumbnail=large,
        options=AWFUL_OPTIONS,
    )
    return [content, Content(thumbnail=folder / "none.jpg")]


def awful_media(media: Media) -> list[Media]:
    """Files that break every rule, from below and from above."""
    low = replace(
        media,
        size=1,
        duration=0.1,
        frame_rate=1,
        width=10,
        height=300,
        bit_rate=1,
        container="ogg",
        video_codec="theora",
        audio_codec="vorbis",
    )
    high = replace(
        media,
        size=10**13,
        duration=10**6,
        frame_rate=500,
        width=30_000,
        height=500,
        bit_rate=10**9,
        faststart=False,
        audio_channels=6,
        audio_sample_rate=192_000,
    )
    return [low, high]


@pytest.mark.parametrize("name", PLATFORM_NAMES)
def test_every_rule_of_a_platform_has_a_code_of_its_own(
    name: str, clip_media: Media, tmp_path: Path
) -> None:
    problems = [
        problem
        for content in awful_contents(tmp_path)
        for media in awful_media(clip_media)
        for problem in PLATFORMS[name].problems(content, media)
    ]

    codes = {
        (problem.field, problem.rule): code_of(name, problem.field, problem.rule)
        for problem in problems
    }
    assert len(codes) >= 10
    assert [rule for rule, code in codes.items() if code.endswith(str(NEW_RULE))] == []


def test_no_code_means_two_things() -> None:
    assert len(set(RULES.values())) == len(RULES)
    assert set(MEANINGS) == set(Code)


def test_a_platforms_problem_stands_at_the_value_that_causes_it(clip_media: Media) -> None:
    text = "x" * 2_214
    content = f'{{"platforms": ["tiktok"],\n  "title": "Hi",\n  "description": "{text}"}}'
    sheet = read_sheet("clip.json", content.encode())

    [problem] = PLATFORMS["tiktok"].problems(Content(description=text), clip_media)

    found = explain(sheet, "clip.mp4", "tiktok", problem)
    assert str(found).startswith("clip.json:3:18 error TT012 The caption has 2,214 ")


def test_a_platforms_own_words_are_blamed_before_everybodys(clip_media: Media) -> None:
    text = "x" * 2_214
    content = f'{{"platforms": "all", "description": "a",\n "tiktok": {{"description": "{text}"}}}}'
    sheet = read_sheet("clip.json", content.encode())

    [problem] = PLATFORMS["tiktok"].problems(Content(description=text), clip_media)

    assert explain(sheet, "clip.mp4", "tiktok", problem).line == 2


def test_what_is_wrong_with_the_video_is_said_of_the_video(clip_media: Media) -> None:
    sheet = sheet_of({"platforms": "tiktok"})
    long = replace(clip_media, duration=1_000_000)

    [problem, *_] = PLATFORMS["tiktok"].problems(Content(), long)

    found = explain(sheet, "clip.mp4", "tiktok", problem)
    assert (found.file, found.line, found.code) == ("clip.mp4", 0, "TT063")


@pytest.mark.parametrize("key", WORDS_OF)
def test_every_option_of_the_schema_is_one_that_the_platform_reads(key: str) -> None:
    platform = "x" if key == "twitter" else key
    source = (ROOT / f"pellacia_service/platforms/{platform}.py").read_text()
    options = set(WORDS_OF[key].model_fields) - set(Words.model_fields)

    unknown = {
        option
        for option in options
        if f'"{option}"' not in source and f'"{option.removeprefix("disable_")}"' not in source
    }

    assert unknown == set()


def test_the_schema_and_all_its_codes_are_documented() -> None:
    page = (ROOT / "pellacia_service/watch_folder/README.md").read_text()

    keys = {name for words in WORDS_OF.values() for name in words.model_fields}
    wanted = {f"`{word}`" for word in (*keys, *Code, *(f"{one:03}" for one in RULES.values()))}
    assert {word for word in wanted if word not in page} == set()
