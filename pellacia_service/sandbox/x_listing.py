"""
How X shows a post: its fields under the old and the new names, one post or a page of them.

Source: OpenAPI document 2.167 (new names) and 2.166 (old names), read 2026-11-22. `tweet.fields` is
answered in the old names, `post.fields` in the new ones. Metrics are not shown here.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pellacia_service.sandbox.calls import Call
from pellacia_service.sandbox.world import SandboxPost
from pellacia_service.sandbox.x_gate import ID, invalid
from pellacia_service.sandbox.x_text import AnsweredText

DEFAULT_PAGE, SMALLEST_PAGE, LARGEST_PAGE = 10, 5, 100


def answered_text(post: SandboxPost) -> AnsweredText:
    """Return a post's text as X answers it."""
    media_url = f"{post.url}/video/1" if post.media_key else ""
    return AnsweredText(post.text, post_id=post.id, media_url=media_url)


FIELDS: Mapping[str, Callable[[SandboxPost], object]] = {
    "attachments": lambda post: {"media_keys": [post.media_key]} if post.media_key else None,
    "author_id": lambda post: post.account.ids["user_id"],
    "conversation_id": lambda post: post.id,
    "created_at": lambda post: instant(post.created_at),
    "entities": lambda post: {"urls": answered_text(post).urls},
    "id": lambda post: post.id,
    "lang": lambda post: "en",
    "possibly_sensitive": lambda post: False,
    "reply_settings": lambda post: "everyone",
    "text": lambda post: answered_text(post).text,
}
"""What can be asked for; a field without a value is left out."""


@dataclass(frozen=True)
class Wanted:
    """Which fields a call asks for, and under which name the edit history goes."""

    fields: Sequence[str]
    history: str
    with_media: bool

    def show(self, post: SandboxPost) -> dict[str, object]:
        """Return one post."""
        names = ("id", "text", *self.fields)
        shown = {name: FIELDS[name](post) for name in names}
        shown[self.history] = [post.id]
        return {name: value for name, value in shown.items() if value is not None}

    def includes(self, posts: Sequence[SandboxPost]) -> dict[str, object]:
        """Return `includes`, as far as it was asked for and there is any."""
        keys = [post.media_key for post in posts if post.media_key]
        if not self.with_media or not keys:
            return {}
        return {"includes": {"media": [{"media_key": key, "type": "video"} for key in keys]}}


def read_wanted(call: Call) -> Wanted:
    """Read the fields parameters of a call."""
    is_old = "tweet.fields" in call.request.query_params
    parameter = "tweet.fields" if is_old else "post.fields"
    fields = [name for name in call.query(parameter).split(",") if name]
    history = "edit_history_tweet_ids" if is_old else "edit_history_post_ids"
    for name in fields:
        if name not in FIELDS and name != history:
            allowed = ",".join([*FIELDS, history])
            message = f"The `{parameter}` query parameter value [{name}] is not one of [{allowed}]"
            raise invalid(message, parameter, call.query(parameter))
    with_media = "attachments.media_keys" in call.query("expansions").split(",")
    return Wanted([name for name in fields if name != history], history, with_media)


@dataclass(frozen=True)
class Page:
    """Which part of a timeline a call asks for."""

    since_id: int
    until_id: int
    start_time: dt.datetime
    end_time: dt.datetime
    most: int

    def holds(self, post: SandboxPost) -> bool:
        """Say whether a post lies in the bounds."""
        in_time = self.start_time <= post.created_at < self.end_time
        return in_time and self.since_id < int(post.id) < self.until_id


def read_page(call: Call) -> Page:
    """Read the bounds of a timeline call. A pagination token here is the last id already seen."""
    until = min(_id(call, "until_id", 10**19), _id(call, "pagination_token", 10**19))
    most = call.query("max_results", str(DEFAULT_PAGE))
    if not most.isdecimal() or not SMALLEST_PAGE <= int(most) <= LARGEST_PAGE:
        message = f"max_results must lie between {SMALLEST_PAGE} and {LARGEST_PAGE}"
        raise invalid(message, "max_results", most)
    return Page(
        since_id=_id(call, "since_id", 0),
        until_id=until,
        start_time=_time(call, "start_time", dt.datetime.min.replace(tzinfo=dt.UTC)),
        end_time=_time(call, "end_time", dt.datetime.max.replace(tzinfo=dt.UTC)),
        most=int(most),
    )


def instant(moment: dt.datetime) -> str:
    """Return a moment as X writes it: UTC, milliseconds, Z."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _id(call: Call, name: str, default: int) -> int:
    value = call.query(name)
    if value and not ID.fullmatch(value):
        raise invalid(f"{name} is not an id", name, value)
    return int(value) if value else default


def _time(call: Call, name: str, default: dt.datetime) -> dt.datetime:
    value = call.query(name)
    if not value:
        return default
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError as error:
        raise invalid(f"{name} is not an RFC 3339 time", name, value) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
