"""`auth status` and `auth refresh`, and the warnings at posts that a sign-in does not live to see."""

import asyncio
import datetime as dt
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pellacia_service.clock import SystemClock
from pellacia_service.domain.names import split_address
from pellacia_service.platform_kit.lives import outlook
from pellacia_service.settings import Settings
from pellacia_service.wiring.network import open_vault
from pellacia_service.wiring.records import open_records
from tests.front_ends.command import CommandLine, Ended

DAY = dt.timedelta(days=1)


def age(pellacia: CommandLine, address: str, days: int, **changes: Any) -> None:
    """Let an account's sign-in be so many days older than it is."""

    async def change() -> None:
        settings = Settings(home=pellacia.home, database_url="")
        async with open_records(settings, SystemClock()) as records:
            vault = await open_vault(settings, records.database)
            async with records.database.write() as tx:
                account = await tx.accounts.find(*split_address(address))
                tokens = vault.open(await tx.credentials.stored(address))
                older = {
                    name: instant - days * DAY
                    for name in ("expires_at", "issued_at", "signed_in_at", "refresh_ends_at")
                    if (instant := getattr(tokens, name))
                }
                tokens = replace(tokens, **{**older, **changes})
                await tx.credentials.put(
                    account,
                    partial(vault.seal, tokens, account),
                    updated_at=dt.datetime.now(dt.UTC),
                    outlook=outlook(account.platform, tokens),
                )

    asyncio.run(change())


def item(ended: Ended, platform: str) -> dict[str, Any]:
    [found] = [one for one in ended.document["items"] if one["platform"] == platform]
    return dict(found)


def schedule(pellacia: CommandLine, clip: Path, days: int, *more: str) -> Ended:
    at = (dt.datetime.now(dt.UTC) + days * DAY).strftime("%Y-%m-%d %H:%M")
    return pellacia(
        "schedule", "--file", str(clip), "--platforms", "linkedin,x", "--title", "Later",
        "--at", at, "--timezone", "UTC", *more,
    )  # fmt: skip


def test_scripts_read_who_what_until_when_and_how_it_stands(pellacia: CommandLine) -> None:
    ended = pellacia("auth", "status", "--json")

    assert ended.code == 0
    linkedin, x = item(ended, "linkedin"), item(ended, "x")
    assert (linkedin["label"], linkedin["name"]) == ("default", "Sandbox default")
    assert linkedin["scopes"] == ["openid", "profile", "w_member_social"]
    assert linkedin["reconnect_by"] == linkedin["expires_at"]
    assert "60 days" in linkedin["why"]
    assert (linkedin["health"], linkedin["posts_after"], linkedin["missing"]) == ("ok", 0, [])
    assert (x["reconnect_by"], x["health"]) == (None, "ok")
    assert item(ended, "instagram")["reconnect_by"] is not None
    assert item(ended, "facebook")["reconnect_by"] is None


def test_people_read_it_within_80_columns(pellacia: CommandLine) -> None:
    age(pellacia, "linkedin", 55)

    ended = pellacia("auth", "status", PELLACIA_TIMEZONE="Europe/Berlin")

    assert max(map(len, ended.out.splitlines())) <= 80
    assert "✓ x" in ended.out
    assert "! linkedin" in ended.out
    assert "expiring: sign in again before 20" in ended.out
    assert "CET" in ended.out or "CEST" in ended.out
    assert "Allowed: openid, profile, w_member_social" in ended.out


def test_what_was_not_allowed_is_named_with_what_does_not_work(pellacia: CommandLine) -> None:
    age(pellacia, "tiktok", 0, scopes=("user.info.basic", "user.info.profile", "video.publish"))

    people, scripts = pellacia("auth", "status"), pellacia("auth", "status", "--json")

    assert "Not allowed: video.list, so its figures cannot be fetched." in people.out
    assert item(scripts, "tiktok")["missing"] == [
        {"scope": "video.list", "without": "its figures cannot be fetched"}
    ]


