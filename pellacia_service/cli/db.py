"""`db`: the database's schema."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from pellacia_service.cli.exit_codes import ExitCode
from pellacia_service.cli.output import Output
from pellacia_service.cli.running import run
from pellacia_service.facade import open_schema, read_settings

if TYPE_CHECKING:
    from pellacia_service.facade import Schema

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
) -> None:
    """
    Take the schema back one revision, or to the one that is named.

    What only the newer schema can hold is lost. The next command that is not `db` upgrades again.
    """
    _run(context, lambda schema: schema.downgrade(revision))


@app.command()
def current(context: typer.Context) -> None:
    """Show which revision the database has."""
    _run(context, lambda schema: schema.current())
