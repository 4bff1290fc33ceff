"""How far uploads are, for whoever is looking. Kept in memory; the truth is in the database."""

import uuid
from dataclasses import dataclass, replace

from pellacia_service.clock import Clock
from pellacia_service.domain.delivery import Step

SPEED_WINDOW = 3.0
"""Seconds over which the speed is averaged, so that the figure can be read."""


@dataclass(frozen=True)
class Progress:
    """
    One upload as it is now.

    Args:
        sent: bytes handed to the network, counted from the file's first byte. Near the end it runs
            ahead of what the platform has confirmed by up to a socket buffer.
        speed: bytes per second over the last seconds.
        note: what is being waited for, in words; empty while bytes flow.
    """

    delivery_id: uuid.UUID
    step: Step
    sent: int = 0
    total: int = 0
    speed: float = 0.0
    note: str = ""

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at this speed; None while nobody can tell."""
        return (self.total - self.sent) / self.speed if self.speed > 0 else None


class ProgressBoard:
    """The latest progress of every delivery that runs in this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._latest: dict[uuid.UUID, Progress] = {}
        self._marks: dict[uuid.UUID, tuple[float, int]] = {}

    def latest(self, delivery_id: uuid.UUID) -> Progress | None:
        """Return the newest progress; None for a delivery that does not run here."""
        return self._latest.get(delivery_id)

    def moved(self, delivery_id: uuid.UUID, step: Step, note: str = "") -> None:
        """A delivery reached a step."""
        before = self._latest.get(delivery_id) or Progress(delivery_id, step)
        if before.step is not step:
            # From part to part the bytes flow on; from step to step they do not.
            before = replace(before, speed=0.0)
            self._marks.pop(delivery_id, None)
        self._latest[delivery_id] = replace(before, step=step, note=note)

    def sent(self, delivery_id: uuid.UUID, sent: int, total: int) -> None:
        """Bytes went out."""
        now = self._clock.monotonic()
        since, from_byte = self._marks.setdefault(delivery_id, (now, sent))
        elapsed = now - since
        before = self._latest.get(delivery_id) or Progress(delivery_id, Step.SEND)
        speed = (sent - from_byte) / elapsed if elapsed > 0.05 else before.speed
        if elapsed > SPEED_WINDOW:
            self._marks[delivery_id] = (now - elapsed / 2, from_byte + (sent - from_byte) // 2)
        self._latest[delivery_id] = replace(before, sent=sent, total=total, speed=speed)
