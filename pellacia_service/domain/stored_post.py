"""A post as the database keeps it."""

import datetime as dt
import uuid
from dataclasses import dataclass

from pellacia_service.domain.delivery import Status
from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Post


@dataclass(frozen=True)
class StoredPost:
    """
    A post with everything that is known about it beside its words.

    Args:
        scheduled_at: when it is meant to be public; None: at once.
        timezone: the IANA zone that the person was thinking in.
        media: the file as it was probed when the post was queued; None before that.
        sha256: of the file, lower-case hex; empty until the whole file has been read.
        wall_time: the date and time as the person wrote it, read in `timezone`; empty: at once.
        tzdata_version: the zone rules by which `scheduled_at` was computed.
        status: the word that sums up its deliveries.
        error_message: what went wrong, one sentence for each account that failed.
    """

    post: Post
    created_at: dt.datetime
    scheduled_at: dt.datetime | None
    timezone: str
    media: Media | None
    sha256: str
    wall_time: str = ""
    tzdata_version: str = ""
    status: Status = Status.PENDING
    error_message: str = ""
    updated_at: dt.datetime | None = None

    @property
    def id(self) -> uuid.UUID:
        """The post's id."""
        return self.post.id
