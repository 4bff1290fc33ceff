"""`db`: the database's schema."""

import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from pellacia_service.cli.exit_codes import ExitCode
from pellacia_service.cli.output import Output
from pellacia_service.cli.running import run
from pellacia_service.facade import BadInputError, open_schema, read_settings

if TYPE_CHECKING:
    from pellacia_service.facade import Schema

NOTHING_LEFT = frozenset({"base", "0001"})
"""Revisions that leave none of the rows there are, or only some of their columns."""

app = typer.Typer(help="The database's schema: up, down, where it stands.")


def _run(context: typer.Context, move: "Callable[[Schema], Awaitable[str]]") -> None:
    output: Output = context.obj

    async def command() -> int:
        revision = await move(open_schema(read_settings()))
        if output.as_json:
            output.document({"revision": revision or None})
        output.line(revision or "The database has no tables yet.")
        return ExitCode.OK

    run(command(), output)


@app.command()
def upgrade(context: typer.Context) -> None:
    """Bring the schema up to this program's version. Every other command does so by itself."""
    _run(context, lambda schema: schema.upgrade())


# So that -1 is taken for a revision and not for an option.
@app.command(context_settings={"ignore_unknown_options": True})
def downgrade(
    context: typer.Context,
    revision: Annotated[
        str,
        typer.Argument(
            metavar="REVISION", help="-1: one back; base: no tables at all; or a revision."
        ),
    ] = "-1",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
) -> None:
    """
    Take the schema back one revision, or to the one that is named.

    What only the newer schema can hold is lost, so this asks first. The next command that is not
    `db` upgrades again.
    """

    async def move(schema: "Schema") -> str:
        if not yes:
            _make_sure(revision)
        return await schema.downgrade(revision)

    _run(context, move)


def _make_sure(revision: str) -> None:
    """
    Ask on the terminal.

    Raises:
        BadInputError: nobody is there to be asked, or the answer is not yes.
    """
    lost = "every post, account and token" if revision in NOTHING_LEFT else "what only it can hold"
    if not sys.stdin.isatty():
        raise BadInputError(
            f"Going back to {revision} throws {lost} away. Nobody is at the terminal to be asked: "
            "say --yes."
        )
    if not typer.confirm(f"Going back to {revision} throws {lost} away. Go on?", err=True):
        raise BadInputError("Nothing was changed.")


@app.command()
def current(context: typer.Context) -> None:
    """Show which revision the database has."""
    _run(context, lambda schema: schema.current())
