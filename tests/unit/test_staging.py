"""How long before its time an upload begins, and that nothing is public before it is due."""

import datetime as dt
import uuid

import pytest

from pellacia_service.domain.delivery import Delivery, Step
from pellacia_service.platforms import PLATFORMS
from pellacia_service.publishing.invariants import BrokenInvariantError, check_due
from pellacia_service.publishing.staging import lead

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
HOUR = dt.timedelta(hours=1)
MIB = 1024 * 1024


def at_publish(intent_at: dt.datetime | None) -> Delivery:
    return Delivery(
        id=uuid.uuid4(),
        post_id=uuid.uuid4(),
        account_id=uuid.uuid4(),
        platform="x",
        account_label="default",
        step=Step.PUBLISH,
        created_at=NOON - HOUR,
        due_at=NOON,
        intent_at=intent_at,
    )


@pytest.mark.parametrize("intent_at", [None, NOON - SECOND])
def test_a_call_that_publishes_before_its_time_is_not_made(intent_at: dt.datetime | None) -> None:
    with pytest.raises(BrokenInvariantError, match="before 2026-11-22 12:00:00 UTC"):
        check_due(at_publish(intent_at))


def test_a_call_that_publishes_at_its_time_is_made() -> None:
    check_due(at_publish(NOON))


@pytest.mark.parametrize(
    ("platform", "mebibytes", "minutes"),
    [
        ("instagram", 10, 60),
        ("youtube", 4 * 60 * 60, 4 * 90 + 5),  # at 1 MiB/s four hours, and half as long again
        ("instagram", 24 * 60 * 60, 20 * 60),  # no earlier than its container lives
        ("tiktok", 4 * 60, 6 + 5),
        ("tiktok", 24 * 60 * 60, 50),
    ],
)
def test_an_upload_begins_early_enough_for_its_size_but_not_so_early_that_it_runs_out(
    platform: str, mebibytes: int, minutes: int
) -> None:
    facts = PLATFORMS[platform].facts

    begins = lead(facts, mebibytes * MIB, speed=MIB, usual=HOUR)

    assert begins == dt.timedelta(minutes=minutes)
