"""
TikTok's Content Posting API: creator info, direct posts and drafts, the bytes, the status.

Source: Content Posting API reference and media transfer guide, read 2026-11-22. The pages differ on
two points and the stricter reading is used here: an upload that was not finished within its hour
reads FAILED, "internal"; `Content-Range` of an answer counts its last byte in.
"""

import datetime as dt
import re
from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pellacia_service.sandbox.calls import Call, object_of
from pellacia_service.sandbox.tiktok_checks import (
    OPTIONS_OF_PRIVATE,
    OPTIONS_OF_PUBLIC,
    PUBLIC,
    Chunks,
    PostInfo,
    read_chunks,
    read_post_info,
)
from pellacia_service.sandbox.tiktok_display import Display
from pellacia_service.sandbox.tiktok_gate import DAY, PLATFORM, Endpoint, Gate
from pellacia_service.sandbox.uploads import InOrder
from pellacia_service.sandbox.world import Processing, Refusal, SandboxAccount, SandboxPost, World

UPLOAD_HOST = "open-upload.tiktokapis.com"
UPLOAD_LIFE = dt.timedelta(hours=1)
PROCESSING_SECONDS = 1.0
POSTS_PER_DAY = 15
"""The guide says "typically around 15", over all API clients together."""
PENDING_DRAFTS_PER_DAY = 5
LONGEST_DURATION = 600

VIDEO_TYPES = frozenset({"video/mp4", "video/quicktime", "video/webm"})
CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")

DIRECT, DRAFT = frozenset({"video.publish"}), frozenset({"video.upload"})
TOO_MANY_POSTS = (
    "spam_risk_too_many_posts",
    "The daily post cap from the API is reached for the current user.",
)
TOO_MANY_DRAFTS = (
    "spam_risk_too_many_pending_share",
    "There may be at most 5 pending shares within any 24-hour period.",
)


def routes(world: World) -> list[Route]:
    """Return TikTok's calls."""
    gate = Gate(world)
    posting, display = Posting(gate), Display(gate)
    world.on_reset(posting.forget)
    publish = "/v2/post/publish"
    table = [
        Endpoint("POST", f"{publish}/creator_info/query/", DIRECT, 20, posting.creator_info),
        Endpoint("POST", f"{publish}/video/init/", DIRECT, 6, posting.open_direct),
        Endpoint("POST", f"{publish}/inbox/video/init/", DRAFT, 6, posting.open_draft),
        Endpoint("POST", f"{publish}/status/fetch/", DIRECT | DRAFT, 30, posting.status),
        *display.endpoints(),
    ]
    upload = Route(f"/{UPLOAD_HOST}/video/", posting.put, methods=["PUT"])
    return [*(gate.route(endpoint) for endpoint in table), upload]


@dataclass
class Task:
    """
    One publish_id.

    Args:
        info: None for a draft, which its owner finishes in the app.
        processing: set by the last byte.
        post: what the last byte made; None until then, and where it is known to fail.
    """

    publish_id: str
    account: SandboxAccount
    info: PostInfo | None
    chunks: Chunks
    upload_token: str
    opened_at: dt.datetime
    video: InOrder = field(default_factory=InOrder)
    processing: Processing | None = None
    post: SandboxPost | None = None

    def is_dead(self, now: dt.datetime) -> bool:
        """True where its hour is over and bytes are missing."""
        return self.processing is None and now >= self.opened_at + UPLOAD_LIFE


