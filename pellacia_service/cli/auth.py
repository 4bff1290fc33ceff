"""`auth`: connect accounts."""

from typing import TYPE_CHECKING, Annotated

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
    BadInputError,
    Pellacia,
    open_pellacia,
    platform_name,
)

if TYPE_CHECKING:
    from pellacia_service.facade import SignIn

app = typer.Typer(help="Connect accounts, and see which are connected.")


@app.command()
def login(
    context: typer.Context,
    platform: Annotated[
        str, typer.Argument(metavar="PLATFORM", help=f"{', '.join(PLATFORM_NAMES)}, or: all.")
    ],
    label: Annotated[
        str,
        typer.Option(metavar="NAME", help="Tells several accounts of one platform apart."),
    ] = DEFAULT_LABEL,
    yes: Annotated[
        bool, typer.Option("--yes", help="In the sandbox: play the browser, and approve.")
    ] = False,
) -> None:
    """
    Connect an account: open the page it prints, approve, and paste the address that follows.

    Posts name it as PLATFORM, or as PLATFORM:NAME where it was given a label.
    """
    output: Output = context.obj

    async def command() -> int:
        names = PLATFORM_NAMES if platform.strip().lower() == ALL else (platform_name(platform),)
        _check_label(label)
        async with open_pellacia() as pellacia:
            accounts = await _connect(pellacia, names, label, output, yes=yes)
        if output.as_json:
            output.document({"items": [shapes.account(one) for one in accounts], "next": None})
        return ExitCode.OK

    run(command(), output)


def _check_label(label: str) -> None:
    """Refuse a label that `platform:label,platform:label` could not name."""
    if not label or not label.isprintable() or any(one in ",: " for one in label):
        raise BadInputError(
            f"--label {label!r} cannot be used in PLATFORM:NAME. Take a word without blanks, "
            "commas and colons."
        )


async def _connect(
    pellacia: Pellacia, names: tuple[str, ...], label: str, output: Output, *, yes: bool
) -> list[Account]:
    accounts = []
    async with pellacia.sign_in() as sign_in:
        for name in names:
            approve = _approve_in_sandbox if yes else _ask_to_approve
            account = await approve(sign_in, name, label, output)
            output.line(f"✓ {account.address:<9}  connected as {account.name}")
            accounts.append(account)
    return accounts


async def _approve_in_sandbox(
    sign_in: "SignIn", platform: str, label: str, output: Output
) -> Account:
    request = sign_in.begin(platform, label)
    answer = await sign_in.approve_in_sandbox(request)
    return await sign_in.complete(platform, label, request, answer)


async def _ask_to_approve(sign_in: "SignIn", platform: str, label: str, output: Output) -> Account:
    from pellacia_service.cli.asking import ask_line  # noqa: PLC0415 - brings asyncio

    request = sign_in.begin(platform, label)
    output.complain(f"Open this page and approve:\n\n  {request.url}\n")
    output.complain(
        "The browser then goes to an address that it cannot show. Paste that address here:"
    )
    answer = (await ask_line()).strip()
    if not answer:
        raise BadInputError(
            f"No address was pasted, so {platform} is not connected. "
            f"Start again: pellacia-dist auth login {platform}"
        )
    return await sign_in.complete(platform, label, request, answer)


@app.command()
def status(context: typer.Context) -> None:
    """List the connected accounts."""
    output: Output = context.obj

    async def command() -> int:
        async with open_pellacia() as pellacia:
            accounts = await pellacia.accounts.all()
        if output.as_json:
            output.document({"items": [shapes.account(one) for one in accounts], "next": None})
        width = max((len(account.address) for account in accounts), default=0)
        for account in accounts:
            output.line(f"✓ {account.address:<{width}}  {account.name}")
        if not accounts:
            output.line("No account is connected. Connect one: pellacia-dist auth login youtube")
        return ExitCode.OK

    run(command(), output)
