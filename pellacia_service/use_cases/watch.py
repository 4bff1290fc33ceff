"""
Watching a folder: taking each finished pair, again and again.

    in the folder ─► still? ─► known already? ─► checked ─► moved to done ─► queued
                       │                            └─► moved to refused, with the reasons
                       └─► waits

The moves are written down before they begin (`watch_folder/folder.py`) and the queue keeps each
pair once (`use_cases/ingest.py`), so a run may be killed anywhere: the next one ends what was begun.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from pellacia_service.clock import Clock
from pellacia_service.domain.diagnostic import Diagnostic, Level
from pellacia_service.domain.intake import Intake, IntakeResult
from pellacia_service.errors import BadInputError
from pellacia_service.media import wait_until_still
from pellacia_service.repositories.ingested import PairKey
from pellacia_service.use_cases.ingest import Ingest
from pellacia_service.use_cases.pair_check import no_files
from pellacia_service.watch_folder.changes import changes_in
from pellacia_service.watch_folder.codes import Code
from pellacia_service.watch_folder.folder import DONE, REFUSED, WHY, Folder, Move, Pair
from pellacia_service.watch_folder.turns import turn_at

PATIENCE = 10.0
"""Seconds that a file which looks broken must have lain still before it is refused: a program that
writes it slowly may be pausing."""

AGAIN_SECONDS = 1.0
"""Between two looks at a pair that looks broken, where somebody waits for the answer."""

LOOK_SECONDS = 5.0
"""Between two looks where the operating system says nothing: it does not for network drives."""

MAY_BE_UNFINISHED = frozenset(
    {Code.NOT_UTF8, Code.ENDS_EARLY, Code.NOT_JSON, Code.NO_OBJECT, Code.NO_VIDEO, Code.THUMBNAIL}
)
"""What may be wrong with a file only because its end is missing, or another file is on its way."""


class WatchFolder:
    """One watched folder, and the way of its pairs into the queue."""

    def __init__(self, *, folder: Folder, ingest: Ingest, clock: Clock) -> None:
        self._folder = folder
        self._ingest = ingest
        self._clock = clock

    async def run(self) -> AsyncGenerator[Intake, None]:
        """
        Take pairs until closed. Yields what became of each, and each that begins to wait.

        Raises:
            BadInputError: there is no such folder.
            SetupError: it, or the database, cannot be written.
        """
        waiting: set[Intake] = set()
        await self._be_there()
        async with changes_in(self._folder.path, self._clock) as changes:
            while True:
                before, waiting = waiting, set()
                async with aclosing(self.round()) as intakes:
                    async for intake in intakes:
                        if not intake.is_settled:
                            waiting.add(intake)
                        if intake not in before:
                            yield intake
                await changes.wait(LOOK_SECONDS)

    async def once(self) -> list[Intake]:
        """
        Take what is there, and return what became of it.

        A pair that looks broken and is young is looked at again for some seconds, to know.
        """
        deadline = self._clock.monotonic() + PATIENCE + AGAIN_SECONDS
        settled: list[Intake] = []
        while True:
            async with aclosing(self.round()) as intakes:
                found = [intake async for intake in intakes]
            settled += [intake for intake in found if intake.is_settled]
            waiting = [intake for intake in found if not intake.is_settled]
            is_over = self._clock.monotonic() >= deadline
            if is_over or not any(intake.looks_broken for intake in waiting):
                return [*settled, *waiting]
            await self._clock.sleep(AGAIN_SECONDS)

    async def round(self) -> AsyncGenerator[Intake, None]:
        """End what an earlier run has begun, then look at everything in the folder once."""
        await self._be_there()
        async with turn_at(self._folder.path, self._clock):
            for move in await asyncio.to_thread(self._folder.unfinished):
                if intake := await self._end(move):
                    yield intake
            found = await asyncio.to_thread(self._folder.scan)
            for pair in found.pairs:
                yield await self._take(pair)
            for name in found.alone:
                other = "metadata (.json)" if name.lower().endswith(".mp4") else "video (.mp4)"
                yield _waits(name, f"its {other} is not there yet")

    async def _be_there(self) -> None:
        """Raise where there is no folder: the lock would make one."""
        await asyncio.to_thread(self._folder.scan)

    async def _take(self, pair: Pair) -> Intake:
        """Bring one pair as far as it can be brought now."""
        if trouble := await self._is_moving(pair):
            return _waits(pair.video, trouble)
        key = await self._key_of(pair)
        sources = [pair.video, pair.metadata]
        is_known = key is not None and await self._ingest.is_known(key)
        if not is_known:
            sha256 = key.video_sha256 if key else ""
            checked = await self._ingest.check(pair, self._arrived, video_sha256=sha256)
            if checked.draft is None:
                return await self._refuse(pair, sources, checked.diagnostics)
            if Path(checked.thumbnail).stem == pair.stem:
                sources.append(checked.thumbnail)
        if key is None:
            return _waits(pair.video, "it changed while it was read")
        move = await asyncio.to_thread(
            self._folder.begin, pair, DONE, sources, video_sha256=key.video_sha256
        )
        taken = await self._end(move)
        if taken is None:
            return _waits(pair.video, "it was taken away")
        return replace(taken, result=IntakeResult.DUPLICATE) if is_known else taken

    async def _is_moving(self, pair: Pair) -> str:
        """Say why a pair cannot be looked at yet; empty where both files lie still."""
        if odd := await asyncio.to_thread(no_files, pair, self._arrived):
            # One that has gone since the folder was read, for it is being replaced, comes back.
            return next((one.message for one in odd if one.code == Code.CANNOT_READ), "")
        try:
            for name in (pair.metadata, pair.video):
                await wait_until_still(self._arrived(name), self._clock)
        except BadInputError as trouble:
            return str(trouble)
        return ""

    async def _key_of(self, pair: Pair) -> PairKey | None:
        """Return the pair's key; None where a file cannot be read: the check says why."""
        if await asyncio.to_thread(no_files, pair, self._arrived):
            return None
        try:
            return await self._ingest.key_of(pair, self._arrived)
        except BadInputError:
            return None

    async def _refuse(
        self, pair: Pair, sources: Sequence[str], diagnostics: tuple[Diagnostic, ...]
    ) -> Intake:
        """Move a pair out of the way, with the reasons; one that may be unfinished gets some time."""
        may_be_unfinished = any(found.code in MAY_BE_UNFINISHED for found in diagnostics)
        if may_be_unfinished and await asyncio.to_thread(self._is_young, pair):
            waits = _waits(pair.video, "it looks broken, or is still being written")
            return replace(waits, diagnostics=diagnostics)
        why = "".join(f"{found}\n" for found in diagnostics)
        move = await asyncio.to_thread(self._folder.begin, pair, REFUSED, sources, why=why)
        intake = await self._end(move) or _waits(pair.video, "it was taken away")
        return replace(intake, diagnostics=diagnostics)

    async def _end(self, move: Move) -> Intake | None:
        """Carry out a move that is written down, with what follows; None where its files are gone."""
        await asyncio.to_thread(self._folder.carry_out, move)
        there = await asyncio.to_thread(self._folder.is_there, move)
        intake = None
        if there and move.place == REFUSED:
            reason = f"see {move.place}/{move.stem}{WHY}"
            intake = Intake(move.video, IntakeResult.REFUSED, reason=reason)
        elif there:
            intake = await self._queue(move)
        if intake is not None and intake.result is IntakeResult.REFUSED and move.place == DONE:
            return await self._move_on(move, intake.diagnostics)
        await asyncio.to_thread(self._folder.finish, move)
        return replace(intake, moved_to=move.moved_to) if intake else None

    async def _queue(self, move: Move) -> Intake:
        def path_of(name: str) -> Path:
            return self._folder.path / move.target(name)

        try:
            key = await self._ingest.key_of(move.pair, path_of, video_sha256=move.video_sha256)
        except BadInputError as trouble:
            found = Diagnostic(move.video, Level.ERROR, Code.CANNOT_READ, str(trouble))
            return Intake(move.video, IntakeResult.REFUSED, diagnostics=(found,))
        return await self._ingest.queue(move.pair, path_of, key)

    async def _move_on(self, move: Move, diagnostics: tuple[Diagnostic, ...]) -> Intake:
        """Bring to refused what no longer passed the check when it lay in done already."""
        why = "".join(f"{found}\n" for found in diagnostics)
        sources = list(move.files.values())
        onward = await asyncio.to_thread(self._folder.begin, move.pair, REFUSED, sources, why=why)
        await asyncio.to_thread(self._folder.finish, move)
        await self._end(onward)
        return Intake(
            move.video,
            IntakeResult.REFUSED,
            diagnostics=diagnostics,
            moved_to=onward.moved_to,
        )

    def _arrived(self, name: str) -> Path:
        return self._folder.path / name

    def _is_young(self, pair: Pair) -> bool:
        """Say whether either file was written to a short while ago."""
        now = self._clock.now().timestamp()
        try:
            written = [self._arrived(name).stat().st_mtime for name in (pair.video, pair.metadata)]
        except OSError:
            return False
        return any(abs(now - moment) < PATIENCE for moment in written)


def _waits(file: str, reason: str) -> Intake:
    return Intake(file, IntakeResult.WAITING, reason=reason)
