"""Publishing from the command line: its answers and its exit codes."""

import datetime as dt
import json
from pathlib import Path

import pytest

from pellacia_service.facade import PLATFORM_NAMES
from pellacia_service.sandbox.server import RunningSandbox
from tests.front_ends.command import CommandLine
from tests.trouble import make_trouble, posts_in, requests_in

DELIVERY = {
    "id", "platform", "account", "status", "step", "post_id", "url", "bytes_sent", "sha256",
    "attempts", "started_at", "completed_at", "error", "due_at", "published_at",
    "lateness_seconds", "warnings",
}  # fmt: skip


def test_one_command_publishes_one_file_on_all_six(
    pellacia: CommandLine, clip: Path, clip_sha256: str, sandbox: RunningSandbox
) -> None:
    ended = pellacia.run(
        "upload", "--platforms", "all", "--file", str(clip), "--title", "Hi", "--json"
    )

    post = ended.document
    assert ended.code == 0
    assert set(post) == {"id", "status", "deliveries"}
    assert post["status"] == "completed"
    assert sorted(one["platform"] for one in post["deliveries"]) == sorted(PLATFORM_NAMES)
    assert {one["sha256"] for one in post["deliveries"]} == {clip_sha256}
    assert {one["id"] for one in posts_in(sandbox)} == {
        one["post_id"] for one in post["deliveries"]
    }


def test_a_delivery_has_exactly_the_names_that_scripts_rely_on(
    pellacia: CommandLine, clip: Path
) -> None:
    ended = pellacia(
        "upload", "--platform", "facebook", "--file", str(clip), "--title", "Hi", "--json"
    )

    [delivery] = ended.document["deliveries"]
    assert set(delivery) == DELIVERY
    assert (delivery["account"], delivery["status"], delivery["attempts"]) == (
        "default",
        "completed",
        1,
    )
    assert delivery["bytes_sent"] == clip.stat().st_size
    assert delivery["error"] is None
    started, completed = (
        dt.datetime.fromisoformat(delivery[name]) for name in ("started_at", "completed_at")
    )
    assert started.utcoffset() == dt.timedelta(0)
    assert started < completed


def test_people_get_the_links(pellacia: CommandLine, clip: Path) -> None:
    ended = pellacia(
        "upload", "--platforms", "youtube,facebook", "--file", str(clip), "--title", "Hi"
    )

    head, youtube, facebook = ended.out.splitlines()
    assert head.startswith("Hi  completed  ")
    assert facebook.startswith("  ✓ facebook  published     https://www.facebook.com/reel/")
    assert youtube.startswith("  ✓ youtube   published     https://www.youtube.com/")


def test_twitter_is_x(pellacia: CommandLine, clip: Path) -> None:
    ended = pellacia(
        "upload",
        "--platforms",
        "twitter,X",
        "--file",
        str(clip),
        "--title",
        "Hi",
        "--dry-run",
        "--json",
    )

    assert [one["platform"] for one in ended.document["deliveries"]] == ["x"]


def test_a_second_account_of_a_platform_is_named_by_its_label(
    pellacia: CommandLine, clip: Path, sandbox: RunningSandbox
) -> None:
    pellacia("auth", "login", "youtube", "--label", "nina", "--yes")

    ended = pellacia(
        "upload", "--platform", "youtube:nina", "--file", str(clip), "--title", "Hi", "--json"
    )

    assert [one["account"] for one in ended.document["deliveries"]] == ["nina"]
    assert len(posts_in(sandbox, "youtube")) == 1


def test_no_wait_queues_and_a_worker_publishes(
    pellacia: CommandLine, clip: Path, sandbox: RunningSandbox
) -> None:
    words = ["upload", "--platform", "facebook", "--file", str(clip), "--title", "Hi"]

    queued = pellacia(*words, "--no-wait", "--json")
    before = posts_in(sandbox)
    worked = pellacia("worker", "--until-idle", "--concurrency", "1", "--json")

    assert (queued.code, queued.document["status"], before) == (0, "pending", [])
    assert (worked.code, worked.document["carried"]) == (0, {"completed": 1})
    assert len(posts_in(sandbox)) == 1


