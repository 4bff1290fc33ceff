"""Posts in the calendar: put there, moved, taken out, imported, exported, and published on the minute."""

import asyncio
import datetime as dt
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import icalendar
import pytest

from pellacia_service.clock import SystemClock
from pellacia_service.domain.calendar_choice import Planned
from pellacia_service.facade import (
    BadInputError,
    ConflictError,
    Draft,
    OnConflict,
    Pellacia,
    PlanError,
    ProblemsError,
    RuleWords,
    Status,
    Step,
    Wish,
    open_pellacia,
)
from pellacia_service.sandbox.server import RunningSandbox
from pellacia_service.settings import Settings
from tests.flows.accounts import connect_all
from tests.flows.publishing import work
from tests.trouble import posts_in

MINUTE = dt.timedelta(minutes=1)


class ShiftedClock(SystemClock):
    """The machine's clock, which a test can put forward."""

    def __init__(self) -> None:
        self.ahead = dt.timedelta()

    def now(self) -> dt.datetime:
        return super().now() + self.ahead


@pytest.fixture
def shifted() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
async def program(settings: Settings, shifted: ShiftedClock) -> AsyncIterator[Pellacia]:
    """The program with its six accounts, in Berlin, by a clock that can be put forward."""
    here = settings.model_copy(update={"timezone": "Europe/Berlin"})
    async with open_pellacia(here, shifted) as opened:
        await connect_all(settings)
        yield opened


async def plan(
    program: Pellacia,
    clip: Path,
    at: str,
    *addresses: str,
    on_conflict: OnConflict = OnConflict.REJECT,
    title: str = "Hello",
) -> Planned:
    draft = Draft(file=clip, addresses=addresses or ("x",), title=title)
    return await program.calendar().planner().add(draft, Wish(at, "", on_conflict))


def next_year(text: str) -> str:
    return f"{dt.datetime.now(dt.UTC).year + 1}-{text}"


async def test_a_planned_post_keeps_wall_time_zone_and_the_rules_it_was_read_by(
    program: Pellacia, clip: Path, clip_sha256: str
) -> None:
    planned = await plan(program, clip, next_year("12-27 14:00"), "x", "youtube")

    stored = planned.view.stored
    assert stored.wall_time == next_year("12-27 14:00")
    assert stored.timezone == "Europe/Berlin"
    assert stored.tzdata_version
    assert stored.scheduled_at is not None
    assert f"{stored.scheduled_at:%m-%d %H:%M}" == "12-27 13:00"
    assert stored.sha256 == clip_sha256
    assert {one.due_at for one in planned.view.deliveries} == {stored.scheduled_at}


async def test_a_planned_post_is_left_alone_until_its_hour_and_published_then(
    program: Pellacia, clip: Path, sandbox: RunningSandbox, shifted: ShiftedClock
) -> None:
    planned = await plan(program, clip, "in 30 minutes", "x", "instagram")
    await work(program)
    assert posts_in(sandbox) == []

    shifted.ahead = 30 * MINUTE
    await work(program)

    view = await program.queue.show(planned.view.stored.id)
    assert view.status is Status.COMPLETED
    assert len(posts_in(sandbox)) == 2


