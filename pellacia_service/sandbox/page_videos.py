"""
A video of a Facebook Page: how far it is, what its status object says, and how it turns public.

The video has its id from the start of the upload. A finished one is processed, then published, and
only then has a post id. One that is not finished is no post.

    uploading -> upload_complete -> (finish) processing -> ready: published | scheduled | draft
                                             └-> error

Sources: Video API "Publishing Reels", Page videos and Video references; read 2026-11-22.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pellacia_service.sandbox.graph_call import graph_error, timestamp
from pellacia_service.sandbox.rupload import Incoming
from pellacia_service.sandbox.world import Processing, Refusal, SandboxAccount, SandboxPost, World

PLATFORM = "facebook"
SESSION_LIFE = dt.timedelta(hours=24)
"""How long an upload may take is not documented; a day is what Instagram's containers have."""

PROCESSING_SECONDS = 0.5
PUBLISHING_TIME = dt.timedelta(seconds=0.5)
WRONG_FORMAT = "1363024"
UPLOAD_TROUBLE = "1363019"
MOST_CHARACTERS = 63_206

Aim = Literal["PUBLISHED", "SCHEDULED", "DRAFT"]
STATES: Mapping[Aim, Literal["public", "scheduled", "draft"]] = {
    "PUBLISHED": "public",
    "SCHEDULED": "scheduled",
    "DRAFT": "draft",
}

PHASES: Mapping[str, tuple[str, str, str]] = {
    "uploading": ("in_progress", "not_started", "not_started"),
    "expired": ("error", "not_started", "not_started"),
    "upload_complete": ("complete", "not_started", "not_started"),
    "processing": ("complete", "in_progress", "not_started"),
    "publishing": ("complete", "complete", "in_progress"),
    "ready": ("complete", "complete", "complete"),
    "error": ("complete", "error", "not_started"),
}
"""Stage to the phases of uploading, processing and publishing."""


@dataclass(frozen=True)
class Finish:
    """What the finish phase was told: the words, and whether the video is to be seen, and when."""

    aim: Aim
    title: str = ""
    description: str = ""
    publish_at: dt.datetime | None = None


@dataclass
class PageVideo:
    """
    A video from the first call on.

    Args:
        product: "video" or "reel", by the edge that it came in at.
        session: id of a chunked upload; "" for a reel.
        post: what people see of it; None before `finish` and where processing fails.
    """

    id: str
    account: SandboxAccount
    product: Literal["video", "reel"]
    begun_at: dt.datetime
    post_id: str
    session: str = ""
    file: Incoming = field(default_factory=Incoming)
    finish: Finish | None = None
    processing: Processing | None = None
    post: SandboxPost | None = None

    def stage(self, now: dt.datetime) -> str:
        """Return a key of `PHASES`."""
        if self.processing is None:
            if now - self.begun_at >= SESSION_LIFE:
                return "expired"
            return "upload_complete" if self.file.is_whole else "uploading"
        if now < self.processing.until:
            return "processing"
        if self.processing.failure:
            return "error"
        return "publishing" if now < self.processing.until + PUBLISHING_TIME else "ready"

    @property
    def error_code(self) -> str:
        """The code of a processing that failed."""
        code = self.processing.failure if self.processing else ""
        return code if code.isdigit() else UPLOAD_TROUBLE

    def settle(self, world: World) -> None:
        """Bring the post in step with the processing, which a fault may prolong or make fail."""
        if self.post is None or self.processing is None:
            return
        if self.processing.failure:
            world.posts.remove(self.post)
            self.post = None
            return
        self.post.processing_until = self.processing.until + PUBLISHING_TIME
        if self.post.state == "public":
            self.post.created_at = self.post.processing_until


def finish_video(world: World, video: PageVideo, finish: Finish) -> None:
    """
    Close an upload and send the video on its way. A second call changes nothing.

    Raises:
        Refusal: 6000 without a byte, 1363045 where bytes are missing, 1363041 after a day.
    """
    if video.finish is not None:
        return
    check_session(video, world.clock.now())
    if not video.file.held:
        raise graph_error("There was a problem uploading your video file", 6000)
    if not video.file.is_whole:
        raise graph_error("The uploaded bytes do not match the file size", 6000, 1363045)
    video.finish = finish
    video.processing = world.begin_processing(PLATFORM, PROCESSING_SECONDS)
    if not video.file.is_video:
        video.processing.failure = WRONG_FORMAT
    video.post = _post(video, finish, world.clock.now())
    world.posts.append(video.post)
    video.settle(world)


