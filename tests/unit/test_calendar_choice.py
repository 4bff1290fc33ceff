"""The time a post gets."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellacia_service.domain.calendar import Moment, moment_at, resolve
from pellacia_service.domain.calendar_best import History, Sample
from pellacia_service.domain.calendar_rules import QuietHours, Rules
from pellacia_service.domain.calendar_slots import Slot, read_days, read_times
from pellacia_service.domain.calendar_wish import ConflictError, OnConflict
from pellacia_service.errors import BadInputError
from tests.unit.calendars import BERLIN, CLIP, INSTAGRAM, NOW, YOUTUBE, X, at, chooser, entry, plans

MONDAY_TEN = at("2026-11-23 10:00")
MINUTE = dt.timedelta(minutes=1)


def berlin(when: dt.datetime) -> Moment:
    return moment_at(when, BERLIN)


def test_a_free_time_is_taken_as_it_was_wished() -> None:
    choice = chooser(plans()).settle(berlin(MONDAY_TEN), OnConflict.REJECT)

    assert choice.moment.at == MONDAY_TEN
    assert choice.notes == ()


@pytest.mark.parametrize("policy", OnConflict)
def test_a_past_time_is_refused_whatever_the_policy(policy: OnConflict) -> None:
    with pytest.raises(BadInputError, match="past"):
        chooser(plans()).settle(berlin(NOW), policy)


def test_a_collision_is_rejected_with_the_nearest_free_times_on_both_sides() -> None:
    planned = plans(entry(MONDAY_TEN, title="News"))

    with pytest.raises(ConflictError, match="'News'") as caught:
        chooser(planned).settle(berlin(MONDAY_TEN + 3 * MINUTE), OnConflict.REJECT)

    free = [moment.at for moment in caught.value.free]
    assert free == [MONDAY_TEN - 10 * MINUTE, MONDAY_TEN + 10 * MINUTE]
    assert "2026-11-23 09:50 CET" in str(caught.value)
    assert "2026-11-23 10:10 CET" in str(caught.value)


def test_a_shift_takes_the_next_free_time_and_says_so() -> None:
    planned = plans(entry(MONDAY_TEN), entry(MONDAY_TEN + 15 * MINUTE))

    choice = chooser(planned).settle(berlin(MONDAY_TEN), OnConflict.SHIFT)

    assert choice.moment.at == MONDAY_TEN + 25 * MINUTE
    assert "Shifted from 2026-11-23 10:00 CET" in choice.notes[0]
    assert "to 2026-11-23 10:25 CET" in choice.notes[0]


def test_a_collision_that_was_allowed_is_still_told() -> None:
    planned = plans(entry(MONDAY_TEN))

    choice = chooser(planned).settle(berlin(MONDAY_TEN), OnConflict.ALLOW)

    assert choice.moment.at == MONDAY_TEN
    assert "collides, as you allowed" in choice.notes[0]


def test_a_post_for_several_accounts_must_suit_all_of_them() -> None:
    planned = plans(entry(MONDAY_TEN, X), entry(MONDAY_TEN + 12 * MINUTE, YOUTUBE))

    choice = chooser(planned, X, YOUTUBE).settle(berlin(MONDAY_TEN), OnConflict.SHIFT)

    assert choice.moment.at == MONDAY_TEN + 22 * MINUTE


def test_a_full_day_in_quiet_hours_is_shifted_to_the_next_morning() -> None:
    full = [entry(at("2026-11-23 08:00") + number * 60 * MINUTE) for number in range(6)]
    planned = plans(*full, rules=Rules(quiet=QuietHours(dt.time(22), dt.time(7))))

    choice = chooser(planned).settle(berlin(at("2026-11-23 20:00")), OnConflict.SHIFT)

    assert choice.moment.at == at("2026-11-24 07:00")


def test_what_is_odd_about_a_wall_time_is_said_with_the_choice() -> None:
    wish = resolve(dt.datetime.fromisoformat("2027-03-28 02:30"), BERLIN)

    choice = chooser(plans()).settle(wish, OnConflict.REJECT)

    assert "does not exist" in choice.notes[0]


@given(
    offsets=st.lists(st.integers(-300, 300), max_size=30),
    gap=st.integers(0, 90),
    cap=st.integers(0, 8),
    wish=st.integers(0, 200),
)
def test_a_shifted_time_breaks_no_rule_and_no_earlier_minute_would_do(
    offsets: list[int], gap: int, cap: int, wish: int
) -> None:
    rules = Rules(minimum_gap=gap * MINUTE, daily_cap=cap)
    planned = plans(*(entry(MONDAY_TEN + one * MINUTE) for one in offsets), rules=rules)
    wished = MONDAY_TEN + wish * MINUTE
    board = planned.board([X])

    found = chooser(planned).settle(berlin(wished), OnConflict.SHIFT).moment.at

    assert found >= wished
    assert board.collisions(found, CLIP) == []
    between = (wished + one * MINUTE for one in range((found - wished) // MINUTE))
    assert all(board.collisions(one, CLIP) for one in between)


def test_the_next_slot_is_the_accounts_own() -> None:
    slots = {X.id: [Slot(0, dt.time(9)), Slot(0, dt.time(18, 30))]}

    choice = chooser(plans(entry(at("2026-11-23 09:05")), slots=slots)).next_slot()

    assert choice.moment.at == at("2026-11-23 18:30")
    assert "x" in choice.notes[0]


def test_accounts_go_together_at_a_slot_that_they_share() -> None:
    slots = {
        X.id: [Slot(0, dt.time(9)), Slot(2, dt.time(18))],
        YOUTUBE.id: [Slot(1, dt.time(9)), Slot(2, dt.time(18))],
    }

    # Instagram has no slots of its own, and follows.
    choice = chooser(plans(slots=slots), X, YOUTUBE, INSTAGRAM).next_slot()

    assert choice.moment.at == at("2026-11-25 18:00")


def test_accounts_without_a_common_slot_are_scheduled_one_by_one() -> None:
    slots = {X.id: [Slot(0, dt.time(9))], YOUTUBE.id: [Slot(1, dt.time(9))]}

    with pytest.raises(BadInputError, match="one by one"):
        chooser(plans(slots=slots), X, YOUTUBE).next_slot()


def test_without_slots_the_usual_times_are_taken_and_it_says_so() -> None:
    choice = chooser(plans()).next_slot()

    assert choice.moment.at == at("2026-11-22 15:00")
    assert "No recurring slots are set" in choice.notes[0]


def test_the_best_time_without_a_history_is_the_next_usual_one_and_it_says_so() -> None:
    choice = chooser(plans(entry(at("2026-11-22 15:00")))).best()

    assert choice.moment.at == at("2026-11-22 18:00")
    assert "no history yet" in choice.notes[0]


def test_the_best_time_follows_the_accounts_own_history() -> None:
    history = History([Sample(3, 7, 30.0, 20), Sample(0, 9, 10.0, 20)])

    choice = chooser(plans(histories={X.id: history})).best()

    assert choice.moment.at == at("2026-11-26 07:00")
    assert "own history" in choice.notes[0]


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("mon,wed", (0, 2)),
        ("Friday sat", (4, 5)),
        ("daily", (0, 1, 2, 3, 4, 5, 6)),
        ("weekends,mon", (0, 5, 6)),
    ],
)
def test_days_are_read_as_people_write_them(words: str, days: tuple[int, ...]) -> None:
    assert read_days(words) == days


@pytest.mark.parametrize("words", ["25:00", "9", "noon", "09:60"])
def test_what_is_no_time_of_day_is_refused(words: str) -> None:
    with pytest.raises(BadInputError, match="no time of the day"):
        read_times(words)
