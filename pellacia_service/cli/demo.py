"""`sandbox` and `demo`: everything without a single credential."""

from pathlib import Path
from typing import Annotated

import typer

from pellacia_service.cli.output import Output
from pellacia_service.cli.running import loop_for_bytes, run
from pellacia_service.facade import SetupError, serve_sandbox


def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, metavar="N", help="0: any free one.")] = 0,
    seed: Annotated[int, typer.Option(metavar="N", help="Makes ids and figures repeatable.")] = 0,
) -> None:
    """
    Serve a six-platform sandbox until interrupted.

    It listens on this machine only, and says where: {"url": "http://127.0.0.1:N"} is the first line
    on stdout. Commands that find this address in PELLACIA_SANDBOX_URL publish there and nowhere
    else.
    """
    try:
        serve_sandbox(port=port, seed=seed)
    except OSError as error:
        raise SetupError(f"The sandbox cannot listen on port {port}: {error.strerror}.") from error


def demo(
    context: typer.Context,
    no_tui: Annotated[
        bool, typer.Option("--no-tui", help="Publish with progress lanes; open no app.")
    ] = False,
    keep: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Keep the database and the sample in this folder."),
    ] = None,
) -> None:
    """
    Publish a sample video on all six platforms of a sandbox. Needs no account.

    Starts a sandbox on this machine, connects six accounts, makes an MP4, publishes it, and prints
    the links. Nothing leaves this machine.
    """
    # Deferred: what draws and what runs processes is not needed to say that the command exists.
    from pellacia_service.cli.demo_day import run_demo  # noqa: PLC0415

    output: Output = context.obj

    async def say_what_is_left() -> None:
        output.complain("Stopped. The sandbox is gone, with everything that was published in it.")

    run(run_demo(keep, output), output, after_interrupt=say_what_is_left, new_loop=loop_for_bytes)
