"""
Facebook Pages: videos by the chunk on `/videos`, reels on `/video_reels`.

Both begin with `upload_phase=start` and end with `upload_phase=finish`. On `/videos` the server
says which bytes it wants next; a reel's bytes go to rupload.facebook.com.

Sources: Page videos and Page video_reels references, Video API "Publishing Reels", and how the
official SDK's VideoUploader speaks; read 2026-11-22.
"""

import datetime as dt
from collections.abc import Mapping
from functools import partial
from typing import cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pellacia_service.sandbox.faults import listing_lag
from pellacia_service.sandbox.graph import Edge, Graph, Handler, Node, graph_of, listing
from pellacia_service.sandbox.graph_call import Call, graph_error, missing_object
from pellacia_service.sandbox.graph_people import find_person, page_node
from pellacia_service.sandbox.page_videos import (
    MOST_CHARACTERS,
    PLATFORM,
    STATES,
    Aim,
    Finish,
    PageVideo,
    check_session,
    finish_video,
    session_gone,
    values_of_post,
    values_of_video,
)
from pellacia_service.sandbox.rupload import (
    HOST,
    Incoming,
    receive_rest,
    unknown_upload,
    upload_token,
)
from pellacia_service.sandbox.world import Refusal, SandboxAccount, SandboxPost, World

DAY_SECONDS = 86_400
MOST_REELS = 30
"""Per Page in a rolling 24 hours, on `/video_reels` only."""

LARGEST_FILE = 2 * 1024**3
SMALLEST_WINDOW = 1_048_583
LARGEST_WINDOW = 16_777_259
"""No round numbers: a client has to read what it is told."""

SOONEST = dt.timedelta(minutes=10)
LATEST_VIDEO = dt.timedelta(days=183)
LATEST_REEL = dt.timedelta(days=29)

PUBLISHING_SCOPE = "pages_manage_posts"
READING_SCOPE = "pages_read_engagement"
VIDEO_DEFAULT = ("updated_time", "description")


def routes(world: World) -> list[Route]:
    """Return the reels' uploads, and the Graph host, which Instagram returns as well."""
    graph = graph_of(world)
    facebook = Facebook(world, graph)
    path = f"/{HOST}/video-upload/{{version}}/{{video}}"
    return [*graph.routes(), Route(path, facebook.upload, methods=["POST"])]


