"""
The life of one publisher of the drill, as its own process lives it: real in all but its clock.

It takes up what the one before it left behind, begins a delivery of its own, and dies on the way
where its plan says. What it has to tell goes through a pipe, one JSON document a line, the last
of them just before it dies.
"""

import asyncio
import contextlib
import datetime as dt
import json
import os
import time
import traceback
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pellacia_service.clock import HurriedClock
from pellacia_service.domain.account import Account
from pellacia_service.domain.delivery import Delivery
from pellacia_service.domain.draft import Draft
from pellacia_service.domain.json import Json
from pellacia_service.domain.tokens import Tokens
from pellacia_service.drill.plans import Plan, Weather
from pellacia_service.drill.weather import fault_of
from pellacia_service.drill.witness import Witness
from pellacia_service.errors import NotFoundError
from pellacia_service.publishing.crash_points import CrashPlan, die, freeze
from pellacia_service.repositories.session import Database
from pellacia_service.settings import Settings
from pellacia_service.wiring.network import open_vault
from pellacia_service.wiring.press import Press, open_press
from pellacia_service.wiring.records import Records, open_records

PAGE_TOKENS = ("facebook", "instagram")
"""Platforms whose calls are made with the token of a page."""

RENEWABLE_LIFE = dt.timedelta(minutes=1)
"""What is left of an old token: too little to be used before it is renewed."""


LONG = 1.0
"""Seconds from which on a pause flies."""

NAP_HURRY = 5.0
"""Shorter pauses pass this many times as fast."""

DUE_IN: Mapping[Weather, dt.timedelta] = {
    Weather.LATE: dt.timedelta(minutes=-10),
    Weather.MISSED: dt.timedelta(hours=-1),
    # Less than any upload is begun ahead, so that it begins at once.
    Weather.STAGED: dt.timedelta(minutes=4),
    Weather.DUE: dt.timedelta(minutes=4),
}
"""When deliveries of the calendar are due, counted from when they are put into the queue."""

WATCH = 1.0
"""Seconds before its time at which somebody is there again: later than the staging's own lead."""


@dataclass(frozen=True)
class Place:
    """Where the publishers of one lane work, and how fast their time runs."""

    settings: Settings
    clip: Path
    hurry: float
    database: Database


@dataclass(frozen=True)
class Task:
    """One delivery of the drill. Its label is the name of an account that nothing else uses."""

    label: str
    plan: Plan


@dataclass(frozen=True)
class Life:
    """
    What one publisher is to do.

    Args:
        connect: deliveries whose accounts are to be connected first.
        recover: where it dies while it takes up what others left; empty: nowhere.
        begin: the delivery that it begins then, dying at the plan's first place.
        clears: whatever was ordered of the sandbox for the delivery before ends with that one.
        report: ids of posts; tell in the end what became of them.
        until: it begins at this second of the publishers' clock, or later.
        ahead: how far the clock of the publisher before was ahead: time never runs backwards.
    """

    connect: tuple[Task, ...] = ()
    recover: str = ""
    begin: Task | None = None
    clears: bool = False
    report: tuple[str, ...] = ()
    until: float = 0.0
    ahead: float = 0.0


class DrillClock(HurriedClock):
    """
    Time as a publisher of the drill has it: long pauses fly, short ones only pass faster.

    Short ones are the worker's naps between two looks at its queue. If they flew too, it would
    look so often that this is most of what it does, and nobody would die any sooner for it.
    """

    def outside(self, seconds: float) -> float:
        """Return the part of a pause that is waited for."""
        return super().outside(seconds) if seconds >= LONG else seconds / NAP_HURRY


@dataclass
class Diary:
    """What a publisher tells: which points it reached, and what it managed to do."""

    descriptor: int
    clock: HurriedClock
    points: list[str] = field(default_factory=list)

    def note(self, point: str) -> None:
        """Remember a point for the next line."""
        self.points.append(point)

    def place(self) -> str:
        """Name the point reached last so that a plan meets it again."""
        point = self.points[-1]
        count = self.points.count(point)
        return point if count == 1 else f"{point}#{count}"

    def tell(self, **words: Json) -> None:
        """Write one line, whole or not at all as far as a pipe can do it."""
        told = {"at": time.monotonic(), "ahead": self.clock.ahead, "points": self.points, **words}
        line = json.dumps(told) + "\n"
        self.points = []
        view = memoryview(line.encode())
        while view:
            view = view[os.write(self.descriptor, view) :]


