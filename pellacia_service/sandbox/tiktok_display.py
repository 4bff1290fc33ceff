"""
TikTok's Display API: who the user is, and the public videos.

Source: Display API reference, read 2026-11-22. `fields` stands in the query even where the call is
a POST. Ids are texts here and int64 in the posting status.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping

from starlette.responses import Response

from pellacia_service.sandbox.calls import Call, object_of, whole_number
from pellacia_service.sandbox.faults import listing_lag
from pellacia_service.sandbox.tiktok_gate import PLATFORM, Endpoint, Gate
from pellacia_service.sandbox.world import SandboxPost

PER_MINUTE = 600
DEFAULT_PAGE, LARGEST_PAGE = 10, 20
LONGEST_SHOWN = 150
"""Characters of a title and a description in a listing."""

USER_FIELDS: Mapping[str, str] = {
    "open_id": "user.info.basic",
    "union_id": "user.info.basic",
    "avatar_url": "user.info.basic",
    "display_name": "user.info.basic",
    "username": "user.info.profile",
    "is_verified": "user.info.profile",
    "follower_count": "user.info.stats",
    "following_count": "user.info.stats",
    "likes_count": "user.info.stats",
    "video_count": "user.info.stats",
}
"""Each field with the scope it needs."""
USER_SCOPES = frozenset(USER_FIELDS.values())
VIDEO_SCOPES = frozenset({"video.list"})

VIDEO_FIELDS: Mapping[str, Callable[[SandboxPost], object]] = {
    "id": lambda post: post.id,
    "create_time": lambda post: int(post.created_at.timestamp()),
    "share_url": lambda post: post.url,
    "embed_link": lambda post: f"https://www.tiktok.com/embed/v2/{post.id}",
    "title": lambda post: post.text[:LONGEST_SHOWN],
    "video_description": lambda post: post.text[:LONGEST_SHOWN],
    "like_count": lambda post: post.extra.get("like_count", 0),
    "comment_count": lambda post: post.extra.get("comment_count", 0),
    "share_count": lambda post: post.extra.get("share_count", 0),
    "view_count": lambda post: post.extra.get("view_count", 0),
}


class Display:
    """The calls that show what is there."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def endpoints(self) -> list[Endpoint]:
        """Return the calls."""
        return [
            Endpoint("GET", "/v2/user/info/", USER_SCOPES, PER_MINUTE, self.user),
            Endpoint("POST", "/v2/video/list/", VIDEO_SCOPES, PER_MINUTE, self.list_videos),
            Endpoint("POST", "/v2/video/query/", VIDEO_SCOPES, PER_MINUTE, self.query_videos),
        ]

    async def user(self, call: Call) -> Response:
        """Show the token's user. A field whose scope is missing refuses the whole call."""
        fields = self._fields(call, USER_FIELDS)
        if any(USER_FIELDS[name] not in call.token.scopes for name in fields):
            raise self._gate.not_authorized()
        ids = call.account.ids
        known = {
            "open_id": ids["open_id"],
            "union_id": ids["union_id"],
            "avatar_url": f"https://p16-sign.tiktokcdn.com/{call.account.label}.webp",
            "display_name": call.account.name,
            "username": ids["username"],
            "is_verified": False,
            "follower_count": 0,
            "following_count": 0,
            "likes_count": 0,
            "video_count": sum(1 for _ in self._videos(call)),
        }
        return self._gate.ok({"user": {name: known[name] for name in fields}})

    async def list_videos(self, call: Call) -> Response:
        """List public videos, newest first, from a cursor of UTC milliseconds."""
        fields = self._fields(call, VIDEO_FIELDS)
        body = await self._gate.body(call)
        most = whole_number(body.get("max_count", DEFAULT_PAGE))
        cursor = whole_number(body.get("cursor", 0))
        if most is None or not 0 < most <= LARGEST_PAGE or cursor is None:
            raise self._gate.invalid("max_count or cursor is invalid")
        older = [
            post
            for post in self._videos(call)
            if not cursor or _milliseconds(post.created_at) < cursor
        ]
        page = older[:most]
        return self._gate.ok(
            {
                "videos": [_show(post, fields) for post in page],
                "cursor": _milliseconds(page[-1].created_at) if page else cursor,
                "has_more": len(older) > most,
            }
        )

    async def query_videos(self, call: Call) -> Response:
        """Show some of the user's public videos; an unknown id is left out."""
        fields = self._fields(call, VIDEO_FIELDS)
        filters = object_of((await self._gate.body(call)).get("filters"))
        wanted = filters.get("video_ids")
        if not isinstance(wanted, list) or not 0 < len(wanted) <= LARGEST_PAGE:
            raise self._gate.invalid(f"video_ids must hold 1 to {LARGEST_PAGE} ids")
        found = [post for post in self._videos(call) if post.id in wanted]
        return self._gate.ok({"videos": [_show(post, fields) for post in found]})

    def _videos(self, call: Call) -> Iterator[SandboxPost]:
        world = self._gate.world
        for post in world.listed(PLATFORM, call.account, lag=listing_lag(call.request)):
            if world.state_of(post) == "public":
                yield post

    def _fields(self, call: Call, known: Mapping[str, object]) -> list[str]:
        fields = [name for name in call.query("fields").split(",") if name]
        if not fields or any(name not in known for name in fields):
            raise self._gate.invalid("fields is missing or names an unknown field")
        return fields


def _show(post: SandboxPost, fields: list[str]) -> dict[str, object]:
    return {name: VIDEO_FIELDS[name](post) for name in fields}


def _milliseconds(moment: dt.datetime) -> int:
    return int(moment.timestamp() * 1000)
