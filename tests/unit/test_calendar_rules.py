"""What may stand where in an account's calendar."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from pellacia_service.domain.account import Account
from pellacia_service.domain.calendar_board import Plans
from pellacia_service.domain.calendar_rules import Clip, QuietHours, Rules
from pellacia_service.errors import BadInputError
from tests.unit.calendars import CLIP, INSTAGRAM, YOUTUBE, X, at, entry, plans

MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
MONDAY_TEN = at("2026-11-23 10:00")


def broken(planned: Plans, when: dt.datetime, *accounts: Account, clip: Clip = CLIP) -> list[str]:
    return [one.rule for one in planned.board(accounts or (X,)).collisions(when, clip)]


@pytest.mark.parametrize(
    ("minutes", "rules"),
    [(-10, []), (-9, ["minimum_gap"]), (0, ["minimum_gap"]), (9, ["minimum_gap"]), (10, [])],
)
def test_two_posts_of_an_account_keep_the_minimum_gap(minutes: int, rules: list[str]) -> None:
    planned = plans(entry(MONDAY_TEN))

    assert broken(planned, MONDAY_TEN + minutes * MINUTE) == rules


def test_posts_of_other_accounts_are_not_in_the_way() -> None:
    planned = plans(entry(MONDAY_TEN, YOUTUBE))

    assert broken(planned, MONDAY_TEN) == []


def test_a_collision_names_the_account_the_post_and_its_time() -> None:
    planned = plans(entry(MONDAY_TEN, title="Morning news"))

    [collision] = planned.board([X]).collisions(MONDAY_TEN + MINUTE, CLIP)

    assert collision.account == "x"
    assert collision.at == MONDAY_TEN
    assert "'Morning news'" in collision.message
    assert "2026-11-23 10:00 CET" in collision.message


def test_the_daily_cap_counts_local_dates() -> None:
    # Six posts on Monday in Berlin; the first of them is still Sunday in UTC.
    planned = plans(*(entry(at("2026-11-23 00:30") + number * HOUR) for number in range(6)))

    assert broken(planned, at("2026-11-23 23:59")) == ["daily_cap"]
    assert broken(planned, at("2026-11-24 00:00")) == []
    assert broken(planned, at("2026-11-22 23:59")) == []


def test_a_daily_cap_of_nothing_is_no_cap() -> None:
    many = [entry(at("2026-11-23 00:30") + number * HOUR) for number in range(20)]

    assert broken(plans(*many, rules=Rules(daily_cap=0)), at("2026-11-23 22:00")) == []


@pytest.mark.parametrize(
    ("other", "rules"),
    [
        (Clip(Path("/clips/copy.mp4"), 10, "aa" * 32), ["same_clip"]),
        (Clip(CLIP.path), ["same_clip"]),
        (Clip(CLIP.path, 10, "bb" * 32), []),
        (Clip(Path("/clips/other.mp4")), []),
    ],
)
def test_the_same_clip_is_known_by_its_content_or_else_by_its_place(
    other: Clip, rules: list[str]
) -> None:
    planned = plans(entry(MONDAY_TEN, clip=other))

    assert broken(planned, MONDAY_TEN + 5 * HOUR) == rules


def test_the_same_clip_may_come_again_after_a_day() -> None:
    planned = plans(entry(MONDAY_TEN, clip=CLIP))

    assert broken(planned, MONDAY_TEN + 24 * HOUR - MINUTE) == ["same_clip"]
    assert broken(planned, MONDAY_TEN + 24 * HOUR) == []


@pytest.mark.parametrize(
    ("time", "rules"),
    [
        ("21:59", []),
        ("22:00", ["quiet_hours"]),
        ("03:00", ["quiet_hours"]),
        ("06:59", ["quiet_hours"]),
        ("07:00", []),
    ],
)
def test_quiet_hours_go_past_midnight(time: str, rules: list[str]) -> None:
    planned = plans(rules=Rules(quiet=QuietHours(dt.time(22), dt.time(7))))

    assert broken(planned, at(f"2026-11-23 {time}")) == rules


def test_a_rolling_platform_cap_holds_in_every_24_hours() -> None:
    rules = Rules(daily_cap=0, minimum_gap=MINUTE)
    posts = [entry(MONDAY_TEN + number * MINUTE, INSTAGRAM) for number in range(100)]
    planned = plans(*posts, rules=rules)

    assert broken(planned, MONDAY_TEN + 23 * HOUR, INSTAGRAM) == ["platform_cap"]
    assert broken(planned, MONDAY_TEN - 22 * HOUR, INSTAGRAM) == ["platform_cap"]
    assert broken(planned, MONDAY_TEN + 24 * HOUR, INSTAGRAM) == []


def test_youtubes_cap_is_the_apps_and_its_day_ends_in_california() -> None:
    other_channel = replace(YOUTUBE, id=INSTAGRAM.id, label="second")
    midnight = dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)
    posts = [entry(midnight - (number + 1) * MINUTE, other_channel) for number in range(100)]
    planned = plans(*posts, rules=Rules(daily_cap=0, minimum_gap=dt.timedelta()))

    assert broken(planned, midnight - HOUR, YOUTUBE) == ["platform_cap"]
    assert broken(planned, midnight, YOUTUBE) == []


@pytest.mark.parametrize(
    "rules",
    [
        Rules(minimum_gap=-MINUTE),
        Rules(daily_cap=-1),
        Rules(same_clip_within=-HOUR),
        Rules(quiet=QuietHours(dt.time(9), dt.time(9))),
        Rules(zone="Mars/Olympus"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(rules: Rules) -> None:
    with pytest.raises(BadInputError):
        rules.check()
