"""`auth login`, as people and scripts use it."""

import json
import os
import pty
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.front_ends.command import CommandLine
from tests.front_ends.signing_in import FREE_PORT, start_login

YOUTUBE = "https://www.googleapis.com/auth/youtube"
PAGES = [
    "pages_show_list",
    "pages_read_engagement",
    "business_management",
    "pages_manage_posts",
    "pages_manage_engagement",
    "read_insights",
]

BROWSER = """
import sys, urllib.request
asked = urllib.request.Request(sys.argv[1], headers={"X-Sandbox-Approve": "yes"})
print("Opening in existing browser session.", urllib.request.urlopen(asked).status)
"""


def test_all_six_are_connected_in_the_sandbox_with_one_command(empty: CommandLine) -> None:
    ended = empty("auth", "login", "all", "--yes", "--json")

    items = ended.document["items"]
    assert [one["platform"] for one in items] == [
        "youtube", "instagram", "tiktok", "x", "linkedin", "facebook",
    ]  # fmt: skip
    assert {tuple(one["declined"]) for one in items} == {()}
    assert [one["platform"] for one in items if one["ends_at"]] == ["linkedin"]


def test_the_systems_browser_opens_and_brings_the_answer_back(
    empty: CommandLine, tmp_path: Path
) -> None:
    script = tmp_path / "browser.py"
    script.write_text(BROWSER)
    browser = f"{shlex.quote(sys.executable)} {shlex.quote(str(script))} %s"

    login = start_login(empty, "youtube", "--json", stdin=subprocess.DEVNULL, BROWSER=browser)
    ended = login.ended()

    assert (ended.code, ended.err) == (0, ended.err)
    assert "Your browser opens this page" not in ended.out
    assert ended.document["items"][0]["name"] == "Sandbox default"


def test_over_ssh_the_address_is_pasted(empty: CommandLine) -> None:
    login = start_login(empty, "x", "--no-browser", BROWSER="false")

    ended = login.ended(f"\n  {login.decide()}\n")

    assert (ended.code, ended.out) == (0, "✓ x          connected as @sandbox_default\n")


def test_without_a_keyboard_the_browser_alone_answers(empty: CommandLine) -> None:
    login = start_login(empty, "tiktok", "--no-browser", stdin=subprocess.DEVNULL)

    page = httpx.get(
        login.decide(scope=["user.info.basic", "user.info.profile", "video.publish"])
    ).text
    ended = login.ended()

    assert ended.code == 0
    assert "You may close this window." in page
    assert "you did not allow video.list, so its figures cannot be fetched" in ended.err


def test_a_scope_without_which_nothing_works_is_exit_3(empty: CommandLine) -> None:
    login = start_login(empty, "youtube", "--json", "--no-browser")

    ended = login.ended(login.decide(scope=YOUTUBE.removesuffix("youtube") + "x") + "\n")

    assert (ended.code, ended.document["error"]["kind"]) == (3, "auth")
    assert f"without {YOUTUBE} no video can be published" in ended.message


def test_a_denied_consent_is_exit_3_and_says_how_to_start_again(empty: CommandLine) -> None:
    login = start_login(empty, "linkedin", "--no-browser")

    ended = login.ended(login.decide("deny") + "\n")

    assert ended.code == 3
    assert "you did not agree, so nothing was connected" in ended.err
    assert "pellacia-dist auth login linkedin" in ended.err


def test_a_pasted_address_of_something_else_is_refused(empty: CommandLine) -> None:
    login = start_login(empty, "x", "--no-browser")

    ended = login.ended("https://example.com/?code=1\n")

    assert ended.code == 3
    assert "not the address that the sign-in leads to" in ended.err


def test_nobody_is_waited_for_longer_than_was_said(empty: CommandLine) -> None:
    login = start_login(empty, "x", "--json", "--wait", "1", stdin=subprocess.DEVNULL)

    ended = login.ended()

    assert (ended.code, ended.document["error"]["kind"]) == (3, "auth")
    assert "No answer came within 1 seconds" in ended.message


