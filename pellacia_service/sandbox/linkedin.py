"""
LinkedIn's posts, and who is signed in; `linkedin_videos.py` has the uploads.

Source: Posts API, Organization Access Control, Sign In with LinkedIn using OpenID Connect, read
2026-11-22. A person can create and delete posts and read none of them; an organisation's can be
read. What makes two posts duplicates is not documented; here it is author, text shown, and file.
"""

import datetime as dt
from urllib.parse import quote

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pellacia_service.sandbox.calls import Call, object_of
from pellacia_service.sandbox.faults import listing_lag
from pellacia_service.sandbox.linkedin_gate import (
    PLATFORM,
    Endpoint,
    Gate,
    body_of,
    no_permission,
    not_found,
    refusal,
    speaks_for,
    wrong_field,
)
from pellacia_service.sandbox.linkedin_videos import WRITE, WRITERS, Asset, Videos
from pellacia_service.sandbox.little_text import kept, shown
from pellacia_service.sandbox.uploads import NO_VIDEO
from pellacia_service.sandbox.world import Refusal, SandboxPost, World

LONGEST_COMMENTARY = 3000
"""Characters, backslashes counted in."""
DUPLICATE_WINDOW = dt.timedelta(minutes=10)
DEFAULT_PAGE, LARGEST_PAGE = 10, 100

PAGE_READERS = {"organization_urn": "r_organization_social"}
READ_PAGE = frozenset(PAGE_READERS.values())
READ_ROLES = frozenset({"r_organization_admin", "rw_organization_admin", "r_organization_social"})

REQUIRED = ("author", "commentary", "visibility", "distribution", "lifecycleState")
VISIBILITIES = frozenset({"PUBLIC", "CONNECTIONS", "LOGGED_IN", "CONTAINER"})
FEEDS = frozenset({"MAIN_FEED", "NONE"})

NOT_READY = {
    "WAITING_UPLOAD": "MEDIA_ASSET_WAITING_UPLOAD",
    "PROCESSING": "MEDIA_ASSET_WAITING_UPLOAD",
    "PROCESSING_FAILED": "MEDIA_ASSET_PROCESSING_FAILED",
}


def routes(world: World) -> list[Route]:
    """Return LinkedIn's calls."""
    gate = Gate(world)
    videos = Videos(gate)
    posts, people = Posts(world, videos), People()
    table = [
        Endpoint("POST", "/rest/posts", WRITE, posts.create),
        Endpoint("GET", "/rest/posts", READ_PAGE, posts.find),
        Endpoint("GET", "/rest/posts/{urn}", READ_PAGE, posts.show),
        Endpoint("DELETE", "/rest/posts/{urn}", WRITE, posts.delete),
        Endpoint("GET", "/rest/organizationAcls", READ_ROLES, people.roles),
        Endpoint("GET", "/v2/userinfo", frozenset({"openid"}), people.userinfo),
    ]
    return [*(gate.route(endpoint) for endpoint in table), *videos.routes()]


class Posts:
    """The calls on posts. `extra` of a post holds its body, with the commentary as it was kept."""

    def __init__(self, world: World, videos: Videos) -> None:
        self._world = world
        self._videos = videos

    async def create(self, call: Call) -> Response:
        """Publish. The answer is empty; the new URN stands in x-restli-id."""
        body = await body_of(call)
        _check_body(body)
        if not speaks_for(call, body["author"], WRITERS):
            raise no_permission(call, "partnerApiPostsExternal.CREATE")
        asset = self._asset(body)
        post = self._draft(call, body, asset)
        self._check_duplicate(post)
        self._world.posts.append(post)
        return Response(status_code=201, headers={"x-restli-id": post.id})

    async def show(self, call: Call) -> Response:
        """Show one post of an organisation."""
        post = self._post(call.path("urn"))
        if post is None:
            raise not_found(call.path("urn"))
        if not speaks_for(call, post.extra.get("author"), PAGE_READERS):
            raise no_permission(call, "partnerApiPostsExternal.GET")
        return JSONResponse(_show(post))

    async def find(self, call: Call) -> Response:
        """List an organisation's posts, newest first."""
        author = call.query("author")
        if call.query("q") != "author" or not author:
            raise refusal(400, "ILLEGAL_ARGUMENT", "Parameter 'q' or 'author' is invalid")
        if not speaks_for(call, author, PAGE_READERS):
            raise no_permission(call, "partnerApiPostsExternal.FINDER-author")
        start, count = _paging(call)
        found = [
            post
            for post in self._world.listed(PLATFORM, call.account, lag=listing_lag(call.request))
            if post.extra.get("author") == author
        ]
        paging: dict[str, object] = {"start": start, "count": count, "links": []}
        if start + count < len(found):
            query = f"q=author&author={quote(author, safe='')}&count={count}&start={start + count}"
            link = {"rel": "next", "type": "application/json", "href": f"/rest/posts?{query}"}
            paging["links"] = [link]
        elements = [_show(post) for post in found[start : start + count]]
        return JSONResponse({"paging": paging, "elements": elements})

    async def delete(self, call: Call) -> Response:
        """Delete a post; deleting it again is answered alike."""
        post = self._post(call.path("urn"))
        if post is not None:
            if not speaks_for(call, post.extra.get("author"), WRITERS):
                raise no_permission(call, "partnerApiPostsExternal.DELETE")
            self._world.posts.remove(post)
        return Response(status_code=204)

    def _post(self, urn: str) -> SandboxPost | None:
        posts = (post for post in self._world.posts if post.platform == PLATFORM)
        return next((post for post in posts if post.id == urn), None)

    def _asset(self, body: dict[str, object]) -> Asset | None:
        """Return the post's video, None for a post of text, where it may be used."""
        if "content" not in body:
            return None
        path = "content/media/id"
        asset = self._videos.find(_media(body).get("id"))
        if asset is None:
            raise wrong_field("INVALID_URN_ID", path, "no such video")
        if asset.owner != body["author"]:
            raise wrong_field("INVALID_VALUE_FOR_FIELD", path, "its owner is not the author")
        trouble = NOT_READY.get(asset.status(self._world.clock.now()))
        if trouble:
            raise wrong_field(trouble, path, f"{asset.urn} is not AVAILABLE")
        return asset

    def _draft(self, call: Call, body: dict[str, object], asset: Asset | None) -> SandboxPost:
        urn = f"urn:li:ugcPost:7{self._world.number(18)}"
        video = asset.video if asset else NO_VIDEO
        commentary = str(body["commentary"])
        return SandboxPost(
            platform=PLATFORM,
            account=call.account,
            id=urn,
            state="public",
            title=str(_media(body).get("title", "")),
            text=shown(commentary),
            bytes=video.bytes,
            sha256=video.sha256,
            created_at=self._world.clock.now(),
            url=f"https://www.linkedin.com/feed/update/{urn}/",
            media_key=asset.urn if asset else "",
            extra={**body, "commentary": kept(commentary)},
        )

    def _check_duplicate(self, new: SandboxPost) -> None:
        since = new.created_at - DUPLICATE_WINDOW
        for post in self._world.posts:
            if (
                post.platform == PLATFORM
                and post.created_at > since
                and post.extra.get("author") == new.extra.get("author")
                and (post.text, post.sha256) == (new.text, new.sha256)
            ):
                raise _duplicate_of(post.id)


