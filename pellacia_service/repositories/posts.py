"""Posts in the database."""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from pellacia_service.domain.account import DEFAULT_LABEL
from pellacia_service.domain.delivery import Delivery, Status, Step, status_of_post
from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Post, Privacy
from pellacia_service.domain.stored_post import StoredPost
from pellacia_service.errors import NotFoundError
from pellacia_service.repositories.delivery_rows import to_delivery
from pellacia_service.repositories.pages import cut, page_of
from pellacia_service.repositories.records import (
    check_storable,
    clean_text,
    media_from_record,
    media_to_record,
)
from pellacia_service.repositories.tables.deliveries import DeliveryRow
from pellacia_service.repositories.tables.journal import JournalRow
from pellacia_service.repositories.tables.posts import PostRow


class Posts:
    """The posts of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(
        self,
        post: Post,
        *,
        created_at: dt.datetime,
        scheduled_at: dt.datetime | None,
        timezone: str,
        media: Media | None,
        platforms: Sequence[str] = (),
        wall_time: str = "",
        tzdata_version: str = "",
    ) -> None:
        """
        Keep a new post.

        Args:
            platforms: where it goes, as platform names or account addresses.

        Raises:
            BadInputError: a text holds characters that cannot be stored.
        """
        _check_texts(post)
        self._session.add(
            PostRow(
                id=post.id,
                platforms=_platform_names(platforms),
                video_path=str(post.file),
                title=post.title,
                description=post.description,
                hashtags=list(post.hashtags),
                scheduled_at=scheduled_at,
                created_at=created_at,
                updated_at=created_at,
                privacy=post.privacy.value,
                thumbnail_path=str(post.thumbnail) if post.thumbnail else None,
                overrides={platform: dict(own) for platform, own in post.overrides.items()},
                timezone=timezone,
                wall_time=wall_time or None,
                tzdata_version=tzdata_version or None,
                **_file_columns(media),
            )
        )
        await self._session.flush()

    async def get(self, post_id: uuid.UUID) -> StoredPost:
        """
        Return one post.

        Raises:
            NotFoundError: there is no such post.
        """
        row = await self._session.get(PostRow, post_id)
        if row is None:
            raise _no_post(post_id)
        return to_stored_post(row)

    async def find(self, post_or_delivery_id: uuid.UUID) -> StoredPost:
        """
        Return a post by its id or by that of one of its deliveries.

        Raises:
            NotFoundError: there is neither.
        """
        owner = select(DeliveryRow.post_id).where(col(DeliveryRow.id) == post_or_delivery_id)
        wanted = sa.or_(col(PostRow.id) == post_or_delivery_id, col(PostRow.id).in_(owner))
        row = (await self._session.exec(select(PostRow).where(wanted))).first()
        if row is None:
            raise _no_post(post_or_delivery_id)
        return to_stored_post(row)

    async def list(
        self, *, limit: int = 50, cursor: str | None = None, status: Status | None = None
    ) -> tuple[list[StoredPost], str | None]:
        """
        Return posts, newest first, and the cursor of the next page; None where this is the last.

        Raises:
            BadInputError: the cursor is none that this has returned.
        """
        statement = select(PostRow)
        if status is Status.HELD:
            # The post itself is still "processing": what is held is one of its deliveries.
            held = select(DeliveryRow.post_id).where(col(DeliveryRow.step) == Step.HELD.value)
            statement = statement.where(col(PostRow.id).in_(held))
        elif status is not None:
            statement = statement.where(col(PostRow.status) == status.value)
        found = await self._session.exec(page_of(statement, PostRow, limit=limit, cursor=cursor))
        rows, following = cut(list(found.all()), limit)
        return [to_stored_post(row) for row in rows], following

    async def set_media(self, post_id: uuid.UUID, media: Media, *, now: dt.datetime) -> None:
        """Keep what the file's headers say, and its hash where that is known."""
        await self._update(post_id, {**_file_columns(media), "updated_at": now})

    async def reschedule(
        self,
        post_id: uuid.UUID,
        *,
        scheduled_at: dt.datetime | None,
        timezone: str,
        wall_time: str,
        tzdata_version: str,
        now: dt.datetime,
    ) -> None:
        """Move a post in the calendar. Its deliveries are moved by saving them."""
        await self._update(
            post_id,
            {
                "scheduled_at": scheduled_at,
                "timezone": timezone,
                "wall_time": wall_time or None,
                "tzdata_version": tzdata_version or None,
                "updated_at": now,
            },
        )

    async def summarize(self, post_id: uuid.UUID, *, now: dt.datetime) -> None:
        """Write the post's status, ids and errors anew, from its deliveries."""
        found = await self._session.exec(
            select(DeliveryRow)
            .where(col(DeliveryRow.post_id) == post_id)
            .order_by(col(DeliveryRow.created_at), col(DeliveryRow.generation))
        )
        # Of several generations for one account the last one counts.
        latest = {row.account_id: to_delivery(row) for row in found.all()}
        if latest:
            await self._update(post_id, {**_summary(list(latest.values())), "updated_at": now})

    async def remove(self, steps: Collection[Step], *, limit: int) -> int:
        """
        Remove posts all of whose deliveries stand at one of these steps, with all that is theirs.

        The upload history stays: other phases read it.

        Returns:
            How many were removed; fewer than `limit`: there are no more.
        """
        at_them = col(DeliveryRow.step).in_([step.value for step in steps])
        elsewhere = select(DeliveryRow.post_id).where(sa.not_(at_them))
        settled = (
            select(DeliveryRow.post_id)
            .where(at_them, col(DeliveryRow.post_id).not_in(elsewhere))
            .distinct()
            .limit(limit)
        )
        posts = (await self._session.exec(settled)).all()
        # Locked and asked again: a person may be putting one back into the queue this moment.
        found = await self._session.exec(
            select(DeliveryRow).where(col(DeliveryRow.post_id).in_(posts)).with_for_update()
        )
        deliveries = found.all()
        moved = {row.post_id for row in deliveries if Step(row.step) not in steps}
        going = [row for row in deliveries if row.post_id not in moved]
        ids, gone = [row.id for row in going], {row.post_id for row in going}
        for statement in (
            delete(JournalRow).where(col(JournalRow.delivery_id).in_(ids)),
            delete(DeliveryRow).where(col(DeliveryRow.id).in_(ids)),
            delete(PostRow).where(col(PostRow.id).in_(gone)),
        ):
            await self._session.exec(statement)
        return len(gone)

    async def _update(self, post_id: uuid.UUID, values: dict[str, Any]) -> None:
        done = await self._session.exec(
            update(PostRow).where(col(PostRow.id) == post_id).values(**values)
        )
        if done.rowcount != 1:
            raise _no_post(post_id)


