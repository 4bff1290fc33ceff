"""`schedule` as people and scripts use it: words in, sentences, JSON and exit codes out."""

import csv
import datetime as dt
import io
from dataclasses import replace
from pathlib import Path

import pytest

from tests.front_ends.command import CommandLine, Ended

YEAR = dt.datetime.now(dt.UTC).year + 1


@pytest.fixture
def run(pellacia: CommandLine) -> CommandLine:
    """The program in New York, with six accounts."""
    return replace(
        pellacia, environment={**pellacia.environment, "PELLACIA_TIMEZONE": "America/New_York"}
    )


def plan(run: CommandLine, clip: Path, at: str, *words: str) -> Ended:
    return run(
        "schedule", "--platforms", "x", "--file", str(clip), "--title", "Hi", "--at", at, *words
    )


def test_a_planned_post_is_answered_in_the_shape_of_a_post(run: CommandLine, clip: Path) -> None:
    ended = plan(run, clip, f"{YEAR}-06-27 14:00", "--json")

    assert ended.code == 0
    assert ended.document["status"] == "pending"
    assert ended.document["scheduled_at"] == f"{YEAR}-06-27T18:00:00Z"
    assert ended.document["timezone"] == "America/New_York"
    assert ended.document["wall_time"] == f"{YEAR}-06-27 14:00"
    assert [one["platform"] for one in ended.document["deliveries"]] == ["x"]


def test_the_zone_can_be_named(run: CommandLine, clip: Path) -> None:
    ended = plan(run, clip, f"{YEAR}-06-27 14:00", "--timezone", "Asia/Tokyo", "--json")

    assert ended.document["scheduled_at"] == f"{YEAR}-06-27T05:00:00Z"


def test_a_time_that_does_not_exist_is_said_out_loud(run: CommandLine, clip: Path) -> None:
    ended = plan(run, clip, "2027-03-14 02:30")

    assert ended.code == 0
    assert "does not exist in America/New_York" in ended.err
    assert "2027-03-14 03:30 EDT" in ended.out


@pytest.mark.parametrize("at", ["2020-01-01 10:00", "yesterday 9am", "soon", f"{YEAR}-06-27"])
def test_a_time_that_is_past_or_not_understood_is_refused(
    run: CommandLine, clip: Path, at: str
) -> None:
    ended = plan(run, clip, at)

    assert ended.code == 2
    assert ended.err


def test_a_collision_names_what_it_hits_and_the_nearest_free_times(
    run: CommandLine, clip: Path
) -> None:
    plan(run, clip, f"{YEAR}-06-27 14:00")

    ended = plan(run, clip, f"{YEAR}-06-27 14:05", "--json")

    error = ended.document["error"]
    assert ended.code == 2
    assert {one["rule"] for one in error["collisions"]} == {"minimum_gap", "same_clip"}
    assert error["free"] == [f"{YEAR}-06-26T18:00:00Z", f"{YEAR}-06-28T18:00:00Z"]
    assert "--on-conflict shift" in ended.err


def test_a_collision_can_be_shifted_or_allowed(run: CommandLine, clip: Path) -> None:
    plan(run, clip, f"{YEAR}-06-27 14:00")

    shifted = plan(run, clip, f"{YEAR}-06-27 14:05", "--on-conflict", "shift", "--json")
    allowed = plan(run, clip, f"{YEAR}-06-27 14:05", "--on-conflict", "allow", "--json")

    assert shifted.document["scheduled_at"] == f"{YEAR}-06-28T18:00:00Z"
    assert "Shifted from" in shifted.document["notes"][0]
    assert allowed.document["scheduled_at"] == f"{YEAR}-06-27T18:05:00Z"


def test_best_and_next_slot_say_how_they_chose(run: CommandLine, clip: Path) -> None:
    best = plan(run, clip, "best", "--dry-run", "--json")
    slot = plan(run, clip, "next-slot", "--dry-run", "--json")

    assert best.document["status"] == "checked"
    assert "no history yet" in best.document["notes"][0]
    assert "No recurring slots" in slot.document["notes"][0]
    assert run("schedule", "list", "--json").document == {"items": [], "next": None}


def test_a_plan_is_listed_moved_and_cancelled(run: CommandLine, clip: Path) -> None:
    post_id = plan(run, clip, f"{YEAR}-06-27 14:00", "--json").document["id"]

    moved = run("schedule", "move", "--id", post_id, "--at", f"{YEAR}-06-27 16:30", "--json")
    listed = run("schedule", "list")
    cancelled = run("schedule", "cancel", "--id", post_id, "--json")

    assert moved.document["scheduled_at"] == f"{YEAR}-06-27T20:30:00Z"
    assert f"{YEAR}-06-27 16:30 EDT" in listed.out
    assert cancelled.document["status"] == "cancelled"
    assert run("schedule", "list", "--json").document["items"] == []
    assert len(run("schedule", "list", "--all", "--json").document["items"]) == 1


