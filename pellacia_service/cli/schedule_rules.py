"""`schedule slots` and `schedule rules`: what holds for an account's calendar."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pellacia_service.cli.drafts import split_platforms
from pellacia_service.cli.exit_codes import ExitCode
from pellacia_service.cli.output import Output
from pellacia_service.cli.running import run
from pellacia_service.facade import ALL, BadInputError, Json, RuleWords, open_pellacia

if TYPE_CHECKING:
    from pellacia_service.facade import AccountCalendar, CalendarRules

slots = typer.Typer(help="Times of the week for `--at next-slot`.")
rules = typer.Typer(help="Gaps, caps and quiet hours of each account.")

Platforms = Annotated[
    str,
    typer.Option(metavar="NAMES", help="Accounts, with commas between. Default: all."),
]
One = Annotated[
    str,
    typer.Option("--platform", metavar="NAME", help="One account: a platform, or platform:label."),
]
Days = Annotated[
    str, typer.Option("--on", metavar="DAYS", help="mon,wed,fri, or daily, weekdays, weekends.")
]
Times = Annotated[str, typer.Option("--at", metavar="TIMES", help="09:00,18:30")]


@slots.command("list")
def list_slots(context: typer.Context, platforms: Platforms = "", platform: One = "") -> None:
    """List the recurring slots of each account."""
    _run(context, lambda use, names: use.of(names), _addresses(platform, platforms), _slot_lines)


@slots.command("add")
def add_slots(
    context: typer.Context,
    at: Times,
    on: Days = "daily",
    platforms: Platforms = "",
    platform: One = "",
) -> None:
    """Add recurring slots, in the account's own time zone."""
    _run(
        context,
        lambda use, names: use.add_slots(names, on=on, at=at),
        _addresses(platform, platforms),
        _slot_lines,
    )


@slots.command("remove")
def remove_slots(
    context: typer.Context,
    on: Days = "",
    at: Times = "",
    platforms: Platforms = "",
    platform: One = "",
    everything: Annotated[bool, typer.Option("--all", help="All slots.")] = False,
) -> None:
    """Take recurring slots away: those on these days, at these times."""

    async def change(use: "CalendarRules", names: Sequence[str]) -> "list[AccountCalendar]":
        if not (on or at or everything):
            raise BadInputError("Say which slots: --on mon, --at 09:00, both, or --all.")
        return await use.remove_slots(names, on=on, at=at)

    _run(context, change, _addresses(platform, platforms), _slot_lines)


@rules.command("show")
def show_rules(context: typer.Context, platforms: Platforms = "", platform: One = "") -> None:
    """Show the rules of each account."""
    _run(context, lambda use, names: use.of(names), _addresses(platform, platforms), _rule_lines)


@rules.command("set")
def set_rules(
    context: typer.Context,
    platforms: Platforms = "",
    platform: One = "",
    minimum_gap: Annotated[
        float | None, typer.Option(min=0, metavar="MINUTES", help="Between two posts.")
    ] = None,
    daily_cap: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Most posts a day; 0: no cap.")
    ] = None,
    same_clip: Annotated[
        float | None,
        typer.Option(min=0, metavar="HOURS", help="The same clip not within; 0: it may."),
    ] = None,
    quiet_hours: Annotated[
        str | None, typer.Option(metavar="FROM-TO", help="22:00-07:00, or none.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(metavar="ZONE", help='The account\'s own zone; "": the default.')
    ] = None,
) -> None:
    """Change rules; what is not said stays as it is."""
    words = RuleWords(minimum_gap, daily_cap, same_clip, quiet_hours, timezone)
    _run(
        context,
        lambda use, names: use.set_rules(names, words),
        _addresses(platform, platforms),
        _rule_lines,
    )


@rules.command("reset")
def reset_rules(context: typer.Context, platforms: Platforms = "", platform: One = "") -> None:
    """Go back to the usual rules."""
    _run(
        context,
        lambda use, names: use.reset_rules(names),
        _addresses(platform, platforms),
        _rule_lines,
    )


def _addresses(*texts: str) -> tuple[str, ...]:
    return split_platforms(*texts) or (ALL,)


def _run(
    context: typer.Context,
    change: "Callable[[CalendarRules, Sequence[str]], Awaitable[list[AccountCalendar]]]",
    names: Sequence[str],
    lines: "Callable[[AccountCalendar], str]",
) -> None:
    """Run one command on the calendars of some accounts, and answer with them."""
    output: Output = context.obj

    async def command() -> int:
        async with open_pellacia() as pellacia:
            calendars = await change(pellacia.calendar().rules, names)
        if output.as_json:
            items: list[Json] = [_shape(one) for one in calendars]
            output.document({"items": items, "next": None})
        for one in calendars:
            output.line(lines(one))
        return ExitCode.OK

    run(command(), output)


def _shape(calendar: "AccountCalendar") -> dict[str, Json]:
    rules = calendar.rules
    return {
        "platform": calendar.account.platform,
        "account": calendar.account.label,
        "timezone": rules.zone,
        "minimum_gap_minutes": rules.minimum_gap.total_seconds() / 60,
        "daily_cap": rules.daily_cap or None,
        "same_clip_hours": rules.same_clip_within.total_seconds() / 3600,
        "quiet_hours": str(rules.quiet) if rules.quiet else None,
        "slots": [str(slot) for slot in calendar.slots],
    }


def _slot_lines(calendar: "AccountCalendar") -> str:
    slots = ", ".join(str(slot) for slot in calendar.slots) or "none of its own"
    return f"{calendar.account.address:<10} {slots}  ({calendar.rules.zone})"


def _rule_lines(calendar: "AccountCalendar") -> str:
    rules = calendar.rules
    gap, same = (
        rules.minimum_gap.total_seconds() / 60,
        rules.same_clip_within.total_seconds() / 3600,
    )
    return (
        f"{calendar.account.address:<10} {gap:g} min between posts, "
        f"{rules.daily_cap or 'any number'} a day, the same clip after {same:g} h, "
        f"quiet hours {rules.quiet or 'none'}  ({rules.zone})"
    )
