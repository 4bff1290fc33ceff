"""One live lane for each delivery: step, bar, speed, time left, and in the end the link."""

import asyncio
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pellacia_service.cli.output import (
    MARKS,
    STEP_WORDS,
    Output,
    address_of,
    delivery_line,
    delivery_tail,
)
from pellacia_service.facade import RESTING, Delivery, Pellacia, PostView, Status, Step

if TYPE_CHECKING:
    from pellacia_service.facade import Press, Progress, ProgressBoard

FRAME = 0.1
"""Seconds between two pictures. The database is asked at every fifth."""

STYLES: Mapping[Status, str] = {
    Status.COMPLETED: "green",
    Status.FAILED: "red",
    Status.HELD: "yellow",
    Status.MISSED: "red",
}

WORD = max(map(len, STEP_WORDS.values()))
"""Columns that the longest step's word takes."""

NEARLY_FULL = {Step.WAIT, Step.READY, Step.PUBLISH, Step.UNSURE, Step.CONFIRM, Step.DONE}


async def watch_lanes(
    pellacia: Pellacia, press: "Press", view: PostView, output: Output
) -> PostView:
    """Publish a post while drawing lanes; return it as it is in the end."""
    console = output.console()
    task = asyncio.create_task(_publish(press, view))
    try:
        if output.quiet or not console.is_terminal:
            await _tell(pellacia, view, task, output)
        else:
            await _draw(pellacia, press.board, view, task, console)
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return await pellacia.queue.show(view.stored.id)


async def _publish(press: "Press", view: PostView) -> None:
    async for _ in press.worker.run(post_id=view.stored.id, until_idle=True):
        pass  # the lanes show what the database says


async def _draw(
    pellacia: Pellacia,
    board: "ProgressBoard",
    view: PostView,
    task: "asyncio.Task[None]",
    console: Console,
) -> None:
    frame = 0
    # The lanes vanish in the end: the answer on stdout says the same, and stays.
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            over = task.done()
            if over or frame % 5 == 0:
                view = await pellacia.queue.show(view.stored.id)
            live.update(lanes(view, board, console.width), refresh=True)
            if over:
                return
            frame += 1
            await pellacia.clock.sleep(FRAME)


async def _tell(
    pellacia: Pellacia, view: PostView, task: "asyncio.Task[None]", output: Output
) -> None:
    """Without a terminal: a line whenever a delivery reaches another step."""
    steps: dict[uuid.UUID, str] = {}
    while True:
        over = task.done()
        view = await pellacia.queue.show(view.stored.id)
        for delivery in view.deliveries:
            word = STEP_WORDS[delivery.step]
            if steps.get(delivery.id) != word:
                steps[delivery.id] = word
                output.note(delivery_line(delivery))
        if over:
            return
        await pellacia.clock.sleep(FRAME * 2)


def lanes(view: PostView, board: "ProgressBoard", width: int) -> Table:
    """Draw every delivery as one row: how far it is while it moves, its link once it is out."""
    names = max(len(address_of(delivery)) for delivery in view.deliveries)
    rest = max(20, width - 1 - names - WORD - 4)
    table = Table.grid(padding=(0, 1))
    for column in (1, names, WORD, rest):
        table.add_column(width=column, no_wrap=True, overflow="ellipsis")
    for delivery in view.deliveries:
        table.add_row(*_lane(delivery, board.latest(delivery.id), rest))
    return table


def _lane(delivery: Delivery, progress: "Progress | None", width: int) -> list[Text | Table]:
    step = progress.step if progress else delivery.step
    style = STYLES.get(delivery.status, "cyan")
    over = delivery.step in RESTING or progress is None
    tail = Text(delivery_tail(delivery), style=style if delivery.error else "default")
    return [
        Text(MARKS[delivery.status], style=style),
        Text(address_of(delivery), style="bold"),
        Text(STEP_WORDS[step], style=style),
        tail if over or progress is None else _how_far(progress, width),
    ]


def _how_far(progress: "Progress", width: int) -> Table:
    """Draw a bar, and what is being waited for or, while bytes go out, the speed and the time left."""
    total = progress.total or 1
    done = total if progress.step in NEARLY_FULL else progress.sent
    left = progress.seconds_left
    row = Table.grid(padding=(0, 1))
    row.add_column(width=max(8, min(30, width - 32)))
    bar = ProgressBar(total=total, completed=done)
    if progress.note:
        # In the place of the speed as well: on 80 columns the words would be cut beside it.
        row.add_column(no_wrap=True, overflow="ellipsis")
        row.add_row(bar, Text(progress.note))
        return row
    row.add_column(width=11, justify="right", no_wrap=True)
    row.add_column(no_wrap=True, overflow="ellipsis")
    row.add_row(
        bar,
        Text(f"{progress.speed / 1e6:,.1f} MB/s" if progress.speed else "", style="dim"),
        Text(f"{left:,.0f} s left" if left is not None and left >= 1 else ""),
    )
    return row
