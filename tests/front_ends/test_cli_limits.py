"""`limits`, `queue pause`, `queue resume` and `queue clear`, as scripts and people read them."""

from pathlib import Path

import pytest

from tests.front_ends.command import CommandLine, Ended
from tests.postgres import ServerAddress, place_for


def upload(
    pellacia: CommandLine, clip: Path, platform: str, *more: str, **environment: str
) -> Ended:
    words = ["--platform", platform, "--file", str(clip), "--title", "Hello", "--json", *more]
    return pellacia("upload", *words, **environment)


def limit(pellacia: CommandLine, platform: str, kind: str, **environment: str) -> dict[str, object]:
    items = pellacia("limits", "--json", **environment).document["items"]
    [found] = [item for item in items if (item["platform"], item["kind"]) == (platform, kind)]
    return dict(found)


def test_before_anything_is_published_all_of_every_limit_is_left(pellacia: CommandLine) -> None:
    document = pellacia("limits", "--json").document

    assert document["next"] is None
    assert {item["platform"] for item in document["items"]} == {
        *("youtube", "instagram", "tiktok", "x", "linkedin", "facebook")
    }
    assert {item["used"] for item in document["items"]} == {0}
    assert {item["resets_at"] for item in document["items"]} == {None}


def test_an_upload_is_missing_from_the_limit_until_midnight_in_california(
    pellacia: CommandLine, clip: Path
) -> None:
    upload(pellacia, clip, "youtube")

    uploads = limit(pellacia, "youtube", "uploads")

    assert (uploads["account"], uploads["limit"], uploads["used"], uploads["left"]) == (
        *(None, 100, 1, 99),
    )
    assert str(uploads["resets_at"])[11:] in {"07:00:00Z", "08:00:00Z"}
    assert uploads["blocked_until"] is None


def test_people_read_it_in_their_own_zone(pellacia: CommandLine, clip: Path) -> None:
    upload(pellacia, clip, "youtube")

    shown = pellacia("limits", PELLACIA_TIMEZONE="Asia/Tokyo").out

    [line] = [line for line in shown.splitlines() if "uploads" in line and "youtube" in line]
    assert "99 left of 100 in a day" in line
    assert line.endswith(("16:00:00 JST", "17:00:00 JST"))


def test_an_empty_budget_lets_the_post_wait_and_says_until_when(
    pellacia: CommandLine, clip: Path
) -> None:
    limits = {"PELLACIA_LIMITS": '{"youtube.uploads": 1}'}
    upload(pellacia, clip, "youtube", **limits)

    ended = upload(pellacia, clip, "youtube", **limits)

    [delivery] = ended.document["deliveries"]
    assert ended.code == 8
    assert delivery["error"]["kind"] == "rate_limit"
    assert delivery["error"]["retry_at"] == limit(pellacia, "youtube", "uploads")["resets_at"]


def test_a_budget_that_is_not_known_is_refused_with_those_that_are(pellacia: CommandLine) -> None:
    ended = pellacia("limits", "--json", PELLACIA_LIMITS='{"youtube.uplods": 1}')

    assert ended.code != 0
    assert "youtube.uploads" in ended.message


def test_nobody_connected_has_no_limits(empty: CommandLine) -> None:
    assert empty("limits", "--json").document == {"items": [], "next": None}
    assert "auth login" in empty("limits").out


def test_what_is_paused_is_not_published_until_it_is_resumed(
    pellacia: CommandLine, clip: Path
) -> None:
    assert pellacia("queue", "pause", "--platform", "twitter", "--json").document == {
        "paused": ["x"]
    }
    upload(pellacia, clip, "x", "--no-wait")
    pellacia("worker", "--until-idle")
    assert pellacia.posts()[0]["status"] == "pending"

    assert pellacia("queue", "resume", "--json").document == {"paused": []}
    pellacia("worker", "--until-idle")

    assert pellacia.posts()[0]["status"] == "completed"


def test_a_platform_without_an_account_cannot_be_paused(empty: CommandLine) -> None:
    assert empty("queue", "pause", "--platform", "x").code == 3
    assert empty("queue", "pause", "--platform", "nowhere").code == 2


def test_clearing_removes_posts_that_are_over_and_no_others(
    pellacia: CommandLine, clip: Path
) -> None:
    upload(pellacia, clip, "youtube")
    upload(pellacia, clip, "x", "--no-wait")

    assert pellacia("queue", "clear", "--status", "failed", "--json").document["cleared"] == 0
    cleared = pellacia("queue", "clear", "--status", "completed", "--json")

    assert (cleared.code, cleared.document["cleared"]) == (0, 1)
    assert [post["deliveries"][0]["platform"] for post in pellacia.posts()] == ["x"]


@pytest.mark.parametrize("status", ["pending", "processing", "held"])
def test_what_is_not_over_cannot_be_cleared(pellacia: CommandLine, status: str) -> None:
    ended = pellacia("queue", "clear", "--status", status, "--json")

    assert ended.code == 2
    assert "completed" in ended.message


async def test_clearing_works_on_a_server_as_well(
    pellacia: CommandLine, tmp_path: Path, postgres: ServerAddress
) -> None:
    async with place_for("postgresql", tmp_path, postgres) as address:
        command = CommandLine(
            pellacia.home, {**pellacia.environment, "PELLACIA_DATABASE_URL": address}
        )

        ended = command.run("queue", "clear", "--status", "completed", "--json")

    assert ended.document == {"cleared": 0, "status": "completed"}