def _check_texts(post: Post) -> None:
    check_storable("title", [post.title])
    check_storable("description", [post.description])
    check_storable("hashtags", post.hashtags)
    check_storable("file name", [str(post.file), str(post.thumbnail or "")])
    for platform, own in post.overrides.items():
        check_storable("settings", [platform, *own.keys(), *own.values()])


def to_stored_post(row: PostRow) -> StoredPost:
    """Read a row."""
    return StoredPost(
        post=Post(
            id=row.id,
            file=Path(row.video_path),
            title=row.title or "",
            description=row.description or "",
            hashtags=tuple(row.hashtags or ()),
            privacy=Privacy(row.privacy),
            thumbnail=Path(row.thumbnail_path) if row.thumbnail_path else None,
            overrides=row.overrides,
        ),
        created_at=row.created_at,
        scheduled_at=row.scheduled_at,
        timezone=row.timezone,
        media=media_from_record(row.media) if row.media else None,
        sha256=row.file_sha256 or "",
        wall_time=row.wall_time or "",
        tzdata_version=row.tzdata_version or "",
        status=Status(row.status),
        error_message=row.error_message or "",
        updated_at=row.updated_at,
    )


def _summary(deliveries: Sequence[Delivery]) -> dict[str, Any]:
    errors = [
        f"{_address(delivery)}: {delivery.error.message}"
        for delivery in deliveries
        if delivery.error is not None
    ]
    return {
        "platforms": _platform_names([delivery.platform for delivery in deliveries]),
        "status": status_of_post(delivery.status for delivery in deliveries).value,
        "error_message": clean_text("\n".join(errors)) or None,
        "post_ids": {
            _address(delivery): delivery.remote_id for delivery in deliveries if delivery.remote_id
        },
    }


def _address(delivery: Delivery) -> str:
    label = delivery.account_label
    return delivery.platform if label == DEFAULT_LABEL else f"{delivery.platform}:{label}"


def _platform_names(addresses: Sequence[str]) -> list[str]:
    """Return each platform once, in order."""
    return list(dict.fromkeys(address.partition(":")[0] for address in addresses))


def _file_columns(media: Media | None) -> dict[str, Any]:
    if media is None:
        return {}
    return {
        "media": media_to_record(media),
        "file_size": media.size,
        "file_sha256": media.sha256 or None,
    }


def _no_post(post_id: uuid.UUID) -> NotFoundError:
    return NotFoundError(
        f"There is no post {post_id}. See which there are: pellacia-dist queue list"
    )
