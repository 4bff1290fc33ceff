"""`drill`: kill real publishers in the sandbox, and count what the platforms saw of it."""

import re
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from pellacia_service.cli.exit_codes import ExitCode
from pellacia_service.cli.output import Output
from pellacia_service.facade import (
    ALL,
    PLATFORM_NAMES,
    platform_name,
    read_settings,
    run_drill,
)

if TYPE_CHECKING:
    from pellacia_service.facade import DrillScore

FRAME = 0.1
"""Seconds between two pictures of the progress on a terminal."""

LINE_EVERY = 10.0
"""Seconds between two lines where there is no terminal."""

MINUTES_FROM = 120
"""Seconds from which on the time that is left is told in minutes."""


def drill(
    context: typer.Context,
    platforms: Annotated[
        str, typer.Option(help="Where deliveries go: names with commas, or all.")
    ] = ALL,
    kills: Annotated[int, typer.Option(min=1, help="How many publishers are to die.")] = 500,
    seed: Annotated[int, typer.Option(help="Draws the same plans again.")] = 0,
    plan: Annotated[
        str, typer.Option(help="Carry out one plan only, written as a failing drill prints it.")
    ] = "",
    database: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="A database server to drill as well; may be repeated."),
    ] = None,
) -> int:
    """
    Kill real publishers at every step on the way to six platforms of the sandbox.

    Each is a process of its own and dies of SIGKILL, before or after a commit or a call; others are
    frozen until their lease is over, or lose the answer to the call that publishes. The next one
    takes up what is left. Then the sandbox is asked what it shows: nothing may be there twice,
    nothing may be lost. Touches no account and nothing of yours: it works in a folder of its own.
    The database server in PELLACIA_DATABASE_URL, if there is one, is drilled too, in schemas of
    its own.
    """
    output: Output = context.obj
    servers = tuple(database or ()) or tuple(filter(None, [read_settings().server]))
    told = 0

    def complain(score: "DrillScore") -> None:
        """Tell of failures at once: a long drill may be broken off."""
        nonlocal told
        for failure in score.failures[told:]:
            output.complain(f"✗ {failure.plan} ({failure.database}): {failure.what}")
            output.complain(f"  Again: {_again(failure.plan, seed, database)}")
        told = len(score.failures)

    with _progress(output, kills) as show:

        def tick(score: "DrillScore") -> None:
            complain(score)
            show(score)

        score = run_drill(
            platforms=_named(platforms),
            kills=kills,
            seed=seed,
            servers=servers,
            plan=plan,
            tick=tick,
        )
    if output.as_json:
        again = [_again(failure.plan, seed, database) for failure in score.failures]
        output.document({"seed": seed, **score.as_json(), "again": [*again]})
    for line in _lines(score):
        output.line(line)
    complain(score)
    if score.is_to_hit_all and score.missed:
        missed = "; ".join(f"{platform}: {name}" for platform, name in score.missed)
        output.complain(f"✗ Nobody died at these points: {missed}")
    return ExitCode.OK if score.is_clean else ExitCode.SOME_FAILED


def _named(platforms: str) -> tuple[str, ...]:
    words = [word for word in platforms.split(",") if word.strip()]
    if ALL in words or not words:
        return PLATFORM_NAMES
    return tuple(dict.fromkeys(platform_name(word) for word in words))


def _again(plan: str, seed: int, database: Sequence[str] | None) -> str:
    """Return the command that carries out a failing plan again."""
    words = ["pellacia-dist", "drill", "--seed", str(seed), "--plan", plan]
    for address in database or ():
        # It ends up in logs, which have no business with passwords.
        words += ["--database", re.sub(r":[^:/@]*@", ":***@", address)]
    return shlex.join(words)


def _lines(score: "DrillScore") -> list[str]:
    held = ", ".join(f"{name} {count}" for name, count in sorted(score.held.items()))
    rate, hit = score.kills / max(score.seconds, 1), len(score.points & score.hit)
    return [
        f"kills             {score.kills:,} in {score.seconds:,.0f} s ({rate:.1f} a second), "
        f"{score.plans:,} deliveries",
        *([f"points hit        {hit:,} of {len(score.points):,}"] if score.points else []),
        f"frozen            {score.freezes:,}",
        f"doubles           {score.doubles:,}",
        f"lost              {score.lost:,}",
        f"held for a person {sum(score.held.values()):,}{f' ({held})' if held else ''}",
        f"slowest recovery  {score.slowest_recovery:.1f} s ({score.slowest_plan or 'none'})",
    ]


@contextmanager
def _progress(output: Output, kills: int) -> Iterator[Callable[["DrillScore"], None]]:
    """Show how far the drill is. No thread draws it: a process that forks must not have any."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    console = output.console()
    if output.quiet or not console.is_terminal:
        yield _Lines(output, kills).tick
        return
    began = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, auto_refresh=False, transient=True) as progress:
        task = progress.add_task("opening the sandbox", total=kills)
        drawn = 0.0

        def tick(score: "DrillScore") -> None:
            nonlocal drawn
            if time.monotonic() - drawn > FRAME:
                drawn = time.monotonic()
                progress.update(task, completed=score.kills, description=_summary(score, began))
                progress.refresh()

        yield tick


class _Lines:
    """The progress where there is no terminal: a line now and then."""

    def __init__(self, output: Output, kills: int) -> None:
        self._output = output
        self._kills = kills
        self._began = self._told = time.monotonic()

    def tick(self, score: "DrillScore") -> None:
        """Tell, if it is time."""
        if time.monotonic() - self._told > LINE_EVERY:
            self._told = time.monotonic()
            self._output.note(
                f"{_summary(score, self._began)} of {self._kills:,}{self._left(score)}"
            )

    def _left(self, score: "DrillScore") -> str:
        """Guess the time that is left from the time that has passed."""
        if not score.kills:
            return ""
        passed = time.monotonic() - self._began
        left = passed * max(0, self._kills - score.kills) / score.kills
        return f", {left / 60:.0f} min left" if left > MINUTES_FROM else f", {left:.0f} s left"


def _summary(score: "DrillScore", began: float) -> str:
    rate = score.kills / max(time.monotonic() - began, 1)
    return (
        f"doubles {score.doubles}, lost {score.lost}, {rate:.1f} a second, killed {score.kills:,}"
    )
