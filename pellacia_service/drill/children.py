"""
Publishers as child processes: forked, listened to, and found dead.

Forking a parent that has everything loaded costs milliseconds where starting Python costs a
second. The parent must be a plain process for that: no event loop, no threads, no connections.
"""

import gc
import json
import os
import selectors
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pellacia_service.drill.life import Life, Place, lead

LONGEST_LIFE = 120.0
"""Seconds after which a publisher that is neither dead nor done is taken for stuck."""


@dataclass
class Child:
    """
    One publisher process.

    Args:
        lines: what it has told so far.
        status: how it ended, as `os.waitpid` says it; None while it runs.
    """

    pid: int
    descriptor: int
    began: float
    lines: list[dict[str, Any]] = field(default_factory=list)
    status: int | None = None
    ended: float = 0.0
    _rest: bytes = b""

    @property
    def was_killed(self) -> bool:
        """True where it died of SIGKILL, and not by our impatience."""
        return self.status is not None and os.WIFSIGNALED(self.status) and not self.is_overdue

    @property
    def is_overdue(self) -> bool:
        """True where it has lived too long."""
        return (self.ended or time.monotonic()) - self.began > LONGEST_LIFE

    def told(self, key: str) -> dict[str, Any] | None:
        """Return the line that has this key; None where it never came to that."""
        return next((line for line in self.lines if key in line), None)

    def lines_behind(self, key: str) -> list[dict[str, Any]]:
        """Return what it told after the line that has this key."""
        found = [number for number, line in enumerate(self.lines) if key in line]
        return self.lines[found[0] + 1 :] if found else []

    def listen(self) -> bool:
        """Read what it says. False when it has hung up: it is dead or done."""
        block = os.read(self.descriptor, 1 << 16)
        *whole, self._rest = (self._rest + block).split(b"\n")
        self.lines += [json.loads(line) for line in whole]
        return bool(block)

    def bury(self) -> None:
        """Take its status. Blocks until it has ended."""
        os.close(self.descriptor)
        _, self.status = os.waitpid(self.pid, 0)
        self.ended = time.monotonic()


class Nursery:
    """All publishers that are alive. Leave none behind: use `open_nursery`."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._alive: dict[int, Child] = {}

    def fork(self, life: Life, place: Place) -> Child:
        """Start a publisher."""
        ours, theirs = os.pipe()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                os.close(ours)
                # It will not live long enough to make garbage, and looking for it copies memory.
                gc.disable()
                code = lead(life, place, theirs)
            finally:
                # Nothing of the parent may run on here: no handlers, no buffers, no clean-up.
                os._exit(code)
        os.close(theirs)
        child = Child(pid, ours, time.monotonic())
        self._alive[pid] = child
        self._selector.register(ours, selectors.EVENT_READ, child)
        return child

    def wait(self, seconds: float) -> list[Child]:
        """Return the children that have said something or ended, within this time."""
        heard = []
        for key, _ in self._selector.select(seconds):
            child: Child = key.data
            if not child.listen():
                self._forget(child)
            heard.append(child)
        for child in [one for one in self._alive.values() if one.is_overdue]:
            os.kill(child.pid, signal.SIGKILL)
        return heard

    def end_all(self) -> None:
        """Kill and bury whoever still lives."""
        for child in list(self._alive.values()):
            os.kill(child.pid, signal.SIGKILL)
            self._forget(child)

    def _forget(self, child: Child) -> None:
        self._selector.unregister(child.descriptor)
        del self._alive[child.pid]
        child.bury()


def thaw(child: Child) -> None:
    """Let a frozen publisher go on."""
    os.kill(child.pid, signal.SIGCONT)


@contextmanager
def open_nursery() -> Iterator[Nursery]:
    """Open a nursery, and leave no process behind in the end."""
    nursery = Nursery()
    try:
        yield nursery
    finally:
        nursery.end_all()
