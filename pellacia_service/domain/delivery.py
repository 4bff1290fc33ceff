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

CALLS = GUARDED | {Step.READY, Step.CONFIRM}
"""Steps behind the last byte: what is left to do takes a call or a look, not minutes."""


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
        due_at: when it is owed to the public; it goes public never before.
        lead: how long before that work may begin, so that the file is there in time.
        not_before: set while the delivery waits for a quota, a poll or another try.
        attempts: how often publishing was begun, first try included.
        intent_at: when the irreversible call was last about to be made.
        alive_at: when a publisher that had it last gave a sign of life.
        published_at: when the call that publishes was answered, or the post was first seen.
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
    lead: dt.timedelta = dt.timedelta()
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
    alive_at: dt.datetime | None = None
    published_at: dt.datetime | None = None
    completed_at: dt.datetime | None = None
    error: DeliveryError | None = None
    evidence: tuple[Mapping[str, Json], ...] = field(default=())

    @property
    def status(self) -> Status:
        """The word that scripts see."""
        return STATUS_OF_STEP[self.step]

    @property
    def begin_at(self) -> dt.datetime:
        """When work on it may begin."""
        return self.due_at - self.lead

    @property
    def lateness(self) -> dt.timedelta | None:
        """How long after its time it went public; None: it has not, or nobody knows when."""
        return self.published_at - self.due_at if self.published_at else None

    @property
    def is_staged(self) -> bool:
        """True while it waits, uploaded, for the instant at which it is owed."""
        receipt, until = self.receipt, self.not_before
        if receipt is None or until is None or until > self.due_at or self.error is not None:
            return False
        return self.step is Step.READY or (self.step is Step.SEND and receipt.is_last_part)

    @property
    def leaves_an_upload(self) -> bool:
        """True where it was called off after bytes had gone to the platform, which never show there."""
        return self.step is Step.CANCELLED and self.receipt is not None

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
