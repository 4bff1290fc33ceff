"""`auth`: connect accounts."""

from typing import TYPE_CHECKING, Annotated

import typer

from pellacia_service.cli import auth_keys, auth_status, shapes
from pellacia_service.cli.exit_codes import ExitCode
from pellacia_service.cli.output import Output
from pellacia_service.cli.running import run
from pellacia_service.facade import (
    ALL,
    DEFAULT_LABEL,
    PLATFORM_NAMES,
    BadInputError,
    Json,
    Pellacia,
    SignedIn,
    open_pellacia,
    platform_name,
)

if TYPE_CHECKING:
    from pellacia_service.cli.sign_in import Order

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
    wanted: Annotated[
        str,
        typer.Option(
            "--as",
            metavar="NAME_OR_ID",
            help="Which of several: a Page, an Instagram account, a LinkedIn page or: member.",
        ),
    ] = "",
    features: Annotated[
        str,
        typer.Option(
            metavar="WORDS",
            help="What to allow beside publishing, with commas: publish, statistics, pages.",
        ),
    ] = "",
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the page's address (over SSH).")
    ] = False,
    patience: Annotated[
        float, typer.Option("--wait", min=1, metavar="SECONDS", help="How long to wait for you.")
    ] = 300,
    yes: Annotated[
        bool, typer.Option("--yes", help="In the sandbox: play the browser, and approve.")
    ] = False,
) -> None:
    """
    Connect an account: approve in the browser, which brings the answer back by itself.

    Where it cannot, paste the address that it ends at. Posts name the account as PLATFORM, or as
    PLATFORM:NAME where it was given a label.
    """
    # Deferred: asyncio, which no other command of this file needs before it runs.
    from pellacia_service.cli.sign_in import Order  # noqa: PLC0415

    output: Output = context.obj

    async def command() -> int:
        names = PLATFORM_NAMES if platform.strip().lower() == ALL else (platform_name(platform),)
        _check_label(label)
        if wanted and len(names) > 1:
            raise BadInputError("--as names an account of one platform: sign in to that one.")
        words = tuple(word.strip().lower() for word in features.split(",") if word.strip())
        order = Order(label, wanted.strip(), words, browser=not no_browser, patience=patience)
        async with open_pellacia() as pellacia:
            connected = await _connect(pellacia, names, order, output, yes=yes)
        if output.as_json:
            output.document({"items": [_shape(one) for one in connected], "next": None})
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
    pellacia: Pellacia, names: tuple[str, ...], order: "Order", output: Output, *, yes: bool
) -> list[SignedIn]:
    from pellacia_service.cli.sign_in import ask_to_approve, play_the_browser  # noqa: PLC0415

    connected = []
    async with pellacia.sign_in() as sign_in:
        for name in names:
            if yes:
                one = await play_the_browser(sign_in, name, order)
            else:
                one = await ask_to_approve(sign_in, name, order, output)
            _tell(one, output)
            connected.append(one)
    return connected


def _tell(one: SignedIn, output: Output) -> None:
    """Say who is connected, and what to know about it."""
    address, name = one.account.address, one.account.name
    output.line(f"✓ {address:<9}  connected as {name}")
    if one.before:
        output.note(f"  {address} was {one.before} until now: posts that wait for it go to {name}.")
    if one.ends_at:
        output.note(f"  It cannot be renewed: sign in again before {one.ends_at:%Y-%m-%d}.")
    for sentence in one.declined:
        output.note(f"  {sentence}")


def _shape(one: SignedIn) -> dict[str, Json]:
    return {
        **shapes.account(one.account),
        "declined": list(one.declined),
        "ends_at": shapes.instant(one.ends_at),
    }


auth_status.add(app)
auth_keys.add(app)
