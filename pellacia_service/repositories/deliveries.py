"""
Deliveries in the database: the queue.

A claim raises the delivery's epoch, and every later write names the epoch it knows. A publisher
that was frozen and comes back knows an old one: what it writes changes nothing.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlmodel import col, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from pellacia_service.domain.delivery import STATUS_OF_STEP, Delivery, Status, Step
from pellacia_service.domain.reach import Reach
from pellacia_service.domain.work import Work
from pellacia_service.errors import AccountBusyError, LeaseLostError, NotFoundError
from pellacia_service.repositories import hints
from pellacia_service.repositories.delivery_rows import columns_of, to_delivery, to_row
from pellacia_service.repositories.dialect import violates
from pellacia_service.repositories.pages import cut, page_of
from pellacia_service.repositories.reach import is_planned, within
from pellacia_service.repositories.tables.accounts import AccountRow
from pellacia_service.repositories.tables.deliveries import (
    GUARD_INDEX,
    IS_GUARDED,
    IS_LEASED,
    IS_MOVING,
    WANTS_A_CALL,
    DeliveryRow,
)

Condition = sa.ColumnElement[bool]

SOON = dt.timedelta(minutes=1)
"""A wait of this length belongs to what is under way; a longer one is a wait for later."""


class Deliveries:
    """The deliveries of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add_many(self, deliveries: Iterable[Delivery]) -> None:
        """
        Queue deliveries.

        Raises:
            BadInputError: the post goes to one of these accounts already.
        """
        self._session.add_all(to_row(delivery) for delivery in deliveries)
        await self._session.flush()
        await hints.tell(self._session)

    async def get(self, delivery_id: uuid.UUID) -> Delivery:
        """
        Return one delivery.

        Raises:
            NotFoundError: there is no such delivery.
        """
        row = await self._session.get(DeliveryRow, delivery_id)
        if row is None:
            raise NotFoundError(
                f"There is no delivery {delivery_id}. "
                "See which there are: pellacia-dist queue list --json"
            )
        return to_delivery(row)

    async def of_post(self, post_id: uuid.UUID) -> list[Delivery]:
        """Return a post's deliveries in the order in which they were queued."""
        return (await self.of_posts([post_id]))[post_id]

    async def of_posts(self, post_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Delivery]]:
        """Return the deliveries of each of these posts; an empty list where there are none."""
        found = await self._session.exec(
            select(DeliveryRow)
            .where(col(DeliveryRow.post_id).in_(post_ids))
            .order_by(
                col(DeliveryRow.created_at),
                col(DeliveryRow.generation),
                col(DeliveryRow.platform),
                col(DeliveryRow.account_label),
            )
        )
        deliveries: dict[uuid.UUID, list[Delivery]] = {post_id: [] for post_id in post_ids}
        for row in found.all():
            deliveries[row.post_id].append(to_delivery(row))
        return deliveries

    async def list(
        self, *, limit: int = 50, cursor: str | None = None, status: Status | None = None
    ) -> tuple[list[Delivery], str | None]:
        """
        Return deliveries, newest first, and the cursor of the next page.

        Raises:
            BadInputError: the cursor is none that this has returned.
        """
        statement = select(DeliveryRow)
        if status is not None:
            steps = [step.value for step in Step if STATUS_OF_STEP[step] is status]
            statement = statement.where(col(DeliveryRow.step).in_(steps))
        found = await self._session.exec(
            page_of(statement, DeliveryRow, limit=limit, cursor=cursor)
        )
        rows, following = cut(list(found.all()), limit)
        return [to_delivery(row) for row in rows], following

    async def counts(self) -> Mapping[Status, int]:
        """Return how many deliveries have each status; those of which there are none are left out."""
        found = await self._session.exec(
            select(DeliveryRow.step, func.count()).group_by(DeliveryRow.step)
        )
        counts: dict[Status, int] = {}
        for step, count in found.all():
            status = STATUS_OF_STEP[Step(step)]
            counts[status] = counts.get(status, 0) + count
        return counts

    async def claim(
        self,
        owner: str,
        *,
        now: dt.datetime,
        lease_until: dt.datetime,
        limit: int,
        post_id: uuid.UUID | None = None,
        reach: Reach = Reach.ANYTHING,
        work: Work | None = None,
    ) -> Sequence[Delivery]:
        """
        Take over what may be worked on, in one statement, what has waited longest going first.

        Nobody else is given these deliveries before `lease_until`. Deliveries of a paused account
        are left alone, except those whose outcome must be found out.

        Args:
            work: what there is room for; None: for everything.
        """
        free_at = col(DeliveryRow.free_at)
        due = (
            _moving(post_id, work)
            .where(free_at <= now, _may_go(), within(reach), *_owed(work, now))
            # The order of the index: what a claim costs does not depend on what waits behind.
            .order_by(free_at, col(DeliveryRow.id))
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("due")
            # Without it the planner may run the query again for each row, past its limit.
            .prefix_with("MATERIALIZED")
        )
        claimed = await self._session.exec(
            update(DeliveryRow)
            .where(col(DeliveryRow.id).in_(sa.select(due.c.id)))
            .values(epoch=col(DeliveryRow.epoch) + 1, lease_owner=owner, lease_until=lease_until)
            .returning(DeliveryRow)
            .execution_options(synchronize_session=False, populate_existing=True)
        )
        rows: Sequence[DeliveryRow] = claimed.scalars().all()
        return sorted((to_delivery(row) for row in rows), key=_by_due_time)

    async def renew(
        self, owner: str, *, now: dt.datetime, until: dt.datetime
    ) -> frozenset[uuid.UUID]:
        """Prolong every lease of an owner that has not run out; return the deliveries it still has."""
        renewed = await self._session.exec(
            update(DeliveryRow)
            .where(*_held_by(owner, now))
            .values(lease_until=until, alive_at=now)
            .returning(col(DeliveryRow.id))
            .execution_options(synchronize_session=False)
        )
        return frozenset(renewed.scalars().all())

    async def save(self, delivery: Delivery, *, expected_epoch: int) -> None:
        """
        Write a delivery as it is now. Its lease is left as it is.

        A delivery whose own epoch is higher than expected is taken away from whoever had it: that
        is how a person's order (cancel, retry, move) overtakes a publisher.

        Raises:
            LeaseLostError: another epoch has begun; nothing was written.
            AccountBusyError: another delivery of the account is at its irreversible call.
        """
        values = columns_of(delivery)
        if delivery.epoch != expected_epoch:
            values |= {"lease_owner": "", "lease_until": None}
        try:
            saved = await self._session.exec(
                update(DeliveryRow)
                .where(col(DeliveryRow.id) == delivery.id, col(DeliveryRow.epoch) == expected_epoch)
                .values(**values)
            )
        except sa.exc.IntegrityError as error:
            if violates(error, GUARD_INDEX):
                raise AccountBusyError(
                    f"Another post is just being published on {delivery.platform} "
                    f"({delivery.account_label}), or it is not clear yet whether it was. "
                    "This one waits for its turn."
                ) from error
            raise
        if saved.rowcount != 1:
            raise LeaseLostError(
                f"Delivery {delivery.id} has gone to another publisher (epoch {expected_epoch} is over)."
            )
        if delivery.epoch != expected_epoch:
            await hints.tell(self._session)

    async def release(self, delivery: Delivery) -> None:
        """Give a lease back, unless it has gone to another owner already."""
        await self._clear_lease(
            col(DeliveryRow.id) == delivery.id, col(DeliveryRow.epoch) == delivery.epoch
        )

    async def release_owner(self, owner: str) -> None:
        """Give back all leases of an owner that is known to be dead, or is just stopping."""
        await self._clear_lease(
            sa.text(IS_LEASED), col(DeliveryRow.lease_owner) == owner, sa.text(IS_MOVING)
        )

    async def under_way_or_due(self, now: dt.datetime, *, post_id: uuid.UUID | None = None) -> bool:
        """
        Tell whether anything is still to be done, here or by another publisher.

        A delivery that goes on within a minute counts; one that waits longer (for a quota, or
        because it is scheduled) or belongs to a paused account does not.
        """
        under_way = _moving(post_id).where(sa.text(IS_LEASED), col(DeliveryRow.lease_until) > now)
        soon = _moving(post_id).where(
            col(DeliveryRow.free_at) <= now + SOON,
            col(DeliveryRow.begin_at) <= now,
            sa.not_(_waits_for_its_time(now)),
            _may_go(),
        )
        return await self._any(under_way) or await self._any(soon)

    async def backlog(self, now: dt.datetime) -> bool:
        """Tell whether posts of the calendar are overdue."""
        free_at, due_at = col(DeliveryRow.free_at), col(DeliveryRow.due_at)
        overdue = _moving(None).where(free_at <= now, due_at <= now, is_planned(), _may_go())
        return await self._any(overdue)

    async def next_due(
        self,
        now: dt.datetime,
        works: Sequence[Work],
        *,
        post_id: uuid.UUID | None = None,
    ) -> dict[Work, dt.datetime]:
        """Return for each kind of work when the next can be claimed, `now` at the earliest."""
        free_at = col(DeliveryRow.free_at)
        first = [
            _moving(post_id, work)
            .where(_may_go())
            .order_by(free_at)
            .limit(1)
            .with_only_columns(free_at)
            .scalar_subquery()
            for work in works
        ]
        if not works:
            return {}
        connection = await self._session.connection()
        found = (await connection.execute(sa.select(*first))).one()
        return {work: max(at, now) for work, at in zip(works, found, strict=True) if at is not None}

    async def _any(self, statement: SelectOfScalar[uuid.UUID]) -> bool:
        return (await self._session.exec(statement.limit(1))).first() is not None

    async def _clear_lease(self, *conditions: sa.ColumnElement[bool] | sa.TextClause) -> None:
        await self._session.exec(
            update(DeliveryRow)
            .where(*conditions)
            .values(lease_owner="", lease_until=None)
            .execution_options(synchronize_session=False)
        )


