"""
YouTube Data API v3, the upload side: videos, thumbnails, the channel and its list of uploads.

Source: API reference, quota and error pages, read 2026-11-22. Answers on both hosts that are in
use: www.googleapis.com (the documents) and youtube.googleapis.com (the client libraries).
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pellacia_service.sandbox.faults import listing_lag
from pellacia_service.sandbox.world import SandboxAccount, World
from pellacia_service.sandbox.youtube_channel import (
    PLATFORM,
    READ,
    UPLOAD,
    WRITE,
    Video,
    YouTube,
    parts,
    words,
)
from pellacia_service.sandbox.youtube_errors import (
    missing_parameter,
    not_yours,
    refusal,
    video_not_found,
)
from pellacia_service.sandbox.youtube_metadata import (
    Metadata,
    read_body,
    read_snippet,
    read_status,
)
from pellacia_service.sandbox.youtube_resource import (
    OWNER_PARTS,
    PARTS,
    channel_resource,
    list_response,
    playlist_item,
    thumbnails,
    video_resource,
)
from pellacia_service.sandbox.youtube_upload import Uploads

HOSTS = ("www.googleapis.com", "youtube.googleapis.com")

LIST_UNITS = 1
CHANGE_UNITS = 50

MOST_IDS = 50
PAGE_SIZE, LARGEST_PAGE = 5, 50
CHANNEL_PARTS = frozenset({"id", "snippet", "contentDetails", "status", "statistics"})
ITEM_PARTS = frozenset({"id", "snippet", "contentDetails", "status"})

LARGEST_THUMBNAIL = 52_428_800
"""Bytes; 50 MB since 2026-09-14."""
PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


def routes(world: World) -> list[Route]:
    """Return YouTube's calls."""
    youtube = YouTube(world)
    calls, uploads = Calls(youtube), Uploads(youtube)
    table = [
        ("POST", "/upload/youtube/v3/videos", uploads.open),
        ("PUT", "/upload/youtube/v3/videos", uploads.put),
        ("DELETE", "/upload/youtube/v3/videos", uploads.cancel),
        ("POST", "/upload/youtube/v3/thumbnails/set", calls.set_thumbnail),
        ("GET", "/youtube/v3/videos", calls.list_videos),
        ("PUT", "/youtube/v3/videos", calls.update_video),
        ("DELETE", "/youtube/v3/videos", calls.delete_video),
        ("GET", "/youtube/v3/channels", calls.list_channels),
        ("GET", "/youtube/v3/playlistItems", calls.list_uploads),
    ]
    return [
        Route(f"/{host}{path}", handler, methods=[method])
        for host in HOSTS
        for method, path, handler in table
    ]


