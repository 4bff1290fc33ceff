"""A delivery: one post on its way to one account."""

import datetime as dt
import enum
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pellacia_service.domain.json import Json
from pellacia_service.domain.receipt import Receipt
from pellacia_service.errors import ErrorKind


class Step(enum.StrEnum):
    """
    Where a delivery stands. Each is committed before the call that it names is made.

        CHECK ─► OPEN ─► SEND ─► LAST_PART ─► WAIT ─► READY ─► PUBLISH ─► CONFIRM ─► DONE
                                     │                            │
                                     └────────────► UNSURE ◄──────┘ ─► DONE | READY | HELD
    """

    CHECK = "check"
    OPEN = "open"
    SEND = "send"
    LAST_PART = "last_part"
    WAIT = "wait"
    READY = "ready"
    PUBLISH = "publish"
    UNSURE = "unsure"
    CONFIRM = "confirm"
    DONE = "done"
    HELD = "held"
    FAILED = "failed"
    CANCELLED = "cancelled"
    MISSED = "missed"


class Status(enum.StrEnum):
    """The words that scripts see. `partial` and `checked` are said of posts only."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"
    MISSED = "missed"
    HELD = "held"
    CHECKED = "checked"


STATUS_OF_STEP: Mapping[Step, Status] = {
    Step.CHECK: Status.PENDING,
    Step.OPEN: Status.PROCESSING,
    Step.SEND: Status.PROCESSING,
    Step.LAST_PART: Status.PROCESSING,
    Step.WAIT: Status.PROCESSING,
    Step.READY: Status.PROCESSING,
    Step.PUBLISH: Status.PROCESSING,
    Step.UNSURE: Status.PROCESSING,
    Step.CONFIRM: Status.PROCESSING,
    Step.DONE: Status.COMPLETED,
    Step.HELD: Status.HELD,
    Step.FAILED: Status.FAILED,
    Step.CANCELLED: Status.CANCELLED,
    Step.MISSED: Status.MISSED,
}

RESTING = frozenset({Step.DONE, Step.HELD, Step.FAILED, Step.CANCELLED, Step.MISSED})
"""Steps from which nothing moves by itself."""

INTENT = frozenset({Step.LAST_PART, Step.PUBLISH})
"""Steps during which an irreversible call may be on its way."""

GUARDED = INTENT | {Step.UNSURE}
"""Steps of which an account may have one delivery at a time, so that its listing stays readable."""


@dataclass(frozen=True)
class DeliveryError:
    """The last trouble of a delivery, as scripts see it."""

    kind: ErrorKind
    code: str
    message: str
    retry_at: dt.datetime | None = None


@dataclass(frozen=True)
class Delivery:
    """
    One row of the queue.

    Args:
        generation: 0; a deliberate second publication of the same post is another generation.
        epoch: grows with every claim; a write with an old epoch changes nothing.
        due_at: not before this instant.
        not_before: set while the delivery waits for a quota, a poll or another try.
        attempts: how often publishing was begun, first try included.
        intent_at: when the irreversible call was last about to be made.
        evidence: what looks found while the outcome was unknown, oldest first.
    """

    id: uuid.UUID
    post_id: uuid.UUID
    account_id: uuid.UUID
    platform: str
    account_label: str
    step: Step
    created_at: dt.datetime
    due_at: dt.datetime
    generation: int = 0
    epoch: int = 0
    lease_owner: str = ""
    lease_until: dt.datetime | None = None
    not_before: dt.datetime | None = None
    receipt: Receipt | None = None
    bytes_sent: int = 0
    attempts: int = 0
    sha256: str = ""
    intent_at: dt.datetime | None = None
    started_at: dt.datetime | None = None
    completed_at: dt.datetime | None = None
    error: DeliveryError | None = None
    evidence: tuple[Mapping[str, Json], ...] = field(default=())

    @property
    def status(self) -> Status:
        """The word that scripts see."""
        return STATUS_OF_STEP[self.step]

    @property
    def remote_id(self) -> str:
        """The platform's id of the post; empty until it is known."""
        return self.receipt.post_id if self.receipt else ""

    @property
    def url(self) -> str:
        """Where people can see the post; empty until it is known."""
        return self.receipt.url if self.receipt else ""


def status_of_post(statuses: Iterable[Status]) -> Status:
    """
    Sum up the deliveries of one post in one word.

    A held delivery is not an end: its post is still "processing".
    """
    found = {Status.PROCESSING if status is Status.HELD else status for status in statuses}
    if len(found) == 1:
        return found.pop()
    if found & {Status.PROCESSING, Status.PENDING}:
        return Status.PROCESSING
    return Status.PARTIAL if Status.COMPLETED in found else Status.FAILED
