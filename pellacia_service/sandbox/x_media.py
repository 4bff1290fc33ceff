"""
X's media: initialize, append, finalize, status, metadata.

Source: OpenAPI document 2.167 and media best practices page, read 2026-11-22. A finalize without a
body is taken as well as one with `{}`: X's own SDK sends none, and a report of July 2026 says that
the service began to want the object. Answers to a finalize that is repeated are not documented;
here it is answered like the first.
"""

import base64
import binascii
import datetime as dt
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from pellacia_service.sandbox.calls import Call, json_object, object_of, whole_number
from pellacia_service.sandbox.uploads import NO_VIDEO, InAnyOrder, Video
from pellacia_service.sandbox.world import Processing, Refusal, SandboxAccount
from pellacia_service.sandbox.x_gate import ID, PLATFORM, Endpoint, Gate, body_of, data, invalid

WRITE = frozenset({"media.write"})
LIFE = dt.timedelta(days=15)
LIFE_ONCE_FINAL = dt.timedelta(hours=24)
PROCESSING_SECONDS = 1.0
LARGEST_TOTAL = 17_179_869_184
LARGEST_VIDEO = 512 << 20
LARGEST_APPEND = (4 << 20) + (64 << 10)
"""Bytes of a whole request: a piece of 4 MiB and what multipart puts around it. No page says so."""
LAST_SEGMENT = 999
LONGEST_ALT_TEXT = 1000
BLOCK = 1 << 20

INITIALIZE_KEYS = frozenset(
    {"media_type", "media_category", "total_bytes", "shared", "additional_owners"}
)
MEDIA_TYPES = frozenset(
    {
        *(f"video/{name}" for name in ("mp4", "webm", "mp2t", "quicktime")),
        *(f"text/{name}" for name in ("srt", "vtt")),
        *(f"image/{name}" for name in ("jpeg", "gif", "bmp", "png", "webp", "pjpeg", "tiff")),
    }
)
KEY_PREFIX = {
    "amplify_video": 13,
    "dm_gif": 16,
    "dm_image": 3,
    "dm_video": 7,
    "subtitles": 10,
    "tweet_gif": 16,
    "tweet_image": 3,
    "tweet_video": 7,
}
"""The media categories, and what their media keys begin with."""

INVALID_MEDIA = "InvalidMedia"


@dataclass
class Media:
    """
    One media id.

    Args:
        total: bytes announced; None where they were not.
        processing: set by finalize. video: what the segments made, from then on.
    """

    id: str
    key: str
    account: SandboxAccount
    media_type: str
    total: int | None
    expires_at: dt.datetime
    segments: InAnyOrder = field(default_factory=InAnyOrder)
    processing: Processing | None = None
    video: Video = NO_VIDEO
    metadata: dict[str, object] = field(default_factory=dict)

    def is_ready(self, now: dt.datetime) -> bool:
        """True where a post may carry it."""
        done = self.processing is not None and self.processing.until <= now
        return done and not (self.processing and self.processing.failure) and self.expires_at > now


@dataclass(frozen=True)
class Segment:
    """One piece of a medium, all of which has arrived."""

    index: int
    length: int
    blocks: AsyncIterator[bytes]