async def test_the_same_clip_soon_after_is_rejected_and_writes_nothing(
    program: Pellacia, clip: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.mp4"
    shutil.copy(clip, copy)
    await plan(program, clip, next_year("12-27 14:00"))

    with pytest.raises(ConflictError, match="same clip"):
        await plan(program, copy, next_year("12-27 18:00"))

    page = await program.calendar().schedule.page()
    assert len(page.posts) == 1


async def test_what_another_account_plans_is_not_in_the_way(program: Pellacia, clip: Path) -> None:
    await plan(program, clip, next_year("12-27 14:00"), "x")

    await plan(program, clip, next_year("12-27 14:00"), "youtube")

    assert len((await program.calendar().schedule.page()).posts) == 2


async def test_the_rules_of_an_account_are_its_own(program: Pellacia, clip: Path) -> None:
    rules = RuleWords(quiet_hours="13:00-15:00", timezone="America/New_York")
    await program.calendar().rules.set_rules(["x"], rules)

    # 19:00 in Berlin is 13:00 in New York.
    with pytest.raises(ConflictError, match="quiet hours"):
        await plan(program, clip, next_year("12-27 19:00"), "x")

    await plan(program, clip, next_year("12-27 19:00"), "youtube")


async def test_slots_are_kept_for_each_account_and_the_next_free_one_is_taken(
    program: Pellacia, clip: Path
) -> None:
    rules = program.calendar().rules
    await rules.add_slots(["x"], on="daily", at="04:00,23:30")
    await rules.remove_slots(["x"], at="23:30")

    planned = await plan(program, clip, "next-slot", "x")

    [calendar] = await rules.of(["x"])
    assert [str(slot) for slot in calendar.slots][:2] == ["mon 04:00", "tue 04:00"]
    assert f"{planned.choice.moment.local:%H:%M}" == "04:00"


async def test_a_post_that_moves_is_published_at_its_new_hour(
    program: Pellacia, clip: Path, sandbox: RunningSandbox, shifted: ShiftedClock
) -> None:
    planned = await plan(program, clip, "in 10 minutes")
    moved = await program.calendar().schedule.move(planned.view.stored.id, Wish("in 40 minutes"))

    shifted.ahead = 11 * MINUTE
    await work(program)
    assert posts_in(sandbox) == []
    shifted.ahead = 41 * MINUTE
    await work(program)

    assert len(posts_in(sandbox)) == 1
    assert moved.view.stored.scheduled_at == moved.choice.moment.at


async def test_a_post_does_not_collide_with_itself_when_it_moves(
    program: Pellacia, clip: Path
) -> None:
    planned = await plan(program, clip, next_year("12-27 14:00"))

    moved = await program.calendar().schedule.move(
        planned.view.stored.id, Wish(next_year("12-27 14:05"))
    )

    assert moved.view.stored.wall_time == next_year("12-27 14:05")


async def test_a_cancelled_post_is_never_published_and_makes_room(
    program: Pellacia, clip: Path, sandbox: RunningSandbox, shifted: ShiftedClock
) -> None:
    planned = await plan(program, clip, "in 10 minutes")

    view = await program.calendar().schedule.cancel(planned.view.stored.id)

    assert view.status is Status.CANCELLED
    await plan(program, clip, "in 10 minutes", "youtube")
    await plan(program, clip, "in 11 minutes", "x")
    shifted.ahead = 10 * MINUTE
    await work(program)
    assert [post["platform"] for post in posts_in(sandbox)] == ["youtube"]


async def test_one_delivery_can_be_cancelled_and_the_others_stay(
    program: Pellacia, clip: Path
) -> None:
    planned = await plan(program, clip, "in 10 minutes", "x", "youtube")
    on_x = next(one for one in planned.view.deliveries if one.platform == "x")

    view = await program.calendar().schedule.cancel(on_x.id)

    assert {one.platform: one.status for one in view.deliveries} == {
        "x": Status.CANCELLED,
        "youtube": Status.PENDING,
    }


async def test_of_two_who_plan_the_same_time_at_once_one_is_rejected(
    program: Pellacia, clip: Path
) -> None:
    at = next_year("12-27 14:00")

    ended = await asyncio.gather(
        plan(program, clip, at), plan(program, clip, at), return_exceptions=True
    )

    assert [type(one) for one in ended if isinstance(one, Exception)] == [ConflictError]


async def test_what_is_published_cannot_be_cancelled(
    program: Pellacia, clip: Path, shifted: ShiftedClock
) -> None:
    planned = await plan(program, clip, "in 10 minutes")
    shifted.ahead = 10 * MINUTE
    await work(program)

    with pytest.raises(BadInputError, match="x is done"):
        await program.calendar().schedule.cancel(planned.view.stored.id)


async def test_a_few_minutes_late_is_published_and_marked_late(
    program: Pellacia, clip: Path, sandbox: RunningSandbox, shifted: ShiftedClock
) -> None:
    planned = await plan(program, clip, "in 10 minutes")

    shifted.ahead = 20 * MINUTE
    await work(program)

    journal = await program.queue.journal(planned.view.deliveries[0].id)
    assert len(posts_in(sandbox)) == 1
    assert any("late by 10 min" in entry.reason for entry in journal)


async def test_late_posts_of_an_account_do_not_come_in_a_burst(
    program: Pellacia, clip: Path, sandbox: RunningSandbox, shifted: ShiftedClock
) -> None:
    for title in ("One", "Two", "Three"):
        await plan(program, clip, "in 10 minutes", on_conflict=OnConflict.ALLOW, title=title)

    shifted.ahead = 15 * MINUTE
    await work(program)
    assert len(posts_in(sandbox)) == 1
    shifted.ahead = 26 * MINUTE
    await work(program)

    assert len(posts_in(sandbox)) == 2


async def test_a_missed_post_waits_for_a_decision_and_can_be_brought_back(
    program: Pellacia, clip: Path, sandbox: RunningSandbox, shifted: ShiftedClock
) -> None:
    planned = await plan(program, clip, "in 5 minutes")
    shifted.ahead = 45 * MINUTE
    await work(program)
    missed = await program.queue.show(planned.view.stored.id)
    assert missed.deliveries[0].step is Step.MISSED
    assert posts_in(sandbox) == []

    await program.queue.retry(planned.view.stored.id)
    await work(program)

    view = await program.queue.show(planned.view.stored.id)
    assert missed.status is Status.MISSED
    assert "queue retry" in (missed.deliveries[0].error or pytest.fail("no words")).message
    assert view.status is Status.COMPLETED


async def test_a_post_missed_by_more_than_a_day_is_closed(
    program: Pellacia, clip: Path, sandbox: RunningSandbox, shifted: ShiftedClock
) -> None:
    planned = await plan(program, clip, "in 5 minutes")

    shifted.ahead = dt.timedelta(hours=25)
    await work(program)

    [delivery] = (await program.queue.show(planned.view.stored.id)).deliveries
    assert delivery.step is Step.MISSED
    assert delivery.error is not None
    assert delivery.error.code == "missed_closed"
    assert posts_in(sandbox) == []


PLAN = """file,platforms,at,title,x.title
clip.mp4,"x, youtube",{year}-12-27 14:00,Hello,Only on X
clip.mp4,instagram,{year}-12-27 14:00,Hello,
clip.mp4,x,{year}-12-28 14:00,Again,
"""


def write_plan(folder: Path, clip: Path, text: str) -> Path:
    shutil.copy(clip, folder / "clip.mp4")
    path = folder / "plan.csv"
    path.write_text(text.format(year=dt.datetime.now(dt.UTC).year + 1))
    return path


async def test_a_table_is_planned_row_by_row(program: Pellacia, clip: Path, tmp_path: Path) -> None:
    path = write_plan(tmp_path, clip, PLAN)

    planned = await program.calendar().planner().add_table(path, OnConflict.REJECT)

    assert [one.view.stored.wall_time[5:] for one in planned] == [
        "12-27 14:00",
        "12-27 14:00",
        "12-28 14:00",
    ]
    assert planned[0].view.stored.post.content_for("x").title == "Only on X"
    assert len((await program.calendar().schedule.page()).posts) == 3


async def test_one_bad_row_keeps_the_whole_table_out_and_every_problem_is_named(
    program: Pellacia, clip: Path, tmp_path: Path
) -> None:
    text = PLAN + (
        "none.mp4,x,{year}-12-29 14:00,Hello,\n"
        "clip.mp4,myspace,{year}-12-29 14:00,Hello,\n"
        "clip.mp4,x,soon,Hello,\n"
        "clip.mp4,x,2020-01-01 14:00,Hello,\n"
        "clip.mp4,x,{year}-12-28 14:05,Too close,\n"
        "clip.mp4,,,,\n"
    )
    path = write_plan(tmp_path, clip, text)

    with pytest.raises(PlanError) as caught:
        await program.calendar().planner().add_table(path, OnConflict.REJECT)

    assert [(one.row, one.column) for one in caught.value.problems] == [
        (5, "file"),
        (6, "platforms"),
        (7, "at"),
        (8, "at"),
        (9, "at"),
        (10, "at"),
        (10, "platforms"),
    ]
    assert "row 9, column at" in str(caught.value)
    assert (await program.calendar().schedule.page()).posts == ()


async def test_an_exported_table_can_be_imported_again(
    program: Pellacia, clip: Path, tmp_path: Path
) -> None:
    path = write_plan(tmp_path, clip, PLAN)
    calendar = program.calendar()
    for one in await calendar.planner().add_table(path, OnConflict.REJECT):
        path.write_text(await calendar.schedule.as_csv())
        await calendar.schedule.cancel(one.view.stored.id)
    last = path.read_text()

    [again] = await calendar.planner().add_table(path, OnConflict.REJECT)

    assert "Again" in last
    assert again.view.stored.post.title == "Again"
    assert again.view.stored.wall_time == next_year("12-28 14:00")


async def test_an_exported_calendar_is_read_by_calendars(program: Pellacia, clip: Path) -> None:
    title = "Größe, zählt; " * 6
    planned = await plan(program, clip, next_year("12-27 14:00"), title=title.strip())

    text = await program.calendar().schedule.as_ics()

    [event] = icalendar.Calendar.from_ical(text).events
    assert title.strip() in str(event["summary"])
    assert event.start == planned.choice.moment.at
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75


async def test_a_post_that_breaks_a_platforms_rules_is_refused_before_it_is_planned(
    program: Pellacia, clip: Path
) -> None:
    with pytest.raises(ProblemsError):
        await plan(program, clip, next_year("12-27 14:00"), "youtube", title="x" * 200)

    assert (await program.calendar().schedule.page()).posts == ()


async def test_the_calendar_is_listed_in_order_and_in_pages(program: Pellacia, clip: Path) -> None:
    for day in (29, 27, 28):
        await plan(program, clip, next_year(f"12-{day} 14:00"), title=f"Day {day}")
    schedule = program.calendar().schedule

    first = await schedule.page(limit=2)
    second = await schedule.page(limit=2, cursor=first.next)

    assert [view.stored.post.title for view in first.posts] == ["Day 27", "Day 28"]
    assert [view.stored.post.title for view in second.posts] == ["Day 29"]
    assert second.next is None
