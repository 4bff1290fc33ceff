"""`worker`: publish what is due."""

import uuid
from collections import Counter
from collections.abc import Mapping
from typing import Annotated

import typer

from pellacia_service.cli.exit_codes import ExitCode, of_deliveries
from pellacia_service.cli.output import Output, delivery_line, delivery_lines
from pellacia_service.cli.running import loop_for_bytes, run
from pellacia_service.facade import RESTING, Delivery, Json, Status, open_pellacia, read_settings


def worker(
    context: typer.Context,
    concurrency: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Deliveries at once. Default: 12.")
    ] = None,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End when nothing is due or under way any more.")
    ] = False,
) -> None:
    """
    Publish what is due until stopped. Goes on with what an earlier run left.

    With --until-idle the exit code says what became of the deliveries it carried, as it does after
    an upload.
    """
    output: Output = context.obj
    tour = _Tour(output)
    run(
        tour.go(concurrency, until_idle),
        output,
        after_interrupt=tour.say_where_it_stands,
        new_loop=loop_for_bytes,
    )


class _Tour:
    """One run of the worker, and what it has carried."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._open: dict[uuid.UUID, Delivery] = {}
        self._last_completed: Delivery | None = None
        self._carried: Counter[Status] = Counter()

    async def go(self, concurrency: int | None, until_idle: bool) -> int:
        settings = read_settings()
        if concurrency is not None:
            settings = settings.model_copy(update={"concurrency": concurrency})
        async with open_pellacia(settings) as pellacia, pellacia.press() as press:
            press.notices.listen(self._output.note)
            rounds = press.worker.run(until_idle=True) if until_idle else press.runner.run()
            async for delivery in rounds:
                self._output.note(delivery_line(delivery))
                self._note(delivery)
            counts = await pellacia.queue.counts()
        if self._output.as_json:
            self._output.document(self._counted(counts))
        if not self._carried:
            self._output.note("Nothing was due.")
        return of_deliveries(self._outcome()) if self._carried else ExitCode.OK

    def _note(self, delivery: Delivery) -> None:
        """Keep what became of a delivery; of those that are completed one is enough."""
        before = self._open.pop(delivery.id, None)
        if before is not None:
            self._carried[before.status] -= 1
        self._carried[delivery.status] += 1
        if delivery.status is Status.COMPLETED:
            self._last_completed = delivery
        else:
            self._open[delivery.id] = delivery

    def _outcome(self) -> list[Delivery]:
        completed = [self._last_completed] if self._last_completed else []
        return [*self._open.values(), *completed]

    def _counted(self, counts: Mapping[Status, int]) -> dict[str, Json]:
        carried: dict[str, Json] = {
            str(word): self._carried[word] for word in Status if self._carried[word]
        }
        queue: dict[str, Json] = {str(word): count for word, count in counts.items()}
        return {"carried": carried, "deliveries": queue}

    async def say_where_it_stands(self) -> None:
        """After Ctrl-C: what is still under way, and how to go on."""
        async with open_pellacia() as pellacia:
            counts = await pellacia.queue.counts()
            under_way = await pellacia.queue.page(status=Status.PROCESSING)
        if self._output.as_json and not self._output.answered:
            self._output.document(self._counted(counts))
        moving = [
            one for view in under_way.posts for one in view.deliveries if one.step not in RESTING
        ]
        if not moving:
            self._output.complain("Stopped. Nothing is under way.")
            return
        self._output.complain("Stopped. Still under way:")
        for line in delivery_lines(moving):
            self._output.complain(f"  {line}")
        self._output.complain("To go on from here: pellacia-dist worker --until-idle")
