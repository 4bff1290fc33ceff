"""
Countries change their clocks, and then a planned "9:00 in Cairo" is another instant.

Each planned post keeps its wall time and the version of the zone rules by which its instant was
found. When the rules have another version, the instants of the posts to come are found anew.
"""

import datetime as dt
from dataclasses import dataclass, replace

from pellacia_service.clock import Clock
from pellacia_service.domain.calendar import moment_at, resolve
from pellacia_service.domain.delivery import Delivery, Step
from pellacia_service.domain.stored_post import StoredPost
from pellacia_service.errors import BadInputError, LeaseLostError
from pellacia_service.repositories.session import Database, Transaction
from pellacia_service.use_cases.orders import overtake
from pellacia_service.use_cases.zones import rules_version

NOT_BEGUN = frozenset({Step.CHECK, Step.OPEN, Step.SEND, Step.WAIT, Step.READY})
"""No call that publishes is on its way: the hour may still change."""

AT_ONCE = 200
"""Posts read in one transaction."""


@dataclass(frozen=True)
class MovedPost:
    """A planned post whose instant changed with the rules of its zone."""

    post: StoredPost
    before: dt.datetime
    after: dt.datetime
    version: str

    @property
    def text(self) -> str:
        """Name the post, and both instants."""
        return (
            f'"{self.post.post.title}" ({self.post.id}) stays at {self.post.wall_time} in '
            f"{self.post.timezone}, which is another instant by the zone rules {self.version} than "
            f"by {self.post.tzdata_version}: {_utc(self.before)} before, {_utc(self.after)} now."
        )


async def follow_zone_rules(
    database: Database, clock: Clock, version: str | None = None
) -> list[MovedPost]:
    """
    Find the instants of all posts to come anew, where the zone rules have another version.

    Args:
        version: of the rules that are installed; None: ask the machine.

    Returns:
        The posts that moved. Those whose instant stayed only keep the new version.
    """
    version, now = version or rules_version(), clock.now()
    moved: list[MovedPost] = []
    for post in await _outdated(database, version, now):
        try:
            async with database.write() as tx:
                found = await _follow(tx, post, version, now)
        except LeaseLostError:
            # A publisher has just begun with it; the next start finds the old version again.
            continue
        moved += [found] if found else []
    return moved


async def _outdated(database: Database, version: str, now: dt.datetime) -> list[StoredPost]:
    outdated: list[StoredPost] = []
    cursor: str | None = None
    while True:
        async with database.read() as tx:
            posts, cursor = await tx.calendar.planned(limit=AT_ONCE, cursor=cursor)
        outdated += [post for post in posts if _is_outdated(post, version, now)]
        if cursor is None:
            return outdated


def _is_outdated(post: StoredPost, version: str, now: dt.datetime) -> bool:
    is_to_come = post.scheduled_at is not None and post.scheduled_at > now
    return is_to_come and bool(post.wall_time) and post.tzdata_version not in {"", version}


async def _follow(
    tx: Transaction, listed: StoredPost, version: str, now: dt.datetime
) -> MovedPost | None:
    post = await tx.posts.get(listed.id)
    before = post.scheduled_at
    if before is None or not _is_outdated(post, version, now):
        # Another publisher, or a person, has been faster.
        return None
    after = _instant_of(post, before)
    waiting = [one for one in await tx.deliveries.of_post(post.id) if _waits_for(one, before)]
    if after != before and waiting:
        due = [replace(one, step=Step.CHECK, due_at=after, not_before=None) for one in waiting]
        because = f"the zone rules changed: {_utc(before)} is {_utc(after)} now"
        await overtake(tx, waiting, due, because, now=now)
    await tx.posts.reschedule(
        post.id,
        scheduled_at=after,
        timezone=post.timezone,
        wall_time=post.wall_time,
        tzdata_version=version,
        now=now,
    )
    return MovedPost(post, before, after, version) if after != before else None


def _instant_of(post: StoredPost, before: dt.datetime) -> dt.datetime:
    """Find the instant of a post by the rules there are; `before` where they still agree with it."""
    wall = dt.datetime.fromisoformat(post.wall_time)
    try:
        # Of two equal wall times a person may have chosen the second: it is as good as the first.
        if moment_at(before, post.timezone).wall == wall:
            return before
        return resolve(wall, post.timezone).at
    except BadInputError:
        # The zone was taken away: the instant that it had is the best that is known.
        return before


def _waits_for(delivery: Delivery, instant: dt.datetime) -> bool:
    return delivery.step in NOT_BEGUN and delivery.due_at == instant


def _utc(instant: dt.datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
