"""
X's posts and users; `x_media.py` has the uploads.

Source: OpenAPI document 2.167 and rate limits page, read 2026-11-22. Not documented and chosen here:
the answer to a text that is too long, how long a text stays a duplicate, and that deleting what is
not there is answered 404.
"""

import datetime as dt

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pellacia_service.sandbox.calls import Call, object_of
from pellacia_service.sandbox.faults import listing_lag
from pellacia_service.sandbox.uploads import NO_VIDEO
from pellacia_service.sandbox.world import Refusal, SandboxAccount, SandboxPost, World
from pellacia_service.sandbox.x_gate import (
    ID,
    PLATFORM,
    Endpoint,
    Gate,
    body_of,
    data,
    forbidden,
    invalid,
    not_found,
)
from pellacia_service.sandbox.x_listing import answered_text, read_page, read_wanted
from pellacia_service.sandbox.x_media import Media, MediaLibrary
from pellacia_service.sandbox.x_text import (
    has_forbidden_characters,
    same_text_key,
    weighted_length,
)

READ = frozenset({"tweet.read", "users.read"})
WRITE = READ | {"tweet.write"}
LONGEST_TEXT = 280
MOST_IDS = 100
DUPLICATE_WINDOW = dt.timedelta(hours=6)
"""A few hours to a day have been seen."""

POST_KEYS = frozenset(
    {
        "card_uri",
        "community_id",
        "direct_message_deep_link",
        "edit_options",
        "for_super_followers_only",
        "geo",
        "made_with_ai",
        "media",
        "nullcast",
        "paid_partnership",
        "poll",
        "quote_tweet_id",
        "reply",
        "reply_settings",
        "share_with_followers",
        "text",
    }
)
MEDIA_KEYS = frozenset(
    {
        "call_to_actions",
        "description",
        "embeddable",
        "media_ids",
        "preview_media_id",
        "tagged_user_ids",
        "title",
    }
)
REPLY_SETTINGS = ("following", "mentionedUsers", "subscribers", "verified", None)

USER_FIELDS = frozenset(
    {"created_at", "profile_image_url", "protected", "subscription_type", "verified_type"}
)


def routes(world: World) -> list[Route]:
    """Return X's calls."""
    gate = Gate(world)
    media = MediaLibrary(gate)
    posts = Posts(gate, media)
    table = [
        *media.endpoints(),
        Endpoint("POST", "/2/tweets", WRITE, 100, posts.create),
        Endpoint("GET", "/2/tweets", READ, 5000, posts.show_some),
        Endpoint("GET", "/2/tweets/{id}", READ, 900, posts.show),
        Endpoint("DELETE", "/2/tweets/{id}", WRITE, 50, posts.delete),
        Endpoint("GET", "/2/users/me", READ, 75, show_me),
        Endpoint("GET", "/2/users/{id}/tweets", READ, 900, posts.timeline),
    ]
    return [gate.route(endpoint) for endpoint in table]


