"""`upload`: publish now."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from pellacia_service.cli import shapes
from pellacia_service.cli.drafts import Words, read_draft, split_platforms
from pellacia_service.cli.exit_codes import ExitCode, of_deliveries
from pellacia_service.cli.output import Output, delivery_lines, post_lines
from pellacia_service.cli.running import loop_for_bytes, problem_lines, run
from pellacia_service.facade import (
    RESTING,
    Draft,
    NotFoundError,
    PostView,
    Privacy,
    Problem,
    Status,
    open_pellacia,
)


def upload(
    context: typer.Context,
    file: Annotated[Path, typer.Option(metavar="FILE", help="The video.")],
    platform: Annotated[
        str, typer.Option(metavar="NAME", help="One account: a platform, or platform:label.")
    ] = "",
    platforms: Annotated[
        str,
        typer.Option(metavar="NAMES", help="Several, with commas between, or: all."),
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
        Path | None,
        typer.Option(
            metavar="FILE",
            help='JSON with the above, and for one platform: {"x": {"title": "…"}}.',
        ),
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
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Only queue it; a worker publishes it.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only check it; write and send nothing.")
    ] = False,
) -> None:
    """
    Publish a video on one or more platforms now.

    The file and the words are held against every platform's rules first. When one of them would
    turn the post down, all reasons are listed and nothing is sent anywhere.
    """
    output: Output = context.obj
    upload_run = _Upload(output)
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

    async def command() -> int:
        draft = read_draft(words)
        if dry_run:
            return await upload_run.check(draft)
        return await upload_run.publish(draft, wait=not no_wait)

    run(command(), output, after_interrupt=upload_run.say_where_it_stands, new_loop=loop_for_bytes)


@dataclass(frozen=True)
class _Upload:
    """One run of the command. It knows the post's id from the start, to find it after Ctrl-C."""

    output: Output
    post_id: uuid.UUID = field(default_factory=uuid.uuid4)

    async def check(self, draft: Draft) -> int:
        async with open_pellacia() as pellacia, pellacia.press() as press:
            problems = await press.posts.check(draft)
        if self.output.as_json:
            self.output.document(shapes.checked(problems, Status.CHECKED))
        for line in _checked_lines(problems):
            self.output.line(line)
        return ExitCode.REFUSED if any(problems.values()) else ExitCode.OK

    async def publish(self, draft: Draft, *, wait: bool) -> int:
        from pellacia_service.cli.lanes import watch_lanes  # noqa: PLC0415 - rich, only to draw

        async with open_pellacia() as pellacia, pellacia.press() as press:
            press.notices.listen(self.output.note)
            view = await press.posts.write(draft, post_id=self.post_id)
            if wait:
                view = await watch_lanes(pellacia, press, view, self.output)
        self._answer(view)
        if not wait:
            self.output.note("To publish it: pellacia-dist worker --until-idle")
        return of_deliveries(view.deliveries) if wait else ExitCode.OK

    def _answer(self, view: PostView) -> None:
        if self.output.as_json:
            self.output.document(shapes.post(view))
        for line in post_lines(view):
            self.output.line(line)

    async def say_where_it_stands(self) -> None:
        """After Ctrl-C: what became of each delivery, and how to go on."""
        try:
            async with open_pellacia() as pellacia:
                view = await pellacia.queue.show(self.post_id)
        except NotFoundError:
            self.output.complain("Stopped. Nothing was queued and nothing was sent.")
            return
        if self.output.as_json and not self.output.answered:
            self.output.document(shapes.post(view))
        self.output.complain("Stopped. Where it stands:")
        for line in delivery_lines(view.deliveries):
            self.output.complain(f"  {line}")
        if any(one.step not in RESTING for one in view.deliveries):
            self.output.complain("To go on from here: pellacia-dist worker --until-idle")


def _checked_lines(problems: Mapping[str, Sequence[Problem]]) -> list[str]:
    """What each account would say; accounts that would say the same stand together."""
    said: dict[tuple[Problem, ...], list[str]] = {}
    for address, found in problems.items():
        said.setdefault(tuple(found), []).append(address)
    return [
        line
        for found, addresses in said.items()
        for line in (f"{'✗' if found else '✓'} {', '.join(addresses)}", *problem_lines(found))
    ]
