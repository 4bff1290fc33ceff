"""`auth`: connect accounts."""

from typing import Annotated

import typer

from pellacia_service.cli import shapes
from pellacia_service.cli.exit_codes import ExitCode
from pellacia_service.cli.output import Output
from pellacia_service.cli.running import run
from pellacia_service.facade import (
    ALL,
    DEFAULT_LABEL,
    PLATFORM_NAMES,
    Account,
    open_pellacia,
    platform_name,
)

app = typer.Typer(help="Connect accounts.")


@app.command()
def login(
    context: typer.Context,
    platform: Annotated[str, typer.Argument(help="A platform, or: all.")],
    label: Annotated[str, typer.Option(help="Tells several accounts apart.")] = DEFAULT_LABEL,
    yes: Annotated[bool, typer.Option("--yes", help="In the sandbox: approve by itself.")] = False,
) -> None:
    """Connect an account: open the page it prints, approve, and paste the address that follows."""
    output: Output = context.obj
    names = PLATFORM_NAMES if platform == ALL else (platform,)

    async def command() -> int:
        accounts = [await _connect(platform_name(name), label, output, yes=yes) for name in names]
        if output.as_json:
            output.document({"items": [shapes.account(one) for one in accounts], "next": None})
        return ExitCode.OK

    run(command(), output)


async def _connect(platform: str, label: str, output: Output, *, yes: bool) -> Account:
    async with open_pellacia() as pellacia, pellacia.sign_in() as sign_in:
        request = sign_in.begin(platform, label)
        if yes:
            answer = await sign_in.approve_in_sandbox(request)
        else:
            output.note(f"Open this page and approve:\n\n  {request.url}\n")
            output.note("The browser then goes to an address that it cannot show. Paste it here:")
            import asyncio  # noqa: PLC0415 - a quarter of what `--help` costs

            answer = (await asyncio.to_thread(input)).strip()
        account = await sign_in.complete(platform, label, request, answer)
    output.line(f"✓ {account.address:<10} connected as {account.name}")
    return account


@app.command()
def status(context: typer.Context) -> None:
    """List the connected accounts."""
    output: Output = context.obj

    async def command() -> int:
        async with open_pellacia() as pellacia:
            accounts = await pellacia.accounts.all()
        if output.as_json:
            output.document({"items": [shapes.account(one) for one in accounts], "next": None})
        for account in accounts:
            output.line(f"✓ {account.address:<10} {account.name}")
        if not accounts:
            output.line("No account is connected. Connect one: pellacia-dist auth login youtube")
        return ExitCode.OK

    run(command(), output)
