"""The queue, the accounts and the schema, as people and scripts see them."""

import uuid
from pathlib import Path

import pytest

from tests.front_ends.command import CommandLine

LISTED = {
    "id", "status", "deliveries", "title", "scheduled_at", "timezone", "file", "created_at",
}  # fmt: skip


@pytest.fixture
def queued(pellacia: CommandLine, clip: Path) -> str:
    """The id of a post for X that waits for a worker."""
    words = ["--file", str(clip), "--title", "Hi 👨‍👩‍👧‍👦", "--no-wait", "--json"]
    return str(pellacia("upload", "--platform", "x", *words).document["id"])


def test_an_empty_queue_says_how_to_begin(empty: CommandLine) -> None:
    ended = empty("queue", "list")

    assert ended.out == "The queue is empty. Publish something: pellacia-dist upload --help\n"


def test_the_queue_is_counted_by_status(pellacia: CommandLine, queued: str) -> None:
    document = pellacia("queue", "status", "--json").document

    assert (document["total"], document["deliveries"]["pending"]) == (1, 1)
    assert pellacia("queue", "status").out == "·      1  pending\n"


def test_a_listed_post_has_exactly_the_names_that_scripts_rely_on(
    pellacia: CommandLine, queued: str, clip: Path
) -> None:
    document = pellacia("queue", "list", "--json").document

    [post] = document["items"]
    assert (set(document), document["next"]) == ({"items", "next"}, None)
    assert set(post) == LISTED
    assert (post["id"], post["file"]) == (queued, str(clip))
    assert post["created_at"].endswith("Z")


def test_a_list_goes_on_where_the_page_before_ended(
    pellacia: CommandLine, queued: str, clip: Path
) -> None:
    pellacia("upload", "--platform", "x", "--file", str(clip), "--title", "Second", "--no-wait")

    first = pellacia("queue", "list", "--limit", "1", "--json").document
    second = pellacia("queue", "list", "--limit", "1", "--cursor", first["next"], "--json").document

    titles = [page["items"][0]["title"] for page in (first, second)]
    assert titles == ["Second", "Hi 👨‍👩‍👧‍👦"]
    assert second["next"] is None


def test_a_list_can_be_narrowed_to_a_status(pellacia: CommandLine, queued: str) -> None:
    assert pellacia("queue", "list", "--status", "failed").out == "No failed posts.\n"
    assert queued in pellacia("queue", "list", "--status", "pending").out


def test_a_family_stays_together_on_the_screen(pellacia: CommandLine, queued: str) -> None:
    assert pellacia("queue", "list").out.startswith("Hi 👨‍👩‍👧‍👦  pending  ")


def test_a_post_is_shown_with_its_deliveries(pellacia: CommandLine, queued: str) -> None:
    document = pellacia("queue", "show", "--id", queued, "--json").document
    by_delivery = pellacia("queue", "show", "--id", document["deliveries"][0]["id"], "--json")

    assert set(document) == LISTED
    assert by_delivery.document == document
    assert queued in pellacia("queue", "show", "--id", queued).out


@pytest.mark.parametrize("words", [["show"], ["retry"], ["resolve", "--not-published"]])
def test_what_does_not_exist_is_exit_6(words: list[str], empty: CommandLine) -> None:
    missing = str(uuid.uuid4())

    ended = empty("queue", *words, "--id", missing, "--json")

    assert ended.code == 6
    assert missing in ended.message


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "--id", "x"], "'x' is no id of a post or a delivery"),
        (["retry"], "Say what to try again"),
        (["retry", "--status", "held"], "Say what to try again"),
        (["resolve", "--id", "x"], "Say how it is"),
        (["resolve", "--id", "x", "--published", "a", "--not-published"], "Say how it is"),
        (["resolve", "--id", "x", "--published", "there"], "'there' is no link"),
        (["list", "--cursor", "x"], "'x' is no cursor"),
    ],
)
def test_orders_that_cannot_be_followed_are_exit_2(
    words: list[str], said: str, empty: CommandLine
) -> None:
    ended = empty("queue", *words, "--json")

    assert ended.code == 2
    assert said in ended.message


def test_only_what_has_failed_can_be_tried_again(pellacia: CommandLine, queued: str) -> None:
    assert pellacia("queue", "retry", "--id", queued).code == 2
    assert pellacia("queue", "retry", "--status", "failed").out == "Nothing has failed.\n"


def test_a_worker_with_nothing_to_do_ends_well(empty: CommandLine) -> None:
    ended = empty("worker", "--until-idle", "--json")

    assert (ended.code, ended.document) == (0, {"carried": {}, "deliveries": {}})


def test_the_accounts_are_listed_without_a_token(pellacia: CommandLine) -> None:
    ended = pellacia("auth", "status", "--json")

    assert [account["platform"] for account in ended.document["items"]] == [
        "youtube", "instagram", "tiktok", "x", "linkedin", "facebook",
    ]  # fmt: skip
    assert set(ended.document["items"][0]) == {
        "platform", "label", "name", "ids", "scopes", "missing", "expires_at", "refreshable_until",
        "reconnect_by", "why", "health", "last_used", "posts_after",
    }  # fmt: skip
    assert "token" not in ended.out
    told = pellacia("auth", "status").out.splitlines()
    assert "✓ youtube    Sandbox default" in told
    assert "✓ instagram  sandbox_default" in told


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["myspace"], 2, "no platform called 'myspace'"),
        (["x", "--yes", "--label", "a,b"], 2, "--label 'a,b' cannot be used"),
        (["x", "--yes", "--label", ""], 2, "--label '' cannot be used"),
    ],
)
def test_an_account_that_cannot_be_named_is_refused(
    words: list[str], code: int, said: str, empty: CommandLine
) -> None:
    ended = empty("auth", "login", *words, "--json")

    assert ended.code == code
    assert said in ended.message


def test_only_the_sandbox_approves_by_itself(empty: CommandLine) -> None:
    real = {"PELLACIA_SANDBOX_URL": "", "PELLACIA_X_CLIENT_ID": "app"}

    ended = empty("auth", "login", "x", "--yes", "--json", **real)

    assert ended.code == 2
    assert "--yes works in the sandbox only" in ended.message


def test_the_schema_goes_down_one_by_one_and_up_again(empty: CommandLine) -> None:
    newest = empty("db", "upgrade", "--json").document["revision"]

    back = empty("db", "downgrade", "-1", "--yes", "--json").document["revision"]
    base = empty("db", "downgrade", "base", "--yes", "--json").document["revision"]
    now = empty("db", "current")

    assert back != newest
    assert base is None
    assert (now.code, now.out) == (0, "The database has no tables yet.\n")
    assert empty("db", "upgrade").out == f"{newest}\n"


def test_a_revision_that_there_is_not_is_refused_with_those_there_are(empty: CommandLine) -> None:
    empty("db", "upgrade")

    ended = empty("db", "downgrade", "0815", "--yes", "--json")

    assert ended.code == 2
    assert "Choose from: base, 0001" in ended.message
