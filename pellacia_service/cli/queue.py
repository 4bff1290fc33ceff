"""`queue`: what is on its way, what went wrong, and what to do about it."""

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pellacia_service.cli import shapes
from pellacia_service.cli.exit_codes import ExitCode
from pellacia_service.cli.output import MARKS, Output, address_of, post_lines
from pellacia_service.cli.running import run
from pellacia_service.facade import (
    BadInputError,
    Delivery,
    Json,
    Pellacia,
    Status,
    open_pellacia,
    platform_name,
)

if TYPE_CHECKING:
    from pellacia_service.facade import Account, PostView

NOTHING = "The queue is empty. Publish something: pellacia-dist upload --help"

app = typer.Typer(help="What is on its way, what went wrong, and what to do about it.")

Platform = Annotated[
    str, typer.Option("--platform", metavar="NAME", help="Only this platform; else all.")
]

Id = Annotated[
    str, typer.Option("--id", metavar="ID", help="The post's id, or one of its deliveries'.")
]


def read_id(text: str) -> uuid.UUID:
    """
    Read an id as it was typed.

    Raises:
        BadInputError: it is no UUID.
    """
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise BadInputError(
            f"{text!r} is no id of a post or a delivery. See them: pellacia-dist queue list"
        ) from error


@app.command()
def status(context: typer.Context) -> None:
    """Count what is in the queue."""
    output: Output = context.obj

    async def command() -> int:
        async with open_pellacia() as pellacia:
            counts = await pellacia.queue.counts()
            quarantine = await pellacia.queue.quarantine()
            endangered = await pellacia.queue.endangered()
        if output.as_json:
            document: dict[str, Json] = {str(word): counts.get(word, 0) for word in MARKS}
            more: dict[str, Json] = {"quarantine": quarantine} if quarantine else {}
            total = sum(counts.values())
            output.document(
                {"deliveries": document, "total": total, "endangered": endangered, **more}
            )
        for word, mark in MARKS.items():
            if counts.get(word):
                output.line(f"{mark} {counts[word]:>6,}  {word}")
        if quarantine:
            output.note(quarantine)
        if endangered:
            output.note(
                f"⚠ {endangered:,} of them are due after their account's sign-in has ended: "
                "pellacia-dist auth status"
            )
        if counts.get(Status.HELD):
            output.note("What is held needs you: pellacia-dist queue list --status held")
        if not counts:
            output.line(NOTHING)
        return ExitCode.OK

    run(command(), output)


@app.command("list")
def list_posts(
    context: typer.Context,
    status: Annotated[
        Status | None,
        typer.Option(
            metavar="WORD",
            help="Only these: pending, processing, completed, partial, failed, held, cancelled, missed.",
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=1000, metavar="N", help="How many at the most.")
    ] = 50,
    cursor: Annotated[
        str | None, typer.Option(metavar="WORD", help="Go on where the page before ended.")
    ] = None,
) -> None:
    """List posts, newest first."""
    output: Output = context.obj

    async def command() -> int:
        async with open_pellacia() as pellacia:
            page = await pellacia.queue.page(status=status, limit=limit, cursor=cursor)
        if output.as_json:
            items: list[Json] = [shapes.listed_post(view) for view in page.posts]
            output.document({"items": items, "next": page.next})
        for view in page.posts:
            for line in post_lines(view):
                output.line(line)
        if not page.posts:
            output.line(f"No {status} posts." if status else NOTHING)
        if page.next:
            output.note(f"More: {_again(status, limit)} --cursor {page.next}")
        return ExitCode.OK

    run(command(), output)


def _again(status: Status | None, limit: int) -> str:
    chosen = f" --status {status}" if status else ""
    return f"pellacia-dist queue list{chosen} --limit {limit}"


@app.command()
def show(context: typer.Context, post_id: Id) -> None:
    """Show one post: each delivery, its evidence, and everything that happened to it."""
    output: Output = context.obj

    async def command() -> int:
        async with open_pellacia() as pellacia:
            view = await pellacia.queue.show(read_id(post_id))
            if output.as_json:
                output.document(shapes.listed_post(view))
            else:
                await _describe(pellacia, view, output)
        return ExitCode.OK

    run(command(), output)


async def _describe(pellacia: Pellacia, view: "PostView", output: Output) -> None:
    for line in post_lines(view):
        output.line(line)
    for delivery in view.deliveries:
        output.line(f"\n{address_of(delivery)}  {delivery.id}{_publicity(view, delivery)}")
        for entry in await pellacia.queue.journal(delivery.id):
            output.line(f"  {entry.at:%Y-%m-%d %H:%M:%S}Z  {entry.to_step:<9}  {entry.reason}")
        _show_evidence(delivery, output)


