"""What may be written about a video: the rules of snippet and status, checked before a byte is sent."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass

from pellacia_service.sandbox.world import PostState, Refusal
from pellacia_service.sandbox.youtube_errors import invalid_metadata, refusal

LONGEST_TITLE = 100
"""Characters."""
LONGEST_DESCRIPTION = 5000
"""Bytes of UTF-8."""
LONGEST_TAGS = 500
"""Characters over all tags, with one comma between two, and two quotes around one with a space."""

CATEGORIES = frozenset(str(number) for number in (1, 2, 10, 15, 17, 19, 20, *range(22, 30)))
"""Assignable ones (videoCategories.list of the United States)."""
PEOPLE_AND_BLOGS = "22"

PRIVACIES: Mapping[str, PostState] = {
    "public": "public",
    "unlisted": "unlisted",
    "private": "private",
}
LICENSES = frozenset({"youtube", "creativeCommon"})
BOOLEANS: Mapping[str, bool | None] = {
    "embeddable": True,
    "publicStatsViewable": True,
    "selfDeclaredMadeForKids": None,
    "containsSyntheticMedia": None,
}
"""Fields of `status` that are yes or no, and what they are where nothing was said."""


@dataclass(frozen=True)
class Snippet:
    """A video's words."""

    title: str
    description: str
    tags: tuple[str, ...]
    category_id: str
    default_language: str


@dataclass(frozen=True)
class Status:
    """Who may see a video, and how. `publish_at` None: nothing is scheduled."""

    privacy: str
    publish_at: dt.datetime | None
    license: str
    flags: Mapping[str, bool]


@dataclass(frozen=True)
class Metadata:
    """A video's two parts that can be written, both valid."""

    snippet: Snippet
    status: Status


def read_body(content: bytes) -> Mapping[str, object]:
    """
    Read a request's JSON.

    Raises:
        Refusal: 400, it is no JSON object.
    """
    try:
        body = json.loads(content or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise refusal(400, "parseError", "Parse Error")
    return body


def read_snippet(body: Mapping[str, object], *, is_update: bool = False) -> Snippet:
    """
    Read the part `snippet`. What is left out is reset.

    Raises:
        Refusal: 400, naming the first field that is wrong.
    """
    snippet = _part(body, "snippet")
    title = _text(snippet, "title", "invalidTitle", "or empty video title")
    if not 1 <= len(title.strip()) <= len(title) <= LONGEST_TITLE or _has_brackets(title):
        raise invalid_metadata("invalidTitle", "or empty video title", "snippet.title")
    description = _text(snippet, "description", "invalidDescription", "video description")
    if len(description.encode()) > LONGEST_DESCRIPTION or _has_brackets(description):
        raise invalid_metadata("invalidDescription", "video description", "snippet.description")
    category = snippet.get("categoryId", "" if is_update else PEOPLE_AND_BLOGS)
    if str(category) not in CATEGORIES:
        raise invalid_metadata("invalidCategoryId", "video category", "snippet.categoryId")
    return Snippet(
        title=title,
        description=description,
        tags=_tags(snippet),
        category_id=str(category),
        default_language=_text(
            snippet, "defaultLanguage", "invalidVideoMetadata", "default language"
        ),
    )


def read_status(body: Mapping[str, object]) -> Status:
    """
    Read the part `status`. What is left out is reset.

    Raises:
        Refusal: 400 or 403, naming the first field that is wrong.
    """
    status = _part(body, "status")
    privacy = status.get("privacyStatus", "public")
    if privacy not in PRIVACIES:
        raise invalid_metadata("invalidVideoMetadata", "privacy status", "status.privacyStatus")
    license_name = status.get("license", "youtube")
    if license_name not in LICENSES:
        raise _forbidden_license()
    return Status(
        privacy=str(privacy),
        publish_at=_publish_at(status, str(privacy)),
        license=str(license_name),
        flags=_flags(status),
    )


def _part(body: Mapping[str, object], name: str) -> Mapping[str, object]:
    part = body.get(name, {})
    if not isinstance(part, dict):
        raise invalid_metadata("invalidVideoMetadata", name, name)
    return part


def _text(snippet: Mapping[str, object], name: str, reason: str, words: str) -> str:
    value = snippet.get(name) or ""
    if not isinstance(value, str):
        raise invalid_metadata(reason, words, f"snippet.{name}")
    return value


def _has_brackets(text: str) -> bool:
    return "<" in text or ">" in text


def _tags(snippet: Mapping[str, object]) -> tuple[str, ...]:
    wrong = invalid_metadata("invalidTags", "video keywords", "snippet.tags")
    tags = snippet.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise wrong
    counted = sum(len(tag) + 2 * (" " in tag) for tag in tags) + max(0, len(tags) - 1)
    if counted > LONGEST_TAGS or any(_has_brackets(tag) or not tag.strip() for tag in tags):
        raise wrong
    return tuple(tags)


def _publish_at(status: Mapping[str, object], privacy: str) -> dt.datetime | None:
    value = status.get("publishAt")
    if value is None:
        return None
    wrong = invalid_metadata("invalidPublishAt", "scheduled publishing time", "status.publishAt")
    if not isinstance(value, str) or privacy != "private":
        raise wrong
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        raise wrong from None
    if moment.tzinfo is None:
        raise wrong
    return moment.astimezone(dt.UTC)


def _flags(status: Mapping[str, object]) -> dict[str, bool]:
    flags: dict[str, bool] = {}
    for name, otherwise in BOOLEANS.items():
        value = status.get(name, otherwise)
        if value is None:
            continue
        if not isinstance(value, bool):
            raise invalid_metadata("invalidVideoMetadata", name, f"status.{name}")
        flags[name] = value
    return flags


def _forbidden_license() -> Refusal:
    return refusal(
        403,
        "forbiddenLicenseSetting",
        "The request attempts to set an invalid license for the video.",
        domain="youtube.video",
        location="body.status.license",
    )
