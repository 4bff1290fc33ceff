"""The command line's table of commands, and what holds for all of them."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from pellacia_service.cli import auth, db, queue
from pellacia_service.cli.demo import demo, sandbox
from pellacia_service.cli.output import Output
from pellacia_service.cli.upload import upload
from pellacia_service.cli.worker import worker
from pellacia_service.facade import __version__

GLOBAL_FLAGS = frozenset({"--json", "--quiet", "--verbose", "--no-color"})
"""May stand before or behind the command."""

FLAGS = GLOBAL_FLAGS | {
    "--dry-run", "--help", "--no-tui", "--no-wait", "--not-published", "--until-idle", "--version", "--yes",
}  # fmt: skip
"""Every option that takes no value."""

app = typer.Typer(
    name="pellacia-dist",
    help="Publish videos on YouTube, Instagram, TikTok, X, LinkedIn and Facebook.",
    no_args_is_help=True,
    add_completion=False,
    # Its rich help doubles the time to the first word.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(demo)
app.command()(upload)
app.add_typer(queue.app, name="queue")
app.command()(worker)
app.add_typer(auth.app, name="auth")
app.command()(sandbox)
app.add_typer(db.app, name="db")


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"pellacia-dist {__version__}\n")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Only errors.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="More about what happens.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Options that hold for every command; they may also stand behind it."""
    context.obj = Output(as_json=as_json, quiet=quiet, verbose=verbose, color=not no_color)


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line."""
    app(args=hoist(list(sys.argv[1:] if words is None else words)), prog_name="pellacia-dist")


def hoist(words: list[str]) -> list[str]:
    """Move the global flags to the front; a word that is an option's value stays where it is."""
    front: list[str] = []
    rest: list[str] = []
    takes_value = False
    for index, word in enumerate(words):
        if word == "--":
            rest += words[index:]
            break
        if word in GLOBAL_FLAGS and not takes_value:
            front.append(word)
            continue
        takes_value = word.startswith("--") and "=" not in word and word not in FLAGS
        rest.append(word)
    return front + rest
