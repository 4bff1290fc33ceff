"""What is refused in production, whatever led there."""

import datetime as dt
import uuid
from dataclasses import replace

import pytest

from pellacia_service.domain.delivery import Delivery, Step
from pellacia_service.publishing.invariants import (
    BrokenInvariantError,
    check_change,
    check_first_change,
    check_intent,
)

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
SEEN = {"at": "2026-11-22T12:00:00+00:00", "seen": "absent"}


@pytest.fixture
def delivery() -> Delivery:
    return Delivery(
        id=uuid.uuid4(),
        post_id=uuid.uuid4(),
        account_id=uuid.uuid4(),
        platform="x",
        account_label="default",
        step=Step.PUBLISH,
        created_at=NOW,
        due_at=NOW,
        epoch=3,
        intent_at=NOW,
    )


def test_a_change_under_another_epoch_is_refused(delivery: Delivery) -> None:
    with pytest.raises(BrokenInvariantError, match="epoch 2"):
        check_change(delivery, replace(delivery, step=Step.UNSURE, epoch=2))


@pytest.mark.parametrize("step", [Step.OPEN, Step.SEND, Step.DONE, Step.FAILED, Step.HELD])
def test_the_intent_to_publish_is_left_only_by_an_answer_or_into_doubt(
    step: Step, delivery: Delivery
) -> None:
    with pytest.raises(BrokenInvariantError, match=f"from publish to {step}"):
        check_change(delivery, replace(delivery, step=step))


@pytest.mark.parametrize("step", [Step.READY, Step.SEND, Step.OPEN, Step.DONE, Step.FAILED])
def test_doubt_is_left_only_with_evidence(step: Step, delivery: Delivery) -> None:
    in_doubt = replace(delivery, step=Step.UNSURE)

    check_change(in_doubt, replace(in_doubt, step=step, evidence=(SEEN,)))

    with pytest.raises(BrokenInvariantError, match="without evidence"):
        check_change(in_doubt, replace(in_doubt, step=step))


def test_a_person_may_be_asked_without_evidence(delivery: Delivery) -> None:
    in_doubt = replace(delivery, step=Step.UNSURE)

    check_change(in_doubt, replace(in_doubt, step=Step.HELD))


def test_what_is_published_never_goes_back(delivery: Delivery) -> None:
    published = replace(delivery, step=Step.CONFIRM)

    with pytest.raises(BrokenInvariantError, match="from confirm to open"):
        check_change(published, replace(published, step=Step.OPEN))


def test_no_call_is_made_without_its_intent_being_committed(delivery: Delivery) -> None:
    committed = replace(delivery, step=Step.READY, intent_at=None)

    with pytest.raises(BrokenInvariantError, match="no call was announced by publish"):
        check_intent(committed, delivery, Step.PUBLISH)


def test_no_call_is_made_under_the_intent_of_another_epoch(delivery: Delivery) -> None:
    with pytest.raises(BrokenInvariantError, match="no call was announced"):
        check_intent(delivery, replace(delivery, epoch=4), Step.PUBLISH)


@pytest.mark.parametrize("step", [Step.READY, Step.CONFIRM, Step.SEND])
def test_whoever_takes_over_at_the_call_that_publishes_doubts_first(
    step: Step, delivery: Delivery
) -> None:
    check_first_change(delivery, replace(delivery, step=Step.UNSURE))

    with pytest.raises(BrokenInvariantError, match="taken over at publish"):
        check_first_change(delivery, replace(delivery, step=step))
