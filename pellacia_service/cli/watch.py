"""`watch`: take finished pairs of video and metadata from a folder into the queue."""

from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pellacia_service.cli.exit_codes import ExitCode
from pellacia_service.cli.output import Output
from pellacia_service.cli.running import run
from pellacia_service.facade import Intake, IntakeResult, Json, open_pellacia

MARKS = {
    IntakeResult.QUEUED: "✓",
    IntakeResult.REFUSED: "✗",
    IntakeResult.DUPLICATE: "=",
    IntakeResult.WAITING: "…",
}


def watch(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where the videos and their JSON files arrive.")
    ],
    once: Annotated[
        bool, typer.Option("--once", help="Take what is there, and end; else watch until stopped.")
    ] = False,
) -> None:
    """
    Take finished videos with their metadata (clip.mp4 and clip.json) into the queue.

    What was taken is moved to DIR/done, and published from there by a worker; what was refused to
    DIR/refused, beside a .why.txt that says why, line by line.
    """
    output: Output = context.obj
    shift = _Shift(output, folder)
    if once:
        run(shift.once(), output)
    run(shift.until_stopped(), output, after_interrupt=shift.sum_up)


class _Shift:
    """One run of the command, and what it has taken."""

    def __init__(self, output: Output, folder: Path) -> None:
        self._output = output
        self._folder = folder
        self._intakes: dict[str, Intake] = {}
        self._settled: list[Intake] = []

    async def once(self) -> int:
        async with open_pellacia() as pellacia:
            intakes = await pellacia.watch_folder(self._folder).once()
        for intake in intakes:
            self._tell(intake)
        if not intakes:
            self._output.note(f"Nothing has arrived in {self._folder}.")
        if self._output.as_json:
            self._output.document(_document(intakes))
        if any(intake.result is IntakeResult.QUEUED for intake in intakes):
            self._output.note("To publish: pellacia-dist worker")
        refused = any(intake.result is IntakeResult.REFUSED for intake in intakes)
        return ExitCode.REFUSED if refused else ExitCode.OK

    async def until_stopped(self) -> int:
        self._output.note(f"Watching {self._folder}. Stop with Ctrl-C.")
        async with (
            open_pellacia() as pellacia,
            aclosing(pellacia.watch_folder(self._folder).run()) as intakes,
        ):
            async for intake in intakes:
                self._tell(intake)
                self._keep(intake)
        return ExitCode.OK

    async def sum_up(self) -> None:
        """After Ctrl-C: everything that was taken, and what still waits."""
        if self._output.as_json:
            self._output.document(_document([*self._settled, *self._intakes.values()]))
        self._output.note("Stopped. What waits in the folder is taken when watching goes on.")

    def _keep(self, intake: Intake) -> None:
        """Remember what the document in the end will hold; without one, nothing is remembered."""
        if not self._output.as_json:
            return
        self._intakes.pop(intake.file, None)
        if intake.is_settled:
            self._settled.append(intake)
        else:
            self._intakes[intake.file] = intake

    def _tell(self, intake: Intake) -> None:
        tail = intake.reason or str(intake.post_id or "")
        line = f"{MARKS[intake.result]} {intake.file}  {intake.result}  {tail}".rstrip()
        if intake.result is IntakeResult.REFUSED:
            self._output.complain(line)
        else:
            self._output.note(line)
        for found in intake.diagnostics:
            self._output.complain(f"    {found}")


def _document(intakes: list[Intake]) -> dict[str, Json]:
    items: list[Json] = [
        {
            "file": intake.file,
            "result": str(intake.result),
            "id": str(intake.post_id) if intake.post_id else None,
            "reason": intake.reason or None,
            "moved_to": intake.moved_to or None,
            "diagnostics": [
                {**asdict(found), "line": found.line or None, "column": found.column or None}
                for found in intake.diagnostics
            ],
        }
        for intake in intakes
    ]
    return {"items": items, "next": None}
