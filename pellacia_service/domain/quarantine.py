"""What was done to a database that had been put back to an earlier state."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass

QUARANTINE = "quarantine.last"
"""The mark that keeps the last one."""


@dataclass(frozen=True)
class Quarantine:
    """
    What was done to a database that had been put back.

    Args:
        why: how it was noticed, in words.
        held, looked_up: deliveries that wait for a person, and that are looked for.
    """

    at: dt.datetime
    why: str
    held: int
    looked_up: int

    @property
    def text(self) -> str:
        """What was done, in words."""
        happened = f"The database was put back: {self.why}. "
        concerned = self.held + self.looked_up
        if not concerned:
            return f"{happened}Nothing that waits in it can have been published since."
        return (
            f"{happened}So that nothing is published twice, {concerned} deliveries went into "
            f"quarantine: {self.looked_up} are looked for on their platforms, {self.held} are held "
            "for you: pellacia-dist queue list --status held"
        )

    @property
    def written(self) -> str:
        """As it is kept."""
        kept = {"why": self.why, "held": self.held, "looked_up": self.looked_up}
        return json.dumps({"at": self.at.isoformat(), **kept})

    @classmethod
    def read(cls, text: str) -> "Quarantine | None":
        """Read what was kept; None: nothing was."""
        if not text:
            return None
        kept: Mapping[str, str | int] = json.loads(text)
        return cls(
            at=dt.datetime.fromisoformat(str(kept["at"])),
            why=str(kept["why"]),
            held=int(kept["held"]),
            looked_up=int(kept["looked_up"]),
        )
