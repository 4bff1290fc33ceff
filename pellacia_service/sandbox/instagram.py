"""
Instagram: a container, its bytes, processing, and `media_publish`, which alone makes a reel public.

Sources: Instagram content publishing guide, "Resumable uploads", IG Container, IG User media and
content_publishing_limit references, Instagram error codes; read 2026-11-22.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pellacia_service.sandbox.faults import listing_lag
from pellacia_service.sandbox.graph import Edge, Graph, Node, graph_of, listing
from pellacia_service.sandbox.graph_call import Call, graph_error, timestamp
from pellacia_service.sandbox.graph_people import find_person, page_node
from pellacia_service.sandbox.rupload import (
    HOST,
    Incoming,
    receive_rest,
    unknown_upload,
    upload_token,
)
from pellacia_service.sandbox.world import Processing, Refusal, SandboxAccount, SandboxPost, World

PLATFORM = "instagram"
DAY = dt.timedelta(days=1)
DAY_SECONDS = int(DAY.total_seconds())
CLOCK_SLACK = dt.timedelta(minutes=1)
"""A client that asks for the last 24 hours by its own clock is not turned down for a second."""

MOST_CONTAINERS = 400
MOST_POSTS = 100
"""Each in a rolling 24 hours."""

MOST_CHARACTERS = 2200
MOST_HASHTAGS = 30
MOST_MENTIONS = 20
HASHTAG = re.compile(r"(?<![\w#])#\w+")
MENTION = re.compile(r"(?<![\w@])@[\w.]+")

LARGEST_FILE = 300 * 1024 * 1024
PROCESSING_SECONDS = 1.0
WRONG_FORMAT = "2207026"

PUBLISHING_SCOPE = "instagram_content_publish"
MEDIA_DEFAULT = ("id",)

STATUS_TEXT: Mapping[str, str] = {
    "IN_PROGRESS": "In Progress: Media is still being processed.",
    "FINISHED": "Finished: Media has been uploaded and it is ready to be published.",
    "PUBLISHED": "Published: Media has been successfully published.",
    "EXPIRED": "Expired: The container was not published within 24 hours.",
    "ERROR": "Error: Media upload has failed with error code {code}",
}


@dataclass
class Container:
    """A reel on its way. `media` is the post once it is published."""

    id: str
    account: SandboxAccount
    caption: str
    begun_at: dt.datetime
    file: Incoming = field(default_factory=Incoming)
    processing: Processing | None = None
    media: SandboxPost | None = None

    def status_code(self, now: dt.datetime) -> str:
        """Return the word that clients poll for."""
        if self.media is not None:
            return "PUBLISHED"
        if now - self.begun_at >= DAY:
            return "EXPIRED"
        if self.processing is None or now < self.processing.until:
            return "IN_PROGRESS"
        return "ERROR" if self.processing.failure else "FINISHED"

    @property
    def error_code(self) -> str:
        """The subcode of a processing that failed."""
        code = self.processing.failure if self.processing else ""
        return code if code.isdigit() else WRONG_FORMAT


def routes(world: World) -> list[Route]:
    """Return Instagram's uploads, and the Graph host, which Facebook returns as well."""
    graph = graph_of(world)
    instagram = Instagram(world, graph)
    uploads = Route(
        f"/{HOST}/ig-api-upload/{{version}}/{{container}}", instagram.upload, methods=["POST"]
    )
    return [*graph.routes(), uploads]


