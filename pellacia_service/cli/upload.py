"""`upload`: publish now."""

import json
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from pellacia_service.cli import shapes
from pellacia_service.cli.exit_codes import ExitCode, of_deliveries
from pellacia_service.cli.output import Output, delivery_line, post_lines
from pellacia_service.cli.running import run
from pellacia_service.facade import (
    ALL,
    BadInputError,
    Draft,
    PostView,
    Privacy,
    Status,
    open_pellacia,
    platform_name,
    split_hashtags,
)

TEXT_FIELDS = ("title", "description")


def upload(
    context: typer.Context,
    file: Annotated[Path, typer.Option(help="The video file.")],
    platform: Annotated[str, typer.Option(help="One platform, or platform:label.")] = "",
    platforms: Annotated[str, typer.Option(help="Several, with commas between, or: all.")] = "",
    title: Annotated[
        str | None, typer.Option(help="Title; on X and others the first line.")
    ] = None,
    description: Annotated[str | None, typer.Option(help="The text below the title.")] = None,
    hashtags: Annotated[str | None, typer.Option(help='Such as "#video #content".')] = None,
    metadata: Annotated[
        Path | None, typer.Option(help="JSON with these fields, and more for each platform.")
    ] = None,
    thumbnail: Annotated[Path | None, typer.Option(help="A JPEG or PNG.")] = None,
    privacy: Annotated[Privacy | None, typer.Option(help="Who may see it.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="platform.key=value, for one platform only.")
    ] = None,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Only queue it; a worker publishes it.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only check it; write and send nothing.")
    ] = False,
) -> None:
    """Publish a video on one or more platforms now."""
    output: Output = context.obj
    upload_run = _Upload(output)

    async def command() -> int:
        draft = _read_metadata(metadata, _addresses(platform, platforms), file)
        draft = _with_options(draft, title, description, hashtags, privacy)
        draft = replace(
            draft,
            thumbnail=thumbnail or draft.thumbnail,
            overrides=_with_settings(draft, settings or []),
        )
        if dry_run:
            return await upload_run.check(draft)
        return await upload_run.publish(draft, wait=not no_wait)

    run(command(), output, after_interrupt=upload_run.say_where_it_stands)


@dataclass
class _Upload:
    """One run of the command; remembers the post, to say where it stands after Ctrl-C."""

    output: Output
    post_id: uuid.UUID | None = None

    async def check(self, draft: Draft) -> int:
        async with open_pellacia() as pellacia, pellacia.press() as press:
            problems = await press.posts.check(draft)
        if self.output.as_json:
            self.output.document(shapes.checked(problems, Status.CHECKED))
        for address, found in problems.items():
            self.output.line(f"{'✗' if found else '✓'} {address}")
            for problem in found:
                self.output.line(f"    {problem.message} {problem.fix}")
        return ExitCode.REFUSED if any(problems.values()) else ExitCode.OK

    async def publish(self, draft: Draft, *, wait: bool) -> int:
        from pellacia_service.cli.lanes import watch_lanes  # noqa: PLC0415 - rich, only to draw

        async with open_pellacia() as pellacia, pellacia.press() as press:
            view = await press.posts.write(draft)
            self.post_id = view.stored.id
            if wait:
                view = await watch_lanes(pellacia, press, view, self.output)
        self._print(view)
        return of_deliveries(view.deliveries) if wait else ExitCode.OK

    def _print(self, view: PostView) -> None:
        if self.output.as_json:
            self.output.document(shapes.post(view))
        for line in post_lines(view):
            self.output.line(line)

    async def say_where_it_stands(self) -> None:
        """After Ctrl-C: what became of each delivery, and how to go on."""
        if self.post_id is None:
            self.output.complain("Stopped. Nothing was queued and nothing was sent.")
            return
        async with open_pellacia() as pellacia:
            view = await pellacia.queue.show(self.post_id)
        if self.output.as_json:
            self.output.document(shapes.post(view))
        self.output.complain("Stopped. Where it stands:")
        for delivery in view.deliveries:
            self.output.complain(f"  {delivery_line(delivery)}")
        self.output.complain("To go on from here: pellacia-dist worker --until-idle")


def _addresses(platform: str, platforms: str) -> tuple[str, ...]:
    words = [word.strip() for word in f"{platform},{platforms}".split(",") if word.strip()]
    return tuple(words)


def _read_metadata(path: Path | None, addresses: tuple[str, ...], file: Path) -> Draft:
    """Read a metadata file: the post's fields, and an object for each platform with its own."""
    draft = Draft(file=file, addresses=addresses)
    if path is None:
        return draft
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInputError(
            f"The metadata file {path} cannot be read: {error.strerror}."
        ) from error
    except ValueError as error:
        raise BadInputError(f"The metadata file {path} is not JSON: {error}.") from error
    if not isinstance(fields, dict):
        raise BadInputError(f"The metadata file {path} must hold one JSON object.")
    overrides = {
        platform_name(key): {name: _as_text(one) for name, one in value.items()}
        for key, value in fields.items()
        if isinstance(value, dict)
    }
    texts = {name: _as_text(fields.get(name, "")) for name in TEXT_FIELDS}
    thumbnail = fields.get("thumbnail")
    return replace(
        draft,
        title=texts["title"],
        description=texts["description"],
        hashtags=split_hashtags(_as_text(fields.get("hashtags", ""))),
        privacy=_privacy(_as_text(fields.get("privacy", Privacy.PUBLIC))),
        thumbnail=path.parent / thumbnail if isinstance(thumbnail, str) else None,
        addresses=addresses
        or _addresses("", _as_text(fields.get("platforms", "")).replace(" ", ",")),
        overrides=overrides,
    )


def _as_text(value: object) -> str:
    """Read a JSON value as an option's text: lists with blanks between, true and false in lower case."""
    if isinstance(value, list):
        return " ".join(_as_text(one) for one in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _privacy(word: str) -> Privacy:
    try:
        return Privacy(word)
    except ValueError as error:
        words = ", ".join(Privacy)
        raise BadInputError(
            f"There is no privacy called {word!r}. Choose from: {words}."
        ) from error


def _with_options(
    draft: Draft,
    title: str | None,
    description: str | None,
    hashtags: str | None,
    privacy: Privacy | None,
) -> Draft:
    """What stands on the command line wins over the metadata file."""
    return replace(
        draft,
        title=draft.title if title is None else title,
        description=draft.description if description is None else description,
        hashtags=draft.hashtags if hashtags is None else split_hashtags(hashtags),
        privacy=privacy or draft.privacy,
    )


def _with_settings(draft: Draft, settings: list[str]) -> dict[str, dict[str, str]]:
    """Read `platform.key=value` words on top of the metadata file's own."""
    overrides = {platform: dict(fields) for platform, fields in draft.overrides.items()}
    for word in settings:
        name, equals, value = word.partition("=")
        platform, dot, key = name.partition(".")
        if not equals or not dot or not key or platform == ALL:
            raise BadInputError(f"--set takes platform.key=value, not {word!r}.")
        if key == "privacy":
            _privacy(value)
        overrides.setdefault(platform_name(platform), {})[key] = value
    return overrides