@pytest.mark.parametrize("command", [("move", "--at", "tomorrow 9am"), ("cancel",)])
def test_a_post_that_does_not_exist_is_not_found(
    run: CommandLine, command: tuple[str, ...]
) -> None:
    ended = run("schedule", *command, "--id", "00000000-0000-0000-0000-000000000000")

    assert ended.code == 6


def test_a_table_is_exported_in_three_forms_and_imported(
    run: CommandLine, clip: Path, tmp_path: Path
) -> None:
    plan(run, clip, f"{YEAR}-06-27 14:00")

    ics = run("schedule", "export", "--format", "ics")
    as_csv = run("schedule", "export", "--format", "csv")
    as_json = run("schedule", "export", "--format", "json")
    run("schedule", "export", "--format", "csv", "--output", str(tmp_path / "plan.csv"))

    [row] = csv.DictReader(io.StringIO(as_csv.out))
    assert f"DTSTART:{YEAR}0627T180000Z" in ics.out
    assert row["at"] == f"{YEAR}-06-27 14:00"
    assert len(as_json.document["items"]) == 1
    again = run(
        "schedule", "import", str(tmp_path / "plan.csv"), "--on-conflict", "shift", "--json"
    )
    assert again.code == 0
    assert len(again.document["items"]) == 1


def test_an_export_that_cannot_be_written_says_so(run: CommandLine, tmp_path: Path) -> None:
    ended = run("schedule", "export", "--output", str(tmp_path / "none" / "plan.ics"))

    assert ended.code == 2
    assert "--output FILE" in ended.err


def test_a_bad_table_is_refused_with_row_and_column(run: CommandLine, tmp_path: Path) -> None:
    table = tmp_path / "plan.csv"
    table.write_text("file,platforms,at\nnone.mp4,myspace,tomorrow 9am\n")

    ended = run("schedule", "import", str(table), "--json")

    assert ended.code == 2
    [problem] = ended.document["error"]["problems"]
    assert (problem["row"], problem["column"]) == (2, "platforms")
    assert "row 2, column platforms" in ended.err


@pytest.mark.parametrize(
    "text", ["", "file,at\nx.mp4,now\n", "file,platforms,at,colour\n", 'file,platforms,at\n"x\n']
)
def test_what_is_no_plan_is_refused(run: CommandLine, tmp_path: Path, text: str) -> None:
    table = tmp_path / "plan.csv"
    table.write_text(text)

    assert run("schedule", "import", str(table)).code == 2


def test_rules_and_slots_are_set_and_shown(run: CommandLine) -> None:
    run("schedule", "slots", "add", "--platforms", "x", "--on", "weekdays", "--at", "9:00,18:30")
    run("schedule", "slots", "remove", "--platform", "x", "--on", "fri")
    slots = run("schedule", "slots", "list", "--platform", "x", "--json")
    rules = run(
        *("schedule", "rules", "set", "--platform", "x", "--minimum-gap", "30", "--daily-cap", "3"),
        *("--quiet-hours", "22:00-07:00", "--same-clip", "48", "--json"),
    )
    reset = run("schedule", "rules", "reset", "--platform", "x", "--json")

    [item] = slots.document["items"]
    assert item["slots"][:2] == ["mon 09:00", "mon 18:30"]
    assert len(item["slots"]) == 8
    [item] = rules.document["items"]
    assert item["minimum_gap_minutes"] == 30
    assert item["daily_cap"] == 3
    assert item["same_clip_hours"] == 48
    assert item["quiet_hours"] == "22:00-07:00"
    assert reset.document["items"][0]["minimum_gap_minutes"] == 10


@pytest.mark.parametrize(
    "words",
    [
        ("--quiet-hours", "late"),
        ("--timezone", "Mars/Olympus"),
        ("--quiet-hours", "9:00-9:00"),
        ("--daily-cap", "-1"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(run: CommandLine, words: tuple[str, str]) -> None:
    assert run("schedule", "rules", "set", "--platform", "x", *words).code == 2


def test_without_a_file_or_a_time_it_says_what_is_missing(run: CommandLine) -> None:
    ended = run("schedule")

    assert ended.code == 2
    assert "--file FILE" in ended.err
