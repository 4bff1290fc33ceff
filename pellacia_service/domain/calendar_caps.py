"""The platforms' own caps on posts, as far as a calendar can keep them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pellacia_service.domain.calendar import zone_named

WINDOW = dt.timedelta(hours=24)


@dataclass(frozen=True)
class Cap:
    """
    Most posts in a day.

    Args:
        posts: how many.
        day_in: the zone whose dates are the days; empty: any 24 hours that follow each other.
        shared: True where all accounts count together, because the cap is our app's.
        sentence: the cap in words.
    """

    posts: int
    sentence: str
    day_in: str = ""
    shared: bool = False

    def allows(self, at: dt.datetime, others: Sequence[dt.datetime]) -> bool:
        """Tell whether one more post at this instant leaves every day within the cap."""
        if self.day_in:
            return self._of_the_same_date(at, others) < self.posts
        near = sorted(other for other in others if abs(other - at) < WINDOW)
        if len(near) < self.posts:
            return True
        times = sorted([*near, at])
        runs = zip(times, times[self.posts :], strict=False)
        return all(last - first >= WINDOW for first, last in runs)

    def _of_the_same_date(self, at: dt.datetime, others: Sequence[dt.datetime]) -> int:
        zone = zone_named(self.day_in)
        date = at.astimezone(zone).date()
        return sum(other.astimezone(zone).date() == date for other in others)


CAPS: Mapping[str, Cap] = {
    # Content publishing guide, "Rate limit", read 2026-11-22. An older figure of 50 still stands on
    # the reference page; the account's own quota is asked before each publish.
    "instagram": Cap(100, "Instagram takes 100 posts of an account in any 24 hours."),
    # Reels publishing guide, "Limitations", read 2026-11-22.
    "facebook": Cap(30, "Facebook takes 30 reels of a Page in any 24 hours."),
    # Content sharing guidelines ("typically around 15 posts per day"), read 2026-11-22.
    "tiktok": Cap(15, "TikTok takes about 15 posts of a creator in any 24 hours."),
    # Quota page (videos.insert has a bucket of its own since 2026-06-01), read 2026-11-22.
    "youtube": Cap(
        100,
        "YouTube takes 100 uploads a day from one app, all channels together; "
        "the day ends at midnight Pacific time.",
        day_in="America/Los_Angeles",
        shared=True,
    ),
}
"""X's and LinkedIn's caps lie far above what our own daily cap lets through."""