def _publicity(view: "PostView", delivery: Delivery) -> str:
    """Say when it went public, and how late that was where its post had a time."""
    if delivery.published_at is None:
        return ""
    public = f"  public since {delivery.published_at:%Y-%m-%d %H:%M:%S}Z"
    late = delivery.lateness if view.stored.scheduled_at else None
    return public if late is None else f"{public}, {late.total_seconds():,.0f} s after its time"


def _show_evidence(delivery: Delivery, output: Output) -> None:
    for seen in delivery.evidence:
        facts = ", ".join(f"{key}: {value}" for key, value in seen.items() if key != "at")
        output.line(f"  looked {seen.get('at')}  {facts}")


@app.command()
def retry(
    context: typer.Context,
    post_id: Annotated[
        str, typer.Option("--id", metavar="ID", help="A post, or one of its deliveries.")
    ] = "",
    status: Annotated[
        str, typer.Option(metavar="failed", help="Every delivery that has failed.")
    ] = "",
) -> None:
    """
    Put failed deliveries back into the queue, for a worker to publish.

    What was uploaded is not sent again.
    """
    output: Output = context.obj

    async def command() -> int:
        if bool(post_id) == bool(status) or status not in {"", "failed"}:
            raise BadInputError("Say what to try again: --id ID, or --status failed.")
        async with open_pellacia() as pellacia:
            if post_id:
                views = [await pellacia.queue.retry(read_id(post_id))]
            else:
                views = await pellacia.queue.retry_all_failed()
        if output.as_json:
            output.document({"items": [shapes.listed_post(view) for view in views], "next": None})
        for view in views:
            for line in post_lines(view):
                output.line(line)
        output.line(
            "Back in the queue. To publish it: pellacia-dist worker --until-idle"
            if views
            else "Nothing has failed."
        )
        return ExitCode.OK

    run(command(), output)


@app.command()
def resolve(
    context: typer.Context,
    post_id: Id,
    published: Annotated[
        str, typer.Option(metavar="URL", help="It is there: where people can see it.")
    ] = "",
    not_published: Annotated[
        bool, typer.Option("--not-published", help="It is not there: publish it again.")
    ] = False,
) -> None:
    """
    Settle a delivery that is held: say whether the platform published it.

    A delivery is held when nobody can tell; it is never published again by itself.
    """
    output: Output = context.obj

    async def command() -> int:
        if bool(published) == not_published:
            raise BadInputError("Say how it is: --published URL, or --not-published.")
        if published and not published.startswith(("https://", "http://")):
            raise BadInputError(f"--published {published!r} is no link: it begins with https://.")
        async with open_pellacia() as pellacia:
            view = await pellacia.queue.resolve(read_id(post_id), published_at=published or None)
        if output.as_json:
            output.document(shapes.listed_post(view))
        for line in post_lines(view):
            output.line(line)
        if not published:
            output.line("To publish it again: pellacia-dist worker --until-idle")
        return ExitCode.OK

    run(command(), output)


@app.command()
def pause(context: typer.Context, platform: Platform = "") -> None:
    """
    Publish nothing more until `queue resume`.

    What is under way comes to its next step first; what may be out already is still looked up.
    """
    output: Output = context.obj

    async def command() -> int:
        async with open_pellacia() as pellacia:
            paused = await pellacia.queue.pause(platform_name(platform) if platform else None)
        _say_paused(paused, output)
        return ExitCode.OK

    run(command(), output)


@app.command()
def resume(context: typer.Context, platform: Platform = "") -> None:
    """Publish again after `queue pause`."""
    output: Output = context.obj

    async def command() -> int:
        async with open_pellacia() as pellacia:
            paused = await pellacia.queue.resume(platform_name(platform) if platform else None)
        _say_paused(paused, output)
        return ExitCode.OK

    run(command(), output)


def _say_paused(paused: Sequence["Account"], output: Output) -> None:
    addresses = [account.address for account in paused]
    if output.as_json:
        output.document({"paused": list[Json](addresses)})
    if addresses:
        output.line(f"Paused: {', '.join(addresses)}. To go on: pellacia-dist queue resume")
    else:
        output.line("Nothing is paused.")


@app.command()
def clear(
    context: typer.Context,
    status: Annotated[str, typer.Option(metavar="WORD", help="failed, cancelled or completed.")],
) -> None:
    """
    Remove posts from the list, once all their deliveries have this status.

    Nothing is removed from a platform.
    """
    output: Output = context.obj

    async def command() -> int:
        async with open_pellacia() as pellacia:
            cleared = await pellacia.queue.clear(status)
        if output.as_json:
            output.document({"cleared": cleared, "status": status})
        output.line(f"Removed {cleared:,} {status} {'post' if cleared == 1 else 'posts'}.")
        return ExitCode.OK

    run(command(), output)
