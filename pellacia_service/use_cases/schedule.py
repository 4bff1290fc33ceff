"""The calendar as people see it: what is planned, and moving and cancelling it."""

import datetime as dt
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from pellacia_service.clock import Clock
from pellacia_service.domain.account import Account
from pellacia_service.domain.calendar_board import Plans
from pellacia_service.domain.calendar_choice import CHOSEN_BY_US, Choice, Chooser, Planned
from pellacia_service.domain.calendar_rules import Clip
from pellacia_service.domain.calendar_wish import Wish
from pellacia_service.domain.delivery import Delivery, Step
from pellacia_service.domain.stored_post import StoredPost
from pellacia_service.domain.view import PostView
from pellacia_service.errors import BadInputError, LeaseLostError
from pellacia_service.publishing.staging import Stage
from pellacia_service.repositories.session import Database, Transaction
from pellacia_service.use_cases.forecast import foreseen
from pellacia_service.use_cases.orders import overtake
from pellacia_service.use_cases.queue import Page
from pellacia_service.use_cases.schedule_export import to_csv, to_ics
from pellacia_service.use_cases.schedule_plans import load_plans
from pellacia_service.use_cases.schedule_words import read_at
from pellacia_service.use_cases.zones import default_zone, rules_version

T = TypeVar("T")

PATIENCE = 3
"""How often an order is given again when a publisher claims a delivery at the same moment."""

RECALLABLE = frozenset({Step.CHECK, Step.OPEN, Step.SEND, Step.WAIT, Step.READY, Step.MISSED})
"""Nothing of it is public, and no call is on its way that could make it so."""


