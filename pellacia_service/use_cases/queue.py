"""What is on its way, what went wrong, and what a person can do about it."""

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pellacia_service.clock import Clock
from pellacia_service.domain.delivery import RESTING, Delivery, Status, Step
from pellacia_service.domain.receipt import Receipt
from pellacia_service.domain.view import PostView
from pellacia_service.errors import BadInputError
from pellacia_service.repositories.journal import JournalEntry
from pellacia_service.repositories.session import Database

RETRYABLE = frozenset({Step.FAILED, Step.CANCELLED, Step.MISSED})


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

    async def page(
        self, *, status: Status | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page:
        """Return posts, newest first."""
        async with self._database.read() as tx:
            posts, next_cursor = await tx.posts.list(status=status, limit=limit, cursor=cursor)
            deliveries = await tx.deliveries.of_posts([post.id for post in posts])
        views = tuple(PostView(post, tuple(deliveries[post.id])) for post in posts)
        return Page(views, next_cursor)

    async def show(self, post_id: uuid.UUID) -> PostView:
        """
        Return one post. The id of one of its deliveries does as well.

        Raises:
            NotFoundError: there is no such post or delivery.
        """
        async with self._database.read() as tx:
            stored = await tx.posts.find(post_id)
            deliveries = await tx.deliveries.of_post(stored.id)
        return PostView(stored, tuple(deliveries))

    async def journal(self, delivery_id: uuid.UUID) -> list[JournalEntry]:
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
        again = [
            replace(one, step=Step.CHECK, error=None, not_before=None, completed_at=None)
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
        """Write a person's order over whatever a publisher may be doing: its epoch is over."""
        now = self._clock.now()
        async with self._database.write() as tx:
            for old, new in zip(before, after, strict=True):
                changed = replace(new, epoch=old.epoch + 1)
                await tx.deliveries.save(changed, expected_epoch=old.epoch)
                await tx.journal.append(
                    JournalEntry(changed.id, changed.epoch, now, old.step, new.step, because)
                )
                await tx.history.note(changed)
            await tx.posts.summarize(before[0].post_id, now=now)

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
            receipt=None,
            intent_at=None,
            error=None,
            not_before=None,
        )

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
