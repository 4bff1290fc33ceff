"""Writing posts: everything that can be wrong is said before a row is written or a byte is sent."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pellacia_service.clock import Clock
from pellacia_service.domain.account import Account
from pellacia_service.domain.delivery import Delivery, Step
from pellacia_service.domain.draft import Draft
from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Post
from pellacia_service.domain.problem import Problem
from pellacia_service.domain.view import PostView
from pellacia_service.errors import BadInputError, ProblemsError
from pellacia_service.media import read_media
from pellacia_service.platform_kit.options import option_problems
from pellacia_service.platform_kit.protocol import Platform
from pellacia_service.publishing.staging import NONE, Stage
from pellacia_service.repositories.session import Database, Transaction
from pellacia_service.use_cases.accounts import Accounts
from pellacia_service.use_cases.forecast import foreseen


@dataclass(frozen=True)
class Prepared:
    """A draft that was checked: nothing is wrong with it, and nothing of it is stored."""

    draft: Draft
    post: Post
    media: Media
    accounts: tuple[Account, ...]


class Posts:
    """Checks drafts and puts them into the queue."""

    def __init__(
        self,
        *,
        database: Database,
        accounts: Accounts,
        platforms: Mapping[str, Platform],
        clock: Clock,
        stage: Stage,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._platforms = platforms
        self._clock = clock
        self._stage = stage

    async def check(self, draft: Draft) -> dict[str, list[Problem]]:
        """
        Say for every account that was named what it would turn down. Writes and sends nothing.

        Returns:
            Account address to problems; an empty list is an account that would take the post. A
            file that cannot be read is a problem of every account.

        Raises:
            BadInputError: nothing, or no such platform, was named.
            NotConnectedError: an account that was named has not signed in.
        """
        accounts = await self._accounts.named(draft.addresses)
        try:
            media = await read_media(draft.file, clock=self._clock)
        except BadInputError as error:
            return {account.address: [unreadable(draft, error)] for account in accounts}
        return self._problems(to_post(draft), media, accounts)

    async def write(self, draft: Draft, *, post_id: uuid.UUID | None = None) -> PostView:
        """
        Put a post and one delivery for each account into the queue, in one transaction.

        Args:
            post_id: the id it gets, for a caller who must find it again whatever happens here.

        Raises:
            ProblemsError: a platform would turn it down; all problems at once, nothing written.
            BadInputError: the file cannot be read, or is no video.
            NotConnectedError: an account that was named has not signed in.
        """
        prepared = await self.prepare(draft, post_id=post_id)
        async with self._database.write() as tx:
            return await self.store(tx, prepared)

    async def prepare(self, draft: Draft, *, post_id: uuid.UUID | None = None) -> Prepared:
        """
        Check a draft, and return it with everything that `store` needs. Writes and sends nothing.

        Raises:
            ProblemsError, BadInputError, NotConnectedError: as `write` does.
        """
        accounts = await self._accounts.named(draft.addresses)
        media = await read_media(draft.file, clock=self._clock)
        post = to_post(draft, post_id)
        problems = {
            address: found
            for address, found in self._problems(post, media, accounts).items()
            if found
        }
        if problems:
            raise ProblemsError(
                f"{draft.file.name} cannot go to {', '.join(problems)} as it is. "
                "Nothing was queued and nothing was sent.",
                dict(problems),
            )
        return Prepared(draft, post, media, tuple(accounts))

    def _problems(
        self, post: Post, media: Media, accounts: Sequence[Account]
    ) -> dict[str, list[Problem]]:
        return {account.address: self._problems_on(account, post, media) for account in accounts}

    def _problems_on(self, account: Account, post: Post, media: Media) -> list[Problem]:
        content = post.content_for(account.platform)
        return [
            *option_problems(content, account.platform),
            *self._platforms[account.platform].problems(content, media),
        ]

    async def store(self, tx: Transaction, prepared: Prepared) -> PostView:
        """Put a post that was prepared into the queue, as a part of a transaction."""
        draft, post, now = prepared.draft, prepared.post, self._clock.now()
        size = prepared.media.size
        deliveries = [
            Delivery(
                id=uuid.uuid4(),
                post_id=post.id,
                account_id=account.id,
                platform=account.platform,
                account_label=account.label,
                step=Step.CHECK,
                # A microsecond apart: they are shown in the order in which they were named.
                created_at=now + place * dt.timedelta.resolution,
                due_at=draft.due_at or now,
                lead=await self._stage.lead(tx, account.platform, size) if draft.due_at else NONE,
            )
            for place, account in enumerate(prepared.accounts)
        ]
        await tx.posts.add(
            post,
            platforms=[account.address for account in prepared.accounts],
            created_at=now,
            scheduled_at=draft.due_at,
            timezone=draft.timezone,
            media=prepared.media,
            wall_time=draft.wall_time,
            tzdata_version=draft.tzdata_version,
        )
        await tx.deliveries.add_many(deliveries)
        written = PostView(await tx.posts.get(post.id), tuple(deliveries))
        [view] = await foreseen(tx, [written])
        return view


def unreadable(draft: Draft, error: BadInputError) -> Problem:
    """Write down that no platform can be asked about a file, and why."""
    what, _, fix = str(error).rpartition(". ")  # the last sentence says what helps
    return Problem(
        field="file",
        rule="readable",
        limit="a whole video file",
        actual=str(draft.file),
        message=f"{what}." if what else str(error),
        fix=fix if what else "Name a whole video file.",
    )


def to_post(draft: Draft, post_id: uuid.UUID | None = None) -> Post:
    """Give a draft its identity."""
    return Post(
        id=post_id or uuid.uuid4(),
        file=draft.file.absolute(),
        title=draft.title,
        description=draft.description,
        hashtags=draft.hashtags,
        privacy=draft.privacy,
        thumbnail=draft.thumbnail.absolute() if draft.thumbnail else None,
        overrides=draft.overrides,
    )
