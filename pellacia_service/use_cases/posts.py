"""Writing posts: everything that can be wrong is said before a row is written or a byte is sent."""

import uuid
from collections.abc import Mapping, Sequence

from pellacia_service.clock import Clock
from pellacia_service.domain.account import Account
from pellacia_service.domain.delivery import Delivery, Step
from pellacia_service.domain.draft import Draft
from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Post
from pellacia_service.domain.problem import Problem
from pellacia_service.domain.view import PostView
from pellacia_service.errors import ProblemsError
from pellacia_service.media import read_media
from pellacia_service.platform_kit.protocol import Platform
from pellacia_service.repositories.session import Database
from pellacia_service.use_cases.accounts import Accounts


class Posts:
    """Checks drafts and puts them into the queue."""

    def __init__(
        self,
        *,
        database: Database,
        accounts: Accounts,
        platforms: Mapping[str, Platform],
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._platforms = platforms
        self._clock = clock

    async def check(self, draft: Draft) -> dict[str, list[Problem]]:
        """
        Say for every account that was named what it would turn down. Writes and sends nothing.

        Returns:
            Account address to problems; an empty list is an account that would take the post.
        """
        accounts = await self._accounts.named(draft.addresses)
        media = await read_media(draft.file, clock=self._clock)
        return self._problems(to_post(draft), media, accounts)

    async def write(self, draft: Draft) -> PostView:
        """
        Put a post and one delivery for each account into the queue, in one transaction.

        Raises:
            ProblemsError: a platform would turn it down; all problems at once, nothing written.
            BadInputError: the file cannot be read, or is no video.
            NotConnectedError: an account that was named has not signed in.
        """
        accounts = await self._accounts.named(draft.addresses)
        media = await read_media(draft.file, clock=self._clock)
        post = to_post(draft)
        problems = {
            address: found
            for address, found in self._problems(post, media, accounts).items()
            if found
        }
        if problems:
            raise ProblemsError(
                f"{draft.file.name} cannot go to {', '.join(problems)} as it is.", dict(problems)
            )
        return await self._store(draft, post, media, accounts)

    def _problems(
        self, post: Post, media: Media, accounts: Sequence[Account]
    ) -> dict[str, list[Problem]]:
        return {
            account.address: self._platforms[account.platform].problems(
                post.content_for(account.platform), media
            )
            for account in accounts
        }

    async def _store(
        self, draft: Draft, post: Post, media: Media, accounts: Sequence[Account]
    ) -> PostView:
        now = self._clock.now()
        deliveries = [
            Delivery(
                id=uuid.uuid4(),
                post_id=post.id,
                account_id=account.id,
                platform=account.platform,
                account_label=account.label,
                step=Step.CHECK,
                created_at=now,
                due_at=draft.due_at or now,
            )
            for account in accounts
        ]
        async with self._database.write() as tx:
            await tx.posts.add(
                post,
                platforms=[account.address for account in accounts],
                created_at=now,
                scheduled_at=draft.due_at,
                timezone=draft.timezone,
                media=media,
            )
            await tx.deliveries.add_many(deliveries)
            stored = await tx.posts.get(post.id)
        return PostView(stored, tuple(deliveries))


def to_post(draft: Draft) -> Post:
    """Give a draft its identity."""
    return Post(
        id=uuid.uuid4(),
        file=draft.file.absolute(),
        title=draft.title,
        description=draft.description,
        hashtags=draft.hashtags,
        privacy=draft.privacy,
        thumbnail=draft.thumbnail.absolute() if draft.thumbnail else None,
        overrides=draft.overrides,
    )
