"""`limits`: what is left of each platform's quota, and when it comes back."""

import datetime as dt
from zoneinfo import ZoneInfo

import typer

from pellacia_service.cli import shapes
from pellacia_service.cli.exit_codes import ExitCode
from pellacia_service.cli.output import Output
from pellacia_service.cli.running import run
from pellacia_service.facade import DEFAULT_LABEL, Json, Limit, open_pellacia

NOBODY = "No account is connected. Connect one: pellacia-dist auth login youtube"


def limits(context: typer.Context) -> None:
    """
    Show what is left of each platform's limits, and when it comes back.

    A post for which there is no room waits in the queue and goes on by itself.
    """
    output: Output = context.obj

    async def command() -> int:
        async with open_pellacia() as pellacia:
            found = await pellacia.limits().all()
            zone = pellacia.settings.timezone
        if output.as_json:
            items: list[Json] = [shapes.limit(one) for one in found]
            output.document({"items": items, "next": None})
        for line in limit_lines(found, ZoneInfo(zone) if zone else None):
            output.line(line)
        if not found:
            output.line(NOBODY)
        return ExitCode.OK

    run(command(), output)


def limit_lines(found: list[Limit], zone: dt.tzinfo | None) -> list[str]:
    """
    One line for each limit.

    Args:
        zone: the operator's; None: that of this machine.
    """
    names = [owner(one) for one in found]
    width, kinds = max(map(len, names), default=0), max((len(one.kind) for one in found), default=0)
    return [
        f"{name:<{width}}  {one.kind:<{kinds}}  {_tail(one, zone)}"
        for name, one in zip(names, found, strict=True)
    ]


def owner(limit: Limit) -> str:
    """Name whose limit it is: an account, or our application with all its accounts."""
    if not limit.account:
        return f"{limit.platform} (app)"
    return limit.platform if limit.account == DEFAULT_LABEL else f"{limit.platform}:{limit.account}"


def _tail(limit: Limit, zone: dt.tzinfo | None) -> str:
    if limit.blocked_until:
        return f"asked us to wait until {_at(limit.blocked_until, zone)}"
    said = f"{limit.left:,} left of {limit.limit:,} in {limit.window}"
    return f"{said}, more from {_at(limit.resets_at, zone)}" if limit.resets_at else said


def _at(instant: dt.datetime, zone: dt.tzinfo | None) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"
