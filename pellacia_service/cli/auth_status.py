"""`auth status` and `auth refresh`: how long each account's sign-in lasts, and what it lacks."""

import datetime as dt
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pellacia_service.cli import shapes
from pellacia_service.cli.exit_codes import ExitCode, of_error
from pellacia_service.cli.output import Output
from pellacia_service.cli.running import run
from pellacia_service.facade import ALL, Health, Json, Pellacia, Standing, open_pellacia

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from pellacia_service.facade import PellaciaError

NOBODY = "No account is connected. Connect one: pellacia-dist auth login youtube"

MARKS: Mapping[Health, str] = {
    Health.OK: "✓",
    Health.EXPIRING: "!",
    Health.NEEDS_LOGIN: "✗",
    Health.UNKNOWN_KEY: "✗",
}

WIDTH = 80
INDENT = "    "


def add(app: typer.Typer) -> None:
    """Add the commands to `auth`."""
    app.command()(status)
    app.command()(refresh)


def status(context: typer.Context) -> None:
    """
    List the connected accounts: who, what they allow, how long, and who must sign in again.

    Asks no platform. Exit code 3 says that an account must sign in.
    """
    output: Output = context.obj

    async def command() -> int:
        async with open_pellacia() as pellacia:
            async with pellacia.keys() as keys:
                standings = await keys.sign_ins.all()
            _answer(pellacia, standings, {}, output)
        return _code(standings)

    run(command(), output)


def refresh(
    context: typer.Context,
    account: Annotated[
        str, typer.Argument(metavar="PLATFORM[:LABEL]", help="Which account to renew, or: all.")
    ],
) -> None:
    """
    Renew an account's sign-in now. A worker does it by itself, ahead of time.

    Tried as well where the platform refused it before. Exit code 3 says that only signing in helps.
    """
    output: Output = context.obj

    async def command() -> int:
        async with open_pellacia() as pellacia:
            named = await pellacia.accounts.named([ALL if account.lower() == ALL else account])
            async with pellacia.keys() as keys:
                done = await keys.sign_ins.refresh(named)
            errors = {one.account.address: error for one, error in done if error}
            standings = [one for one, _ in done]
            _answer(pellacia, standings, errors, output)
        return max([_code(standings), *(of_error(error) for error in errors.values())])

    run(command(), output)


def _code(standings: Iterable[Standing]) -> int:
    lost = any(one.health in {Health.NEEDS_LOGIN, Health.UNKNOWN_KEY} for one in standings)
    return ExitCode.SIGN_IN if lost else ExitCode.OK


def _answer(
    pellacia: Pellacia,
    standings: Sequence[Standing],
    errors: "Mapping[str, PellaciaError]",
    output: Output,
) -> None:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - help must not wait for it

    if output.as_json:
        items: list[Json] = [shapes.standing(one) for one in standings]
        output.document({"items": items, "next": None})
    zone = ZoneInfo(pellacia.calendar().schedule.default_zone())
    width = max((len(one.account.address) for one in standings), default=0)
    for one in standings:
        output.line(f"{MARKS[one.health]} {one.account.address:<{width}}  {one.account.name}")
        for sentence in _sentences(one, zone):
            output.line(
                textwrap.fill(
                    sentence,
                    WIDTH,
                    initial_indent=INDENT,
                    subsequent_indent=INDENT,
                    break_long_words=False,
                    break_on_hyphens=False,
                )
            )
    if not standings:
        output.line(NOBODY)
    for error in errors.values():
        output.complain(str(error))


def _sentences(one: Standing, zone: "ZoneInfo") -> list[str]:
    """What there is to know of one account, most pressing first."""
    said = [_ends(one, zone)]
    if one.posts_after:
        posts = "1 post is" if one.posts_after == 1 else f"{one.posts_after:,} posts are"
        said.append(f"{posts} to go out after that.")
    if (
        one.expires_at
        and one.expires_at != one.reconnect_by
        and one.health is not Health.NEEDS_LOGIN
    ):
        until = (
            f"The token in use ends {_local(one.expires_at, zone)} and is renewed ahead of time."
        )
        said.append(until)
    if one.scopes:
        said.append(f"Allowed: {', '.join(map(_short, one.scopes))}")
    said += [f"Not allowed: {_short(name)}, so {why}." for name, why in one.missing.items()]
    if one.last_used:
        said.append(f"Last used {_local(one.last_used, zone)}")
    return said


def _ends(one: Standing, zone: "ZoneInfo") -> str:
    again = f"pellacia-dist auth login {one.account.platform}"
    if one.account.address != one.account.platform:
        again += f" --label {one.account.label}"
    why = one.why.rstrip(".")
    if one.health is Health.UNKNOWN_KEY:
        return f"unknown key: {one.why}"
    if one.health is Health.NEEDS_LOGIN:
        return f"{one.why}" if "auth login" in why else f"must sign in again: {why}. {again}"
    if one.reconnect_by:
        state = "expiring: " if one.health is Health.EXPIRING else "ok until "
        by = _local(one.reconnect_by, zone)
        if one.health is Health.EXPIRING:
            return f"{state}sign in again before {by}: {again}. {why}."
        return f"{state}{by}: {why}. Sign in again before that."
    return "ok: has no end" if one.expires_at is None else "ok: renews itself"


def _local(instant: dt.datetime, zone: "ZoneInfo") -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _short(scope: str) -> str:
    """Google's scopes are addresses; the last word tells them apart."""
    return scope.rpartition("/")[2] if scope.startswith("https://") else scope
