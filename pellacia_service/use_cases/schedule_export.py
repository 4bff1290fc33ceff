"""The calendar for other programs: iCalendar for calendars, CSV for spreadsheets."""

import csv
import datetime as dt
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pellacia_service.domain.account import DEFAULT_LABEL
from pellacia_service.domain.delivery import Delivery
from pellacia_service.domain.view import PostView

if TYPE_CHECKING:
    from icalendar import Event

COLUMNS = (
    "id", "status", "scheduled_at", "at", "timezone", "platforms", "file", "title", "description",
    "hashtags", "privacy", "thumbnail",
)  # fmt: skip

LENGTH = dt.timedelta(minutes=15)
"""How long an entry looks in a calendar; a post itself takes no time."""


def to_csv(views: Sequence[PostView]) -> str:
    """Write posts as a table that `schedule import` reads again."""
    own = sorted({column for view in views for column in _own_columns(view)})
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, [*COLUMNS, *own], restval="", lineterminator="\n")
    table.writeheader()
    table.writerows({**_columns(view), **_own_columns(view)} for view in views)
    return text.getvalue()


def to_ics(views: Sequence[PostView], *, now: dt.datetime) -> str:
    """Write posts as an iCalendar file (RFC 5545), its times in UTC."""
    # Deferred: half a tenth of a second that only an export should take.
    from icalendar import Calendar  # noqa: PLC0415

    calendar = Calendar()
    calendar.add("prodid", "-//Pellacia//pellacia-dist//EN")
    calendar.add("version", "2.0")
    for view in views:
        calendar.add_component(_event(view, now))
    return str(calendar.to_ical(), "utf-8")


def _event(view: PostView, now: dt.datetime) -> "Event":
    from icalendar import Event  # noqa: PLC0415 - see `to_ics`

    stored = view.stored
    at = (stored.scheduled_at or stored.created_at).astimezone(dt.UTC)
    event = Event()
    event.add("uid", f"{stored.id}@pellacia-dist")
    event.add("dtstamp", now)
    event.add("dtstart", at)
    event.add("dtend", at + LENGTH)
    event.add("summary", f"{stored.post.title or stored.post.file.name} ({_addresses(view, ', ')})")
    event.add("description", "\n".join(_story(view)))
    event.add("status", "CANCELLED" if view.status == "cancelled" else "CONFIRMED")
    return event


def _story(view: PostView) -> list[str]:
    stored = view.stored
    links = [delivery.url for delivery in view.deliveries if delivery.url]
    return [
        *filter(None, [stored.post.description]),
        f"Status: {view.status}",
        f"File: {stored.post.file}",
        f"Planned for {stored.wall_time or stored.scheduled_at} {stored.timezone}",
        *links,
    ]


def _columns(view: PostView) -> dict[str, str]:
    stored, post = view.stored, view.stored.post
    at = (stored.scheduled_at or stored.created_at).astimezone(dt.UTC)
    return {
        "id": str(stored.id),
        "status": str(view.status),
        "scheduled_at": at.isoformat().replace("+00:00", "Z"),
        "at": stored.wall_time or at.isoformat(),
        "timezone": stored.timezone,
        "platforms": _addresses(view, " "),
        "file": str(post.file),
        "title": post.title,
        "description": post.description,
        "hashtags": " ".join(f"#{word}" for word in post.hashtags),
        "privacy": str(post.privacy),
        "thumbnail": str(post.thumbnail or ""),
    }


def _own_columns(view: PostView) -> dict[str, str]:
    """Return what only one platform gets, by `platform.key`."""
    return {
        f"{platform}.{key}": value
        for platform, own in view.stored.post.overrides.items()
        for key, value in own.items()
    }


def _addresses(view: PostView, between: str) -> str:
    return between.join(dict.fromkeys(_address(delivery) for delivery in view.deliveries))


def _address(delivery: Delivery) -> str:
    if delivery.account_label == DEFAULT_LABEL:
        return delivery.platform
    return f"{delivery.platform}:{delivery.account_label}"
