"""What somebody wants published, before it is checked."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pellacia_service.domain.post import Privacy


@dataclass(frozen=True)
class Draft:
    """
    A post as it was asked for.

    Args:
        addresses: where it goes: `platform`, `platform:label`, or `all`.
        overrides: platform name to field to value, see `domain/post.py`.
        due_at: when it is published; None: now.
        timezone, wall_time, tzdata_version: how `due_at` was meant, see `domain/stored_post.py`.
    """

    file: Path
    addresses: tuple[str, ...]
    title: str = ""
    description: str = ""
    hashtags: tuple[str, ...] = ()
    privacy: Privacy = Privacy.PUBLIC
    thumbnail: Path | None = None
    overrides: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    due_at: dt.datetime | None = None
    timezone: str = ""
    wall_time: str = ""
    tzdata_version: str = ""
