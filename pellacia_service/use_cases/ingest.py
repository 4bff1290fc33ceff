"""
Putting a pair of video and metadata into the queue, once.

What makes a pair that pair is the SHA-256 of both files. It is a key in the database, written in
the same transaction as the post: the same pair twice is one post, whatever was killed in between.
"""

from dataclasses import replace

from pellacia_service.clock import Clock
from pellacia_service.domain.calendar_choice import Choice
from pellacia_service.domain.calendar_wish import ConflictError
from pellacia_service.domain.diagnostic import Diagnostic, Level
from pellacia_service.domain.draft import Draft
from pellacia_service.domain.intake import Intake, IntakeResult
from pellacia_service.domain.view import PostView
from pellacia_service.errors import BadInputError, NotConnectedError, NotFoundError
from pellacia_service.media import sha256_of
from pellacia_service.repositories.ingested import PairKey
from pellacia_service.repositories.session import Database
from pellacia_service.use_cases.pair_check import Checked, PairCheck, PathOf, split_advice
from pellacia_service.use_cases.pair_time import PairTime, at_its_time, collision, told
from pellacia_service.use_cases.posts import Posts, Prepared
from pellacia_service.watch_folder.codes import Code
from pellacia_service.watch_folder.folder import Pair


class Ingest:
    """Takes pairs into the queue."""

    def __init__(
        self,
        *,
        database: Database,
        posts: Posts,
        pair_check: PairCheck,
        pair_time: PairTime,
        clock: Clock,
    ) -> None:
        self._database = database
        self._posts = posts
        self._pair_check = pair_check
        self._pair_time = pair_time
        self._clock = clock

    async def check(self, pair: Pair, path_of: PathOf, *, video_sha256: str = "") -> Checked:
        """
        Say everything that is wrong with a pair, its time included. Writes nothing.

        Args:
            video_sha256: where the video was read before: the same clip is known by it.
        """
        checked = await self._pair_check.check(pair, path_of)
        if checked.draft is None or checked.draft.due_at is None:
            return checked
        try:
            prepared = await self._prepare(checked.draft, video_sha256)
            async with self._database.read() as tx:
                await self._pair_time.choose(tx, prepared, checked)
        except ConflictError as error:
            found = (*checked.diagnostics, collision(pair, checked, error))
            return Checked(found)
        except (BadInputError, NotConnectedError) as trouble:
            return Checked((*checked.diagnostics, _not_storable(pair, trouble)))
        return checked

    async def key_of(self, pair: Pair, path_of: PathOf, *, video_sha256: str = "") -> PairKey:
        """
        Read both files whole and return what makes this pair that pair.

        Args:
            video_sha256: where the video was read before.

        Raises:
            BadInputError: one of them cannot be read, or changed meanwhile.
        """
        metadata_sha256 = await sha256_of(path_of(pair.metadata))
        return PairKey(video_sha256 or await sha256_of(path_of(pair.video)), metadata_sha256)

    async def is_known(self, key: PairKey) -> bool:
        """Say whether a pair was taken before."""
        async with self._database.read() as tx:
            try:
                await tx.ingested.find(key)
            except NotFoundError:
                return False
        return True

    async def queue(self, pair: Pair, path_of: PathOf, key: PairKey) -> Intake:
        """
        Put a pair that lies in its last place into the queue.

        Returns:
            QUEUED; DUPLICATE where the same bytes were taken before; REFUSED where they do not pass
            the check, or no longer.
        """
        if await self.is_known(key):
            return await self._recall(pair, path_of, key)
        checked = await self.check(pair, path_of, video_sha256=key.video_sha256)
        if checked.draft is None:
            return Intake(pair.video, IntakeResult.REFUSED, diagnostics=checked.diagnostics)
        try:
            view, choice = await self._store(pair, path_of, key, checked)
        except (BadInputError, NotConnectedError) as trouble:
            if await self.is_known(key):
                # Another process was quicker, with the same pair in another folder.
                return await self._recall(pair, path_of, key)
            found = (
                collision(pair, checked, trouble)
                if isinstance(trouble, ConflictError)
                else _not_storable(pair, trouble)
            )
            return Intake(pair.video, IntakeResult.REFUSED, diagnostics=(found,))
        diagnostics = (*checked.diagnostics, *told(pair, checked, choice))
        return Intake(pair.video, IntakeResult.QUEUED, view.stored.id, diagnostics=diagnostics)

    async def _prepare(self, draft: Draft, video_sha256: str) -> Prepared:
        prepared = await self._posts.prepare(draft)
        return replace(prepared, media=replace(prepared.media, sha256=video_sha256))

    async def _store(
        self, pair: Pair, path_of: PathOf, key: PairKey, checked: Checked
    ) -> tuple[PostView, Choice | None]:
        """Take a pair's time in the calendar, and its place in the queue."""
        if checked.draft is None:
            raise ValueError("a pair with errors is not stored")
        prepared = await self._prepare(checked.draft, key.video_sha256)
        async with self._database.write() as tx:
            if checked.draft.due_at is not None:
                await tx.calendar.lock([account.id for account in prepared.accounts])
            choice = await self._pair_time.choose(tx, prepared, checked)
            view = await self._posts.store(tx, at_its_time(prepared, choice))
            await tx.ingested.add(
                key,
                video_path=path_of(pair.video).absolute(),
                post_id=view.stored.id,
                taken_at=self._clock.now(),
            )
        return view, choice

    async def _recall(self, pair: Pair, path_of: PathOf, key: PairKey) -> Intake:
        """Tell a pair that was queued, but not reported, from another one with the same bytes."""
        async with self._database.read() as tx:
            known = await tx.ingested.find(key)
        is_itself = known.video_path == path_of(pair.video).absolute()
        result = IntakeResult.QUEUED if is_itself else IntakeResult.DUPLICATE
        return Intake(pair.video, result, known.post_id)


def _not_storable(pair: Pair, trouble: BadInputError | NotConnectedError) -> Diagnostic:
    message, fix = split_advice(str(trouble))
    return Diagnostic(pair.video, Level.ERROR, Code.NOT_STORABLE, message, fix)