class Facebook:
    """The videos on their way, and every call that Facebook answers."""

    def __init__(self, world: World, graph: Graph) -> None:
        self._world = world
        self._videos: dict[str, PageVideo] = {}
        world.on_reset(self._videos.clear)
        graph.add(self._find)
        self._page_edges = {
            ("POST", "videos"): Edge(self._videos_edge, PUBLISHING_SCOPE),
            ("GET", "videos"): Edge(partial(self._list, products=("video", "reel")), READING_SCOPE),
            ("POST", "video_reels"): Edge(self._reels_edge, PUBLISHING_SCOPE),
            ("GET", "video_reels"): Edge(partial(self._list, products=("reel",)), READING_SCOPE),
        }
        self._video_phases: Mapping[str, Handler] = {
            "start": self._start_video,
            "transfer": self._transfer,
            "finish": self._finish_video,
            "cancel": self._cancel,
        }
        self._reel_phases: Mapping[str, Handler] = {
            "start": self._start_reel,
            "finish": self._finish_reel,
        }

    async def upload(self, request: Request) -> Response:
        """Take the bytes of a reel in."""
        token = upload_token(self._world, request, PLATFORM)
        video = self._videos.get(request.path_params["video"])
        if video is None or video.account is not token.account or video.product != "reel":
            raise unknown_upload()
        if video.stage(self._world.clock.now()) == "expired":
            raise unknown_upload()
        await receive_rest(request, video.file, largest=LARGEST_FILE)
        return JSONResponse({"success": True})

    async def _videos_edge(self, call: Call) -> object:
        if call.token.kind != "page":
            raise graph_error("(#100) No permission to publish the video", 100)
        if call.text("file_url"):
            # A witness on loopback fetches nothing from elsewhere.
            raise graph_error("(#389) Unable to fetch video file from URL.", 389)
        return await _phase(call, self._video_phases)(call)

    async def _start_video(self, call: Call) -> object:
        size = call.whole("file_size")
        if not 0 < size <= LARGEST_FILE:
            raise graph_error("The video file has the wrong size", 6000, 1363023)
        video = self._new_video(call.account)
        video.session = self._world.number(16)
        video.file = Incoming(size)
        return {
            "upload_session_id": video.session,
            "video_id": video.id,
            **_window(video),
        }

    async def _transfer(self, call: Call) -> object:
        video = self._session(call)
        check_session(video, call.now)
        async with video.file.lock:
            await _take_window(call, video)
        return _window(video)

    async def _finish_video(self, call: Call) -> object:
        video = self._session(call)
        if video.finish is None:
            finish_video(self._world, video, _read_video_finish(call))
        return {"success": True}

    async def _cancel(self, call: Call) -> object:
        video = self._session(call)
        if video.finish is None:
            del self._videos[video.id]
        return {"success": True}

    def _session(self, call: Call) -> PageVideo:
        session = call.required("upload_session_id")
        for video in self._videos.values():
            if video.session == session and video.account is call.account:
                return video
        raise session_gone()

    async def _reels_edge(self, call: Call) -> object:
        if call.token.kind != "page":
            message = "(#210) A page access token is required to request this resource."
            raise graph_error(message, 210)
        return await _phase(call, self._reel_phases)(call)

    async def _start_reel(self, call: Call) -> object:
        if self._world.used(_reels_key(call.account), window=DAY_SECONDS) >= MOST_REELS:
            raise _too_many_reels()
        video = self._new_video(call.account)
        video.product = "reel"
        path = f"/video-upload/{call.version}/{video.id}"
        return {"video_id": video.id, "upload_url": self._world.address(HOST, path)}

    async def _finish_reel(self, call: Call) -> object:
        video = self._videos.get(call.required("video_id"))
        if video is None or video.account is not call.account or video.product != "reel":
            raise missing_object("post", call.text("video_id"))
        if video.finish is None:
            key = _reels_key(call.account)
            if self._world.used(key, window=DAY_SECONDS) >= MOST_REELS:
                raise _too_many_reels()
            finish_video(self._world, video, _read_reel_finish(call))
            self._world.count(key, window=DAY_SECONDS, most=MOST_REELS)
        # It only says that the word was heard; the post id comes with the status, later.
        return {"success": True}

    def _new_video(self, account: SandboxAccount) -> PageVideo:
        video = PageVideo(
            id=self._world.number(16),
            account=account,
            product="video",
            begun_at=self._world.clock.now(),
            post_id=self._world.number(15),
        )
        self._videos[video.id] = video
        return video

    async def _list(self, call: Call, products: tuple[str, ...]) -> object:
        since = call.moment("since") or dt.datetime.min.replace(tzinfo=dt.UTC)
        posts = self._world.listed(PLATFORM, call.account, lag=listing_lag(call.request))
        rows = [
            self._values(post)
            for post in posts
            if post.created_at >= since and post.extra.get("product", "reel") in products
        ]
        return listing(call, rows, default=VIDEO_DEFAULT, of="Video")

    def _values(self, post: SandboxPost) -> dict[str, object]:
        now = self._world.clock.now()
        video = self._videos.get(post.id)
        return values_of_video(video, now) if video else values_of_post(post, now)

    def _find(self, node_id: str) -> Node | None:
        self._settle()
        if node_id in self._videos:
            video = self._videos[node_id]
            return _video_node(video.account, values_of_video(video, self._world.clock.now()))
        for account in self._world.accounts:
            if account.platform != PLATFORM:
                continue
            if node_id == account.ids["page_id"]:
                return page_node(account, self._page_edges)
            if person := find_person(account, node_id):
                return person
        for post in self._world.posts:
            if post.platform == PLATFORM and post.id == node_id:
                return _video_node(post.account, self._values(post))
        return None

    def _settle(self) -> None:
        """Faults that change a processing strike with a call, so each call has the posts follow."""
        for video in self._videos.values():
            video.settle(self._world)


