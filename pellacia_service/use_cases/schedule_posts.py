"""Putting posts into the calendar: one, or all rows of a table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pellacia_service.domain.calendar_board import Plans
from pellacia_service.domain.calendar_choice import Choice, Planned
from pellacia_service.domain.calendar_rules import Clip
from pellacia_service.domain.calendar_wish import OnConflict, PlanError, RowProblem, Wish
from pellacia_service.domain.draft import Draft
from pellacia_service.domain.problem import Problem
from pellacia_service.errors import BadInputError, NotConnectedError, ProblemsError
from pellacia_service.media import sha256_of
from pellacia_service.repositories.session import Database, Transaction
from pellacia_service.use_cases.posts import Posts, Prepared
from pellacia_service.use_cases.schedule import Schedule
from pellacia_service.use_cases.schedule_table import Row, read_table
from pellacia_service.use_cases.zones import rules_version

COLUMN_OF = {
    "title": "title",
    "description": "description",
    "hashtags": "hashtags",
    "privacy": "privacy",
    "thumbnail": "thumbnail",
}
"""The column to mend, by the field of a problem; any other problem lies in the file."""


@dataclass(frozen=True)
class Checked:
    """What each account would turn down; where there is nothing, the time that the post would get."""

    problems: dict[str, list[Problem]]
    choice: Choice | None = None


class Planner:
    """Puts posts into the calendar."""

    def __init__(self, *, database: Database, posts: Posts, schedule: Schedule) -> None:
        self._database = database
        self._posts = posts
        self._schedule = schedule

    async def add(self, draft: Draft, wish: Wish) -> Planned:
        """
        Put one post into the calendar.

        Raises:
            BadInputError, ConflictError: its time cannot be taken.
            ProblemsError, NotConnectedError: as `Posts.write` does.
        """
        self._schedule.wished(wish)
        prepared = await self._prepare(draft)
        async with self._database.write() as tx:
            await tx.calendar.lock([account.id for account in prepared.accounts])
            choice = await self._schedule.choose(tx, wish, prepared.accounts, clip_of(prepared))
            return await self._store(tx, prepared, choice)

    async def check(self, draft: Draft, wish: Wish) -> Checked:
        """Say what would become of a post. Writes and sends nothing."""
        self._schedule.wished(wish)
        problems = await self._posts.check(draft)
        if any(problems.values()):
            return Checked(problems)
        prepared = await self._prepare(draft)
        async with self._database.read() as tx:
            choice = await self._schedule.choose(tx, wish, prepared.accounts, clip_of(prepared))
        return Checked(problems, choice)

    async def add_table(self, path: Path, on_conflict: OnConflict) -> list[Planned]:
        """
        Put all rows of a CSV table into the calendar, in one transaction.

        Raises:
            PlanError: names row and column of everything that is wrong; nothing is written.
            BadInputError: it is no such table.
        """
        rows, unread = read_table(path, on_conflict)
        prepared, unfit = await self._prepare_rows(rows)
        problems = [*unread, *unfit]
        async with self._database.write() as tx:
            planned, more = await self._store_rows(tx, prepared)
            if problems or more:
                # Raised inside, so that what was written of the good rows is taken back.
                raise PlanError(sorted([*problems, *more]))
            return planned

    async def _prepare(self, draft: Draft) -> Prepared:
        """Check a draft and hash its file: what is published later must be this very content."""
        prepared = await self._posts.prepare(draft)
        sha256 = await sha256_of(prepared.media.path)
        return replace(prepared, media=replace(prepared.media, sha256=sha256))

    async def _prepare_rows(
        self, rows: Sequence[Row]
    ) -> tuple[list[tuple[Row, Prepared]], list[RowProblem]]:
        prepared: list[tuple[Row, Prepared]] = []
        problems: list[RowProblem] = []
        for row in rows:
            found = self._time_problems(row)
            try:
                ready = await self._prepare(row.draft)
                if not found:
                    prepared.append((row, ready))
            except ProblemsError as error:
                found += _platform_problems(row, error)
            except NotConnectedError as error:
                found.append(RowProblem(row.number, "platforms", str(error)))
            except BadInputError as error:
                found.append(RowProblem(row.number, "file", str(error)))
            problems += found
        return prepared, problems

    def _time_problems(self, row: Row) -> list[RowProblem]:
        try:
            self._schedule.wished(row.wish)
        except BadInputError as error:
            return [RowProblem(row.number, "at", str(error))]
        return []

    async def _store_rows(
        self, tx: Transaction, rows: Sequence[tuple[Row, Prepared]]
    ) -> tuple[list[Planned], list[RowProblem]]:
        """Choose times one row after the other: later rows see where the earlier ones went."""
        plans = await self._plans_of(tx, rows)
        planned: list[Planned] = []
        problems: list[RowProblem] = []
        for row, prepared in rows:
            clip = clip_of(prepared)
            try:
                choice = self._schedule.choose_from(plans, row.wish, prepared.accounts, clip)
            except BadInputError as error:
                problems.append(RowProblem(row.number, "at", str(error)))
                continue
            plans.add(prepared.accounts, choice.moment.at, clip, prepared.post.title)
            planned.append(await self._store(tx, prepared, choice))
        return planned, problems

    async def _plans_of(self, tx: Transaction, rows: Sequence[tuple[Row, Prepared]]) -> Plans:
        accounts = {one.id: one for _, prepared in rows for one in prepared.accounts}
        wished = [self._schedule.wished(row.wish) for row, _ in rows]
        await tx.calendar.lock(accounts)
        return await self._schedule.plans(tx, list(accounts.values()), wished)

    async def _store(self, tx: Transaction, prepared: Prepared, choice: Choice) -> Planned:
        moment = choice.moment
        draft = replace(
            prepared.draft,
            due_at=moment.at,
            timezone=moment.zone,
            wall_time=moment.wall_text,
            tzdata_version=rules_version(),
        )
        view = await self._posts.store(tx, replace(prepared, draft=draft))
        return Planned(view, choice)


def clip_of(prepared: Prepared) -> Clip:
    """Return a prepared post's file as the rules of the calendar know it."""
    media = prepared.media
    return Clip(prepared.post.file, media.size, media.sha256)


def _platform_problems(row: Row, error: ProblemsError) -> list[RowProblem]:
    return [
        RowProblem(
            row.number,
            COLUMN_OF.get(problem.field, "file"),
            f"{address}: {problem.message} {problem.fix}",
        )
        for address, problems in error.problems.items()
        for problem in problems
    ]