def test_a_dry_run_sends_and_writes_nothing(
    pellacia: CommandLine, clip: Path, sandbox: RunningSandbox
) -> None:
    ended = pellacia(
        "upload", "--platforms", "all", "--file", str(clip), "--title", "Hi", "--dry-run"
    )

    assert ended.code == 0
    assert ended.out == "✓ youtube, instagram, tiktok, x, linkedin, facebook\n"
    assert (pellacia.posts(), requests_in(sandbox)) == ([], [])


def test_a_dry_run_answers_in_the_shape_of_a_post(pellacia: CommandLine, clip: Path) -> None:
    words = ["--file", str(clip), "--title", "x" * 101, "--dry-run", "--json"]

    ended = pellacia("upload", "--platforms", "youtube,facebook", *words)

    youtube, facebook = ended.document["deliveries"]
    assert (ended.code, ended.document["status"]) == (2, "checked")
    assert set(youtube) == DELIVERY - {"step"} | {"problems"}
    assert youtube["problems"] == [
        {
            "field": "title",
            "rule": "max_length",
            "limit": "100 characters",
            "actual": "101 characters",
            "message": "The title has 101 characters; YouTube takes 100.",
            "fix": "Shorten the title by 1 characters.",
        }
    ]
    assert facebook["problems"] == []


def test_a_refusal_lists_all_problems_of_all_platforms_and_queues_nothing(
    pellacia: CommandLine, clip: Path
) -> None:
    words = ["upload", "--platforms", "all", "--file", str(clip), "--title", "x" * 3001]

    said = pellacia(*words)
    answered = pellacia(*words, "--json")

    assert (said.code, answered.code) == (2, 2)
    assert all(f"✗ {name}\n" in said.err for name in PLATFORM_NAMES)
    assert "Nothing was queued and nothing was sent." in said.err
    assert {one["error"]["kind"] for one in answered.document["deliveries"]} == {"validation"}
    assert len(answered.document["deliveries"]) == 6
    assert pellacia.posts() == []


def test_a_metadata_file_has_words_for_all_and_for_one(
    pellacia: CommandLine, clip: Path, tmp_path: Path, sandbox: RunningSandbox
) -> None:
    metadata = tmp_path / "clip.json"
    fields = {
        "title": "For all", "description": None, "hashtags": ["one", "#two"], "privacy": "public",
        "platforms": ["youtube", "x"], "x": {"title": "For X", "hashtags": ""},
        "youtube": {"privacy": "unlisted", "made_for_kids": False}, "resolution": "1080x1920",
    }  # fmt: skip
    metadata.write_text(json.dumps(fields), encoding="utf-8-sig")

    ended = pellacia("upload", "--file", str(clip), "--metadata", str(metadata))

    posts = {post["platform"]: post for post in posts_in(sandbox)}
    assert ended.code == 0, ended.err
    assert set(posts) == {"youtube", "x"}
    assert (posts["youtube"]["title"], posts["youtube"]["state"]) == ("For all", "unlisted")
    assert posts["x"]["text"].split() == ["For", "X"]


def test_what_is_typed_wins_over_the_metadata_file(
    pellacia: CommandLine, clip: Path, tmp_path: Path, sandbox: RunningSandbox
) -> None:
    metadata = tmp_path / "clip.json"
    metadata.write_text('{"title": "Filed", "youtube": {"privacy": "public"}}')
    words = ["--metadata", str(metadata), "--title", "Typed", "--set", "youtube.privacy=private"]

    pellacia("upload", "--platform", "youtube", "--file", str(clip), *words)

    [post] = posts_in(sandbox)
    assert (post["title"], post["state"]) == ("Typed", "private")


