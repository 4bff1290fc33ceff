"""From a command's options and a metadata file to a draft."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pellacia_service.facade import (
    ALL,
    BadInputError,
    Draft,
    Privacy,
    platform_name,
    split_hashtags,
)

FIELDS = ("title", "description", "hashtags", "privacy", "thumbnail", "platforms")
"""What a metadata file may say for all platforms; the first four also for one."""

LARGEST_METADATA = 4 * 1024 * 1024
"""Bytes. No text is that long; somebody named the video."""


@dataclass(frozen=True)
class Words:
    """
    What was typed behind a command that writes a post. None: not said.

    Args:
        settings: `platform.key=value`, each for one platform only.
    """

    file: Path
    platforms: tuple[str, ...] = ()
    title: str | None = None
    description: str | None = None
    hashtags: str | None = None
    metadata: Path | None = None
    thumbnail: Path | None = None
    privacy: Privacy | None = None
    settings: tuple[str, ...] = ()


def read_draft(words: Words) -> Draft:
    """
    Put together what was typed and what stands in the metadata file; what was typed wins.

    Raises:
        BadInputError: names the option, or the field of the file, and what helps.
    """
    draft = Draft(file=words.file, addresses=words.platforms)
    if words.metadata is not None:
        draft = _with_metadata(draft, words.metadata)
    return replace(
        draft,
        title=draft.title if words.title is None else words.title,
        description=draft.description if words.description is None else words.description,
        hashtags=draft.hashtags if words.hashtags is None else split_hashtags(words.hashtags),
        privacy=words.privacy or draft.privacy,
        thumbnail=words.thumbnail or draft.thumbnail,
        overrides=_with_settings(draft, words.settings),
    )


def split_platforms(*texts: str) -> tuple[str, ...]:
    """Read "youtube, x:nina" as its words."""
    return tuple(word.strip() for word in ",".join(texts).split(",") if word.strip())


def _with_metadata(draft: Draft, path: Path) -> Draft:
    """Read a metadata file: the post's fields, and an object for each platform with its own."""
    fields = _read_object(path)
    shared = {name: _as_text(fields.get(name), f"{name!r} in {path}") for name in FIELDS}
    overrides = {
        platform_name(key): _own_fields(own, f"{key!r} in {path}")
        for key, own in fields.items()
        if isinstance(own, dict)
    }
    return replace(
        draft,
        title=shared["title"],
        description=shared["description"],
        hashtags=split_hashtags(shared["hashtags"]),
        privacy=read_privacy(shared["privacy"]) if shared["privacy"] else draft.privacy,
        thumbnail=path.parent / shared["thumbnail"] if shared["thumbnail"] else None,
        addresses=draft.addresses or split_platforms(shared["platforms"].replace(" ", ",")),
        overrides=overrides,
    )


def _read_object(path: Path) -> dict[str, object]:
    try:
        # A pipe would keep us waiting, and a device could be endless.
        if not path.is_file():
            what = "is a folder, a pipe or a device" if path.exists() else "does not exist"
            raise BadInputError(f"The metadata file {path} {what}. Name a JSON file.")
        if path.stat().st_size > LARGEST_METADATA:
            raise BadInputError(f"The metadata file {path} is too large to be JSON with texts.")
        fields = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadInputError(
            f"The metadata file {path} cannot be read: {error.strerror}."
        ) from error
    except (ValueError, RecursionError) as error:
        raise BadInputError(f"The metadata file {path} is not JSON in UTF-8: {error}.") from error
    if not isinstance(fields, dict):
        raise BadInputError(f"The metadata file {path} must hold one JSON object: {{…}}.")
    return fields


def _own_fields(own: Mapping[str, object], where: str) -> dict[str, str]:
    """Read what one platform gets instead; null means the same as leaving it out."""
    fields = {
        key: _as_text(value, f"{key!r} of {where}")
        for key, value in own.items()
        if value is not None
    }
    for key, value in fields.items():
        _check(key, value, where)
    return fields


def _as_text(value: object, where: str) -> str:
    """Read a JSON value as an option's text: lists with blanks between, true and false in lower case."""
    if value is None:
        return ""
    if isinstance(value, dict):
        raise BadInputError(f"{where} must be text, not an object.")
    if isinstance(value, list):
        return " ".join(_as_text(one, where) for one in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def read_privacy(word: str) -> Privacy:
    """
    Read a word for who may see a post.

    Raises:
        BadInputError: lists the three.
    """
    try:
        return Privacy(word.strip().lower())
    except ValueError as error:
        words = ", ".join(Privacy)
        raise BadInputError(
            f"There is no privacy called {word!r}. Choose from: {words}."
        ) from error


def _with_settings(draft: Draft, settings: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Read `platform.key=value` words on top of the metadata file's own."""
    overrides = {platform: dict(fields) for platform, fields in draft.overrides.items()}
    for word in settings:
        name, equals, value = word.partition("=")
        platform, dot, key = name.partition(".")
        if not equals or not dot or not key.strip():
            raise BadInputError(
                f"--set takes PLATFORM.KEY=VALUE, such as x.title=Hello, not {word!r}."
            )
        platform, key = platform_name(platform), key.strip()
        if not _goes_to(draft.addresses, platform):
            raise BadInputError(f"--set {word} is for {platform}, where this post does not go.")
        _check(key, value, f"--set {word}")
        overrides.setdefault(platform, {})[key] = value
    return overrides


def _goes_to(addresses: tuple[str, ...], platform: str) -> bool:
    words = [word.partition(":")[0].lower() for word in addresses]
    return ALL in words or platform in (platform_name(word) for word in words)


def _check(key: str, value: str, where: str) -> None:
    """Refuse what no platform's own rules would find: the texts they look at themselves."""
    if key == "privacy":
        read_privacy(value)
    if key in FIELDS:
        return
    for character in key + value:
        if character == "\0" or "\ud800" <= character <= "\udfff":
            raise BadInputError(
                f"{where} holds U+{ord(character):04X}, which is no text. Take it out."
            )
