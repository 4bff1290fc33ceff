"""
Staging: a scheduled post is uploaded ahead of its time, so that the file's size does not make it late.

    begin_at ─► CHECK … WAIT ─► READY ─► back into the queue ─► due_at ─► PUBLISH
    begin_at ─► CHECK … SEND, all parts but the last ─► back into the queue ─► due_at ─► LAST_PART

The second is for platforms whose last part publishes. In the queue nobody holds it, so whichever
publisher is alive at the hour takes it up.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pellacia_service.domain.receipt import OPENED

if TYPE_CHECKING:
    from pellacia_service.platform_kit.facts import Facts
    from pellacia_service.publishing.trip import Trip
    from pellacia_service.repositories.session import Transaction

NONE = dt.timedelta()

READY_BEFORE = dt.timedelta(seconds=2)
"""It is taken up so long before its time: the claim and a fresh sign-in then make nobody late."""

HASHED_IN_A_SECOND = 100 * 1024 * 1024
"""Bytes, on a slow machine. Where the last part publishes, the file is hashed right before it."""

SPEED = "speed."
"""The mark that holds how fast uploads to a platform go, in bytes a second; the name follows."""

FIRST_GUESS = 1024 * 1024
"""Bytes a second, before anything was measured: a slow line's upstream."""

NEWEST_COUNTS = 0.3
"""The share of the newest upload in the speed that is kept. The others fade with each one."""

LEAST_BYTES = 1024 * 1024
"""Shorter uploads tell how long answers take, not how fast bytes go."""

PRUDENCE = 1.5
"""A line may be this much slower than it was."""

BESIDES = dt.timedelta(minutes=5)
"""For what is neither sending nor waiting: opening, hashing, the platform's work on the video."""


@dataclass
class Measured:
    """Bytes that were sent, and the seconds that it took."""

    size: int = 0
    seconds: float = 0

    def add(self, size: int, seconds: float) -> None:
        """Count one part."""
        self.size += size
        self.seconds += seconds


@dataclass(frozen=True)
class Stage:
    """
    Says how long before its time the upload of a post begins.

    Args:
        ahead: the usual lead; none: nothing is uploaded ahead.
        platforms: what each platform allows.
    """

    ahead: dt.timedelta = NONE
    platforms: Mapping[str, "Facts"] = field(default_factory=dict)

    async def lead(self, tx: "Transaction", platform: str, size: int) -> dt.timedelta:
        """Return the lead of an upload of `size` bytes."""
        facts = self.platforms.get(platform)
        if facts is None or not self.ahead:
            return NONE
        return lead(facts, size, await speed_of(tx, platform), usual=self.ahead)


def lead(facts: "Facts", size: int, speed: float, *, usual: dt.timedelta) -> dt.timedelta:
    """
    Return how long before its time an upload begins: early enough, but not to run out before.

    Args:
        size: bytes. speed: bytes a second.
        usual: the lead where the upload needs less. Where the last part publishes, what was sent
            cannot wait for long: there the upload begins only as early as it must.
    """
    needed = dt.timedelta(seconds=PRUDENCE * size / speed) + BESIDES
    wanted = needed if facts.last_part_publishes else max(usual, needed)
    return min(wanted, facts.stage_ahead)


async def speed_of(tx: "Transaction", platform: str) -> float:
    """Return how fast uploads to a platform went lately, in bytes a second."""
    return float(await tx.marks.get(f"{SPEED}{platform}") or FIRST_GUESS)


async def note_speed(tx: "Transaction", platform: str, measured: Measured) -> None:
    """Keep how fast an upload went, smoothed over those before it."""
    if measured.size < LEAST_BYTES or measured.seconds <= 0:
        return
    name, newest = f"{SPEED}{platform}", measured.size / measured.seconds
    before = float(await tx.marks.get(name) or newest)
    await tx.marks.put(name, f"{before + NEWEST_COUNTS * (newest - before):.0f}")
    measured.size, measured.seconds = 0, 0


async def put_back(trip: "Trip") -> bool:
    """Put an upload that is ahead of its time back into the queue. False where its time has come."""
    due_at, now = trip.delivery.due_at, trip.tools.clock.now()
    wakes_at = due_at - _ready_before(trip)
    if now >= wakes_at:
        return False
    # The bytes were hashed, or will be: what was uploaded is what was scheduled.
    await trip.snooze(wakes_at, None, f"uploaded; goes public at {due_at:%Y-%m-%d %H:%M:%S} UTC")
    return True


async def sit_out(trip: "Trip") -> None:
    """Wait out the seconds that are left until it is due."""
    clock = trip.tools.clock
    while (left := (trip.delivery.due_at - clock.now()).total_seconds()) > 0:
        await clock.sleep(left)


def is_stale(trip: "Trip", when: dt.datetime) -> bool:
    """Say whether an upload may have run out by then, as after a move to a later hour."""
    opened = trip.receipt.text(OPENED)
    if not opened or trip.receipt.post_id:
        return False
    return when > dt.datetime.fromisoformat(opened) + trip.platform.facts.stage_ahead


def _ready_before(trip: "Trip") -> dt.timedelta:
    if not trip.platform.facts.last_part_publishes:
        return READY_BEFORE
    return READY_BEFORE + dt.timedelta(seconds=trip.receipt.total / HASHED_IN_A_SECOND)