class MediaLibrary:
    """The calls on media. Keeps them."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._world = gate.world
        self._media: dict[str, Media] = {}
        self._world.on_reset(self.forget)

    def forget(self) -> None:
        """Drop all media."""
        for media in self._media.values():
            media.segments.forget()
        self._media.clear()

    def endpoints(self) -> list[Endpoint]:
        """Return the calls."""
        upload = "/2/media/upload"
        return [
            Endpoint("POST", f"{upload}/initialize", WRITE, 1875, self.initialize),
            Endpoint("POST", f"{upload}/{{id}}/append", WRITE, 1875, self.append),
            Endpoint("POST", f"{upload}/{{id}}/finalize", WRITE, 1875, self.finalize),
            Endpoint("GET", upload, WRITE, 1000, self.status),
            Endpoint("POST", "/2/media/metadata", WRITE, 500, self.describe),
        ]

    def ready(self, media_id: object, account: SandboxAccount) -> Media | None:
        """Return a medium that this account may post now."""
        media = self._media.get(str(media_id))
        if media is None or media.account is not account:
            return None
        return media if media.is_ready(self._world.clock.now()) else None

    async def initialize(self, call: Call) -> Response:
        """Open an upload."""
        body = await body_of(call, INITIALIZE_KEYS)
        kind, category = body.get("media_type", "video/mp4"), body.get("media_category")
        if not isinstance(kind, str) or kind not in MEDIA_TYPES:
            raise invalid(f"media_type must be one of {sorted(MEDIA_TYPES)}", "media_type", kind)
        if category is not None and (not isinstance(category, str) or category not in KEY_PREFIX):
            message = f"media_category must be one of {sorted(KEY_PREFIX)}"
            raise invalid(message, "media_category", category)
        media_id = self._gate.new_id()
        media = Media(
            id=media_id,
            key=f"{KEY_PREFIX[str(category or 'tweet_video')]}_{media_id}",
            account=call.account,
            media_type=kind,
            total=_read_total(body, str(category)),
            expires_at=self._world.clock.now() + LIFE,
        )
        self._media[media_id] = media
        return data(self._show(media))

    async def append(self, call: Call) -> Response:
        """Take one segment, as multipart or as JSON with base64. Sent again, it replaces."""
        if int(call.header("content-length") or 0) > LARGEST_APPEND:
            # The edge refuses, with nothing to read.
            raise Refusal(413, "")
        media = self._find(call, call.path("id"))
        if media.processing is not None:
            raise invalid("The media upload is already finalized", "id", media.id)
        try:
            segment = await _read_segment(call.request)
            await media.segments.take(segment.index, segment.blocks, length=segment.length)
        except ClientDisconnect as error:
            raise invalid("The segment broke off", "id", media.id) from error
        finally:
            await call.request.close()
        return data({"expires_at": int(media.expires_at.timestamp())})

    async def finalize(self, call: Call) -> Response:
        """Close an upload and begin to process it."""
        await body_of(call, ())
        media = self._find(call, call.path("id"))
        if media.processing is None:
            indexes = media.segments.indexes
            if not indexes or indexes != list(range(len(indexes))):
                raise invalid("Segments are missing", "id", media.id)
            if media.total is not None and media.segments.size != media.total:
                raise invalid("The size is not the total_bytes of initialize", "id", media.id)
            self._begin(media)
        return data(self._show(media, busy="pending"))

    async def status(self, call: Call) -> Response:
        """Say how far the processing is."""
        if call.query("command", "STATUS") != "STATUS":
            raise invalid("command must be STATUS", "command", call.query("command"))
        media = self._find(call, call.query("media_id"))
        if media.processing is None:
            raise invalid("The media upload is not finalized", "media_id", media.id)
        return data(self._show(media))

    async def describe(self, call: Call) -> Response:
        """Set the alternative text."""
        body = await body_of(call, ("id", "metadata"))
        media = self._find(call, str(body.get("id", "")))
        metadata = object_of(body.get("metadata"))
        text = object_of(metadata.get("alt_text")).get("text", "")
        if not isinstance(text, str) or len(text) > LONGEST_ALT_TEXT:
            message = f"alt_text must have at most {LONGEST_ALT_TEXT} characters"
            raise invalid(message, "alt_text")
        media.metadata = metadata
        return data({"id": media.id, "associated_metadata": metadata})

    def _find(self, call: Call, media_id: str) -> Media:
        media = self._media.get(media_id) if ID.fullmatch(media_id) else None
        is_theirs = media is not None and media.account is call.account
        if media is None or not is_theirs or media.expires_at <= self._world.clock.now():
            raise invalid("BadRequest: Not found", "id", media_id)
        return media

    def _begin(self, media: Media) -> None:
        media.video = media.segments.close()
        media.expires_at = self._world.clock.now() + LIFE_ONCE_FINAL
        is_video = media.media_type.startswith("video/")
        seconds = PROCESSING_SECONDS if is_video else 0.0
        media.processing = self._world.begin_processing(PLATFORM, seconds)
        if is_video and not media.video.is_mp4:
            media.processing.failure = media.processing.failure or INVALID_MEDIA

    def _show(self, media: Media, *, busy: str = "in_progress") -> dict[str, object]:
        now = self._world.clock.now()
        left = math.floor((media.expires_at - now).total_seconds())
        shown: dict[str, object] = {
            "id": media.id,
            "media_key": media.key,
            "expires_after_secs": left,
        }
        if media.processing is None:
            return shown
        shown["size"] = media.video.bytes
        if media.media_type.startswith("video/"):
            shown["video"] = {"video_type": media.media_type}
            shown["processing_info"] = _progress(media.processing, now, busy)
        return shown


def _progress(processing: Processing, now: dt.datetime, busy: str) -> dict[str, object]:
    left = (processing.until - now).total_seconds()
    if left > 0:
        progress = {"progress_percent": 50} if busy == "in_progress" else {}
        return {"state": busy, "check_after_secs": math.ceil(left), **progress}
    if not processing.failure:
        return {"state": "succeeded", "progress_percent": 100}
    # The specification does not list `error`; the service sends it.
    error = {"code": 1, "name": processing.failure, "message": "file is invalid"}
    return {"state": "failed", "progress_percent": 100, "error": error}


def _read_total(body: dict[str, object], category: str) -> int | None:
    if "total_bytes" not in body:
        return None
    total = whole_number(body["total_bytes"])
    largest = LARGEST_VIDEO if category == "tweet_video" else LARGEST_TOTAL
    if total is None or not 0 <= total <= largest:
        message = f"total_bytes must lie between 0 and {largest}"
        raise invalid(message, "total_bytes", body["total_bytes"])
    return total


async def _read_segment(request: Request) -> Segment:
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        form = await request.form()
        media = form.get("media")
        if not isinstance(media, UploadFile):
            raise invalid("media must be a file part")
        return Segment(_read_index(form.get("segment_index")), media.size or 0, _blocks(media))
    body = await json_object(request) or {}
    try:
        media_bytes = base64.b64decode(str(body.get("media", "")), validate=True)
    except binascii.Error as error:
        raise invalid("media is not base64") from error
    index = _read_index(body.get("segment_index"))
    return Segment(index, len(media_bytes), _one_block(media_bytes))


def _read_index(value: object) -> int:
    text = str(value)
    if not text.isdecimal() or not 0 <= int(text) <= LAST_SEGMENT:
        raise invalid(
            f"segment_index must lie between 0 and {LAST_SEGMENT}", "segment_index", value
        )
    return int(text)


async def _blocks(file: UploadFile) -> AsyncIterator[bytes]:
    while block := await file.read(BLOCK):
        yield block


async def _one_block(block: bytes) -> AsyncIterator[bytes]:
    yield block
