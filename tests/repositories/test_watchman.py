"""What a publisher makes sure of before it takes anything on, on both databases."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pytest

from pellacia_service.domain.delivery import Delivery, Step
from pellacia_service.domain.reach import Reach
from pellacia_service.domain.receipt import Receipt
from pellacia_service.publishing.high_water import HighWater
from pellacia_service.publishing.timekeeping import SteadyClock
from pellacia_service.publishing.watchman import Notices, Watchman
from pellacia_service.repositories import rewinds
from pellacia_service.repositories.session import Database
from tests.clocks import HeldClock
from tests.repositories.given import ANNA, NOON, a_delivery, a_post, an_account, reread

MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)


class Place:
    """A home, a database, and publishers that come one after the other."""

    def __init__(self, database: Database, kind: str, home: Path) -> None:
        self.database = database
        self.clock = HeldClock(NOON)
        self.machine = HeldClock(dt.datetime.now(dt.UTC))
        self.has_server = kind == "postgresql"
        self.high_water = HighWater(home, "here")
        self.said: list[str] = []

    def watchman(self) -> Watchman:
        notices = Notices()
        notices.listen(self.said.append)
        return Watchman(
            database=self.database,
            high_water=self.high_water,
            clock=SteadyClock(self.clock),
            machine=self.machine,
            has_server=self.has_server,
            outage_pause=MINUTE,
            notices=notices,
            at_start=_nothing,
        )

    async def plan(self, at: dt.datetime, platform: str = "youtube", **changes: object) -> Delivery:
        """Put a post into the calendar."""
        async with self.database.write() as tx:
            account, post = await an_account(tx, platform), a_post()
            await tx.posts.add(
                post, created_at=NOON - HOUR, scheduled_at=at, timezone="UTC", media=None
            )
            given = {"due_at": at, "created_at": NOON - HOUR, **changes}
            delivery = a_delivery(post, account, **given)
            await tx.deliveries.add_many([delivery])
        return delivery

    async def order(self, platform: str = "x") -> Delivery:
        """Order a post for now."""
        async with self.database.write() as tx:
            account, post = await an_account(tx, platform), a_post()
            await tx.posts.add(post, created_at=NOON, scheduled_at=None, timezone="UTC", media=None)
            delivery = a_delivery(post, account)
            await tx.deliveries.add_many([delivery])
        return delivery

    async def claimed(self, reach: Reach) -> set[str]:
        now = self.clock.now()
        async with self.database.write() as tx:
            taken = await tx.deliveries.claim(
                ANNA, now=now, lease_until=now + MINUTE, limit=10, reach=reach
            )
        return {one.platform for one in taken}


async def _nothing() -> Sequence[str]:
    return []


@pytest.fixture
def place(database: Database, kind: str, tmp_path: Path) -> Place:
    return Place(database, kind, tmp_path)


async def test_after_an_outage_the_calendars_backlog_waits_a_minute(place: Place) -> None:
    await place.plan(NOON - 10 * MINUTE)
    watchman = place.watchman()

    first = await watchman.before_claims(publishes_the_calendar=True)
    place.clock.advance(59)
    second = await watchman.before_claims(publishes_the_calendar=True)
    place.clock.advance(2)
    third = await watchman.before_claims(publishes_the_calendar=True)

    assert [first, second, third] == [Reach.ORDERED, Reach.ORDERED, Reach.ANYTHING]
    assert ["queue pause" in text for text in place.said] == [True]


async def test_a_second_publisher_keeps_the_pause_of_the_first(place: Place) -> None:
    await place.plan(NOON - 10 * MINUTE)
    await place.watchman().before_claims(publishes_the_calendar=True)

    assert await place.watchman().before_claims(publishes_the_calendar=True) is Reach.ORDERED


async def test_without_a_backlog_or_without_an_outage_nobody_waits(place: Place) -> None:
    await place.plan(NOON + HOUR)
    watchman = place.watchman()
    assert await watchman.before_claims(publishes_the_calendar=True) is Reach.ANYTHING

    await place.plan(NOON - MINUTE, "tiktok")
    place.clock.advance(60)

    assert await place.watchman().before_claims(publishes_the_calendar=True) is Reach.ANYTHING
    assert place.said == []


async def test_what_a_person_ordered_and_what_must_be_looked_up_never_waits(place: Place) -> None:
    await place.plan(NOON - HOUR, "youtube")
    await place.plan(NOON - HOUR, "tiktok", step=Step.UNSURE)
    await place.plan(NOON - HOUR, "facebook", due_at=NOON)  # another try, by a person's order
    await place.order("x")

    assert await place.claimed(Reach.LOOK_UPS) == {"tiktok"}
    assert await place.claimed(Reach.ORDERED) == {"x", "facebook"}
    assert await place.claimed(Reach.ANYTHING) == {"youtube"}


async def test_a_clock_that_was_set_back_between_two_publishers_is_told(place: Place) -> None:
    await place.watchman().before_claims(publishes_the_calendar=True)

    place.clock.advance(-3600)
    await place.watchman().before_claims(publishes_the_calendar=True)

    assert ["1 h 0 min behind the latest time" in text for text in place.said] == [True]
    highest = await rewinds.highest_time(place.database)
    assert highest is not None
    assert highest >= NOON


async def test_a_leap_forward_is_an_outage_for_the_calendar(place: Place) -> None:
    await place.plan(NOON + HOUR)
    watchman = place.watchman()
    await watchman.before_claims(publishes_the_calendar=True)

    place.clock.set_by(2 * 3600)

    assert await watchman.before_claims(publishes_the_calendar=True) is Reach.ORDERED
    assert "leapt forward by 2 h 0 min" in place.said[0]


@pytest.mark.parametrize(
    ("seconds", "reach", "word"),
    [
        (0, Reach.ANYTHING, ""),
        (10, Reach.ANYTHING, "ahead of the database server's. Set it right"),
        (-10, Reach.ANYTHING, "behind the database server's. Set it right"),
        (60, Reach.LOOK_UPS, "Nothing new is published from here"),
        (-60, Reach.LOOK_UPS, "Nothing new is published from here"),
    ],
)
async def test_a_clock_that_differs_from_the_servers_is_told_once_or_refused(
    place: Place, seconds: int, reach: Reach, word: str
) -> None:
    place.machine.advance((dt.datetime.now(dt.UTC) - place.machine.now()).total_seconds() + seconds)
    watchman = place.watchman()

    found = await watchman.before_claims(publishes_the_calendar=True)
    place.clock.advance(61)
    await watchman.before_claims(publishes_the_calendar=True)

    assert found is (reach if place.has_server else Reach.ANYTHING)
    assert [word in text for text in place.said] == ([True] if word and place.has_server else [])


async def test_another_server_than_before_puts_what_was_due_into_quarantine(place: Place) -> None:
    if not place.has_server:
        return
    await place.watchman().before_claims(publishes_the_calendar=True)
    due = await place.plan(NOON - MINUTE, "youtube")
    begun = await place.plan(NOON - MINUTE, "tiktok", step=Step.READY, receipt=Receipt(total=9))
    later = await place.plan(NOON + HOUR, "facebook")
    place.high_water.server = "4711/00000009"
    await place.high_water.raise_to(10, NOON)
    async with place.database.write() as tx:
        await tx.marks.put("journal.high_water", "10")

    await place.watchman().before_claims(publishes_the_calendar=True)

    steps = [(await reread(place.database, one)).step for one in (due, begun, later)]
    assert steps == [Step.HELD, Step.UNSURE, Step.CHECK]
    assert "its server is not the one it was" in place.said[0]


async def test_a_database_that_says_it_was_restored_is_believed(place: Place) -> None:
    due = await place.plan(NOON - MINUTE, "youtube")
    async with place.database.write() as tx:
        await tx.marks.put(rewinds.RESTORED, NOON.isoformat())

    await place.watchman().before_claims(publishes_the_calendar=True)
    place.said.clear()
    await place.watchman().before_claims(publishes_the_calendar=True)

    assert (await reread(place.database, due)).step is Step.HELD
    assert place.said == []


async def test_of_two_deliveries_of_an_account_one_is_looked_for_and_one_is_held(
    place: Place,
) -> None:
    both = [
        await place.plan(NOON - MINUTE, "tiktok", step=Step.READY, receipt=Receipt(total=9))
        for _ in range(2)
    ]
    async with place.database.write() as tx:
        await tx.marks.put(rewinds.RESTORED, NOON.isoformat())

    await place.watchman().before_claims(publishes_the_calendar=True)

    steps = sorted([(await reread(place.database, one)).step for one in both])
    assert steps == [Step.HELD, Step.UNSURE]
    async with place.database.read() as tx:
        [line] = await tx.journal.of(both[0].id)
    assert line.reason.startswith("quarantine: a backup was restored on")


async def test_a_machine_that_comes_later_does_not_repeat_what_another_has_done(
    place: Place, tmp_path: Path
) -> None:
    """Both have worked on the database before it was put back; each has a mark of its own."""
    due = await place.plan(NOON - MINUTE, "youtube")
    await place.watchman().before_claims(publishes_the_calendar=True)
    other = Place(place.database, "sqlite", tmp_path / "another machine")
    await other.watchman().before_claims(publishes_the_calendar=True)
    async with place.database.write() as tx:
        await tx.marks.put("journal.high_water", "0")
    place.clock.advance(300)
    await place.watchman().before_claims(publishes_the_calendar=True)
    assert (await reread(place.database, due)).step is Step.HELD
    again = await place.plan(NOON - MINUTE, "tiktok")

    other.clock.advance(400)
    async with place.database.write() as tx:
        await tx.marks.put("journal.high_water", "0")
    await other.watchman().before_claims(publishes_the_calendar=True)

    assert (await reread(place.database, again)).step is Step.CHECK
