"""How the calendar is told: lines for people, JSON for scripts."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pellacia_service.cli import shapes
from pellacia_service.cli.output import Output, address_of, post_lines
from pellacia_service.facade import ConflictError, Json, PlanError, PostView

if TYPE_CHECKING:
    from pellacia_service.facade import Choice, Planned


@contextmanager
def explained(output: Output) -> Iterator[None]:
    """Give scripts the details of an error that people read as a sentence."""
    try:
        yield
    except ConflictError as error:
        if output.as_json:
            output.document(_conflict_shape(error))
        raise
    except PlanError as error:
        if output.as_json:
            output.document(_plan_shape(error))
        raise


def planned_post(view: PostView) -> dict[str, Json]:
    """One post of the calendar."""
    stored = view.stored
    return {
        **shapes.listed_post(view),
        "wall_time": stored.wall_time or None,
        "tzdata_version": stored.tzdata_version or None,
    }


def planned_shape(planned: "Planned") -> dict[str, Json]:
    """One post that was just given a time."""
    return {**planned_post(planned.view), "notes": list(planned.choice.notes)}


def time_shape(choice: "Choice") -> dict[str, Json]:
    """The time that a post would get."""
    return {
        "scheduled_at": shapes.instant(choice.moment.at),
        "timezone": choice.moment.zone,
        "notes": list(choice.notes),
    }


def show_planned(planned: "Planned", output: Output) -> None:
    """Answer with one post that was just given a time."""
    if output.as_json:
        output.document(planned_shape(planned))
    for line in post_lines(planned.view):
        output.line(line)
    tell_time(planned.choice, output)


def tell_time(choice: "Choice", output: Output) -> None:
    """Say when, in local time and in UTC, and what there is to know about it."""
    output.line(f"Planned for {choice.moment.text}, {choice.moment.at:%Y-%m-%d %H:%M} UTC.")
    tell_notes(choice, output)


def tell_notes(choice: "Choice", output: Output) -> None:
    """Say what a person must know about the time that was chosen."""
    for note in choice.notes:
        output.note(note)


def planned_line(view: PostView) -> str:
    """One post of the calendar in one line, and what endangers it below."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - help must not wait for it

    stored = view.stored
    at = stored.scheduled_at or stored.created_at
    local = at.astimezone(ZoneInfo(stored.timezone or "UTC"))
    title = " ".join((stored.post.title or stored.post.file.name).split())
    addresses = ", ".join(dict.fromkeys(address_of(one) for one in view.deliveries))
    said = f"{local:%a %Y-%m-%d %H:%M %Z}  {view.status:<10}  {title}  ({addresses})  {stored.id}"
    return "\n".join([said, *(f"  ⚠ {one}" for one in dict.fromkeys(view.warnings.values()))])


def write_out(text: str) -> None:
    """Write a document to stdout as it is, line ends included."""
    sys.stdout.write(text)
    sys.stdout.flush()


def _conflict_shape(error: ConflictError) -> dict[str, Json]:
    collisions: list[Json] = [
        {
            "account": one.account,
            "rule": one.rule,
            "message": one.message,
            "at": shapes.instant(one.at),
        }
        for one in error.collisions
    ]
    free: list[Json] = [shapes.instant(moment.at) for moment in error.free]
    told = {"kind": "validation", "code": "ConflictError", "message": str(error)}
    return {"error": {**told, "collisions": collisions, "free": free}}


def _plan_shape(error: PlanError) -> dict[str, Json]:
    problems: list[Json] = [
        {"row": one.row, "column": one.column, "message": one.message} for one in error.problems
    ]
    told = {"kind": "validation", "code": "PlanError", "message": str(error)}
    return {"error": {**told, "problems": problems}}