@pytest.mark.parametrize(
    ("do", "path", "code", "status", "kind"),
    [
        ({"status": 400, "body": {}}, "/upload/youtube", 5, "failed", "validation"),
        ({"status": 429, "headers": {"Retry-After": "3600"}}, "/upload/youtube", 8, "processing", "rate_limit"),
    ],
)  # fmt: skip
def test_the_exit_code_says_what_became_of_it(
    do: dict[str, object], path: str, code: int, status: str, kind: str,
    pellacia: CommandLine, clip: Path, sandbox: RunningSandbox,
) -> None:  # fmt: skip
    make_trouble(sandbox, do, path=path, times=9)

    ended = pellacia(
        "upload", "--platform", "youtube", "--file", str(clip), "--title", "Hi", "--json"
    )

    [delivery] = ended.document["deliveries"]
    assert (ended.code, ended.document["status"]) == (code, status)
    assert delivery["error"]["kind"] == kind
    assert set(delivery["error"]) == {"kind", "code", "message", "retry_at"}


def test_one_failure_of_two_is_exit_4(
    pellacia: CommandLine, clip: Path, sandbox: RunningSandbox
) -> None:
    make_trouble(sandbox, {"status": 400, "body": {}}, path="/upload/youtube", times=9)

    ended = pellacia(
        "upload", "--platforms", "youtube,facebook", "--file", str(clip), "--title", "Hi", "--json"
    )

    assert (ended.code, ended.document["status"]) == (4, "partial")


def test_an_account_that_must_sign_in_is_exit_3(
    pellacia: CommandLine, clip: Path, sandbox: RunningSandbox
) -> None:
    make_trouble(sandbox, {"status": 401, "body": {}}, path="/upload/youtube", times=9)

    ended = pellacia("upload", "--platform", "youtube", "--file", str(clip), "--title", "Hi")

    assert ended.code == 3
    assert "pellacia-dist auth login youtube" in ended.out


def test_an_outcome_that_nobody_knows_is_exit_7_and_a_person_settles_it(
    pellacia: CommandLine, clip: Path, sandbox: RunningSandbox
) -> None:
    make_trouble(sandbox, {"status": 503, "body": ""}, path="/2/tweets", method="POST")
    ended = pellacia("upload", "--platform", "x", "--file", str(clip), "--title", "Hi", "--json")
    [held] = ended.document["deliveries"]

    listed = pellacia("queue", "list", "--status", "held", "--json").document["items"]
    settled = pellacia("queue", "resolve", "--id", held["id"], "--not-published")
    worked = pellacia("worker", "--until-idle")

    assert (ended.code, held["status"], held["error"]["kind"]) == (7, "held", "unknown_outcome")
    assert held["id"] in held["error"]["message"]
    assert [post["id"] for post in listed] == [ended.document["id"]]
    assert (settled.code, worked.code) == (0, 0)
    assert len(posts_in(sandbox, "x")) == 1


def test_the_demo_publishes_on_all_six_shows_the_links_and_keeps_what_it_made(
    empty: CommandLine,
) -> None:
    ended = empty.run("demo", "--no-tui", "--json", "--keep", str(empty.home))

    assert (ended.code, ended.document["status"]) == (0, "completed")
    assert len(ended.document["deliveries"]) == 6
    assert ended.err.count("published     https://") == 6
    assert f"PELLACIA_HOME={empty.home} pellacia-dist queue list" in ended.err
    assert "Warning" not in ended.err
    assert [post["id"] for post in empty.posts()] == [ended.document["id"]]


def test_accounts_are_shown_in_the_order_in_which_they_were_named(
    pellacia: CommandLine, clip: Path
) -> None:
    named = ["x", "facebook", "youtube", "linkedin"]
    words = ["--platforms", ",".join(named), "--file", str(clip), "--title", "Hi"]
    pellacia("upload", *words, "--no-wait")

    [post] = pellacia.posts()

    assert [delivery["platform"] for delivery in post["deliveries"]] == named