def _phase(call: Call, phases: Mapping[str, Handler]) -> Handler:
    phase = call.required("upload_phase").lower()
    if phase not in phases:
        raise graph_error(f"(#100) Param upload_phase must be one of {{{', '.join(phases)}}}", 100)
    return phases[phase]


def _window(video: PageVideo) -> dict[str, str]:
    """Return which bytes are wanted next; two equal offsets say that all are here."""
    total, start = video.file.announced, video.file.held
    length = min(max(SMALLEST_WINDOW, total // 64 + 7), LARGEST_WINDOW)
    return {"start_offset": str(start), "end_offset": str(min(start + length, total))}


async def _take_window(call: Call, video: PageVideo) -> None:
    window = _window(video)
    start, end = int(window["start_offset"]), int(window["end_offset"])
    if call.whole("start_offset") != start:
        raise graph_error(
            "There was a problem uploading your video file. Please try again.",
            6001,
            1363037,
            data=window,
        )
    piece = call.files.get("video_file_chunk")
    if piece is None:
        raise graph_error("(#100) The parameter video_file_chunk is required", 100)
    if piece.size != end - start:
        raise graph_error("The chunk does not have the size of its window", 6000, 1363045)
    await video.file.add(piece, end - start)


def _read_video_finish(call: Call) -> Finish:
    """Read `published`, `unpublished_content_type` and `scheduled_publish_time`."""
    aim: Aim = "PUBLISHED"
    if not call.flag("published", default=True):
        aim = _read_aim(call, "unpublished_content_type", default="DRAFT")
        if aim == "PUBLISHED":
            raise _not_one_of("unpublished_content_type")
    elif call.text("scheduled_publish_time"):
        message = "(#100) You cannot specify a scheduled publish time on a published post"
        raise graph_error(message, 100)
    return _read_finish(call, aim, latest=LATEST_VIDEO)


def _read_reel_finish(call: Call) -> Finish:
    call.required("video_state")
    return _read_finish(call, _read_aim(call, "video_state"), latest=LATEST_REEL)


def _read_finish(call: Call, aim: Aim, *, latest: dt.timedelta) -> Finish:
    description = call.text("description")
    if len(description) > MOST_CHARACTERS:
        message = f"(#100) Param description must be at most {MOST_CHARACTERS} characters"
        raise graph_error(message, 100)
    publish_at = None
    if aim == "SCHEDULED":
        call.required("scheduled_publish_time")
        publish_at = call.moment("scheduled_publish_time")
        if publish_at is None or not SOONEST <= publish_at - call.now <= latest:
            raise graph_error("(#100) The specified scheduled publish time is invalid.", 100)
    return Finish(aim, call.text("title"), description, publish_at)


def _read_aim(call: Call, name: str, default: str = "") -> Aim:
    value = call.text(name, default)
    if value not in STATES:
        raise _not_one_of(name)
    return cast(Aim, value)


def _not_one_of(name: str) -> Refusal:
    return graph_error(f"(#100) Param {name} must be one of {{{', '.join(STATES)}}}", 100)


def _too_many_reels() -> Refusal:
    # The cap is documented, its code is not: 4 is Graph's own word for too many requests.
    return graph_error(
        f"(#4) A Page can publish {MOST_REELS} reels through the API within 24 hours", 4
    )


def _reels_key(account: SandboxAccount) -> tuple[str, str]:
    return "facebook.reels", account.address


def _video_node(account: SandboxAccount, values: Mapping[str, object]) -> Node:
    edges = {("POST", "thumbnails"): Edge(_set_thumbnail, PUBLISHING_SCOPE)}
    return Node("Video", account, values, VIDEO_DEFAULT, edges)


async def _set_thumbnail(call: Call) -> object:
    if "source" not in call.files:
        raise graph_error("(#100) The parameter source is required", 100)
    return {"success": True}
