"""
A short drill, on all six platforms and both databases.

`-m long`: the same with more than 500 deaths.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pellacia_service.facade import PLATFORM_NAMES
from pellacia_service.platforms import PLATFORMS
from tests.postgres import ServerAddress
from tests.rules.test_crash_points import names_in_the_code

pytestmark = pytest.mark.xdist_group("drill")  # one worker, so that it is carried out once

FEW, MANY = 60, 500
"""Deaths that fit between the fast tests, and those of a run of its own."""


def drill(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    """In a process of its own: a process that forks must have no threads."""
    return subprocess.run(
        [sys.executable, "-m", "pellacia_service", "drill", "--json", *words],
        env={**os.environ, "PELLACIA_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture(scope="module", params=[FEW, pytest.param(MANY, marks=pytest.mark.long)])
def kills(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def ended(
    kills: int, tmp_path_factory: pytest.TempPathFactory, postgres: ServerAddress
) -> subprocess.CompletedProcess[str]:
    words = ("--kills", str(kills), "--seed", "1", "--database", postgres())
    return drill(*words, home=tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def score(ended: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(ended.stdout)
    return document


def test_whenever_a_publisher_is_killed_nothing_is_published_twice_and_nothing_is_lost(
    ended: subprocess.CompletedProcess[str], score: dict[str, Any], kills: int
) -> None:
    assert score["failures"] == []
    assert (score["doubles"], score["lost"]) == (0, 0)
    assert score["kills"] >= kills
    assert ended.returncode == 0, ended.stderr


def test_deliveries_are_held_only_where_the_platform_cannot_prove_absence(
    score: dict[str, Any],
) -> None:
    blind = {name for name in PLATFORM_NAMES if not PLATFORMS[name].facts.can_prove_absence}

    assert set(score["held_by_platform"]) <= blind
    assert score["held_needlessly"] == 0


def test_publishers_are_frozen_too_and_do_no_harm_when_they_wake_up(score: dict[str, Any]) -> None:
    assert score["freezes"] >= 2


def test_every_crash_point_of_the_code_is_reached_by_a_plan(score: dict[str, Any]) -> None:
    assert names_in_the_code() - set(score["points"]) == set()


def test_one_plan_can_be_carried_out_alone(tmp_path: Path) -> None:
    ended = drill("--plan", "x lost-answer: after publish, #2", home=tmp_path)

    score = json.loads(ended.stdout)
    assert ended.returncode == 0, ended.stderr
    assert (score["plans"], score["kills"]) == (1, 2)


def test_a_plan_that_cannot_be_read_is_refused_with_one_that_can(tmp_path: Path) -> None:
    ended = drill("--plan", "nowhere", home=tmp_path)

    assert ended.returncode == 2
    assert "instagram lost-answer: after publish, #3" in ended.stderr
