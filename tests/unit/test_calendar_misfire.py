"""What becomes of a post whose hour passed while nothing ran."""

import datetime as dt
import uuid

import pytest

from pellacia_service.domain.delivery import Delivery, Step
from pellacia_service.publishing.misfire import POLICY, Verdict, owed_at

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def a_delivery(due_at: dt.datetime, not_before: dt.datetime | None = None) -> Delivery:
    return Delivery(
        id=uuid.uuid4(),
        post_id=uuid.uuid4(),
        account_id=uuid.uuid4(),
        platform="x",
        account_label="default",
        step=Step.CHECK,
        created_at=NOON,
        due_at=due_at,
        not_before=not_before,
    )


@pytest.mark.parametrize(
    ("seconds", "verdict"),
    [
        (-5, Verdict.ON_TIME),
        (0, Verdict.ON_TIME),
        (120, Verdict.ON_TIME),
        (121, Verdict.LATE),
        (15 * 60, Verdict.LATE),
        (15 * 60 + 1, Verdict.MISSED),
        (24 * 3600, Verdict.MISSED),
        (24 * 3600 + 1, Verdict.CLOSED),
    ],
)
def test_how_late_decides_what_happens(seconds: int, verdict: Verdict) -> None:
    assert POLICY.verdict(dt.timedelta(seconds=seconds)) is verdict


def test_a_post_that_was_never_scheduled_is_never_missed() -> None:
    assert owed_at(None, a_delivery(NOON)) is None


def test_an_upload_that_may_begin_early_is_owed_at_its_hour() -> None:
    assert owed_at(NOON, a_delivery(NOON - 20 * HOUR)) == NOON


def test_a_person_who_wants_another_try_sets_a_new_hour() -> None:
    assert owed_at(NOON, a_delivery(NOON + 5 * HOUR)) == NOON + 5 * HOUR


def test_a_wait_for_a_quota_is_not_lateness() -> None:
    assert owed_at(NOON, a_delivery(NOON, NOON + 9 * HOUR)) == NOON + 9 * HOUR
