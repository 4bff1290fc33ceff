"""
Which hours of the week do an account good, judged by its own past.

A single lucky post proves little. So each hour's average is pulled towards the account's overall
average, as if `PRIOR_POSTS` ordinary posts had been made at that hour as well (shrinkage). An hour
without posts has exactly the overall average: neither good nor bad.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pellacia_service.domain.calendar import Moment
from pellacia_service.domain.calendar_slots import USUAL_TIMES, Slot

PRIOR_POSTS = 5.0

Hour: TypeAlias = tuple[int, int]
"""(weekday, hour): 0 is Monday, hours from 0 to 23, on the clocks of the zone posts are planned in."""


@dataclass(frozen=True)
class Sample:
    """
    What is known of one hour of the week.

    Args:
        engagement: average of the posts that were made then, in whatever unit the history uses.
        count: how many posts that were.
    """

    weekday: int
    hour: int
    engagement: float
    count: int


@dataclass(frozen=True)
class History:
    """An account's past. With no samples every hour is as good as any other."""

    samples: Sequence[Sample] = ()

    @property
    def mean(self) -> float:
        """The average engagement of all posts; 0 where there are none."""
        posts = sum(sample.count for sample in self.samples)
        if not posts:
            return 0.0
        return sum(sample.engagement * sample.count for sample in self.samples) / posts

    def scores(self) -> Mapping[Hour, float]:
        """Return the score of every hour that has posts: 1.0 is the account's own average."""
        mean = self.mean
        if mean <= 0:
            return {}
        totals: dict[Hour, tuple[float, int]] = {}
        for sample in self.samples:
            total, count = totals.get((sample.weekday, sample.hour), (0.0, 0))
            totals[sample.weekday, sample.hour] = (
                total + sample.engagement * sample.count,
                count + sample.count,
            )
        return {
            hour: (total + PRIOR_POSTS * mean) / (count + PRIOR_POSTS) / mean
            for hour, (total, count) in totals.items()
        }

    def hours(self) -> tuple[Slot, ...]:
        """Return the hours worth considering: the usual ones, and those that did better than average."""
        usual = {Slot(weekday, time) for weekday in range(7) for time in USUAL_TIMES}
        better = {
            Slot(weekday, dt.time(hour))
            for (weekday, hour), score in self.scores().items()
            if score > 1
        }
        return tuple(sorted(usual | better))


def best_first(moments: Sequence[Moment], histories: Sequence[History]) -> list[Moment]:
    """
    Order moments by what they promise, best first; among equals the earliest comes first.

    Args:
        histories: of all accounts that the post goes to. Each counts the same, however large it is.
    """
    scores = [history.scores() for history in histories]

    def promise(moment: Moment) -> float:
        hour = (moment.local.weekday(), moment.local.hour)
        return sum(score.get(hour, 1.0) for score in scores)

    return sorted(moments, key=lambda moment: (-promise(moment), moment.at))
