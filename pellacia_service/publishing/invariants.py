"""
What must be true whatever happens. Checked in production: to stop is better than a second post.

    the epoch of a delivery only grows, and a publisher writes under the one it was given
    nothing is published without a committed intent of the same epoch
    nothing leaves the intent, or the doubt about it, without evidence
    whoever takes over at the intent doubts first
    nothing goes public before it is due

A publisher that finds one of them broken drops the delivery at once. As it was last committed it is
put to rest, for a person to look at (`mishaps.py`).
"""

from collections.abc import Mapping

from pellacia_service.domain.delivery import INTENT, Delivery, Step

EXITS: Mapping[Step, frozenset[Step]] = {
    Step.LAST_PART: frozenset({Step.SEND, Step.WAIT, Step.UNSURE}),
    Step.PUBLISH: frozenset({Step.READY, Step.CONFIRM, Step.UNSURE}),
    Step.CONFIRM: frozenset({Step.CONFIRM, Step.DONE, Step.FAILED, Step.HELD}),
}
"""Where a delivery may go from a step at which something irreversible was, or may have been, done."""

NEEDS_NO_EVIDENCE = frozenset({Step.UNSURE, Step.HELD})
"""From UNSURE: to stay in doubt, or to ask a person."""


class BrokenInvariantError(Exception):
    """The program itself is wrong. Not one more call, and nothing of what was to be written."""


def check_change(before: Delivery, after: Delivery) -> None:
    """
    Check a change before it is committed.

    Args:
        before: the delivery as it was last committed.

    Raises:
        BrokenInvariantError: it must not be committed.
    """
    if after.id != before.id or after.epoch != before.epoch:
        _refuse(before, f"was to be saved as {after.id} of epoch {after.epoch}")
    allowed = EXITS.get(before.step)
    if allowed is not None and after.step not in allowed:
        _refuse(before, f"was to go from {before.step} to {after.step}")
    in_doubt = before.step is Step.UNSURE and after.step not in NEEDS_NO_EVIDENCE
    if in_doubt and after.evidence[-1:] == before.evidence[-1:]:
        _refuse(before, f"was to go from {before.step} to {after.step} without evidence")


def check_first_change(claimed: Delivery, after: Delivery) -> None:
    """
    Check the first change of a publisher that has just been given a delivery.

    Raises:
        BrokenInvariantError: somebody died at the irreversible call, and that was to be passed over.
    """
    if claimed.step in INTENT and after.step is not Step.UNSURE:
        _refuse(claimed, f"was taken over at {claimed.step}, to go on to {after.step}")


def check_intent(committed: Delivery, delivery: Delivery, step: Step) -> None:
    """
    Check that an irreversible call was announced.

    Args:
        committed: the delivery as it was last committed.
        step: the step that announces the call.

    Raises:
        BrokenInvariantError: it was not; the call must not be made.
    """
    announced = committed.step is step and committed.intent_at is not None
    if not announced or committed.epoch != delivery.epoch:
        _refuse(committed, f"stands at {committed.step}: no call was announced by {step}")


def check_due(committed: Delivery) -> None:
    """
    Check that a call which makes something public was announced at its time or later.

    Raises:
        BrokenInvariantError: it is too early; the call must not be made.
    """
    if committed.intent_at is None or committed.intent_at < committed.due_at:
        _refuse(committed, f"was to go public before {committed.due_at:%Y-%m-%d %H:%M:%S} UTC")


def _refuse(delivery: Delivery, what: str) -> None:
    raise BrokenInvariantError(
        f"Delivery {delivery.id} (epoch {delivery.epoch}) {what}. Nothing was done. "
        "This is a mistake in the program: please report it."
    )
