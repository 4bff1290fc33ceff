"""
The schema of a metadata file: what the production phase writes beside each video.

    {
      "title": "Hello", "description": "…", "hashtags": ["one", "two"],
      "privacy": "public", "thumbnail": "clip.jpg",
      "platforms": ["youtube", "tiktok:second"],
      "at": "2026-12-27 14:00", "timezone": "Europe/Berlin", "on_conflict": "shift",
      "tiktok": {"title": "Hello, TikTok", "disable_duet": true}
    }

Only `platforms` must be there. An object under a platform's name holds what only this platform
gets: the same words, and the platform's own options. `README.md` beside this file explains each key.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from pellacia_service.domain.calendar_wish import OnConflict
from pellacia_service.domain.names import ALL, PLATFORM_NAMES, split_address
from pellacia_service.domain.post import Privacy
from pellacia_service.errors import BadInputError
from pellacia_service.watch_folder.codes import Code
from pellacia_service.watch_folder.spelling import did_you_mean, quoted

MOST_WORDS = 1_000
"""Of a list; no platform takes as many, and each wrong one is said."""

MOST_CHARACTERS = 100_000
"""Of a text; no platform takes as many, and counting them as X does takes seconds."""


def _wrong(code: Code, message: str, fix: str) -> PydanticCustomError:
    # The text is a template to pydantic: braces in a file's own words must not be read as such.
    return PydanticCustomError(code.value, "{message}", {"message": message, "fix": fix})


def _words(value: object) -> object:
    """Read a list, or one that was written as a text, with blanks or commas between."""
    words = value.replace(",", " ").split() if isinstance(value, str) else value
    if isinstance(words, list) and len(words) > MOST_WORDS:
        message = f"there are {len(words):,} entries"
        raise _wrong(Code.OUT_OF_RANGE, message, f"Write at most {MOST_WORDS:,}.")
    return words


def _hashtag(text: str) -> str:
    word = text.strip().lstrip("#")
    if not word or len(word.split()) != 1 or "#" in word or "," in word:
        fix = 'Write one word for each: ["one", "two"].'
        raise _wrong(Code.BAD_HASHTAG, f"{quoted(text)} is no hashtag", fix)
    return word


def _address(text: str) -> str:
    if text.strip().lower() == ALL:
        return ALL
    try:
        platform, label = split_address(text)
    except BadInputError as trouble:
        fix = did_you_mean(text.partition(":")[0], [*PLATFORM_NAMES, ALL])
        raise _wrong(
            Code.UNKNOWN_WORD, f"there is no platform called {quoted(text)}", fix
        ) from trouble
    return f"{platform}:{label}"


def _digits(value: object) -> object:
    """Take a number for a text: the ids of categories are written either way."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Text: TypeAlias = Annotated[str, Field(max_length=MOST_CHARACTERS)] | None
Switch: TypeAlias = bool | None
Milliseconds: TypeAlias = Annotated[int, Field(ge=0)] | None
Hashtags: TypeAlias = (
    Annotated[
        list[Annotated[str, AfterValidator(_hashtag)]],
        BeforeValidator(_words),
    ]
    | None
)
Visibility: TypeAlias = Annotated[Privacy, Field(strict=False)] | None


class Words(BaseModel):
    """What a post says, for all platforms or for one."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: Text = None
    description: Text = None
    hashtags: Hashtags = None
    privacy: Visibility = None

    def as_override(self) -> dict[str, str]:
        """Return what was given as a post's `overrides` hold it: texts only."""
        return {name: _as_text(value) for name, value in self if value is not None}


class YouTubeWords(Words):
    """What only YouTube gets."""

    category_id: Annotated[Text, BeforeValidator(_digits)] = None
    made_for_kids: Switch = None
    synthetic_media: Switch = None


class InstagramWords(Words):
    """What only Instagram gets. `thumb_offset` in milliseconds."""

    share_to_feed: Switch = None
    thumb_offset: Milliseconds = None


class TikTokWords(Words):
    """What only TikTok gets."""

    disable_comment: Switch = None
    disable_duet: Switch = None
    disable_stitch: Switch = None
    brand_content_toggle: Switch = None
    brand_organic_toggle: Switch = None
    is_aigc: Switch = None
    video_cover_timestamp_ms: Milliseconds = None


class XWords(Words):
    """What only X gets."""

    with_description: Switch = None
    premium: Switch = None
    made_with_ai: Switch = None
    paid_partnership: Switch = None
    reply_settings: Text = None


class LinkedInWords(Words):
    """What only LinkedIn gets. `author`: "person" posts as the member instead of the page."""

    author: Text = None


class FacebookWords(Words):
    """What only Facebook gets."""


WORDS_OF: Mapping[str, type[Words]] = {
    "youtube": YouTubeWords,
    "instagram": InstagramWords,
    "tiktok": TikTokWords,
    "x": XWords,
    "twitter": XWords,
    "linkedin": LinkedInWords,
    "facebook": FacebookWords,
}
"""Key of a platform's own object to what may stand in it."""


class Metadata(Words):
    """A whole metadata file."""

    platforms: Annotated[
        list[Annotated[str, AfterValidator(_address)]],
        BeforeValidator(_words),
        Field(min_length=1),
    ]
    scheduled_at: Text = None
    at: Text = None
    timezone: Text = None
    on_conflict: Annotated[OnConflict, Field(strict=False)] | None = None
    thumbnail: Text = None
    youtube: YouTubeWords | None = None
    instagram: InstagramWords | None = None
    tiktok: TikTokWords | None = None
    x: XWords | None = None
    twitter: XWords | None = None
    linkedin: LinkedInWords | None = None
    facebook: FacebookWords | None = None

    def own_words(self) -> Iterator[tuple[str, str, Words]]:
        """Yield (key, platform, words) for every platform with an object of its own."""
        for key, words in (
            ("youtube", self.youtube),
            ("instagram", self.instagram),
            ("tiktok", self.tiktok),
            ("x", self.x),
            ("twitter", self.twitter),
            ("linkedin", self.linkedin),
            ("facebook", self.facebook),
        ):
            if words is not None:
                yield key, "x" if key == "twitter" else key, words


def _as_text(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case list():
            return " ".join(str(word) for word in value)
    return str(value)
