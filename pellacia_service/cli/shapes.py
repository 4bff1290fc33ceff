"""The JSON that scripts read. A name that stands here changes only with a major version."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from pellacia_service.facade import Delivery, DeliveryError, Json, Status

if TYPE_CHECKING:
    from pellacia_service.facade import Account, Limit, PostView, Problem, Standing


def instant(value: dt.datetime | None) -> str | None:
    """Write an instant as RFC 3339 in UTC."""
    return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z") if value else None


def post(view: "PostView") -> dict[str, Json]:
    """One post with its deliveries."""
    return {
        "id": str(view.stored.id),
        "status": str(view.status),
        "deliveries": [
            delivery(one, view.stored.scheduled_at, view.warnings.get(one.id, ""))
            for one in view.deliveries
        ],
    }


def listed_post(view: "PostView") -> dict[str, Json]:
    """One post in a list."""
    stored = view.stored
    return {
        **post(view),
        "title": stored.post.title,
        "scheduled_at": instant(stored.scheduled_at),
        "timezone": stored.timezone or None,
        "file": str(stored.post.file),
        "created_at": instant(stored.created_at),
    }


def delivery(one: Delivery, scheduled_at: dt.datetime | None, warning: str = "") -> dict[str, Json]:
    """One delivery. It can be late only where its post was scheduled."""
    lateness = one.lateness if scheduled_at else None
    return {
        "id": str(one.id),
        "platform": one.platform,
        "account": one.account_label,
        "status": str(one.status),
        "step": str(one.step),
        "post_id": one.remote_id or None,
        "url": one.url or None,
        "bytes_sent": one.bytes_sent,
        "sha256": one.sha256 or None,
        "attempts": one.attempts,
        "due_at": instant(one.due_at),
        "started_at": instant(one.started_at),
        "published_at": instant(one.published_at),
        "lateness_seconds": None if lateness is None else round(lateness.total_seconds(), 3),
        "completed_at": instant(one.completed_at),
        "error": delivery_error(one.error),
        "warnings": [warning] if warning else [],
    }


def delivery_error(error: DeliveryError | None) -> Json:
    """The last trouble of a delivery."""
    if error is None:
        return None
    return {
        "kind": str(error.kind),
        "code": error.code,
        "message": error.message,
        "retry_at": instant(error.retry_at),
    }


def checked(
    problems: Mapping[str, Sequence["Problem"]], status: Status, message: str = ""
) -> dict[str, Json]:
    """What a check found, in the shape of a post that has no rows."""
    return {
        "id": None,
        "status": str(status),
        "deliveries": [
            {
                "id": None,
                "platform": address.partition(":")[0],
                "account": address.partition(":")[2] or "default",
                "status": str(status),
                "post_id": None,
                "url": None,
                "bytes_sent": 0,
                "sha256": None,
                "attempts": 0,
                "due_at": None,
                "started_at": None,
                "published_at": None,
                "lateness_seconds": None,
                "completed_at": None,
                "error": _refusal(found, message) if status is Status.FAILED else None,
                "warnings": [],
                "problems": [dict(asdict(problem)) for problem in found],
            }
            for address, found in problems.items()
        ],
    }


def _refusal(problems: Sequence["Problem"], message: str) -> Json:
    said = " ".join(problem.message for problem in problems) or message
    return {"kind": "validation", "code": "problems", "message": said, "retry_at": None}


def account(one: "Account") -> dict[str, Json]:
    """One connected account. Never a token."""
    return {
        "platform": one.platform,
        "label": one.label,
        "name": one.name,
        "ids": dict(one.ids),
    }


def standing(one: "Standing") -> dict[str, Json]:
    """How the sign-in of one account stands. Never a token."""
    return {
        **account(one.account),
        "scopes": list(one.scopes),
        "missing": [{"scope": name, "without": said} for name, said in one.missing.items()],
        "expires_at": instant(one.expires_at),
        "refreshable_until": instant(one.refreshable_until),
        "reconnect_by": instant(one.reconnect_by),
        "why": one.why or None,
        "health": str(one.health),
        "last_used": instant(one.last_used),
        "posts_after": one.posts_after,
    }


def failure(
    kind: str, code: str, message: str, retry_at: dt.datetime | None = None
) -> dict[str, Json]:
    """
    An error that ended a command before there was a post to show.

    Args:
        kind: one of `ErrorKind`, or for trouble on this machine: setup, unexpected, interrupted.
    """
    return {
        "error": {"kind": kind, "code": code, "message": message, "retry_at": instant(retry_at)}
    }


def limit(one: "Limit") -> dict[str, Json]:
    """What is left of one limit. `account` is null where all accounts of our application share it."""
    return {
        "platform": one.platform,
        "account": one.account or None,
        "kind": one.kind,
        "calls": list(one.calls),
        "limit": one.limit,
        "window": one.window or None,
        "used": one.used,
        "left": one.left,
        "resets_at": instant(one.resets_at),
        "blocked_until": instant(one.blocked_until),
    }
