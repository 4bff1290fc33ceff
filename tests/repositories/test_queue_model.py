"""
Whatever is ordered, in whatever order: the database holds what the queue on paper holds.

Several publishers and a person give orders at random, on a clock that the test holds. After each
order the whole queue is compared with the model, and the promises that matter most are checked once
more by themselves, so that a mistake that is in the model as well does not go unseen.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.repositories.queue_ground import Ground
from tests.repositories.queue_machine import QueueMachine

FEW = settings(
    max_examples=30,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
MANY = settings(FEW, max_examples=500, stateful_step_count=60)


@pytest.fixture
def ground(shared_place: str, tmp_path: Path) -> Iterator[Ground]:
    opened = Ground(shared_place, tmp_path)
    yield opened
    opened.close()


def machine_on(ground: Ground) -> type[QueueMachine]:
    class OnThisGround(QueueMachine):
        def __init__(self) -> None:
            super().__init__(ground)

    return OnThisGround


def test_the_queue_does_what_the_model_says(ground: Ground) -> None:
    run_state_machine_as_test(machine_on(ground), settings=FEW)


@pytest.mark.long
def test_the_queue_does_what_the_model_says_for_a_long_time(ground: Ground) -> None:
    run_state_machine_as_test(machine_on(ground), settings=MANY)
