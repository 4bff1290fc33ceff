"""
`auth login all` as a new user does it: a real browser shows the consent pages, a person clicks.

Skipped, and said so, where no Chromium is: Debian's is `apt-get install chromium`, another's is
named by CHROMIUM, and `playwright install chromium` brings one of its own.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, Playwright, expect, sync_playwright

from pellacia_service.sandbox.server import RunningSandbox
from tests.front_ends.command import CommandLine
from tests.front_ends.signing_in import page_of, start_login

QUIET = (
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)
"""A browser of a test calls nobody but the sandbox."""


def launch(play: Playwright) -> Browser:
    """Start the system's Chromium, else playwright's own."""
    names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    # As root, as in a container, Chromium starts without its own sandbox only.
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return play.chromium.launch(
        executable_path=found, args=[*QUIET, *(["--no-sandbox"] if as_root else [])]
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        try:
            opened = launch(play)
        except Error as error:
            pytest.skip(f"NO BROWSER, so nobody clicks the consent pages: {error}".splitlines()[0])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A browser with nothing in it: no cookies, no cache."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.xdist_group("browser")
def test_all_six_are_connected_by_clicking(empty: CommandLine, page: Page) -> None:
    login = start_login(empty, "all", "--json", stdin=subprocess.DEVNULL)
    titles = ["Google", "Facebook", "TikTok", "X", "LinkedIn", "Facebook"]

    url = login.url
    for number, title in enumerate(titles):
        page.goto(url)
        expect(page).to_have_title(f"Sign in to {title}")
        page.get_by_role("button", name="Approve").click()
        expect(page.get_by_text("You may close this window.")).to_be_visible()
        if number + 1 < len(titles):
            url = page_of(login.process)
    ended = login.ended()

    assert ended.code == 0
    assert [one["platform"] for one in ended.document["items"]] == [
        "youtube", "instagram", "tiktok", "x", "linkedin", "facebook",
    ]  # fmt: skip


@pytest.mark.xdist_group("browser")
def test_an_unticked_box_is_named_with_what_will_not_work(empty: CommandLine, page: Page) -> None:
    login = start_login(empty, "youtube", "--json", stdin=subprocess.DEVNULL)

    page.goto(login.url)
    page.get_by_role("checkbox", name="yt-analytics.readonly").uncheck()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("You may close this window.")).to_be_visible()

    [item] = login.ended().document["items"]
    assert "its figures cannot be fetched" in item["declined"][0]


@pytest.mark.xdist_group("browser")
def test_a_person_who_denies_is_told_in_both_places(empty: CommandLine, page: Page) -> None:
    login = start_login(empty, "tiktok", "--json", stdin=subprocess.DEVNULL)

    page.goto(login.url)
    page.get_by_role("button", name="Deny").click()

    expect(page.get_by_role("heading", name="Nothing was connected")).to_be_visible()
    ended = login.ended()
    assert ended.code == 3
    assert "you did not agree" in ended.message


@pytest.mark.xdist_group("browser")
def test_the_page_that_was_ticked_is_the_one_that_is_connected(
    empty: CommandLine, page: Page, sandbox: RunningSandbox
) -> None:
    login = start_login(empty, "facebook", "--json", stdin=subprocess.DEVNULL)

    page.goto(login.url)
    page.get_by_role("checkbox", name="Sandbox default").uncheck()
    page.get_by_label("Another one").fill("bakery")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("You may close this window.")).to_be_visible()

    [item] = login.ended().document["items"]
    assert item["name"] == "Sandbox bakery"


@pytest.mark.xdist_group("browser")
def test_the_consent_page_fits_a_narrow_screen(
    empty: CommandLine, page: Page, tmp_path: Path
) -> None:
    login = start_login(empty, "facebook", stdin=subprocess.DEVNULL)
    page.set_viewport_size({"width": 360, "height": 740})

    page.goto(login.url)

    page.screenshot(path=tmp_path / "consent.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("button", name="Deny").click()
    assert login.ended().code == 3