def _moving(post_id: uuid.UUID | None, work: Work | None = None) -> SelectOfScalar[uuid.UUID]:
    """Select the ids of deliveries that are not at rest."""
    # In the words of the partial index that is to be used.
    steps = WANTS_A_CALL if work is Work.CALLS else IS_MOVING
    statement = select(DeliveryRow.id).where(sa.text(steps))
    if work in {Work.UPLOADS, Work.OWED_UPLOADS}:
        statement = statement.where(sa.not_(sa.literal_column(f"({WANTS_A_CALL})", sa.Boolean())))
    return statement if post_id is None else statement.where(col(DeliveryRow.post_id) == post_id)


def _owed(work: Work | None, now: dt.datetime) -> tuple[Condition, ...]:
    return (col(DeliveryRow.due_at) <= now,) if work is Work.OWED_UPLOADS else ()


def _has_waited(now: dt.datetime) -> Condition:
    not_before = col(DeliveryRow.not_before)
    return sa.or_(not_before.is_(None), not_before <= now)


def _waits_for_its_time(now: dt.datetime) -> Condition:
    """Uploaded already, or nearly: it is taken up again only shortly before it is due."""
    due_at = col(DeliveryRow.due_at)
    return sa.and_(due_at > now, due_at <= now + 2 * SOON, sa.not_(_has_waited(now)))


def _may_go() -> Condition:
    """Not paused. What may have been published is looked up even so."""
    paused = select(AccountRow.id).where(col(AccountRow.paused))
    return sa.or_(sa.text(IS_GUARDED), col(DeliveryRow.account_id).not_in(paused))


def _held_by(owner: str, now: dt.datetime) -> tuple[Condition | sa.TextClause, ...]:
    return (
        sa.text(IS_MOVING),
        sa.text(IS_LEASED),
        col(DeliveryRow.lease_owner) == owner,
        col(DeliveryRow.lease_until) > now,
    )


def _by_due_time(delivery: Delivery) -> tuple[dt.datetime, uuid.UUID]:
    return delivery.due_at, delivery.id
