"""
Putting a pair of video and metadata into the queue, once.

What makes a pair that pair is the SHA-256 of both files. It is a key in the database, written in
the same transaction as the post: the same pair twice is one post, whatever was killed in between.
"""

from dataclasses import replace

from pellacia_service.clock import Clock
from pellacia_service.domain.diagnostic import Diagnostic, Level
from pellacia_service.domain.draft import Draft
from pellacia_service.domain.intake import Intake, IntakeResult
from pellacia_service.domain.view import PostView
from pellacia_service.errors import BadInputError, NotConnectedError, NotFoundError
from pellacia_service.media import sha256_of
from pellacia_service.repositories.ingested import PairKey
from pellacia_service.repositories.session import Database
from pellacia_service.use_cases.pair_check import Checked, PairCheck, PathOf, split_advice
from pellacia_service.use_cases.posts import Posts
from pellacia_service.watch_folder.codes import Code
from pellacia_service.watch_folder.folder import Pair


class Ingest:
    """Takes pairs into the queue."""

    def __init__(
        self, *, database: Database, posts: Posts, pair_check: PairCheck, clock: Clock
    ) -> None:
        self._database = database
        self._posts = posts
        self._pair_check = pair_check
        self._clock = clock

    async def check(self, pair: Pair, path_of: PathOf) -> Checked:
        """Say everything that is wrong with a pair. Writes nothing."""
        return await self._pair_check.check(pair, path_of)

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
        checked = await self.check(pair, path_of)
        if checked.draft is None:
            return Intake(pair.video, IntakeResult.REFUSED, diagnostics=checked.diagnostics)
        try:
            view = await self._store(pair, path_of, key, checked.draft)
        except (BadInputError, NotConnectedError) as trouble:
            if await self.is_known(key):
                # Another process was quicker, with the same pair in another folder.
                return await self._recall(pair, path_of, key)
            message, fix = split_advice(str(trouble))
            found = Diagnostic(pair.video, Level.ERROR, Code.NOT_STORABLE, message, fix)
            return Intake(pair.video, IntakeResult.REFUSED, diagnostics=(found,))
        return Intake(
            pair.video, IntakeResult.QUEUED, view.stored.id, diagnostics=checked.diagnostics
        )

    async def _store(self, pair: Pair, path_of: PathOf, key: PairKey, draft: Draft) -> PostView:
        prepared = await self._posts.prepare(draft)
        media = replace(prepared.media, sha256=key.video_sha256)
        async with self._database.write() as tx:
            view = await self._posts.store(tx, replace(prepared, media=media))
            await tx.ingested.add(
                key,
                video_path=path_of(pair.video).absolute(),
                post_id=view.stored.id,
                taken_at=self._clock.now(),
            )
        return view

    async def _recall(self, pair: Pair, path_of: PathOf, key: PairKey) -> Intake:
        """Tell a pair that was queued, but not reported, from another one with the same bytes."""
        async with self._database.read() as tx:
            known = await tx.ingested.find(key)
        is_itself = known.video_path == path_of(pair.video).absolute()
        result = IntakeResult.QUEUED if is_itself else IntakeResult.DUPLICATE
        return Intake(pair.video, result, known.post_id)
