"""
A database that was put back has forgotten calls that were made. What becomes of its deliveries.

Whatever may have been published since is kept from being published again: what has a handle on its
platform is looked for (UNSURE), what has none is left to a person (HELD).
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pellacia_service.domain.delivery import GUARDED, RESTING, Delivery, DeliveryError, Step
from pellacia_service.domain.json import Json
from pellacia_service.errors import ErrorKind
from pellacia_service.publishing.high_water import Mark
from pellacia_service.repositories.rewinds import State

CODE = "rewound"
"""The error code of what is held, and the word in the evidence of what is looked for."""

HANDLED_AFTER = dt.timedelta(minutes=1)
"""A quarantine this long after our mark was last raised was about what we know, too: clocks differ."""

OUT_ALREADY = frozenset({Step.DONE, Step.CONFIRM, Step.HELD})


@dataclass(frozen=True)
class Reason:
    """
    Why the database is not trusted.

    Args:
        why: in words.
        lost: deliveries of which this home knows that the call was announced and then forgotten.
    """

    why: str
    lost: frozenset[uuid.UUID] = frozenset()


def suspicion(mark: Mark | None, state: State) -> Reason | None:
    """
    Compare what the home folder knows with what the database says. None: they agree.

    Where no publisher of this home has worked on the database before, there is nothing to compare.
    """
    if state.restored:
        lost = mark.lost(state.number) if mark else frozenset()
        return Reason(f"a backup was restored on {state.restored:%Y-%m-%d %H:%M} UTC", lost)
    if mark is None:
        return None
    handled = state.quarantined_at and state.quarantined_at > mark.at + HANDLED_AFTER
    if mark.number > state.number and not handled:
        why = (
            f"it has forgotten what was written up to {mark.at:%Y-%m-%d %H:%M} UTC "
            "(an older backup was put in its place)"
        )
        return Reason(why, mark.lost(state.number))
    server = state.server.identity if state.server else ""
    if mark.server and server and mark.server != server:
        return Reason(
            f"its server is not the one it was on {mark.at:%Y-%m-%d %H:%M} UTC: another one has "
            "taken over, or it was put back to a point in time"
        )
    return None


@dataclass
class Quarantiner:
    """
    Decides about the deliveries of a database that was put back, one after the other.

    Args:
        until: when the last call may have been made that the database has forgotten.
        looked_for: accounts of which a delivery is looked for already: there may be one at a time.
    """

    reason: Reason
    until: dt.datetime
    looked_for: set[uuid.UUID] = field(default_factory=set)

    def judge_all(self, deliveries: Sequence[Delivery]) -> list[tuple[Delivery, Delivery]]:
        """Return each delivery that cannot go on as it is, and how it must be from now on."""
        # An account has one delivery at a time at its irreversible call, or looked for.
        self.looked_for |= {one.account_id for one in deliveries if one.step in GUARDED}
        judged = [(one, self.judge(one)) for one in deliveries]
        return [(before, after) for before, after in judged if after is not None]

    def judge(self, delivery: Delivery) -> Delivery | None:
        """Return the delivery as it must be from now on; None: it can go on as it is."""
        if not may_be_out(delivery, self.reason.lost, self.until):
            return None
        doubted = replace(delivery, not_before=None, evidence=self._evidence(delivery))
        if delivery.step in GUARDED:
            return replace(doubted, step=Step.UNSURE)
        can_be_looked_for = delivery.receipt is not None and delivery.step not in RESTING
        if can_be_looked_for and delivery.account_id not in self.looked_for:
            self.looked_for.add(delivery.account_id)
            return replace(
                doubted, step=Step.UNSURE, intent_at=self.until, error=self._error(delivery)
            )
        return replace(doubted, step=Step.HELD, error=self._error(delivery))

    def _evidence(self, delivery: Delivery) -> tuple[Mapping[str, Json], ...]:
        seen: Mapping[str, Json] = {
            "at": self.until.isoformat(),
            "seen": CODE,
            "because": self.reason.why,
        }
        return (*delivery.evidence, seen)

    def _error(self, delivery: Delivery) -> DeliveryError:
        return DeliveryError(
            kind=ErrorKind.UNKNOWN_OUTCOME,
            code=CODE,
            message="This may have been published already, and the database does not know: "
            f"{self.reason.why}. Look at the account. "
            f"If it is there: pellacia-dist queue resolve --id {delivery.id} --published URL. "
            f"If it is not: pellacia-dist queue resolve --id {delivery.id} --not-published",
        )


def may_be_out(delivery: Delivery, lost: frozenset[uuid.UUID], until: dt.datetime) -> bool:
    """Tell whether a delivery may have been published in the time that the database has forgotten."""
    if delivery.step in OUT_ALREADY:
        return False
    if delivery.id in lost:
        return True
    if delivery.step in RESTING or delivery.created_at > until:
        return False
    return delivery.due_at <= until or delivery.step in GUARDED


def was_rewound(delivery: Delivery) -> bool:
    """
    Tell whether the database was put back since this delivery's call may have been made.

    Then the upload that is known need not be the last one: that it is gone proves nothing.
    """
    return any(piece.get("seen") == CODE for piece in delivery.evidence)
