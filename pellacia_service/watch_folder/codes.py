"""
The codes of all diagnostics, in one place. A code never changes its meaning.

Two letters and a number: JS for the JSON itself, PL for what every post needs, and the platform's
own letters for its rules, where one number means the same rule on every platform: TT012 is
TikTok's longest caption, IG012 is Instagram's.
"""

import enum
from collections.abc import Mapping

LETTERS: Mapping[str, str] = {
    "youtube": "YT",
    "instagram": "IG",
    "tiktok": "TT",
    "x": "XX",
    "linkedin": "LI",
    "facebook": "FB",
}


class Code(enum.StrEnum):
    """Rules that are no platform's own."""

    NOT_UTF8 = "JS001"
    BYTE_ORDER_MARK = "JS002"
    TOO_LARGE = "JS003"
    TOO_DEEP = "JS004"
    KEY_TWICE = "JS005"
    BROKEN_CHARACTER = "JS006"
    ENDS_EARLY = "JS007"
    NOT_JSON = "JS008"
    LONG_NUMBER = "JS009"
    NO_OBJECT = "JS010"

    UNKNOWN_KEY = "PL001"
    WRONG_TYPE = "PL002"
    UNKNOWN_WORD = "PL003"
    NO_PLATFORM = "PL004"
    NOT_CONNECTED = "PL005"
    UNUSED = "PL006"
    BAD_HASHTAG = "PL007"
    OUT_OF_RANGE = "PL008"
    NO_TIME = "PL010"
    PAST_TIME = "PL011"
    NO_ZONE = "PL012"
    TWO_TIMES = "PL013"
    SHIFTED_TIME = "PL014"
    COLLISION = "PL015"
    COLLIDED = "PL016"
    THUMBNAIL = "PL020"
    NOT_A_FILE = "PL021"
    CANNOT_READ = "PL022"
    NO_VIDEO = "PL023"
    NOT_STORABLE = "PL024"


MEANINGS: Mapping[Code, str] = {
    Code.NOT_UTF8: "the file is not UTF-8",
    Code.BYTE_ORDER_MARK: "the file begins with a byte order mark (a warning)",
    Code.TOO_LARGE: "the file has more than 1 MiB",
    Code.TOO_DEEP: "lists or objects stand too deep in each other",
    Code.KEY_TWICE: "an object has the same key twice",
    Code.BROKEN_CHARACTER: "a text holds NUL or half of a surrogate pair",
    Code.ENDS_EARLY: "the file ends before the JSON does",
    Code.NOT_JSON: "something stands where JSON allows something else",
    Code.LONG_NUMBER: "a number has too many digits",
    Code.NO_OBJECT: "the file holds no object",
    Code.UNKNOWN_KEY: "a key that means nothing here",
    Code.WRONG_TYPE: "a value of the wrong kind",
    Code.UNKNOWN_WORD: "a word that is none of those allowed",
    Code.NO_PLATFORM: "no platform is named",
    Code.NOT_CONNECTED: "no account is connected under that name",
    Code.UNUSED: "settings for a platform that the post does not go to (a warning)",
    Code.BAD_HASHTAG: "a hashtag that is none",
    Code.OUT_OF_RANGE: "a number outside its range, or far too much of something",
    Code.NO_TIME: "a time that cannot be read",
    Code.PAST_TIME: "a time that is over",
    Code.NO_ZONE: "a time zone that does not exist",
    Code.TWO_TIMES: "two times, or a time zone or on_conflict without a time",
    Code.SHIFTED_TIME: "a local time that does not exist or happens twice (a warning)",
    Code.COLLISION: "a time that collides with what is planned, or with an account's rules",
    Code.COLLIDED: "a time that collides, and was shifted or kept as on_conflict says (a warning)",
    Code.THUMBNAIL: "a thumbnail that is no JPEG or PNG in the watched folder",
    Code.NOT_A_FILE: "a symbolic link, folder, pipe or device instead of a file",
    Code.CANNOT_READ: "a file that cannot be read",
    Code.NO_VIDEO: "a video that cannot be published anywhere",
    Code.NOT_STORABLE: "a name or text that cannot be stored",
}

RULES: Mapping[tuple[str, str], int] = {
    ("title", "required"): 1,
    ("title", "max_length"): 10,
    ("description", "max_length"): 11,
    ("caption", "max_length"): 12,
    ("commentary", "max_length"): 13,
    ("text", "max_length"): 14,
    ("hashtags", "max_length"): 15,
    ("title", "characters"): 20,
    ("description", "characters"): 21,
    ("caption", "characters"): 22,
    ("commentary", "characters"): 23,
    ("text", "characters"): 24,
    ("hashtags", "characters"): 25,
    ("title", "forbidden_characters"): 26,
    ("description", "forbidden_characters"): 27,
    ("text", "max_cashtags"): 28,
    ("privacy", "unsupported"): 30,
    ("thumbnail", "readable"): 40,
    ("thumbnail", "max_size"): 41,
    ("container", "unsupported"): 50,
    ("video_codec", "unsupported"): 51,
    ("audio_codec", "unsupported"): 52,
    ("size", "min_size"): 60,
    ("size", "max_size"): 61,
    ("duration", "min_duration"): 62,
    ("duration", "max_duration"): 63,
    ("frame_rate", "min_frame_rate"): 64,
    ("frame_rate", "max_frame_rate"): 65,
    ("aspect_ratio", "min_aspect_ratio"): 66,
    ("aspect_ratio", "max_aspect_ratio"): 67,
    ("long_side", "min_long_side"): 68,
    ("long_side", "max_long_side"): 69,
    ("short_side", "min_short_side"): 70,
    ("short_side", "max_short_side"): 71,
    ("bit_rate", "max_bit_rate"): 72,
    ("width", "max_width"): 73,
    ("sound", "max_sample_rate"): 74,
    ("sound", "max_channels"): 75,
    ("index", "faststart"): 76,
    ("thumb_offset", "range"): 80,
    ("brand_content_toggle", "forbidden_privacy"): 81,
    ("video_cover_timestamp_ms", "range"): 82,
    ("reply_settings", "unsupported"): 83,
}
"""(field, rule) of a platform's problem to the number in its code."""

NEW_RULE = 999
"""A platform's rule that has no number yet."""

FIXES: Mapping[tuple[str, str], str] = {
    ("title", "required"): 'Give it one: "title": "…"',
    (
        "privacy",
        "unsupported",
    ): 'Leave {platform} out, or: "{platform}": {{"privacy": "{allowed}"}}',
    (
        "thumbnail",
        "readable",
    ): 'Name a JPEG or PNG in the watched folder, or leave "thumbnail" out.',
    ("brand_content_toggle", "forbidden_privacy"): "Make the post public, or leave this out.",
    ("video_cover_timestamp_ms", "range"): "Choose a moment inside the video, or leave this out.",
}
"""What helps in a file, where the platform's own advice is meant for the command line."""


def code_of(platform: str, field: str, rule: str) -> str:
    """Return the code of a platform's rule."""
    return f"{LETTERS[platform]}{RULES.get((field, rule), NEW_RULE):03}"
