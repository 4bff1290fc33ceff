"""What is on its way, what went wrong, and what a person can do about it."""

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pellacia_service.clock import Clock
from pellacia_service.domain.account import Account
from pellacia_service.domain.delivery import RESTING, STATUS_OF_STEP, Delivery, Status, Step
from pellacia_service.domain.quarantine import QUARANTINE, Quarantine
from pellacia_service.domain.receipt import Receipt
from pellacia_service.domain.view import PostView
from pellacia_service.errors import BadInputError, NotConnectedError
from pellacia_service.repositories.session import Database
from pellacia_service.use_cases.forecast import foreseen
from pellacia_service.use_cases.orders import overtake

if TYPE_CHECKING:
    from pellacia_service.repositories.journal import JournalEntry

RETRYABLE = frozenset({Step.FAILED, Step.CANCELLED, Step.MISSED})

CLEARABLE = (Status.FAILED, Status.CANCELLED, Status.COMPLETED)
"""What a person may clear away: nothing more will come of it."""

AT_ONCE = 500
"""Posts removed in one transaction, so that nobody waits for long."""


@dataclass(frozen=True)
class Page:
    """Some posts, and where the next ones begin."""

    posts: tuple[PostView, ...]
    next: str | None


class Queue:
    """The queue as people see it."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def counts(self) -> Mapping[Status, int]:
        """Return how many deliveries there are of each status; statuses with none are left out."""
        async with self._database.read() as tx:
            return await tx.deliveries.counts()

    async def endangered(self) -> int:
        """Count the deliveries that are due after their account's sign-in has ended."""
        async with self._database.read() as tx:
            return await tx.credentials.endangered()

    async def quarantine(self) -> str:
        """Say what was done last because the database had been put back; empty: it never was."""
        async with self._database.read() as tx:
            done = Quarantine.read(await tx.marks.get(QUARANTINE))
        return f"{done.at:%Y-%m-%d %H:%M} UTC: {done.text}" if done else ""

    async def page(
        self, *, status: Status | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page:
        """Return posts, newest first."""
        async with self._database.read() as tx:
            posts, next_cursor = await tx.posts.list(status=status, limit=limit, cursor=cursor)
            deliveries = await tx.deliveries.of_posts([post.id for post in posts])
            views = (PostView(post, tuple(deliveries[post.id])) for post in posts)
            return Page(await foreseen(tx, views), next_cursor)

    async def show(self, post_id: uuid.UUID) -> PostView:
        """
        Return one post. The id of one of its deliveries does as well.

        Raises:
            NotFoundError: there is no such post or delivery.
        """
        async with self._database.read() as tx:
            stored = await tx.posts.find(post_id)
            deliveries = await tx.deliveries.of_post(stored.id)
            [view] = await foreseen(tx, [PostView(stored, tuple(deliveries))])
        return view

    async def journal(self, delivery_id: uuid.UUID) -> "list[JournalEntry]":
        """Return everything that happened to a delivery, oldest first."""
        async with self._database.read() as tx:
            return await tx.journal.of(delivery_id)

    async def retry(self, post_id: uuid.UUID) -> PostView:
        """
        Put the failed deliveries of a post back into the queue. What was uploaded is not sent again.

        Raises:
            BadInputError: nothing of it has failed.
        """
        view = await self.show(post_id)
        chosen = _chosen(view, post_id)
        failed = [delivery for delivery in chosen if delivery.step in RETRYABLE]
        if not failed:
            states = ", ".join(f"{one.platform} {one.status}" for one in chosen)
            raise BadInputError(f"Nothing of {post_id} can be tried again: {states}.")
        now = self._clock.now()
        again = [
            # Due now: what was missed is late by a person's decision, not by an accident.
            replace(
                one,
                step=Step.CHECK,
                due_at=max(one.due_at, now),
                error=None,
                not_before=None,
                completed_at=None,
            )
            for one in failed
        ]
        await self._overtake(failed, again, "a person wants another try")
        return await self.show(post_id)

    async def retry_all_failed(self) -> list[PostView]:
        """Put every failed delivery back into the queue."""
        page = await self.page(status=Status.FAILED, limit=1000)
        partial = await self.page(status=Status.PARTIAL, limit=1000)
        views = [
            view
            for view in (*page.posts, *partial.posts)
            if any(delivery.step is Step.FAILED for delivery in view.deliveries)
        ]
        return [await self.retry(view.stored.id) for view in views]

    async def resolve(self, post_id: uuid.UUID, *, published_at: str | None) -> PostView:
        """
        Settle a held delivery by a person's word.

        Args:
            published_at: where the post can be seen; None: it is not there, publish it again.

        Raises:
            BadInputError: nothing of it is held, or more than one delivery is: name the delivery.
        """
        view = await self.show(post_id)
        held = [one for one in _chosen(view, post_id) if one.step is Step.HELD]
        if len(held) != 1:
            raise BadInputError(
                f"{len(held)} deliveries of {post_id} are held."
                + (
                    " Name one of them: " + ", ".join(f"{d.id} ({d.platform})" for d in held)
                    if held
                    else ""
                )
            )
        because = f"settled by a person: {published_at or 'not published'}"
        await self._overtake(held, [self._settled(held[0], published_at)], because)
        return await self.show(post_id)

    async def _overtake(
        self, before: Sequence[Delivery], after: Sequence[Delivery], because: str
    ) -> None:
        async with self._database.write() as tx:
            await overtake(tx, before, after, because, now=self._clock.now())

    def _settled(self, delivery: Delivery, published_at: str | None) -> Delivery:
        receipt = delivery.receipt or Receipt(total=0)
        if published_at:
            return replace(
                delivery,
                step=Step.DONE,
                receipt=replace(receipt, url=published_at),
                completed_at=self._clock.now(),
                error=None,
            )
        return replace(
            delivery,
            step=Step.CHECK,
            generation=delivery.generation + 1,
            # Due now: what is late since is late by a person's decision, not by an accident.
            due_at=max(delivery.due_at, self._clock.now()),
            published_at=None,
            receipt=None,
            intent_at=None,
            error=None,
            not_before=None,
        )

    async def pause(self, platform: str | None = None) -> list[Account]:
        """
        Publish nothing more on a platform, or anywhere, until `resume`.

        What may have been published already is still looked up.

        Returns:
            The accounts that are paused now.

        Raises:
            NotConnectedError: there is no account to pause.
        """
        async with self._database.write() as tx:
            _require(await tx.accounts.all(platform), platform)
            await tx.accounts.pause(platform)
            return await tx.accounts.paused()

    async def resume(self, platform: str | None = None) -> list[Account]:
        """
        Publish again.

        Returns:
            The accounts that are still paused.

        Raises:
            NotConnectedError: there is no account to publish on.
        """
        async with self._database.write() as tx:
            _require(await tx.accounts.all(platform), platform)
            await tx.accounts.resume(platform)
            return await tx.accounts.paused()

    async def clear(self, status: str) -> int:
        """
        Remove the posts all of whose deliveries have a status, and return how many there were.

        Raises:
            BadInputError: there is no such status, or what has it is not over.
        """
        if status not in CLEARABLE:
            raise BadInputError(
                f"Posts that are {status} cannot be cleared, only those that are "
                f"{', '.join(CLEARABLE)}."
            )
        steps = [step for step in Step if STATUS_OF_STEP[step] == status]
        cleared = 0
        while True:
            async with self._database.write() as tx:
                removed = await tx.posts.remove(steps, limit=AT_ONCE)
            cleared += removed
            if removed == 0:
                return cleared

    async def watch(self, post_id: uuid.UUID, *, every: float = 0.25) -> AsyncIterator[PostView]:
        """Yield the post again and again until nothing of it moves any more."""
        while True:
            view = await self.show(post_id)
            yield view
            if all(delivery.step in RESTING for delivery in view.deliveries):
                return
            await self._clock.sleep(every)


def _chosen(view: PostView, wanted: uuid.UUID) -> tuple[Delivery, ...]:
    """Return the delivery that was named, or all of the post's."""
    return tuple(one for one in view.deliveries if one.id == wanted) or view.deliveries


def _require(accounts: Sequence[Account], platform: str | None) -> None:
    if not accounts:
        where = f" on {platform}" if platform else ""
        raise NotConnectedError(
            f"No account is connected{where}. "
            f"Connect one: pellacia-dist auth login {platform or 'youtube'}"
        )
