"""`sandbox` and `demo`: everything without a single credential."""

from pathlib import Path
from typing import Annotated

import typer

from pellacia_service.cli.running import run
from pellacia_service.facade import serve_sandbox


def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 0,
    seed: Annotated[int, typer.Option(help="Makes ids and figures repeatable.")] = 0,
) -> None:
    """Serve the six-platform sandbox on loopback until interrupted."""
    serve_sandbox(port=port, seed=seed)


def demo(
    context: typer.Context,
    no_tui: Annotated[
        bool, typer.Option("--no-tui", help="Publish in lanes; open no app.")
    ] = False,
    keep: Annotated[Path | None, typer.Option(help="Keep everything in this folder.")] = None,
) -> None:
    """Publish a sample video on all six platforms of the sandbox. Needs no account."""
    # Deferred: what draws and what runs processes is not needed to say that the command exists.
    from pellacia_service.cli.demo_day import run_demo  # noqa: PLC0415

    run(run_demo(keep, context.obj), context.obj)
