"""Drives several lanes at once from one plain process: no event loop, no threads."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from pellacia_service.drill.children import Child, Nursery
from pellacia_service.drill.lanes import Course, Lane
from pellacia_service.drill.life import Life

LOOK_UP = 0.25
"""Seconds after which the progress is drawn even though nothing has happened."""


@dataclass
class Run:
    """
    A lane under way.

    Args:
        waits_for: the child whose end, or freezing, takes the lane on.
        until_struck: its freezing is enough.
        ahead: how far the latest publisher's clock was ahead of the machine's.
    """

    lane: Lane
    course: Course
    waits_for: Child | None = None
    until_struck: bool = False
    ahead: float = 0.0

    @property
    def can_go_on(self) -> bool:
        """True where what was waited for has happened."""
        child = self.waits_for
        if child is None or child.status is not None:
            return True
        return self.until_struck and child.told("struck") is not None


def drive(courses: list[tuple[Lane, Course]], nursery: Nursery, tick: Callable[[], None]) -> None:
    """
    Carry all courses to their ends.

    Args:
        tick: called again and again meanwhile.
    """
    runs = [Run(lane, course, ahead=lane.witness.publishers_ahead) for lane, course in courses]
    ready = deque(runs)
    while runs:
        while ready:
            run = ready.popleft()
            if not _go_on(run, nursery):
                runs.remove(run)
        if runs:
            nursery.wait(LOOK_UP)
        ready.extend(run for run in runs if run.can_go_on)
        tick()


def _go_on(run: Run, nursery: Nursery) -> bool:
    """Give a lane what it waited for. False where that was the end of its course."""
    try:
        wanted = next(run.course) if run.waits_for is None else run.course.send(run.waits_for)
    except StopIteration:
        return False
    if isinstance(wanted, Life):
        # Kept from batch to batch: the database remembers the latest time that it has seen.
        run.ahead = max(run.ahead, _ahead(run.waits_for), wanted.until - time.monotonic())
        run.lane.witness.publishers_ahead = run.ahead
        wanted = replace(wanted, ahead=run.ahead)
        run.lane.witness.keep_up(run.ahead)
        run.until_struck = wanted.begin is not None and wanted.begin.plan.frozen
        run.waits_for = nursery.fork(wanted, run.lane.place)
    else:
        run.until_struck, run.waits_for = False, wanted
    return True


def _ahead(child: Child | None) -> float:
    return max((line["ahead"] for line in child.lines), default=0.0) if child else 0.0