class Instagram:
    """The containers, and every call that Instagram answers."""

    def __init__(self, world: World, graph: Graph) -> None:
        self._world = world
        self._containers: dict[str, Container] = {}
        world.on_reset(self._containers.clear)
        graph.add(self._find)
        self._user_edges = {
            ("POST", "media"): Edge(self._create, PUBLISHING_SCOPE),
            ("GET", "media"): Edge(self._list, "instagram_basic"),
            ("POST", "media_publish"): Edge(self._publish, PUBLISHING_SCOPE),
            ("GET", "content_publishing_limit"): Edge(self._limit, PUBLISHING_SCOPE),
        }

    async def upload(self, request: Request) -> Response:
        """Take the bytes of a container in; processing begins with the last one."""
        token = upload_token(self._world, request, PLATFORM)
        container = self._containers.get(request.path_params["container"])
        now = self._world.clock.now()
        if container is None or container.account is not token.account:
            raise unknown_upload()
        if container.status_code(now) == "EXPIRED":
            raise unknown_upload()
        await receive_rest(request, container.file, largest=LARGEST_FILE)
        self._begin_processing(container)
        return JSONResponse({"success": True, "message": "Upload successful."})

    def _begin_processing(self, container: Container) -> None:
        if container.processing is not None:
            return
        container.processing = self._world.begin_processing(PLATFORM, PROCESSING_SECONDS)
        if not container.file.is_video:
            container.processing.failure = WRONG_FORMAT

    async def _create(self, call: Call) -> object:
        _check_media(call)
        _check_caption(call.text("caption"))
        if not self._world.count(
            ("instagram.containers", call.account.address), window=DAY_SECONDS, most=MOST_CONTAINERS
        ):
            # Which code a 401st container meets is not documented; this one is the posts' own.
            raise _quota_is_used_up()
        container = Container(
            id=f"17{self._world.number(15)}",
            account=call.account,
            caption=call.text("caption"),
            begun_at=call.now,
        )
        self._containers[container.id] = container
        path = f"/ig-api-upload/{call.version}/{container.id}"
        return {"id": container.id, "uri": self._world.address(HOST, path)}

    async def _publish(self, call: Call) -> object:
        container = self._containers.get(call.required("creation_id"))
        if container is None or container.account is not call.account:
            raise graph_error("The media could not be found", 24, 2207006)
        status = container.status_code(call.now)
        if status == "EXPIRED":
            raise graph_error("The media container has expired", 24, 2207008)
        if status != "FINISHED":
            raise graph_error(
                "Media ID is not available",
                9007,
                2207027,
                for_people="The media is not ready for publishing, please wait for a moment",
            )
        if not self._world.count(_posts_key(call.account), window=DAY_SECONDS, most=MOST_POSTS):
            raise _quota_is_used_up()
        container.media = self._post(container, call.now)
        self._world.posts.append(container.media)
        return {"id": container.media.id}

    def _post(self, container: Container, now: dt.datetime) -> SandboxPost:
        return SandboxPost(
            platform=PLATFORM,
            account=container.account,
            id=f"18{self._world.number(15)}",
            state="public",
            title="",
            text=container.caption,
            bytes=container.file.held,
            sha256=container.file.sha256,
            created_at=now,
            url=f"https://www.instagram.com/reel/{self._world.word(11)}/",
        )

    async def _limit(self, call: Call) -> object:
        now = call.now
        since = call.moment("since") or now - DAY
        if now - since > DAY + CLOCK_SLACK:
            raise graph_error("(#100) Param since must be within the last 24 hours", 100)
        window = (now - since).total_seconds()
        values = {
            "quota_usage": self._world.used(_posts_key(call.account), window=window),
            "config": {"quota_total": MOST_POSTS, "quota_duration": DAY_SECONDS},
        }
        row = call.pick(values, default=("quota_usage",), of="IGContentPublishingLimit")
        return {"data": [row]}

    async def _list(self, call: Call) -> object:
        since = call.moment("since") or dt.datetime.min.replace(tzinfo=dt.UTC)
        until = call.moment("until") or call.now
        posts = self._world.listed(PLATFORM, call.account, lag=listing_lag(call.request))
        rows = [_media_values(post) for post in posts if since <= post.created_at <= until]
        return listing(call, rows, default=MEDIA_DEFAULT, of="Media")

    def _find(self, node_id: str) -> Node | None:
        if node_id in self._containers:
            return self._container_node(self._containers[node_id])
        for account in self._world.accounts:
            if account.platform != PLATFORM:
                continue
            if node_id == account.ids["ig_user_id"]:
                return self._user_node(account)
            if node_id == account.ids["page_id"]:
                return page_node(account, {})
            if person := find_person(account, node_id):
                return person
        return self._find_media(node_id)

    def _find_media(self, node_id: str) -> Node | None:
        for post in self._world.posts:
            if post.platform == PLATFORM and post.id == node_id:
                return Node("Media", post.account, _media_values(post), MEDIA_DEFAULT)
        return None

    def _user_node(self, account: SandboxAccount) -> Node:
        mine = [post for post in self._world.posts if post.account is account]
        values = {
            "id": account.ids["ig_user_id"],
            "username": account.ids["username"],
            "name": account.name,
            "media_count": len(mine),
        }
        return Node("IGUser", account, values, ("id",), self._user_edges)

    def _container_node(self, container: Container) -> Node:
        status = container.status_code(self._world.clock.now())
        values = {
            "id": container.id,
            "status_code": status,
            "status": STATUS_TEXT[status].format(code=container.error_code),
            "video_status": _video_status(container, status),
            "copyright_check_status": {"status": "completed", "matches_found": False},
        }
        return Node("IGContainer", container.account, values, ("id",))


