"""
The queue on paper: what the database must hold after every order, in plain Python.

It knows nothing of SQL. Each function says what an order does to the rows, so that the test beside
it can hold the real repositories against it.
"""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from pellacia_service.domain.delivery import (
    GUARDED,
    RESTING,
    Delivery,
    DeliveryError,
    Status,
    Step,
    status_of_post,
)
from pellacia_service.domain.receipt import Receipt
from pellacia_service.errors import AccountBusyError, ErrorKind, LeaseLostError
from pellacia_service.use_cases.queue import RETRYABLE
from pellacia_service.use_cases.schedule import RECALLABLE

Line = tuple[int, Step, Step]
"""A line of the journal: epoch, from, to."""


@dataclass
class QueueModel:
    """
    Everything the queue must know.

    Args:
        rows: the deliveries as they must be stored, to the last field.
        paused: platforms on which nothing is published.
        journal: what must have been written down of each delivery, oldest first.
    """

    rows: dict[uuid.UUID, Delivery] = field(default_factory=dict)
    paused: set[str] = field(default_factory=set)
    journal: dict[uuid.UUID, list[Line]] = field(default_factory=dict)

    def add(self, deliveries: Collection[Delivery]) -> None:
        """Queue deliveries."""
        self.rows |= {one.id: one for one in deliveries}
        self.journal |= {one.id: [] for one in deliveries}

    def posts(self) -> list[uuid.UUID]:
        """Return the posts, oldest first."""
        return list(dict.fromkeys(one.post_id for one in self.rows.values()))

    def of_post(self, post_id: uuid.UUID) -> list[Delivery]:
        """Return a post's deliveries."""
        return [one for one in self.rows.values() if one.post_id == post_id]

    def status(self, post_id: uuid.UUID) -> Status:
        """Sum a post up."""
        return status_of_post(one.status for one in self.of_post(post_id))

    def claimable(self, now: dt.datetime) -> list[Delivery]:
        """Return what may be claimed, what has been free longest first."""
        free = [one for one in self.rows.values() if self.may_be_claimed(one, now)]
        return sorted(free, key=lambda one: (free_at(one), one.id))

    def may_be_claimed(self, one: Delivery, now: dt.datetime) -> bool:
        """Due, moving, in nobody's hands, and not paused unless it must be looked up."""
        waits = one.begin_at > now or (one.not_before is not None and one.not_before > now)
        paused = one.platform in self.paused and one.step not in GUARDED
        return not (one.step in RESTING or waits or paused or is_leased(one, now))

    def claim(
        self, owner: str, *, now: dt.datetime, until: dt.datetime, limit: int
    ) -> list[Delivery]:
        """Give what may be claimed to an owner."""
        chosen = [
            replace(one, epoch=one.epoch + 1, lease_owner=owner, lease_until=until)
            for one in self.claimable(now)[:limit]
        ]
        self.rows |= {one.id: one for one in chosen}
        return sorted(chosen, key=lambda one: (one.due_at, one.id))

    def renew(self, owner: str, *, now: dt.datetime, until: dt.datetime) -> set[uuid.UUID]:
        """Prolong the living leases of an owner."""
        held = self._where(
            lambda one: one.step not in RESTING and one.lease_owner == owner and is_leased(one, now)
        )
        self._change(held, lease_until=until, alive_at=now)
        return {one.id for one in held}

    def release(self, delivery: Delivery) -> None:
        """Give a lease back, if nobody else has got the delivery since."""
        given = self._where(lambda one: one.id == delivery.id and one.epoch == delivery.epoch)
        self._change(given, lease_owner="", lease_until=None)

    def release_owner(self, owner: str) -> None:
        """Give back all leases of an owner."""
        held = self._where(lambda one: one.lease_owner == owner and one.step not in RESTING)
        self._change(held, lease_owner="", lease_until=None)

    def refusal(self, known: Delivery, step: Step) -> type[Exception] | None:
        """Return how a publisher's write must be refused, who knows the delivery like this."""
        stored = self.rows.get(known.id)
        if stored is None or stored.epoch != known.epoch:
            return LeaseLostError
        return AccountBusyError if step in GUARDED and self._is_busy(known) else None

    def save(self, written: Delivery, *, before: Step, now: dt.datetime) -> None:
        """Write a publisher's change, and a line of the journal. The lease stays as it is."""
        stored = self.rows[written.id]
        self.rows[written.id] = replace(
            written,
            lease_owner=stored.lease_owner,
            lease_until=stored.lease_until,
            alive_at=now,
        )
        self.journal[written.id].append((written.epoch, before, written.step))

    def retry(self, post_id: uuid.UUID, now: dt.datetime) -> bool:
        """Put back into the queue what has failed; False where nothing has."""
        failed = [one for one in self.of_post(post_id) if one.step in RETRYABLE]
        for one in failed:
            again = replace(one, due_at=max(one.due_at, now), completed_at=None)
            self._overtake(one, again, Step.CHECK)
        return bool(failed)

    def resolve(self, post_id: uuid.UUID, now: dt.datetime, *, published_at: str | None) -> bool:
        """Settle the held delivery by a person's word; False where there is not exactly one."""
        held = [one for one in self.of_post(post_id) if one.step is Step.HELD]
        if len(held) != 1:
            return False
        [one] = held
        receipt = one.receipt or Receipt(total=0)
        if published_at is not None:
            there = replace(one, receipt=replace(receipt, url=published_at), completed_at=now)
            self._overtake(one, there, Step.DONE, not_before=one.not_before)
        else:
            again = replace(
                one,
                generation=one.generation + 1,
                due_at=max(one.due_at, now),
                receipt=None,
                intent_at=None,
                published_at=None,
            )
            self._overtake(one, again, Step.CHECK)
        return True

    def cancel(self, post_id: uuid.UUID) -> bool:
        """Take back what is not out yet; False where all is."""
        recallable = [one for one in self.of_post(post_id) if one.step in RECALLABLE]
        for one in recallable:
            self._overtake(one, one, Step.CANCELLED)
        return bool(recallable)

    def move(self, post_id: uuid.UUID, at: dt.datetime) -> bool:
        """Give what is not out yet another time; False where all is."""
        recallable = [one for one in self.of_post(post_id) if one.step in RECALLABLE]
        for one in recallable:
            self._overtake(one, replace(one, due_at=at), Step.CHECK)
        return bool(recallable)

    def clear(self, status: Status) -> int:
        """Remove the posts all of whose deliveries have a status; return how many."""
        over = [
            post_id
            for post_id in self.posts()
            if {one.status for one in self.of_post(post_id)} == {status}
        ]
        for one in [one for post_id in over for one in self.of_post(post_id)]:
            del self.rows[one.id], self.journal[one.id]
        return len(over)

    def _overtake(
        self, old: Delivery, new: Delivery, step: Step, *, not_before: dt.datetime | None = None
    ) -> None:
        """Write a person's order: a new epoch, and nobody's lease."""
        self.rows[old.id] = replace(
            new,
            step=step,
            epoch=old.epoch + 1,
            lease_owner="",
            lease_until=None,
            not_before=not_before,
            error=None,
        )
        self.journal[old.id].append((old.epoch + 1, old.step, step))

    def _is_busy(self, delivery: Delivery) -> bool:
        others = [one for one in self.rows.values() if one.id != delivery.id]
        return any(one.account_id == delivery.account_id and one.step in GUARDED for one in others)

    def _where(self, fits: Callable[[Delivery], bool]) -> list[Delivery]:
        return [one for one in self.rows.values() if fits(one)]

    def _change(self, rows: Collection[Delivery], **changes: object) -> None:
        for one in rows:
            self.rows[one.id] = replace(one, **changes)  # type: ignore[arg-type]  # fields of Delivery only


