"""A post, and the version of it that one platform gets."""

import enum
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


class Privacy(enum.StrEnum):
    """Who may see a post."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"


@dataclass(frozen=True)
class Content:
    """
    What one platform is given: the post with that platform's overrides already applied.

    Args:
        hashtags: words without the leading "#", in the order they were given.
        options: settings that only this platform knows, as written by the user
            (`--set tiktok.disable_duet=true` gives {"disable_duet": "true"}).
    """

    title: str = ""
    description: str = ""
    hashtags: tuple[str, ...] = ()
    privacy: Privacy = Privacy.PUBLIC
    thumbnail: Path | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    def option_is_on(self, name: str) -> bool:
        """Read an option as yes or no: true, yes, on and 1 mean yes."""
        return self.options.get(name, "").strip().lower() in {"true", "yes", "on", "1"}


@dataclass(frozen=True)
class Post:
    """
    One video with its words, for one or more accounts.

    Args:
        overrides: platform name to field to value. The fields title, description, hashtags
            and privacy replace the post's own; any other becomes an option.
    """

    id: uuid.UUID
    file: Path
    title: str = ""
    description: str = ""
    hashtags: tuple[str, ...] = ()
    privacy: Privacy = Privacy.PUBLIC
    thumbnail: Path | None = None
    overrides: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def content_for(self, platform: str) -> Content:
        """Return what this platform gets."""
        own = dict(self.overrides.get(platform, {}))
        hashtags = own.pop("hashtags", None)
        return Content(
            title=own.pop("title", self.title),
            description=own.pop("description", self.description),
            hashtags=self.hashtags if hashtags is None else split_hashtags(hashtags),
            privacy=Privacy(own.pop("privacy", self.privacy)),
            thumbnail=self.thumbnail,
            options=own,
        )


def split_hashtags(text: str) -> tuple[str, ...]:
    """Read "#one, two #three" as ("one", "two", "three"), each once, in order."""
    words = (word.lstrip("#") for word in text.replace(",", " ").split())
    return tuple(dict.fromkeys(word for word in words if word))