class Posting:
    """The posting calls. Keeps the tasks."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._world = gate.world
        self._tasks: dict[str, Task] = {}
        self._uploads: dict[str, Task] = {}

    def forget(self) -> None:
        """Drop all tasks."""
        self._tasks.clear()
        self._uploads.clear()

    async def creator_info(self, call: Call) -> Response:
        """Say who posts and how. A full day is told with HTTP 200."""
        if self._is_day_full(call.account):
            raise self._gate.refusal(200, *TOO_MANY_POSTS)
        return self._gate.ok(
            {
                "creator_avatar_url": f"https://p16-sign.tiktokcdn.com/{call.account.label}.webp",
                "creator_username": call.account.ids["username"],
                "creator_nickname": call.account.name,
                "privacy_level_options": list(_privacy_options(call.account)),
                "comment_disabled": False,
                "duet_disabled": False,
                "stitch_disabled": False,
                "max_video_post_duration_sec": LONGEST_DURATION,
            }
        )

    async def open_direct(self, call: Call) -> Response:
        """Open an upload that is posted with its last byte."""
        body = await self._gate.body(call)
        try:
            info = read_post_info(body.get("post_info"))
        except ValueError as error:
            raise self._gate.invalid(str(error)) from error
        chunks = self._read_source(body)
        if info.privacy_level not in _privacy_options(call.account):
            message = "privacy_level must be one of the privacy_level_options of the creator."
            raise self._gate.refusal(403, "privacy_level_option_mismatch", message)
        if self._is_day_full(call.account):
            raise self._gate.refusal(403, *TOO_MANY_POSTS)
        return self._open(call.account, info, chunks, "v_pub_file~v2-1.")

    async def open_draft(self, call: Call) -> Response:
        """Open an upload that goes to the inbox of the creator."""
        chunks = self._read_source(await self._gate.body(call))
        if self._pending_drafts(call.account) >= PENDING_DRAFTS_PER_DAY:
            raise self._gate.refusal(403, *TOO_MANY_DRAFTS)
        return self._open(call.account, None, chunks, "v_inbox_file~v2.")

    async def put(self, request: Request) -> Response:
        """Take one piece. Answers in plain HTTP: 206, 201 after the last byte, or a refusal."""
        task = self._task_of_upload(request)
        first, last = _read_range(request, task)
        if first != task.video.size:
            raise _out_of_order(task)
        length = last - first + 1
        if last != task.chunks.end(first) or not _has_length(request, length):
            raise Refusal(400, "The piece is not the one announced at init")
        if not await task.video.take(request, length=length):
            raise _out_of_order(task) if task.video.size != first else Refusal(400, "Broken piece")
        is_whole = task.video.size == task.chunks.size
        if is_whole:
            self._finish(task)
        return Response(status_code=201 if is_whole else 206, headers=_kept(task))

    async def status(self, call: Call) -> Response:
        """Say how far a task is."""
        body = await self._gate.body(call)
        task = self._tasks.get(str(body.get("publish_id", "")))
        if task is None:
            message = "The publish_id does not exist."
            raise self._gate.refusal(400, "invalid_publish_id", message)
        if task.account is not call.account:
            code = "token_not_authorized_for_specified_publish_id"
            raise self._gate.refusal(400, code, "The publish_id belongs to another user.")
        status, reason = self._progress(task)
        is_seen = status == "PUBLISH_COMPLETE" and task.post and task.post.state == "public"
        return self._gate.ok(
            {
                "status": status,
                "fail_reason": reason,
                # Misspelt like this by TikTok. A list of int64, though video ids are texts elsewhere.
                "publicaly_available_post_id": [int(task.post.id)] if is_seen and task.post else [],
                "uploaded_bytes": task.video.size,
                "downloaded_bytes": 0,
            }
        )

    def _read_source(self, body: dict[str, object]) -> Chunks:
        source = object_of(body.get("source_info"))
        if source.get("source") == "PULL_FROM_URL":
            message = "Please review our URL ownership verification rules."
            raise self._gate.refusal(403, "url_ownership_unverified", message)
        if source.get("source") != "FILE_UPLOAD":
            raise self._gate.invalid("The source is missing or invalid")
        try:
            return read_chunks(source)
        except ValueError as error:
            raise self._gate.invalid(str(error)) from error

    def _open(
        self, account: SandboxAccount, info: PostInfo | None, chunks: Chunks, prefix: str
    ) -> Response:
        world, upload_id = self._world, self._world.number(19)
        task = Task(
            publish_id=f"{prefix}{world.number(19)}",
            account=account,
            info=info,
            chunks=chunks,
            upload_token=world.word(36),
            opened_at=world.clock.now(),
        )
        self._tasks[task.publish_id] = self._uploads[upload_id] = task
        query = urlencode({"upload_id": upload_id, "upload_token": task.upload_token})
        url = world.address(UPLOAD_HOST, f"/video/?{query}")
        return self._gate.ok({"publish_id": task.publish_id, "upload_url": url})

    def _task_of_upload(self, request: Request) -> Task:
        task = self._uploads.get(request.query_params.get("upload_id", ""))
        if task is None:
            raise Refusal(404, "No such upload")
        if request.query_params.get("upload_token") != task.upload_token:
            raise Refusal(403, "The upload token is wrong")
        if task.is_dead(self._world.clock.now()):
            raise Refusal(403, "The upload url has expired")
        return task

    def _finish(self, task: Task) -> None:
        video = task.video.close()
        task.processing = self._world.begin_processing(PLATFORM, PROCESSING_SECONDS)
        if not video.is_mp4:
            task.processing.failure = task.processing.failure or "file_format_check_failed"
        if task.processing.failure:
            return
        post_id = f"7{self._world.number(18)}"
        is_public = task.info is not None and task.info.privacy_level == PUBLIC
        task.post = SandboxPost(
            platform=PLATFORM,
            account=task.account,
            id=post_id,
            state="draft" if task.info is None else "public" if is_public else "private",
            title="",
            text=task.info.title if task.info else "",
            bytes=video.bytes,
            sha256=video.sha256,
            created_at=self._world.clock.now(),
            url=f"https://www.tiktok.com/@{task.account.ids['username']}/video/{post_id}",
            media_key=task.publish_id,
            processing=task.processing,
        )
        self._world.posts.append(task.post)
        if task.info is not None:
            self._world.count(_posts_of(task.account), window=DAY, most=POSTS_PER_DAY)

    def _progress(self, task: Task) -> tuple[str, str]:
        """Return status and fail_reason."""
        now = self._world.clock.now()
        if task.is_dead(now):
            return "FAILED", "internal"
        if task.processing is None or task.processing.until > now:
            return "PROCESSING_UPLOAD", ""
        if task.processing.failure:
            return "FAILED", task.processing.failure
        return ("PUBLISH_COMPLETE" if task.info else "SEND_TO_USER_INBOX"), ""

    def _is_day_full(self, account: SandboxAccount) -> bool:
        return self._world.used(_posts_of(account), window=DAY) >= POSTS_PER_DAY

    def _pending_drafts(self, account: SandboxAccount) -> int:
        now = self._world.clock.now()
        since = now - dt.timedelta(seconds=DAY)
        return sum(
            task.account is account
            and task.info is None
            and task.opened_at > since
            and not task.is_dead(now)
            for task in self._tasks.values()
        )


def _posts_of(account: SandboxAccount) -> tuple[str, str]:
    return ("tiktok posts", account.address)


def _privacy_options(account: SandboxAccount) -> tuple[str, ...]:
    is_private = account.ids.get("private") == "true"
    return OPTIONS_OF_PRIVATE if is_private else OPTIONS_OF_PUBLIC


def _read_range(request: Request, task: Task) -> tuple[int, int]:
    """Return first and last byte of a piece whose headers are in order."""
    kind = request.headers.get("content-type", "").partition(";")[0]
    found = CONTENT_RANGE.fullmatch(request.headers.get("content-range", ""))
    if kind not in VIDEO_TYPES or found is None:
        raise Refusal(400, "Content-Type or Content-Range is missing or malformed")
    first, last, size = (int(number) for number in found.groups())
    if size != task.chunks.size or last < first:
        raise Refusal(400, "Content-Range disagrees with the size announced at init")
    return first, last


def _has_length(request: Request, length: int) -> bool:
    return request.headers.get("content-length") == str(length)


def _kept(task: Task) -> dict[str, str]:
    """The header that says which bytes are here."""
    kept = f"0-{task.video.size - 1}" if task.video.size else "*"
    return {"Content-Range": f"bytes {kept}/{task.chunks.size}"}


def _out_of_order(task: Task) -> Refusal:
    return Refusal(416, "", _kept(task))
