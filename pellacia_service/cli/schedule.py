"""`schedule`: publish later, and see and change what is planned."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pellacia_service.cli import schedule_rules, shapes
from pellacia_service.cli.drafts import Words, read_draft, split_platforms
from pellacia_service.cli.exit_codes import ExitCode
from pellacia_service.cli.output import Output, address_of, post_lines
from pellacia_service.cli.queue import Id, read_id
from pellacia_service.cli.running import problem_lines, run
from pellacia_service.cli.schedule_words import (
    explained,
    planned_line,
    planned_post,
    planned_shape,
    show_planned,
    tell_notes,
    tell_time,
    time_shape,
    write_out,
)
from pellacia_service.facade import (
    BadInputError,
    Draft,
    Json,
    OnConflict,
    Pellacia,
    Privacy,
    Status,
    Wish,
    open_pellacia,
)

NOTHING = "Nothing is planned. Plan something: pellacia-dist schedule --help"

app = typer.Typer(help="Publish later, and see and change what is planned.")
app.add_typer(schedule_rules.slots, name="slots")
app.add_typer(schedule_rules.rules, name="rules")


class ExportFormat(StrEnum):
    """What a calendar can be written as."""

    ICS = "ics"
    CSV = "csv"
    JSON = "json"


At = Annotated[
    str,
    typer.Option(
        metavar="WHEN",
        help='"2026-12-27 14:00", "tomorrow 9am", "in 2 hours", next-slot, or best.',
    ),
]
Zone = Annotated[
    str,
    typer.Option(
        metavar="ZONE",
        help="Such as Europe/Berlin. Default: PELLACIA_TIMEZONE, else the machine's.",
    ),
]
Conflict = Annotated[
    OnConflict,
    typer.Option(
        help="What to do where it collides: refuse it, take the next free time, or keep it."
    ),
]
Everything = Annotated[bool, typer.Option("--all", help="Also what is over.")]


@app.callback(invoke_without_command=True)
def schedule(
    context: typer.Context,
    file: Annotated[Path | None, typer.Option(metavar="FILE", help="The video.")] = None,
    at: At = "",
    timezone: Zone = "",
    on_conflict: Conflict = OnConflict.REJECT,
    platform: Annotated[
        str, typer.Option(metavar="NAME", help="One account: a platform, or platform:label.")
    ] = "",
    platforms: Annotated[
        str, typer.Option(metavar="NAMES", help="Several, with commas between, or: all.")
    ] = "",
    title: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Its title; where there is none, the first line."),
    ] = None,
    description: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The text below the title.")
    ] = None,
    hashtags: Annotated[
        str | None, typer.Option(metavar="WORDS", help='Such as "#video #content".')
    ] = None,
    metadata: Annotated[
        Path | None, typer.Option(metavar="FILE", help="JSON with the above, as for upload.")
    ] = None,
    thumbnail: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A JPEG or PNG, where one can be sent.")
    ] = None,
    privacy: Annotated[
        Privacy | None, typer.Option(help="Who may see it. Default: public.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="PLATFORM.KEY=VALUE",
            help="For one platform only, such as x.title=Hello. May be given again.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only check it; write nothing.")
    ] = False,
) -> None:
    """
    Publish a video later.

    The file and the words are held against every platform's rules now, the time against what is
    planned already. A worker publishes it: pellacia-dist worker
    """
    if context.invoked_subcommand is not None:
        return
    output: Output = context.obj
    wish = Wish(at, timezone, on_conflict)

    async def command() -> int:
        if file is None or not at.strip():
            raise BadInputError(
                'Say what and when: --file FILE --platforms NAMES --at "2026-12-27 14:00". '
                "More: pellacia-dist schedule --help"
            )
        words = Words(
            file=file,
            platforms=split_platforms(platform, platforms),
            title=title,
            description=description,
            hashtags=hashtags,
            metadata=metadata,
            thumbnail=thumbnail,
            privacy=privacy,
            settings=tuple(settings or ()),
        )
        draft = read_draft(words)
        return await (_check if dry_run else _add)(draft, wish, output)

    run(command(), output)


async def _add(draft: Draft, wish: Wish, output: Output) -> int:
    with explained(output):
        async with open_pellacia() as pellacia:
            planned = await pellacia.calendar().planner().add(draft, wish)
    show_planned(planned, output)
    return ExitCode.OK


async def _check(draft: Draft, wish: Wish, output: Output) -> int:
    with explained(output):
        async with open_pellacia() as pellacia:
            checked = await pellacia.calendar().planner().check(draft, wish)
    if output.as_json:
        time = time_shape(checked.choice) if checked.choice else {}
        output.document({**shapes.checked(checked.problems, Status.CHECKED), **time})
    for address, problems in checked.problems.items():
        output.line(f"{'✗' if problems else '✓'} {address}")
        for line in problem_lines(problems):
            output.line(line)
    if checked.choice:
        tell_time(checked.choice, output)
    return ExitCode.REFUSED if any(checked.problems.values()) else ExitCode.OK


@app.command("list")
def list_planned(
    context: typer.Context,
    everything: Everything = False,
    limit: Annotated[
        int, typer.Option(min=1, max=1000, metavar="N", help="How many at the most.")
    ] = 50,
    cursor: Annotated[
        str | None, typer.Option(metavar="WORD", help="Go on where the page before ended.")
    ] = None,
) -> None:
    """List what is planned, the next first, and what was missed and waits for you."""
    output: Output = context.obj

    async def command() -> int:
        async with open_pellacia() as pellacia:
            schedule = pellacia.calendar().schedule
            page = await schedule.page(everything=everything, limit=limit, cursor=cursor)
        if output.as_json:
            items: list[Json] = [planned_post(view) for view in page.posts]
            output.document({"items": items, "next": page.next})
        for view in page.posts:
            output.line(planned_line(view))
        if not page.posts:
            output.line(NOTHING)
        if page.next:
            chosen = " --all" if everything else ""
            output.note(f"More: pellacia-dist schedule list{chosen} --cursor {page.next}")
        return ExitCode.OK

    run(command(), output)


@app.command()
def move(
    context: typer.Context,
    post_id: Id,
    at: At,
    timezone: Zone = "",
    on_conflict: Conflict = OnConflict.REJECT,
) -> None:
    """Give a post another time."""
    output: Output = context.obj

    async def command() -> int:
        wish = Wish(at, timezone, on_conflict)
        with explained(output):
            async with open_pellacia() as pellacia:
                planned = await pellacia.calendar().schedule.move(read_id(post_id), wish)
        show_planned(planned, output)
        return ExitCode.OK

    run(command(), output)


@app.command()
def cancel(context: typer.Context, post_id: Id) -> None:
    """Take a post, or one of its deliveries, out of the calendar."""
    output: Output = context.obj

    async def command() -> int:
        async with open_pellacia() as pellacia:
            view = await pellacia.calendar().schedule.cancel(read_id(post_id))
        if output.as_json:
            output.document(planned_post(view))
        for line in post_lines(view):
            output.line(line)
        if left := [address_of(one) for one in view.deliveries if one.leaves_an_upload]:
            output.note(f"Uploaded already, and left there unpublished: {', '.join(left)}.")
        return ExitCode.OK

    run(command(), output)


@app.command("import")
def import_plan(
    context: typer.Context,
    plan: Annotated[
        Path, typer.Argument(metavar="PLAN.CSV", help="Columns: file, platforms, at, title, …")
    ],
    on_conflict: Conflict = OnConflict.REJECT,
) -> None:
    """Plan every row of a CSV table, or none where something is wrong with one of them."""
    output: Output = context.obj

    async def command() -> int:
        with explained(output):
            async with open_pellacia() as pellacia:
                planned = await pellacia.calendar().planner().add_table(plan, on_conflict)
        if output.as_json:
            items: list[Json] = [planned_shape(one) for one in planned]
            output.document({"items": items, "next": None})
        for one in planned:
            output.line(planned_line(one.view))
            tell_notes(one.choice, output)
        output.note(f"{len(planned)} planned. To publish them in time: pellacia-dist worker")
        return ExitCode.OK

    run(command(), output)


@app.command()
def export(
    context: typer.Context,
    form: Annotated[
        ExportFormat, typer.Option("--format", help="For calendars, spreadsheets, or scripts.")
    ] = ExportFormat.ICS,
    file: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Default: stdout.")
    ] = None,
    everything: Everything = False,
) -> None:
    """Write the calendar for other programs. CSV can be imported again."""
    output: Output = context.obj

    async def command() -> int:
        async with open_pellacia() as pellacia:
            text = await _exported(pellacia, form, output, everything=everything)
        if file is None:
            write_out(text)
            return ExitCode.OK
        import asyncio  # noqa: PLC0415 - a quarter of what `--help` costs

        await asyncio.to_thread(_write_file, file, text)
        if output.as_json:
            output.document({"file": str(file)})
        output.note(f"Written to {file}.")
        return ExitCode.OK

    run(command(), output)


async def _exported(
    pellacia: Pellacia, form: ExportFormat, output: Output, *, everything: bool
) -> str:
    schedule = pellacia.calendar().schedule
    if form is ExportFormat.JSON or output.as_json:
        views = await schedule.all(everything=everything)
        items: list[Json] = [planned_post(view) for view in views]
        return json.dumps({"items": items, "next": None}, ensure_ascii=False, indent=2) + "\n"
    if form is ExportFormat.ICS:
        return await schedule.as_ics(everything=everything)
    return await schedule.as_csv(everything=everything)


def _write_file(file: Path, text: str) -> None:
    try:
        file.write_bytes(text.encode())
    except OSError as error:
        raise BadInputError(
            f"{file} cannot be written: {error.strerror}. Name another file: --output FILE"
        ) from error
