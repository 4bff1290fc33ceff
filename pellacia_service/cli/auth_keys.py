"""`auth logout` and `auth rotate-keys`."""

from typing import TYPE_CHECKING, Annotated

import typer

from pellacia_service.cli import shapes
from pellacia_service.cli.exit_codes import ExitCode
from pellacia_service.cli.output import Output
from pellacia_service.cli.running import run
from pellacia_service.facade import Json, open_pellacia

if TYPE_CHECKING:
    from pellacia_service.facade import Rotated, SignedOut


def add(app: typer.Typer) -> None:
    """Add the commands to `auth`."""
    app.command()(logout)
    app.command(name="rotate-keys")(rotate_keys)


def logout(
    context: typer.Context,
    account: Annotated[
        str, typer.Argument(metavar="PLATFORM[:LABEL]", help="Which account to disconnect.")
    ],
    here_only: Annotated[
        bool,
        typer.Option("--here-only", help="Forget it here even where the platform cannot be told."),
    ] = False,
) -> None:
    """
    Disconnect an account: the platform ends the sign-in, then it is destroyed here.

    What was published stays, here and there.
    """
    output: Output = context.obj

    async def command() -> int:
        async with open_pellacia() as pellacia:
            [found] = await pellacia.accounts.named([account])
            async with pellacia.keys() as keys:
                done = await keys.sign_out.sign_out(found, here_only=here_only)
        _say_signed_out(done, output)
        return ExitCode.OK

    run(command(), output)


def _say_signed_out(done: "SignedOut", output: Output) -> None:
    if output.as_json:
        output.document(_signed_out(done))
    output.line(f"✓ {done.account.address}  signed out ({done.account.name})")
    if done.why_not:
        output.complain(done.why_not)
    if done.waiting:
        output.complain("These posts were still to go out to it, and will fail until it signs in:")
    for post in done.waiting:
        output.complain(f"  {post.id}  {shapes.instant(post.due_at)}  {post.title}")


def _signed_out(done: "SignedOut") -> dict[str, Json]:
    return {
        **shapes.account(done.account),
        "revoked": done.revoked,
        "message": done.why_not or None,
        "waiting": [
            {"id": str(post.id), "title": post.title, "due_at": shapes.instant(post.due_at)}
            for post in done.waiting
        ],
    }


def rotate_keys(context: typer.Context) -> None:
    """
    Seal all sign-ins with a new key. Interrupted, the same command goes on.

    Backups from before cannot be opened with the new key: accounts in them must sign in again.
    """
    output: Output = context.obj

    async def command() -> int:
        async with open_pellacia() as pellacia, pellacia.keys() as keys:
            done = await keys.rotation.rotate()
        _say_rotated(done, output)
        return ExitCode.SIGN_IN if done.damaged else ExitCode.OK

    run(command(), output)


def _say_rotated(done: "Rotated", output: Output) -> None:
    if output.as_json:
        output.document(
            {
                "key_id": done.key_id,
                "retired": list(done.retired),
                "sealed_anew": list(done.sealed_anew),
                "damaged": list(done.damaged),
            }
        )
    output.line(f"✓ {len(done.sealed_anew)} sign-ins sealed anew with key {done.key_id}")
    if done.retired and done.keys_are_given:
        output.line(f"  Take away from PELLACIA_SECRET_KEYS: {', '.join(done.retired)}")
    elif done.retired:
        output.line(f"  Retired: {', '.join(done.retired)}")
    if done.damaged:
        output.complain(
            f"Left as they are, because they do not open: {', '.join(done.damaged)}. Sign in again."
        )