def check_session(video: PageVideo, now: dt.datetime) -> None:
    """Refuse an upload that was begun too long ago (1363041)."""
    if video.stage(now) == "expired":
        raise session_gone()


def session_gone() -> Refusal:
    """Refuse an upload session that is over or never was."""
    return graph_error("The video upload session has expired or does not exist", 6000, 1363041)


def values_of_video(video: PageVideo, now: dt.datetime) -> dict[str, object]:
    """Return all fields of a video that its upload left behind."""
    finish = video.finish or Finish("DRAFT")
    is_settled = video.stage(now) == "ready"
    scheduled = finish.publish_at if finish.aim == "SCHEDULED" else None
    is_public = is_settled and (
        finish.aim == "PUBLISHED" or (scheduled is not None and scheduled <= now)
    )
    return {
        "id": video.id,
        "title": finish.title or None,
        "description": finish.description or None,
        "created_time": timestamp(video.begun_at),
        "updated_time": timestamp(video.post.created_at if video.post else video.begun_at),
        "published": is_public,
        "scheduled_publish_time": timestamp(scheduled) if scheduled else None,
        "permalink_url": permalink(video.id),
        "post_id": video.post_id if is_settled else None,
        "length": None,
        "status": _status(video, now),
    }


def values_of_post(post: SandboxPost, now: dt.datetime) -> dict[str, object]:
    """Return the fields of a video that has been there all along, public since it was made."""
    phase = {"status": "complete"}
    published = {"publish_status": "published", "publish_time": timestamp(post.created_at)}
    return {
        "id": post.id,
        "title": post.title or None,
        "description": post.text or None,
        "created_time": timestamp(post.created_at),
        "updated_time": timestamp(post.created_at),
        "published": True,
        "scheduled_publish_time": None,
        "permalink_url": permalink(post.id),
        "post_id": post.media_key or None,
        "length": None,
        "status": {
            "video_status": "ready",
            "processing_progress": 100,
            "uploading_phase": {
                **phase,
                "bytes_transferred": post.bytes,
                "source_file_size": post.bytes,
            },
            "processing_phase": phase,
            "publishing_phase": {**phase, **published},
            "copyright_check_status": {**phase, "matches_found": False},
        },
    }


def permalink(video_id: str) -> str:
    """Return the address as this API gives it: without the host, also for what is no reel."""
    return f"/reel/{video_id}/"


def _post(video: PageVideo, finish: Finish, now: dt.datetime) -> SandboxPost:
    return SandboxPost(
        platform=PLATFORM,
        account=video.account,
        id=video.id,
        state=STATES[finish.aim],
        title=finish.title,
        text=finish.description,
        bytes=video.file.held,
        sha256=video.file.sha256,
        created_at=now,
        url=f"https://www.facebook.com{permalink(video.id)}",
        media_key=video.post_id,
        publish_at=finish.publish_at,
        extra={"product": video.product},
    )


def _status(video: PageVideo, now: dt.datetime) -> dict[str, object]:
    stage = video.stage(now)
    uploading, processing, publishing = PHASES[stage]
    # A video that is ready is not thereby published: the publishing phase tells.
    is_processed = processing == "complete"
    uploading_phase: dict[str, object] = {
        "status": uploading,
        "bytes_transferred": video.file.held,
    }
    if video.file.announced:
        uploading_phase["source_file_size"] = video.file.announced
    return {
        "video_status": "ready" if stage == "publishing" else stage,
        "processing_progress": 100 if is_processed else 0,
        "uploading_phase": uploading_phase,
        "processing_phase": {"status": processing, **_errors(video, stage)},
        "publishing_phase": {"status": publishing, **_publication(video, stage, now)},
        "copyright_check_status": {
            "status": "complete" if is_processed else "in_progress",
            "matches_found": False,
        },
    }


def _errors(video: PageVideo, stage: str) -> dict[str, object]:
    if stage != "error":
        return {}
    message = f"The video could not be processed ({video.error_code})"
    return {"errors": [{"code": int(video.error_code), "message": message}]}


def _publication(video: PageVideo, stage: str, now: dt.datetime) -> dict[str, object]:
    if stage != "ready" or video.finish is None or video.post is None:
        return {}
    if video.finish.aim == "DRAFT":
        return {"publish_status": "draft"}
    at = video.finish.publish_at or video.post.created_at
    status = "scheduled" if at > now else "published"
    return {"publish_status": status, "publish_time": timestamp(at)}