class Calls:
    """The calls that bring no video."""

    def __init__(self, youtube: YouTube) -> None:
        self._youtube = youtube

    async def list_videos(self, request: Request) -> Response:
        """`GET /videos?id=`: up to fifty videos; one that is not there is left out."""
        account = self._youtube.account(request, READ)
        self._youtube.spend_units(LIST_UNITS)
        asked = parts(request, PARTS)
        ids = words(request, "id")
        if not ids:
            raise missing_parameter("id")
        if len(ids) > MOST_IDS:
            raise refusal(400, "invalidFilters", f"At most {MOST_IDS} ids may be asked for.")
        videos = [self._youtube.videos[one] for one in ids if one in self._youtube.videos]
        listed = self._listed(request, account) | self._others(account)
        items = []
        for video in videos:
            if video.post.id in listed:
                is_owner = video.post.account is account
                shown = asked if is_owner else [one for one in asked if one not in OWNER_PARTS]
                items.append(video_resource(self._youtube, video, shown))
        return self._list("video", items)

    async def update_video(self, request: Request) -> Response:
        """`PUT /videos`: replace the parts named; what they leave out is reset."""
        account = self._youtube.account(request, WRITE)
        self._youtube.spend_units(CHANGE_UNITS)
        asked = parts(request, PARTS)
        body = read_body(await request.body())
        video = self._own(account, str(body.get("id", "")))
        old = video.metadata
        self._youtube.write(
            video,
            Metadata(
                read_snippet(body, is_update=True) if "snippet" in asked else old.snippet,
                read_status(body) if "status" in asked else old.status,
            ),
        )
        return JSONResponse(video_resource(self._youtube, video, asked))

    async def delete_video(self, request: Request) -> Response:
        """`DELETE /videos?id=`."""
        account = self._youtube.account(request, WRITE)
        self._youtube.spend_units(CHANGE_UNITS)
        self._youtube.delete(self._own(account, request.query_params.get("id", "")))
        return Response(status_code=204)

    async def set_thumbnail(self, request: Request) -> Response:
        """`POST /thumbnails/set?videoId=` with a JPEG or PNG."""
        account = self._youtube.account(request, UPLOAD)
        self._youtube.spend_units(CHANGE_UNITS)
        video = self._own(account, request.query_params.get("videoId", ""))
        picture = await request.body()
        if not picture:
            raise refusal(400, "mediaBodyRequired", "The request does not include the image.")
        if len(picture) > LARGEST_THUMBNAIL:
            raise refusal(413, "uploadTooLarge", "The image is larger than 50 MB.")
        if not picture.startswith(PICTURES):
            raise refusal(
                400,
                "invalidImage",
                "The provided image content is invalid.",
                domain="youtube.thumbnail",
            )
        video.has_thumbnail = True
        return JSONResponse(
            {
                "kind": "youtube#thumbnailSetResponse",
                "etag": f'"{video.etag}"',
                "items": [thumbnails(video)],
            }
        )

    async def list_channels(self, request: Request) -> Response:
        """`GET /channels?mine=true`: the channel that was chosen at sign-in."""
        account = self._youtube.account(request, READ)
        self._youtube.spend_units(LIST_UNITS)
        asked = parts(request, CHANNEL_PARTS)
        is_mine = request.query_params.get("mine", "").lower() == "true"
        ids = words(request, "id")
        if not is_mine and not ids:
            raise missing_parameter("mine")
        channels = [
            other
            for other in self._youtube.world.accounts
            if other.platform == PLATFORM
            and (other is account if is_mine else other.ids["channel_id"] in ids)
        ]
        items = [channel_resource(self._youtube, channel, asked) for channel in channels]
        return self._list("channel", items)

    async def list_uploads(self, request: Request) -> Response:
        """`GET /playlistItems?playlistId=UU…`: a channel's uploads, newest first."""
        account = self._youtube.account(request, READ)
        self._youtube.spend_units(LIST_UNITS)
        asked = parts(request, ITEM_PARTS)
        owner = self._owner_of(request.query_params.get("playlistId", ""))
        lag = listing_lag(request)
        posts = self._youtube.world.listed(PLATFORM, owner, lag=lag)
        videos = [self._youtube.videos[post.id] for post in posts]
        if owner is not account:
            videos = [one for one in videos if self._youtube.privacy(one) == "public"]
        start, size = _page(request)
        items = [
            playlist_item(self._youtube, video, start + place, asked)
            for place, video in enumerate(videos[start : start + size])
        ]
        answer = list_response("playlistItem", items, self._youtube.world.word(27))
        answer["pageInfo"] = {"totalResults": len(videos), "resultsPerPage": size}
        if start + size < len(videos):
            answer["nextPageToken"] = f"EAAa{start + size}"
        return JSONResponse(answer)

    def _list(self, kind: str, items: list[dict[str, object]]) -> Response:
        return JSONResponse(list_response(kind, items, self._youtube.world.word(27)))

    def _listed(self, request: Request, account: SandboxAccount) -> set[str]:
        lag = listing_lag(request)
        return {post.id for post in self._youtube.world.listed(PLATFORM, account, lag=lag)}

    def _others(self, account: SandboxAccount) -> set[str]:
        """Videos of other channels that anybody may see."""
        return {
            video.post.id
            for video in self._youtube.videos.values()
            if video.post.account is not account
            and self._youtube.privacy(video) in {"public", "unlisted"}
        }

    def _own(self, account: SandboxAccount, video_id: str) -> Video:
        video = self._youtube.videos.get(video_id)
        if video is None:
            raise video_not_found()
        if video.post.account is not account:
            raise not_yours()
        return video

    def _owner_of(self, playlist_id: str) -> SandboxAccount:
        if not playlist_id:
            raise missing_parameter("playlistId")
        for account in self._youtube.world.accounts:
            if account.platform == PLATFORM and account.ids["uploads_playlist"] == playlist_id:
                return account
        raise refusal(
            404,
            "playlistNotFound",
            "The playlist identified with the request's playlistId parameter cannot be found.",
            domain="youtube.playlistItem",
            location="playlistId",
            location_type="parameter",
        )


def _page(request: Request) -> tuple[int, int]:
    """Return (first place, places) of the page asked for."""
    size = request.query_params.get("maxResults", str(PAGE_SIZE))
    token = request.query_params.get("pageToken", "EAAa0")
    if not token.startswith("EAAa") or not token[4:].isdecimal():
        raise refusal(400, "invalidPageToken", "The request specifies an invalid page token.")
    if not size.isdecimal() or int(size) > LARGEST_PAGE:
        raise refusal(400, "badRequest", f"maxResults must lie between 0 and {LARGEST_PAGE}.")
    return int(token[4:]), int(size)