class Posts:
    """The calls on posts."""

    def __init__(self, gate: Gate, media: MediaLibrary) -> None:
        self._gate = gate
        self._world = gate.world
        self._media = media

    async def create(self, call: Call) -> Response:
        """Publish."""
        body = await body_of(call, POST_KEYS)
        media = self._read_media(call, body)
        text = _read_text(body, may_be_empty=media is not None)
        if body.get("reply_settings") not in REPLY_SETTINGS:
            raise invalid("reply_settings is invalid", "reply_settings", body["reply_settings"])
        self._check_duplicate(call.account, text)
        post = self._new_post(call.account, text, media)
        self._world.posts.append(post)
        answer = {"id": post.id, "text": answered_text(post).text}
        return data({**answer, "edit_history_post_ids": [post.id]}, status=201)

    async def show(self, call: Call) -> Response:
        """Show one post. One that is not there is told with HTTP 200."""
        wanted, post = read_wanted(call), self._find(call.path("id"))
        if post is None:
            return JSONResponse({"errors": [not_found("tweet", "id", call.path("id"))]})
        return JSONResponse({"data": wanted.show(post), **wanted.includes([post])})

    async def show_some(self, call: Call) -> Response:
        """Show up to a hundred posts; those that are not there stand in `errors`."""
        wanted = read_wanted(call)
        ids = [one for one in call.query("ids").split(",") if one]
        if not 0 < len(ids) <= MOST_IDS or not all(ID.fullmatch(one) for one in ids):
            raise invalid(f"ids must hold 1 to {MOST_IDS} ids", "ids", call.query("ids"))
        found = [post for post in map(self._find, ids) if post is not None]
        known = {post.id for post in found}
        errors = [not_found("tweet", "ids", one) for one in ids if one not in known]
        answer: dict[str, object] = {"data": [wanted.show(post) for post in found]} if found else {}
        answer.update(wanted.includes(found))
        if errors:
            answer["errors"] = errors
        return JSONResponse(answer)

    async def timeline(self, call: Call) -> Response:
        """List a user's posts, newest first."""
        wanted, page = read_wanted(call), read_page(call)
        account = self._account(call.path("id"))
        if account is None:
            return JSONResponse({"errors": [not_found("user", "id", call.path("id"))]})
        listed = self._world.listed(PLATFORM, account, lag=listing_lag(call.request))
        posts = [post for post in listed if page.holds(post)]
        shown = posts[: page.most]
        meta: dict[str, object] = {"result_count": len(shown)}
        if not shown:
            return JSONResponse({"meta": meta})
        meta |= {"newest_id": shown[0].id, "oldest_id": shown[-1].id}
        if len(posts) > len(shown):
            meta["next_token"] = shown[-1].id
        listed_data = [wanted.show(post) for post in shown]
        return JSONResponse({"data": listed_data, "meta": meta, **wanted.includes(shown)})

    async def delete(self, call: Call) -> Response:
        """Delete a post of one's own."""
        post = self._find(call.path("id"))
        if post is None:
            raise Refusal(404, not_found("tweet", "id", call.path("id")))
        if post.account is not call.account:
            raise forbidden("You are not permitted to perform this action.")
        self._world.posts.remove(post)
        return data({"deleted": True})

    def _find(self, post_id: str) -> SandboxPost | None:
        posts = (post for post in self._world.posts if post.platform == PLATFORM)
        return next((post for post in posts if post.id == post_id), None)

    def _account(self, user_id: str) -> SandboxAccount | None:
        accounts = (one for one in self._world.accounts if one.platform == PLATFORM)
        return next((one for one in accounts if one.ids["user_id"] == user_id), None)

    def _read_media(self, call: Call, body: dict[str, object]) -> Media | None:
        """Return the post's video; None for a post of text."""
        if "media" not in body:
            return None
        asked = object_of(body["media"])
        unknown = sorted(set(asked) - MEDIA_KEYS)
        if unknown:
            raise invalid(f"$.media.{unknown[0]}: is not defined in the schema", "media")
        ids = asked.get("media_ids")
        # One video goes alone; pictures, of which four may go together, are not imitated here.
        is_one = isinstance(ids, list) and len(ids) == 1
        media = (
            self._media.ready(ids[0], call.account) if is_one and isinstance(ids, list) else None
        )
        if media is None:
            raise invalid("Your media IDs are invalid.", "media.media_ids", ids)
        return media

    def _check_duplicate(self, account: SandboxAccount, text: str) -> None:
        since = self._world.clock.now() - DUPLICATE_WINDOW
        key = same_text_key(text)
        for post in self._world.listed(PLATFORM, account, lag=0):
            if key and post.created_at > since and same_text_key(post.text) == key:
                raise forbidden("You are not allowed to create a Tweet with duplicate content.")

    def _new_post(self, account: SandboxAccount, text: str, media: Media | None) -> SandboxPost:
        post_id = self._gate.new_id()
        video = media.video if media else NO_VIDEO
        return SandboxPost(
            platform=PLATFORM,
            account=account,
            id=post_id,
            state="public",
            title="",
            text=text,
            bytes=video.bytes,
            sha256=video.sha256,
            created_at=self._world.clock.now(),
            url=f"https://x.com/{account.ids['username']}/status/{post_id}",
            media_key=media.key if media else "",
        )


async def show_me(call: Call) -> Response:
    """Show whose token it is."""
    ids = call.account.ids
    known = {
        "created_at": "2020-01-01T00:00:00.000Z",
        "profile_image_url": "https://pbs.twimg.com/profile_images/sandbox_normal.jpg",
        "protected": False,
        "subscription_type": "None",
        "verified_type": "none",
    }
    wanted = set(call.query("user.fields").split(",")) & USER_FIELDS
    fields = {name: known[name] for name in known if name in wanted}
    return data(
        {"id": ids["user_id"], "name": call.account.name, "username": ids["username"], **fields}
    )


def _read_text(body: dict[str, object], *, may_be_empty: bool) -> str:
    text = body.get("text", "")
    if not isinstance(text, str) or (not text and not may_be_empty):
        raise invalid("text or media is required", "text", text)
    if weighted_length(text) > LONGEST_TEXT:
        raise invalid("Your Tweet text is too long.", "text", text)
    if has_forbidden_characters(text):
        raise invalid("Your Tweet text holds invalid characters.", "text", text)
    return text