def lead(life: Life, place: Place, descriptor: int) -> int:
    """Lead a life in this process; return its exit code, if it comes to that."""
    diary = Diary(descriptor, DrillClock(place.hurry, life.ahead))
    try:
        asyncio.run(_live(life, place, diary))
    except BaseException:  # noqa: BLE001 - the process ends here; whatever it was must be told
        diary.tell(error=traceback.format_exc())
        return 1
    return 0


async def _live(life: Life, place: Place, diary: Diary) -> None:
    frozen = life.begin is not None and life.begin.plan.frozen
    crash = CrashPlan(strike=_telling(diary, freeze if frozen else die), notice=diary.note)
    async with open_records(place.settings, diary.clock, place.database) as records:
        if life.connect:
            await _connect(records, life.connect)
        async with open_press(records, crash) as press:
            crash.arm(life.recover)
            await _work(press)
            crash.arm("")
            diary.tell(recovered=True)
            if life.begin:
                # Not awaited: nothing else goes on here, and a client of its own costs milliseconds.
                fault = fault_of(life.begin.plan.platform, life.begin.plan.weather)
                Witness(place.settings.sandbox_url).change_weather(fault, clears=life.clears)
                await _begin(life.begin, press, place, crash, diary)
                crash.arm("")
                diary.tell(finished=True)
        if life.report:
            diary.tell(deliveries=await _deliveries(records, life.report))


def _telling(diary: Diary, strike: Callable[[], None]) -> Callable[[], None]:
    """Tell the last thing that happened before it happens."""

    def told() -> None:
        diary.tell(struck=diary.place())
        strike()

    return told


async def _begin(task: Task, press: Press, place: Place, crash: CrashPlan, diary: Diary) -> None:
    """Queue a post and publish it, as `upload` does."""
    weather = task.plan.weather
    crash.arm(task.plan.kills[0] if task.plan.kills and weather is not Weather.DUE else "")
    draft = Draft(
        file=place.clip,
        addresses=(f"{task.plan.platform}:{task.label}",),
        title=f"Drill {task.label}",
        due_at=diary.clock.now() + DUE_IN[weather] if weather in DUE_IN else None,
    )
    crash.reached("before the post is queued")
    view = await press.posts.write(draft)
    diary.tell(queued=str(view.stored.id))
    crash.reached("after the post is queued")
    await _work(press)


async def _work(press: Press) -> None:
    async for _ in press.worker.run(until_idle=True):
        pass


async def _connect(records: Records, tasks: tuple[Task, ...]) -> None:
    """Leave behind what a sign-in leaves, for each delivery an account of its own."""
    vault = await open_vault(records.settings, records.database)
    now = records.clock.now()
    witness = Witness(records.settings.sandbox_url)
    given = [witness.add_account(task.plan.platform, task.label) for task in tasks]
    async with records.database.write() as tx:
        for task, account_given in zip(tasks, given, strict=True):
            account, tokens = _signed_in(task, account_given, now)
            account = await tx.accounts.add_or_update(account, now=now)
            await tx.credentials.put(account, partial(vault.seal, tokens, account), updated_at=now)


def _signed_in(task: Task, given: dict[str, Json], now: dt.datetime) -> tuple[Account, Tokens]:
    platform, ids = task.plan.platform, given["ids"]
    assert isinstance(ids, dict)
    known = {name: str(value) for name, value in ids.items() if name != "page_access_token"}
    if platform == "linkedin":
        # As a sign-in with the least scopes leaves it: a member, not a page.
        known.pop("organization_urn")
    token = ids["page_access_token"] if platform in PAGE_TOKENS else given["access_token"]
    weather = task.plan.weather
    is_old = weather in {Weather.OLD_TOKEN, Weather.DEAD_TOKEN, Weather.NO_RENEWAL}
    renewable = (
        "unknown-to-the-platform" if weather is Weather.DEAD_TOKEN else given["refresh_token"]
    )
    tokens = Tokens(
        str(token),
        refresh_token=str(renewable or "") if is_old else "",
        expires_at=now + RENEWABLE_LIFE if is_old else None,
    )
    return Account(uuid.uuid4(), platform, task.label, str(given["account"]), known), tokens


async def _deliveries(records: Records, post_ids: tuple[str, ...]) -> list[Json]:
    """Return what became of some posts; those that are not there are left out."""
    deliveries: list[Json] = []
    for post_id in post_ids:
        with contextlib.suppress(NotFoundError):
            view = await records.queue.show(uuid.UUID(post_id))
            deliveries += [_told(delivery) for delivery in view.deliveries]
    return deliveries


def _told(delivery: Delivery) -> Json:
    return {
        "label": delivery.account_label,
        "platform": delivery.platform,
        "step": delivery.step.value,
        "waits": delivery.not_before is not None,
        "error": delivery.error.message if delivery.error else "",
    }
