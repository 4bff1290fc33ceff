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

from pellacia_service.cli.output import MARKS, STEP_WORDS, Output, delivery_line
from pellacia_service.facade import Delivery, Pellacia, PostView, Status, Step

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
    with Live(console=console, refresh_per_second=1 / FRAME, auto_refresh=False) as live:
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
    """Draw every delivery as one row."""
    table = Table.grid(padding=(0, 1))
    for _ in range(2):
        table.add_column(no_wrap=True)
    table.add_column(width=12, no_wrap=True)
    table.add_column(width=max(8, min(30, width - 60)), no_wrap=True)
    table.add_column(width=11, justify="right", no_wrap=True)
    table.add_column(overflow="ellipsis", no_wrap=True)
    for delivery in view.deliveries:
        table.add_row(*_lane(delivery, board.latest(delivery.id)))
    return table


def _lane(delivery: Delivery, progress: "Progress | None") -> list[Text | ProgressBar]:
    step = progress.step if progress else delivery.step
    status = delivery.status
    style = STYLES.get(status, "cyan")
    total = progress.total if progress else 0
    sent = progress.sent if progress else 0
    full = step in NEARLY_FULL
    bar = ProgressBar(total=total or 1, completed=(total or 1) if full else sent, width=None)
    speed = f"{progress.speed / 1e6:,.1f} MB/s" if progress and progress.speed else ""
    return [
        Text(MARKS[status], style=style),
        Text(_address(delivery), style="bold"),
        Text(STEP_WORDS[step], style=style),
        bar,
        Text(speed, style="dim"),
        Text(_tail(delivery, progress), style=style if delivery.error else "default"),
    ]


def _address(delivery: Delivery) -> str:
    if delivery.account_label == "default":
        return delivery.platform
    return f"{delivery.platform}:{delivery.account_label}"


def _tail(delivery: Delivery, progress: "Progress | None") -> str:
    if delivery.url:
        return delivery.url
    if delivery.error:
        return delivery.error.message
    if progress is None:
        return ""
    left = progress.seconds_left
    return progress.note or (f"{left:,.0f} s left" if left is not None and left >= 1 else "")
