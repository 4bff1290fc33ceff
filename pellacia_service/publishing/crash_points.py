"""
Named places at which the drill may kill or freeze the publisher.

A crash point does nothing unless a plan names it, so that the very code that publishes is the code
that is killed. There is one before and one after every commit and every call to a platform; a rule
test holds the code to that.
"""

import os
import signal
from collections.abc import Callable

VARIABLE = "PELLACIA_CRASH_AT"
"""What an environment may hold: see `CrashPlan.text`."""


def die() -> None:
    """End this process as a power cut would: at once, and with nothing tidied up."""
    os.kill(os.getpid(), signal.SIGKILL)


def freeze() -> None:
    """Stop this process where it stands, until somebody sends it SIGCONT."""
    os.kill(os.getpid(), signal.SIGSTOP)


def pass_by(name: str) -> None:
    """Take no notice of a point."""


class CrashPlan:
    """
    Where this process dies.

    Args:
        text: `name`; `name#n`: the n-th time that this point is reached, counted from 1; `#n`: the
            n-th point reached, whatever its name. Empty: nowhere.
        strike: what happens there.
        notice: told the name of every point that is reached, before the plan strikes.
    """

    def __init__(
        self,
        text: str = "",
        *,
        strike: Callable[[], None] = die,
        notice: Callable[[str], None] = pass_by,
    ) -> None:
        self._strike = strike
        self._notice = notice
        self.arm(text)

    @classmethod
    def from_environment(cls) -> "CrashPlan":
        """Read the plan that a test gave this process."""
        return cls(os.environ.get(VARIABLE, ""))

    def arm(self, text: str) -> None:
        """Take another plan from here on, counting anew."""
        self._armed = bool(text)
        self._name, _, count = text.partition("#")
        self._left = int(count or 1)

    def reached(self, name: str) -> None:
        """Die here, if here is where the plan says."""
        self._notice(name)
        if not self._armed or self._name not in {"", name}:
            return
        self._left -= 1
        if self._left == 0:
            self._strike()
