"""`queue`: what is on its way, what went wrong, and what to do about it."""

import uuid
from typing import Annotated

import typer

from pellacia_service.cli import shapes
from pellacia_service.cli.exit_codes import ExitCode
from pellacia_service.cli.output import MARKS, Output, delivery_line, post_lines
from pellacia_service.cli.running import run
from pellacia_service.facade import (
    BadInputError,
    Delivery,
    Json,
    Pellacia,
    PostView,
    Status,
    open_pellacia,
)

app = typer.Typer(help="What is on its way, what went wrong, and what to do about it.")

Id = Annotated[str, typer.Option("--id", help="The post's id, or one of its deliveries'.")]


def read_id(text: str) -> uuid.UUID:
    """
    Read an id as it was typed.

    Raises:
        BadInputError: it is no UUID.
    """
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise BadInputError(f"{text!r} is no id. `pellacia-dist queue list` shows them.") from error


@app.command()
def status(context: typer.Context) -> None:
    """Count what is in the queue."""
    output: Output = context.obj

    async def command() -> int:
        async with open_pellacia() as pellacia:
            counts = await pellacia.queue.counts()
        if output.as_json:
            document: dict[str, Json] = {str(word): counts.get(word, 0) for word in MARKS}
            output.document({"deliveries": document, "total": sum(counts.values())})
        for word, mark in MARKS.items():
            if counts.get(word):
                output.line(f"{mark} {counts[word]:>6,} {word}")
        if not counts:
            output.line("The queue is empty. Publish something: pellacia-dist upload --help")
        return ExitCode.OK

    run(command(), output)


@app.command("list")
def list_posts(
    context: typer.Context,
    status: Annotated[Status | None, typer.Option(help="Only posts of this status.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at the most.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="`next` of the page before.")] = None,
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
            output.line("No posts.")
        if page.next:
            output.line(f"More: pellacia-dist queue list --cursor {page.next}")
        return ExitCode.OK

    run(command(), output)


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


async def _describe(pellacia: Pellacia, view: PostView, output: Output) -> None:
    for line in post_lines(view):
        output.line(line)
    for delivery in view.deliveries:
        output.line(f"\n{delivery.platform} {delivery.id}")
        for entry in await pellacia.queue.journal(delivery.id):
            output.line(f"  {entry.at:%Y-%m-%d %H:%M:%S}Z  {entry.to_step:<10} {entry.reason}")
        _show_evidence(delivery, output)


def _show_evidence(delivery: Delivery, output: Output) -> None:
    for seen in delivery.evidence:
        facts = ", ".join(f"{key}: {value}" for key, value in seen.items() if key != "at")
        output.line(f"  looked {seen.get('at')}  {facts}")


@app.command()
def retry(
    context: typer.Context,
    post_id: Annotated[str, typer.Option("--id", help="The post or delivery.")] = "",
    status: Annotated[str, typer.Option(help="`failed`: every failed delivery.")] = "",
) -> None:
    """Put failed deliveries back into the queue. What was uploaded is not sent again."""
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
        output.line(
            f"{len(views)} back in the queue. To publish: pellacia-dist worker --until-idle"
        )
        return ExitCode.OK

    run(command(), output)


@app.command()
def resolve(
    context: typer.Context,
    post_id: Id,
    published: Annotated[str, typer.Option(help="It is there: its link.")] = "",
    not_published: Annotated[
        bool, typer.Option("--not-published", help="It is not there: publish it again.")
    ] = False,
) -> None:
    """Settle a held delivery: say whether the platform published it."""
    output: Output = context.obj

    async def command() -> int:
        if bool(published) == not_published:
            raise BadInputError("Say how it is: --published URL, or --not-published.")
        async with open_pellacia() as pellacia:
            view = await pellacia.queue.resolve(read_id(post_id), published_at=published or None)
        if output.as_json:
            output.document(shapes.listed_post(view))
        for delivery in view.deliveries:
            output.line(delivery_line(delivery))
        return ExitCode.OK

    run(command(), output)