def is_leased(one: Delivery, now: dt.datetime) -> bool:
    """Say whether somebody holds a living lease of a row."""
    return one.lease_until is not None and one.lease_until > now


def twice_guarded(rows: Iterable[Delivery]) -> set[uuid.UUID]:
    """Return the accounts that have two deliveries at the irreversible call, or in doubt about it."""
    guarded = Counter(one.account_id for one in rows if one.step in GUARDED)
    return {account for account, count in guarded.items() if count > 1}


def brought_by(step: Step, before: Delivery, now: dt.datetime) -> dict[str, Any]:
    """Return what a step writes down beside its name."""
    match step:
        case Step.SEND | Step.WAIT:
            return {"receipt": Receipt(total=100, confirmed=before.epoch, part_size=10)}
        case Step.LAST_PART | Step.PUBLISH:
            return {"intent_at": now, "error": None, "attempts": before.attempts + 1}
        case Step.READY:
            return {"intent_at": None, "error": None}
        case Step.DONE:
            return {"completed_at": now, "error": None}
        case Step.FAILED | Step.HELD:
            return {"error": DeliveryError(ErrorKind.PLATFORM, "odd", "The platform said no.")}
    return {}


def free_at(one: Delivery) -> dt.datetime:
    """Return when a delivery's time has come, and its wait and its lease are over."""
    return max(one.begin_at, *filter(None, (one.not_before, one.lease_until)), one.begin_at)
