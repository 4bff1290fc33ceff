"""What exists on the sandbox's YouTube: videos, the day's quota, and who may do what."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from starlette.requests import Request

from pellacia_service.sandbox.hosts import token_of
from pellacia_service.sandbox.world import (
    PostState,
    Processing,
    Refusal,
    SandboxAccount,
    SandboxPost,
    World,
)
from pellacia_service.sandbox.youtube_errors import (
    missing_parameter,
    not_signed_in,
    refusal,
    scope_missing,
    units_used_up,
    uploads_used_up,
)
from pellacia_service.sandbox.youtube_metadata import PRIVACIES, Metadata

PLATFORM = "youtube"
PROCESSING_SECONDS = 1.0

UPLOADS_PER_DAY = 100
UNITS_PER_DAY = 10_000
QUOTA_ZONE = ZoneInfo("America/Los_Angeles")
"""The day ends at midnight there (quota page, read 2026-11-22)."""

AUTH = "https://www.googleapis.com/auth/"
WRITE = frozenset({f"{AUTH}youtube", f"{AUTH}youtube.force-ssl", f"{AUTH}youtubepartner"})
UPLOAD = WRITE | {f"{AUTH}youtube.upload"}
READ = WRITE | {f"{AUTH}youtube.readonly"}


@dataclass
class Video:
    """One video of one channel."""

    post: SandboxPost
    metadata: Metadata
    processing: Processing
    etag: str
    has_thumbnail: bool = False


class YouTube:
    """Videos and quota. All applications share one project, hence one quota."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.videos: dict[str, Video] = {}
        self._spent: dict[tuple[str, dt.date], int] = {}
        world.on_reset(self._forget)

    def account(self, request: Request, scopes: frozenset[str]) -> SandboxAccount:
        """
        Return whose token this is.

        Raises:
            Refusal: 401, no living token; 403, none of `scopes` was granted.
        """
        token = self.world.token(token_of(request.scope), PLATFORM)
        if token is None:
            raise not_signed_in()
        if not token.scopes & scopes:
            raise scope_missing()
        return token.account

    def spend_upload(self) -> None:
        """Take one upload from the day's bucket, or refuse with 429."""
        self._spend("uploads", 1, UPLOADS_PER_DAY, uploads_used_up())

    def spend_units(self, units: int) -> None:
        """Take units from the day's quota, or refuse with 403."""
        self._spend("units", units, UNITS_PER_DAY, units_used_up())

    def _spend(self, bucket: str, cost: int, most: int, refused: Refusal) -> None:
        key = (bucket, self.world.clock.now().astimezone(QUOTA_ZONE).date())
        spent = self._spent.get(key, 0) + cost
        if spent > most:
            raise refused
        self._spent[key] = spent

    def create(
        self, account: SandboxAccount, metadata: Metadata, *, size: int, sha256: str, failure: str
    ) -> Video:
        """Make a video of bytes that have all arrived, and begin to process it."""
        world = self.world
        processing = world.begin_processing(PLATFORM, PROCESSING_SECONDS)
        processing.failure = failure or processing.failure
        video_id = world.word(11)
        post = SandboxPost(
            platform=PLATFORM,
            account=account,
            id=video_id,
            state="private",
            title=metadata.snippet.title,
            text=metadata.snippet.description,
            bytes=size,
            sha256=sha256,
            created_at=world.clock.now(),
            url=f"https://www.youtube.com/watch?v={video_id}",
            processing=processing,
        )
        video = Video(post, metadata, processing, etag=world.word(27))
        self.videos[video_id] = video
        world.posts.append(post)
        self.write(video, metadata)
        return video

    def write(self, video: Video, metadata: Metadata) -> None:
        """Give a video other words and settings."""
        video.metadata = metadata
        video.etag = self.world.word(27)
        video.post.title = metadata.snippet.title
        video.post.text = metadata.snippet.description
        video.post.publish_at = metadata.status.publish_at
        video.post.state = (
            "scheduled" if metadata.status.publish_at else PRIVACIES[metadata.status.privacy]
        )

    def delete(self, video: Video) -> None:
        """Remove a video for good."""
        del self.videos[video.post.id]
        self.world.posts.remove(video.post)

    def privacy(self, video: Video) -> PostState:
        """Return who may see a video now, leaving processing aside; "scheduled" before its hour."""
        due = video.metadata.status.publish_at
        if due is None:
            return PRIVACIES[video.metadata.status.privacy]
        return "public" if due <= self.world.clock.now() else "scheduled"

    def _forget(self) -> None:
        self.videos.clear()
        self._spent.clear()


def words(request: Request, name: str) -> list[str]:
    """Return a list parameter, sent with commas, repeated, or both."""
    values = ",".join(request.query_params.getlist(name)).split(",")
    return [value.strip() for value in values if value.strip()]


def parts(request: Request, known: Iterable[str]) -> list[str]:
    """
    Return the parameter `part`.

    Raises:
        Refusal: 400, it is missing or names an unknown part.
    """
    asked = words(request, "part")
    if not asked:
        raise missing_parameter("part")
    unknown = [part for part in asked if part not in known]
    if unknown:
        raise refusal(
            400,
            "unknownPart",
            f"'{unknown[0]}'",
            domain="youtube.part",
            location="part",
            location_type="parameter",
        )
    return asked