class People:
    """Who is signed in, and which pages they run."""

    async def userinfo(self, call: Call) -> Response:
        """Show the member, in OpenID Connect's words."""
        given, _, family = call.account.name.partition(" ")
        return JSONResponse(
            {
                "sub": call.account.ids["person_urn"].rpartition(":")[2],
                "name": call.account.name,
                "given_name": given,
                "family_name": family,
                "picture": "https://media.licdn.com/dms/image/sandbox.jpg",
                "locale": {"country": "US", "language": "en"},
                "email": f"{call.account.ids['username']}@example.com",
                "email_verified": True,
            }
        )

    async def roles(self, call: Call) -> Response:
        """List the roles of the member on pages."""
        if call.query("q") != "roleAssignee":
            raise refusal(400, "ILLEGAL_ARGUMENT", "Parameter 'q' is invalid")
        role = {
            "organization": call.account.ids["organization_urn"],
            "role": "ADMINISTRATOR",
            "roleAssignee": call.account.ids["person_urn"],
            "state": "APPROVED",
        }
        fits = all(call.query(name, role[name]) == role[name] for name in ("role", "state"))
        elements = [role] if fits else []
        paging = {"start": 0, "count": DEFAULT_PAGE, "links": []}
        return JSONResponse({"paging": paging, "elements": elements})


def _check_body(body: dict[str, object]) -> None:
    for name in REQUIRED:
        if name not in body:
            raise wrong_field("MISSING_FIELD", name, "field is required but not found")
    allowed = {
        "visibility": (body["visibility"], _visibilities(body["author"])),
        "lifecycleState": (body["lifecycleState"], {"PUBLISHED"}),
        "distribution/feedDistribution": (
            object_of(body["distribution"]).get("feedDistribution"),
            FEEDS,
        ),
    }
    for path, (value, values) in allowed.items():
        if not isinstance(value, str) or value not in values:
            message = f"must be one of {', '.join(sorted(values))}"
            raise wrong_field("INVALID_VALUE_FOR_FIELD", path, message)
    if not isinstance(body["commentary"], str):
        raise wrong_field("INVALID_VALUE_FOR_FIELD", "commentary", "must be a text")
    if len(body["commentary"]) > LONGEST_COMMENTARY:
        message = f"must have at most {LONGEST_COMMENTARY} characters"
        raise wrong_field("FIELD_LENGTH_TOO_LONG", "commentary", message)


def _visibilities(author: object) -> frozenset[str]:
    is_page = str(author).startswith("urn:li:organization:")
    return frozenset({"PUBLIC"}) if is_page else VISIBILITIES


def _media(body: dict[str, object]) -> dict[str, object]:
    return object_of(object_of(body.get("content")).get("media"))


def _paging(call: Call) -> tuple[int, int]:
    """Return start and count."""
    try:
        start, count = int(call.query("start", "0")), int(call.query("count", str(DEFAULT_PAGE)))
    except ValueError as error:
        raise refusal(400, "ILLEGAL_ARGUMENT", "'start' and 'count' are numbers") from error
    return max(start, 0), min(max(count, 1), LARGEST_PAGE)


def _show(post: SandboxPost) -> dict[str, object]:
    at = int(post.created_at.timestamp() * 1000)
    times = {"createdAt": at, "publishedAt": at, "lastModifiedAt": at}
    return {**post.extra, "id": post.id, **times}


def _duplicate_of(urn: str) -> Refusal:
    error = {"code": "DUPLICATE_POST", "description": "Duplicate post is detected", "input": {}}
    return Refusal(
        422,
        {
            "status": 422,
            "message": f"{error['code']} :: Content is a duplicate of {urn}",
            "errorDetailType": "com.linkedin.common.error.BadRequest",
            "errorDetails": {"inputErrors": [error]},
        },
    )
