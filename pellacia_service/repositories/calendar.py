"""The calendar in the database: each account's rules and slots, and what is planned when."""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from pellacia_service.domain.calendar_rules import Clip, Entry, QuietHours, Rules
from pellacia_service.domain.calendar_slots import Slot
from pellacia_service.domain.delivery import Status, Step
from pellacia_service.domain.stored_post import StoredPost
from pellacia_service.repositories.dialect import upsert
from pellacia_service.repositories.pages import read_cursor, write_cursor
from pellacia_service.repositories.posts import to_stored_post
from pellacia_service.repositories.tables.accounts import AccountRow
from pellacia_service.repositories.tables.calendar import CalendarRulesRow, CalendarSlotRow
from pellacia_service.repositories.tables.deliveries import DeliveryRow
from pellacia_service.repositories.tables.posts import PostRow

NOT_COMING = (Step.FAILED, Step.CANCELLED, Step.MISSED)

AHEAD = (Status.PENDING, Status.PROCESSING, Status.MISSED)
"""Posts that are still to come, or wait for a decision."""


class Calendar:
    """The calendar of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def rules(self, account_id: uuid.UUID) -> Rules:
        """Return an account's rules; the usual ones where none were set."""
        row = await self._session.get(CalendarRulesRow, account_id, populate_existing=True)
        return Rules() if row is None else _to_rules(row)

    async def set_rules(self, account_id: uuid.UUID, rules: Rules) -> None:
        """Keep an account's rules in place of those before."""
        values = _rules_columns(rules)
        await upsert(
            self._session,
            CalendarRulesRow,
            {"account_id": account_id, **values},
            key=["account_id"],
            update=values,
        )

    async def forget_rules(self, account_id: uuid.UUID) -> None:
        """Go back to the usual rules."""
        mine = col(CalendarRulesRow.account_id) == account_id
        await self._session.exec(delete(CalendarRulesRow).where(mine))

    async def slots(self, account_id: uuid.UUID) -> list[Slot]:
        """Return an account's recurring slots in the order of the week."""
        found = await self._session.exec(
            select(CalendarSlotRow)
            .where(col(CalendarSlotRow.account_id) == account_id)
            .order_by(col(CalendarSlotRow.weekday), col(CalendarSlotRow.time))
        )
        return [Slot(row.weekday, row.time) for row in found.all()]

    async def set_slots(self, account_id: uuid.UUID, slots: Collection[Slot]) -> None:
        """Keep an account's slots in place of those before."""
        mine = col(CalendarSlotRow.account_id) == account_id
        await self._session.exec(delete(CalendarSlotRow).where(mine))
        self._session.add_all(
            CalendarSlotRow(account_id=account_id, weekday=slot.weekday, time=slot.time)
            for slot in slots
        )
        await self._session.flush()

    async def entries(
        self, platforms: Collection[str], begin: dt.datetime, end: dt.datetime
    ) -> list[Entry]:
        """
        Return what is planned or published on all accounts of some platforms between two instants.

        What has failed, was cancelled or was missed takes no place.
        """
        found = await self._session.exec(
            select(DeliveryRow, PostRow)
            .join(PostRow, col(PostRow.id) == col(DeliveryRow.post_id))
            .where(
                col(DeliveryRow.account_id).in_(
                    select(AccountRow.id).where(col(AccountRow.platform).in_(platforms))
                ),
                col(DeliveryRow.due_at) >= begin,
                col(DeliveryRow.due_at) <= end,
                col(DeliveryRow.step).not_in(NOT_COMING),
            )
        )
        return [_to_entry(delivery, post) for delivery, post in found.all()]

    async def planned(
        self, *, everything: bool = False, limit: int = 50, cursor: str | None = None
    ) -> tuple[list[StoredPost], str | None]:
        """
        Return scheduled posts, the earliest first, and the cursor of the next page.

        Args:
            everything: those that are over as well.

        Raises:
            BadInputError: the cursor is none that this has returned.
        """
        at, id_ = col(PostRow.scheduled_at), col(PostRow.id)
        statement: SelectOfScalar[PostRow] = select(PostRow).where(at.is_not(None))
        if not everything:
            statement = statement.where(col(PostRow.status).in_(AHEAD))
        if cursor is not None:
            seen_at, seen_id = read_cursor(cursor)
            statement = statement.where(sa.or_(at > seen_at, sa.and_(at == seen_at, id_ > seen_id)))
        found = await self._session.exec(statement.order_by(at, id_).limit(limit + 1))
        posts = [to_stored_post(row) for row in found.all()]
        if len(posts) <= limit:
            return posts, None
        last = posts[limit - 1]
        return posts[:limit], write_cursor(last.scheduled_at or last.created_at, last.id)

    async def lock(self, account_ids: Collection[uuid.UUID]) -> None:
        """
        Let nobody else plan on these accounts until the transaction ends.

        Of several who look at the same calendar, each then sees what the one before has written.
        """
        await self._session.exec(
            select(AccountRow.id)
            .where(col(AccountRow.id).in_(account_ids))
            .order_by(col(AccountRow.id))
            # Deliveries of the account may be written meanwhile: its key stays as it is.
            .with_for_update(key_share=True)
        )

    async def last_public(
        self, account_id: uuid.UUID, *, besides: uuid.UUID, now: dt.datetime
    ) -> dt.datetime | None:
        """
        Return when an account last published, or began to; one delivery left out. None: never.

        What was only uploaded ahead of its time has not begun.
        """
        published_at, started_at = col(DeliveryRow.published_at), col(DeliveryRow.started_at)
        found: dt.datetime | None = await self._session.scalar(
            select(sa.func.max(sa.func.coalesce(published_at, started_at))).where(
                col(DeliveryRow.account_id) == account_id,
                col(DeliveryRow.id) != besides,
                col(DeliveryRow.due_at) <= now,
            )
        )
        return found


def _to_rules(row: CalendarRulesRow) -> Rules:
    quiet = None
    if row.quiet_begin is not None and row.quiet_end is not None:
        quiet = QuietHours(row.quiet_begin, row.quiet_end)
    return Rules(
        minimum_gap=dt.timedelta(seconds=row.minimum_gap_seconds),
        daily_cap=row.daily_cap,
        same_clip_within=dt.timedelta(seconds=row.same_clip_seconds),
        quiet=quiet,
        zone=row.zone,
    )


def _rules_columns(rules: Rules) -> Mapping[str, Any]:
    return {
        "zone": rules.zone,
        "minimum_gap_seconds": int(rules.minimum_gap.total_seconds()),
        "daily_cap": rules.daily_cap,
        "same_clip_seconds": int(rules.same_clip_within.total_seconds()),
        "quiet_begin": rules.quiet.begin if rules.quiet else None,
        "quiet_end": rules.quiet.end if rules.quiet else None,
    }


def _to_entry(delivery: DeliveryRow, post: PostRow) -> Entry:
    return Entry(
        account_id=delivery.account_id,
        platform=delivery.platform,
        at=delivery.completed_at or max(delivery.due_at, post.scheduled_at or delivery.due_at),
        clip=Clip(
            Path(post.video_path),
            post.file_size or 0,
            delivery.sha256 or post.file_sha256 or "",
        ),
        post_id=post.id,
        title=post.title or "",
    )