def _check_media(call: Call) -> None:
    if call.text("media_type") != "REELS":
        message = "Only REELS is a media_type for a single video"
        raise graph_error(message, 100, 2207023)
    if call.text("upload_type") != "resumable":
        call.required("video_url")
        # A witness on loopback fetches nothing from elsewhere.
        raise graph_error(
            "Only photo or video can be accepted as media type.",
            9004,
            2207052,
            for_people="The media could not be fetched from this URI",
        )
    offset = call.text("thumb_offset", "0")
    if not (offset.isascii() and offset.isdigit()):
        raise graph_error("The thumbnail offset is out of range", 1, 2207057)


def _check_caption(caption: str) -> None:
    if (
        len(caption) > MOST_CHARACTERS
        or len(HASHTAG.findall(caption)) > MOST_HASHTAGS
        or len(MENTION.findall(caption)) > MOST_MENTIONS
    ):
        raise graph_error("The caption was too long", 36004, 2207010)


def _quota_is_used_up() -> Refusal:
    return graph_error(
        "Application request limit reached",
        9,
        2207042,
        for_people="You reached the maximum number of posts that can be published in 24 hours",
    )


def _posts_key(account: SandboxAccount) -> tuple[str, str]:
    return "instagram.posts", account.address


def _media_values(post: SandboxPost) -> dict[str, object]:
    return {
        "id": post.id,
        "caption": post.text or None,
        "media_type": "VIDEO",
        "media_product_type": "REELS",
        "permalink": post.url,
        "shortcode": post.url.rstrip("/").rpartition("/")[2],
        "timestamp": timestamp(post.created_at),
        "username": post.account.ids["username"],
    }


def _video_status(container: Container, status: str) -> dict[str, object]:
    file = container.file
    uploading: dict[str, object] = {
        "status": "complete" if file.is_whole else "in_progress" if file.held else "not_started",
        "bytes_transferred": file.held,
    }
    if file.announced:
        uploading["source_file_size"] = file.announced
    return {"uploading_phase": uploading, "processing_phase": _processing_phase(container, status)}


def _processing_phase(container: Container, status: str) -> dict[str, object]:
    if container.processing is None:
        return {"status": "not_started"}
    if status == "ERROR":
        message = f"Media upload has failed with error code {container.error_code}"
        return {
            "status": "error",
            "errors": [{"code": int(container.error_code), "message": message}],
        }
    return {"status": "in_progress" if status == "IN_PROGRESS" else "complete"}
