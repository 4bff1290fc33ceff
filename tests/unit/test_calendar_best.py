"""Hours are judged by the account's own past, and a single lucky post proves little."""

import datetime as dt

import pytest

from pellacia_service.domain.calendar_best import History, Sample
from pellacia_service.domain.calendar_slots import USUAL_SLOTS, Slot


def test_without_history_every_hour_is_as_good_as_any_other() -> None:
    assert History().scores() == {}
    assert History().hours() == tuple(sorted(USUAL_SLOTS))


def test_one_lucky_post_does_not_beat_many_good_ones() -> None:
    history = History([Sample(0, 9, 100.0, 1), Sample(1, 9, 40.0, 50), Sample(2, 9, 10.0, 50)])

    scores = history.scores()

    assert scores[1, 9] > scores[0, 9] > scores[2, 9]


def test_an_average_hour_scores_one() -> None:
    history = History([Sample(0, 9, 10.0, 3), Sample(1, 9, 10.0, 30)])

    assert list(history.scores().values()) == pytest.approx([1.0, 1.0])


def test_more_posts_pull_a_score_away_from_the_average() -> None:
    def score_of(count: int) -> float:
        rest = Sample(1, 9, 10.0, 1000)
        return History([Sample(0, 9, 20.0, count), rest]).scores()[0, 9]

    assert 1 < score_of(1) < score_of(10) < score_of(100) < 2


def test_an_hour_that_did_better_than_average_is_considered() -> None:
    history = History([Sample(3, 4, 50.0, 10), Sample(2, 4, 1.0, 10)])

    assert Slot(3, dt.time(4)) in history.hours()
    assert Slot(2, dt.time(4)) not in history.hours()


def test_samples_of_the_same_hour_count_together() -> None:
    apart = History([Sample(0, 9, 10.0, 1), Sample(0, 9, 30.0, 3), Sample(1, 9, 5.0, 4)])
    together = History([Sample(0, 9, 25.0, 4), Sample(1, 9, 5.0, 4)])

    assert apart.scores() == pytest.approx(together.scores())


def test_a_history_without_any_engagement_prefers_nothing() -> None:
    assert History([Sample(0, 9, 0.0, 10)]).scores() == {}