class Schedule:
    """
    The calendar.

    Args:
        timezone: the default zone of the settings; empty: the machine's.
        stage: makes what says how early uploads begin, when something is moved: it knows the
            platforms, which takes half a second to import.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        timezone: str,
        stage: Callable[[], Stage] = Stage,
    ) -> None:
        self._database = database
        self._clock = clock
        self._timezone = timezone
        self._stage = stage

    def default_zone(self) -> str:
        """Return the zone of whoever names none."""
        return default_zone(self._timezone)

    async def page(
        self, *, everything: bool = False, limit: int = 50, cursor: str | None = None
    ) -> Page:
        """
        Return scheduled posts, earliest first: those to come and those that wait for a decision.

        Args:
            everything: those that are over as well.
        """
        async with self._database.read() as tx:
            posts, following = await tx.calendar.planned(
                everything=everything, limit=limit, cursor=cursor
            )
            deliveries = await tx.deliveries.of_posts([post.id for post in posts])
            views = (PostView(post, tuple(deliveries[post.id])) for post in posts)
            return Page(await foreseen(tx, views), following)

    async def all(self, *, everything: bool = False) -> list[PostView]:
        """Return what `page` returns, all of it."""
        views: list[PostView] = []
        cursor: str | None = None
        while True:
            page = await self.page(everything=everything, limit=1000, cursor=cursor)
            views += page.posts
            cursor = page.next
            if cursor is None:
                return views

    async def as_ics(self, *, everything: bool = False) -> str:
        """Return the calendar as an iCalendar file."""
        return to_ics(await self.all(everything=everything), now=self._clock.now())

    async def as_csv(self, *, everything: bool = False) -> str:
        """Return the calendar as a table that can be imported again."""
        return to_csv(await self.all(everything=everything))

    async def move(self, post_id: uuid.UUID, wish: Wish) -> Planned:
        """
        Give a post another time. Deliveries that are out, or on their way out, stay as they are.

        Raises:
            BadInputError: the time is past or not understood, or nothing of the post can be moved.
            ConflictError: it collides.
            NotFoundError: there is no such post.
        """
        now, stage = self._clock.now(), self._stage()

        async def order(tx: Transaction) -> Planned:
            stored = await tx.posts.find(post_id)
            # A post has one time, so all of it moves, also when one delivery was named.
            recallable = _recallable(await tx.deliveries.of_post(stored.id), stored.id, "moved")
            await tx.calendar.lock([one.account_id for one in recallable])
            accounts = [await tx.accounts.get(one.account_id) for one in recallable]
            clip = clip_of(stored)
            choice = await self.choose(tx, wish, accounts, clip, besides=stored.id)
            moved = [
                replace(
                    one,
                    step=Step.CHECK,
                    due_at=choice.moment.at,
                    lead=await stage.lead(tx, one.platform, clip.size),
                    not_before=None,
                    error=None,
                )
                for one in recallable
            ]
            await overtake(tx, recallable, moved, f"moved to {choice.moment.text}", now=now)
            await tx.posts.reschedule(
                stored.id,
                scheduled_at=choice.moment.at,
                timezone=choice.moment.zone,
                wall_time=choice.moment.wall_text,
                tzdata_version=rules_version(),
                now=now,
            )
            return Planned(await _view(tx, stored.id), choice)

        return await self._give(order)

    async def cancel(self, post_id: uuid.UUID) -> PostView:
        """
        Take a post, or one of its deliveries, out of the calendar.

        Raises:
            BadInputError: nothing of it can be taken back any more.
            NotFoundError: there is no such post.
        """

        async def order(tx: Transaction) -> PostView:
            stored = await tx.posts.find(post_id)
            deliveries = await tx.deliveries.of_post(stored.id)
            named = [one for one in deliveries if one.id == post_id] or deliveries
            recallable = _recallable(named, post_id, "cancelled")
            cancelled = [
                replace(one, step=Step.CANCELLED, not_before=None, error=None) for one in recallable
            ]
            because = "cancelled by a person"
            await overtake(tx, recallable, cancelled, because, now=self._clock.now())
            return await _view(tx, stored.id)

        return await self._give(order)

    async def choose(
        self,
        tx: Transaction,
        wish: Wish,
        accounts: Sequence[Account],
        clip: Clip,
        *,
        besides: uuid.UUID | None = None,
    ) -> Choice:
        """Decide about the time of one post, by what the transaction sees."""
        plans = await self.plans(tx, accounts, [self.wished(wish)])
        return self.choose_from(plans, wish, accounts, clip, besides=besides)

    async def plans(
        self, tx: Transaction, accounts: Sequence[Account], wished: Sequence[dt.datetime]
    ) -> Plans:
        """Read the calendars of some accounts around all that is wished for."""
        times = [self._clock.now(), *wished]
        return await load_plans(
            tx, accounts, begin=min(times), end=max(times), default_zone=self.default_zone()
        )

    def wished(self, wish: Wish) -> dt.datetime:
        """
        Return the instant that is wished for; the present one where the program is to choose.

        Raises:
            BadInputError: it is not understood.
        """
        now = self._clock.now()
        if wish.word in CHOSEN_BY_US:
            return now
        return read_at(wish.at, wish.timezone or self.default_zone(), now).at

    def choose_from(
        self,
        plans: Plans,
        wish: Wish,
        accounts: Sequence[Account],
        clip: Clip,
        *,
        besides: uuid.UUID | None = None,
    ) -> Choice:
        """Decide about the time of one post, by plans that were read before."""
        zone, now = wish.timezone or self.default_zone(), self._clock.now()
        chooser = Chooser(plans, accounts, clip, now, zone, besides)
        if wish.word in CHOSEN_BY_US:
            return CHOSEN_BY_US[wish.word](chooser)
        return chooser.settle(read_at(wish.at, zone, now), wish.on_conflict)

    async def _give(self, order: Callable[[Transaction], Awaitable[T]]) -> T:
        """Carry an order out; once more where a publisher has claimed a delivery in between."""
        for attempt in range(PATIENCE):
            try:
                async with self._database.write() as tx:
                    return await order(tx)
            except LeaseLostError:
                if attempt == PATIENCE - 1:
                    raise
        raise AssertionError("the loop ends by itself")


def clip_of(stored: StoredPost) -> Clip:
    """Return the file of a post as the rules of the calendar know it."""
    size = stored.media.size if stored.media else 0
    return Clip(stored.post.file, size, stored.sha256)


async def _view(tx: Transaction, post_id: uuid.UUID) -> PostView:
    deliveries = await tx.deliveries.of_post(post_id)
    [view] = await foreseen(tx, [PostView(await tx.posts.get(post_id), tuple(deliveries))])
    return view


def _recallable(deliveries: Sequence[Delivery], wanted: uuid.UUID, done: str) -> list[Delivery]:
    """Return the deliveries that a person may still decide about; refuse where there are none."""
    recallable = [one for one in deliveries if one.step in RECALLABLE]
    if not recallable:
        states = ", ".join(f"{one.platform} is {one.step}" for one in deliveries)
        raise BadInputError(f"Nothing of {wanted} can be {done} any more: {states}.")
    return recallable
