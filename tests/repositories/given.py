"""Accounts, posts and deliveries to begin a test with."""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from pellacia_service.domain.account import Account
from pellacia_service.domain.delivery import Delivery, Step
from pellacia_service.domain.json import Json
from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Post, Privacy
from pellacia_service.repositories.session import Database, Transaction

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
ANNA = str(uuid.UUID(int=1))
BERTA = str(uuid.UUID(int=2))
"""Two publishers."""


def a_post(**changes: object) -> Post:
    post = Post(
        id=uuid.uuid4(),
        file=Path("/clips/hello.mp4"),
        title="Hello",
        description="A first clip.",
        hashtags=("one", "zwei", "три"),
        privacy=Privacy.UNLISTED,
        thumbnail=Path("/clips/hello.jpg"),
        overrides={"tiktok": {"title": "Hi", "disable_duet": "true"}},
    )
    return replace(post, **changes)  # type: ignore[arg-type]  # a test names fields of Post only


def some_media() -> Media:
    return Media(
        path=Path("/clips/hello.mp4"),
        size=6 * 2**30,
        modified_ns=1_795_000_000_123_456_789,
        inode=4711,
        container="mp4",
        video_codec="h264",
        audio_codec="aac",
        duration=4.04,
        width=1080,
        height=1920,
        rotation=0,
        frame_rate=29.97,
        bit_rate=2_000_000,
        faststart=True,
        sha256="ab" * 32,
    )


def a_delivery(post: Post, account: Account, **changes: object) -> Delivery:
    delivery = Delivery(
        id=uuid.uuid4(),
        post_id=post.id,
        account_id=account.id,
        platform=account.platform,
        account_label=account.label,
        step=Step.CHECK,
        created_at=NOON,
        due_at=NOON,
    )
    return replace(delivery, **changes)  # type: ignore[arg-type]  # a test names fields of Delivery only


def sealed(said: str) -> Callable[[int], Mapping[str, Json]]:
    """What stands where a vault would seal: the tables cannot tell."""
    return lambda version: {"v": 2, "for": version, "said": said}


async def an_account(tx: Transaction, platform: str = "youtube", label: str = "default") -> Account:
    account = Account(id=uuid.uuid4(), platform=platform, label=label, name="Nina")
    return await tx.accounts.add_or_update(account, now=NOON)


async def add_post(tx: Transaction, **changes: object) -> Post:
    post = a_post(**changes)
    await tx.posts.add(
        post, created_at=NOON, scheduled_at=None, timezone="Europe/Berlin", media=None
    )
    return post


async def queue_one(database: Database, platform: str = "youtube", **changes: object) -> Delivery:
    """Queue a post of its own with one delivery."""
    async with database.write() as tx:
        account = await an_account(tx, platform)
        delivery = a_delivery(await add_post(tx), account, **changes)
        await tx.deliveries.add_many([delivery])
    return delivery


async def claim(
    database: Database, owner: str = ANNA, *, now: dt.datetime = NOON, limit: int = 10
) -> list[Delivery]:
    """Claim what is due at `now`, for a minute."""
    async with database.write() as tx:
        return list(
            await tx.deliveries.claim(owner, now=now, lease_until=now + MINUTE, limit=limit)
        )


async def reread(database: Database, delivery: Delivery) -> Delivery:
    async with database.read() as tx:
        return await tx.deliveries.get(delivery.id)
