"""What became of one pair of video and metadata in the watched folder."""

import enum
import uuid
from dataclasses import dataclass

from pellacia_service.domain.diagnostic import Diagnostic, Level


class IntakeResult(enum.StrEnum):
    """The four things that can become of a pair."""

    QUEUED = "queued"
    REFUSED = "refused"
    DUPLICATE = "duplicate"
    """The same bytes of both files have been taken before; nothing was queued."""

    WAITING = "waiting"
    """Its other half is missing, it is still being written, or it looks cut off and is young."""


@dataclass(frozen=True)
class Intake:
    """
    One pair, or one file that has no other half yet.

    Args:
        file: the video's name as it arrived; the lone file's where there is no pair.
        post_id: of the post that was queued, now or when the same pair came first; None where
            there is none.
        reason: for WAITING: what it waits for; for REFUSED: where the reasons stand, if not here.
        diagnostics: errors and warnings, in the order of the file.
        moved_to: where the video lies now, relative to the watched folder; empty while waiting.
    """

    file: str
    result: IntakeResult
    post_id: uuid.UUID | None = None
    reason: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()
    moved_to: str = ""

    @property
    def is_settled(self) -> bool:
        """True once nothing more happens to it."""
        return self.result is not IntakeResult.WAITING

    @property
    def looks_broken(self) -> bool:
        """True where it waits only because a broken file may still be on its way."""
        return not self.is_settled and any(found.level is Level.ERROR for found in self.diagnostics)