def test_a_port_that_is_taken_is_said_in_words(empty: CommandLine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        ended = empty("auth", "login", "x", "--json", PELLACIA_REDIRECT_PORT=port)

    assert ended.document["error"]["kind"] == "setup"
    assert f"Port {port} of this machine is taken" in ended.message
    assert "PELLACIA_REDIRECT_PORT" in ended.message


def test_a_port_that_is_taken_leaves_pasting(empty: CommandLine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        login = start_login(empty, "x", "--no-browser", PELLACIA_REDIRECT_PORT=port)
        ended = login.ended(login.decide() + "\n")

    assert ended.code == 0


def test_several_pages_without_a_choice_are_exit_2_with_the_list(empty: CommandLine) -> None:
    login = start_login(empty, "facebook", "--json", "--no-browser")

    ended = login.ended(login.decide(scope=PAGES, page=["one", "two"]) + "\n")

    assert (ended.code, ended.document["error"]["kind"]) == (2, "validation")
    assert "Say which with --as" in ended.message
    assert "(Sandbox one)" in ended.message
    assert "(Sandbox two)" in ended.message


def test_a_script_chooses_by_name(empty: CommandLine) -> None:
    login = start_login(
        empty, "facebook", "--json", "--no-browser", "--label", "shop", "--as", "sandbox two"
    )

    ended = login.ended(login.decide(scope=PAGES, page=["one", "two"]) + "\n")

    [item] = ended.document["items"]
    assert (item["label"], item["name"]) == ("shop", "Sandbox two")


def test_a_person_at_a_terminal_chooses_by_number(empty: CommandLine) -> None:
    keyboard, terminal = pty.openpty()
    login = start_login(empty, "facebook", "--json", "--no-browser", stdin=terminal)
    answer = login.decide(scope=PAGES, page=["one", "two"])

    os.write(keyboard, f"{answer}\nthird\n2\n".encode())
    ended = login.ended()

    os.close(keyboard)
    os.close(terminal)
    assert ended.err.count("Which one? Type a number from 1 to 2") == 2
    assert ended.document["items"][0]["name"] == "Sandbox two"


def test_the_first_account_of_a_platform_is_its_default(empty: CommandLine, clip: Path) -> None:
    empty("auth", "login", "youtube", "--label", "nina", "--yes")
    empty("auth", "login", "youtube", "--label", "bob", "--yes")

    words = ["--platform", "youtube", "--file", str(clip), "--title", "Hi", "--json"]
    posted = empty("upload", *words, "--dry-run")

    assert posted.code == 0
    assert posted.document["deliveries"][0]["account"] == "nina"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["all", "--as", "Nina", "--yes"], "--as names an account of one platform"),
        (["linkedin", "--features", "likes", "--yes"], "nothing called 'likes'"),
        (["x", "--as", "somebody", "--yes"], "No account is called 'somebody'"),
    ],
)
def test_what_cannot_be_done_as_it_was_asked_is_exit_2(
    words: list[str], said: str, empty: CommandLine
) -> None:
    ended = empty("auth", "login", *words, "--json", **FREE_PORT)

    assert ended.code == 2
    assert said in ended.message


def test_linkedin_is_connected_as_a_page_where_that_is_wanted(empty: CommandLine) -> None:
    words = ("auth", "login", "linkedin", "--features", "pages", "--yes", "--json")
    listed = empty(*words).message
    number = listed.partition("member (Sandbox default), ")[2].partition(" ")[0]

    ended = empty(*words, "--as", number)

    assert ended.document["items"][0]["ids"]["organization_urn"].endswith(f":{number}")


def test_no_token_is_printed_or_left_in_the_open(empty: CommandLine) -> None:
    ended = empty("auth", "login", "all", "--yes", "--json", "--verbose")

    assert json.dumps(ended.document).count("EAAB") == 0
    assert "ya29." not in ended.out + ended.err
    kept = b"".join(file.read_bytes() for file in empty.home.rglob("*") if file.is_file())
    assert not [start for start in (b"EAAB", b"ya29.", b"act.") if start in kept]
