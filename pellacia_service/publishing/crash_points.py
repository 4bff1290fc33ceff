"""
Named places at which the drill may kill the publisher.

A crash point does nothing unless the environment names it, so that the very code that publishes
is the code that is killed.
"""

import os
import signal

VARIABLE = "PELLACIA_CRASH_AT"
"""`name` or `name#n`: die at the n-th time the point is reached, counted from 1."""


class CrashPlan:
    """
    Where this process dies.

    Args:
        text: `name` or `name#n`; empty: nowhere.
    """

    def __init__(self, text: str = "") -> None:
        self._name, _, count = text.partition("#")
        self._left = int(count or 1)

    @classmethod
    def from_environment(cls) -> "CrashPlan":
        """Read the plan that the drill gave this process."""
        return cls(os.environ.get(VARIABLE, ""))

    def reached(self, name: str) -> None:
        """Die here, if here is where the plan says."""
        if name != self._name:
            return
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