def test_sixty_one_days_later_the_status_says_so_and_signing_in_again_mends_it(
    pellacia: CommandLine,
) -> None:
    age(pellacia, "linkedin", 61)

    late = pellacia("auth", "status")
    again = pellacia("auth", "login", "linkedin", "--yes")
    mended = pellacia("auth", "status", "--json")

    assert late.code == 3
    assert "✗ linkedin" in late.out
    assert "must sign in again" in late.out
    assert "pellacia-dist auth login linkedin" in late.out
    assert (again.code, mended.code, item(mended, "linkedin")["health"]) == (0, 0, "ok")


def test_a_key_that_is_missing_is_told_of_and_is_exit_3(pellacia: CommandLine) -> None:
    from cryptography.fernet import Fernet

    other = Fernet.generate_key().decode()

    ended = pellacia("auth", "status", "--json", PELLACIA_SECRET_KEYS=other)

    assert ended.code == 3
    assert {one["health"] for one in ended.document["items"]} == {"unknown_key"}
    assert item(ended, "x")["scopes"] == []


def test_a_post_that_its_sign_in_does_not_live_to_see_is_marked_wherever_it_is_shown(
    pellacia: CommandLine, clip: Path
) -> None:
    age(pellacia, "linkedin", 10)
    planned = schedule(pellacia, clip, 51, "--json").document
    post_id = planned["id"]
    everywhere = {
        "schedule": planned,
        "queue list": pellacia("queue", "list", "--json").document["items"][0],
        "queue show": pellacia("queue", "show", "--id", post_id, "--json").document,
        "schedule list": pellacia("schedule", "list", "--json").document["items"][0],
    }
    for where, post in everywhere.items():
        warned = {one["platform"]: one["warnings"] for one in post["deliveries"]}
        assert warned["x"] == [], where
        [sentence] = warned["linkedin"]
        assert "sign in again before that: pellacia-dist auth login linkedin" in sentence, where
    for words in (("queue", "list"), ("queue", "show", "--id", post_id), ("schedule", "list")):
        assert "⚠ The sign-in of linkedin ends on" in pellacia(*words).out, words
    assert pellacia("queue", "status", "--json").document["endangered"] == 1
    assert "1 of them" in pellacia("queue", "status").err
    assert item(pellacia("auth", "status", "--json"), "linkedin")["posts_after"] == 1


def test_a_person_is_warned_at_the_moment_of_scheduling(pellacia: CommandLine, clip: Path) -> None:
    age(pellacia, "linkedin", 10)

    assert "⚠" not in schedule(pellacia, clip, 20).out
    assert "⚠ The sign-in of linkedin ends on" in schedule(pellacia, clip, 52).out


def test_a_sign_in_is_renewed_when_a_person_says_so(pellacia: CommandLine) -> None:
    # Of its own: a copied home shows refresh tokens that work once a second time.
    assert pellacia("auth", "login", "x", "--yes").code == 0
    before = item(pellacia("auth", "status", "--json"), "x")

    ended = pellacia("auth", "refresh", "x", "--json")

    assert ended.code == 0
    assert item(ended, "x")["expires_at"] > before["expires_at"]
    assert item(ended, "x")["last_used"] is not None


@pytest.mark.parametrize(("days", "code"), [(0, 0), (61, 3)])
def test_all_can_be_renewed_at_once_and_what_cannot_is_exit_3_when_it_is_over(
    pellacia: CommandLine, days: int, code: int
) -> None:
    assert pellacia("auth", "login", "all", "--yes").code == 0
    age(pellacia, "linkedin", days)

    ended = pellacia("auth", "refresh", "all", "--json")

    assert ended.code == code
    assert len(ended.document["items"]) == 6


def test_an_account_that_is_not_there_cannot_be_renewed(empty: CommandLine) -> None:
    assert empty("auth", "refresh", "x").code == 3
    assert "No account is connected" in empty("auth", "status").out
