"""Signing in by the platforms' own pages and token endpoints."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from pellacia_service.sandbox.server import RunningSandbox

BACK = "http://127.0.0.1:8123/callback"
VERIFIER = "v" * 64
DIGEST = hashlib.sha256(VERIFIER.encode())
S256 = base64.urlsafe_b64encode(DIGEST.digest()).rstrip(b"=").decode()


@dataclass(frozen=True)
class Door:
    """Where one platform signs people in, as its documents say."""

    authorize: str
    token: str
    scope: str
    client_id_name: str = "client_id"
    challenge: str = S256


DOORS = {
    "youtube": Door(
        "accounts.google.com/o/oauth2/v2/auth",
        "oauth2.googleapis.com/token",
        "https://www.googleapis.com/auth/youtube",
    ),
    "tiktok": Door(
        "www.tiktok.com/v2/auth/authorize/",
        "open.tiktokapis.com/v2/oauth/token/",
        "user.info.basic,video.publish",
        client_id_name="client_key",
        challenge=DIGEST.hexdigest(),
    ),
    "linkedin": Door(
        "www.linkedin.com/oauth/v2/authorization",
        "www.linkedin.com/oauth/v2/accessToken",
        "openid profile w_member_social",
    ),
    "x": Door(
        "x.com/i/oauth2/authorize",
        "api.x.com/2/oauth2/token",
        "tweet.read tweet.write users.read media.write offline.access",
    ),
    "facebook": Door(
        "www.facebook.com/v26.0/dialog/oauth",
        "graph.facebook.com/v26.0/oauth/access_token",
        "pages_show_list,pages_manage_posts",
    ),
    "instagram": Door(
        "www.facebook.com/v26.0/dialog/oauth",
        "graph.facebook.com/v26.0/oauth/access_token",
        "instagram_basic,instagram_content_publish",
    ),
}


class Browser:
    """A person with an application: asks for consent, trades what comes back."""

    def __init__(self, url: str, platform: str) -> None:
        self.url = url
        self.door = DOORS[platform]

    def ask(self, **more: str) -> httpx.Response:
        query = {
            self.door.client_id_name: "app",
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": self.door.scope,
            "state": "s1",
            "code_challenge": self.door.challenge,
            "code_challenge_method": "S256",
            **more,
        }
        return httpx.get(f"{self.url}/{self.door.authorize}", params=query)

    def code(self, **more: str) -> str:
        back = self.ask(auto_approve="1", **more).headers["location"]
        return parse_qs(urlsplit(back).query)["code"][0]

    def trade(self, **given: str) -> dict[str, Any]:
        form = {self.door.client_id_name: "app", "client_secret": "secret", **given}
        return dict(httpx.post(f"{self.url}/{self.door.token}", data=form).json())

    def trade_code(self, code: str, **other: str) -> dict[str, Any]:
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
        return self.trade(**(given | {"code_verifier": VERIFIER} | other))

    def refresh(self, token: str) -> dict[str, Any]:
        return self.trade(grant_type="refresh_token", refresh_token=token)


@pytest.fixture
def browser(sandbox: RunningSandbox) -> Callable[[str], Browser]:
    def make(platform: str) -> Browser:
        return Browser(sandbox.url, platform)

    return make


@pytest.mark.parametrize("platform", DOORS)
def test_an_approval_leads_back_with_a_code_that_buys_a_token(
    browser: Callable[[str], Browser], sandbox: RunningSandbox, platform: str
) -> None:
    person = browser(platform)

    answer = person.trade_code(person.code())

    token = sandbox.world.tokens[answer["access_token"]]
    assert token.account.platform == platform
    assert token.account.label == "default"
    assert token.scopes == set(person.door.scope.replace(",", " ").split())


@pytest.mark.parametrize("platform", DOORS)
def test_the_state_comes_back_untouched(browser: Callable[[str], Browser], platform: str) -> None:
    back = browser(platform).ask(auto_approve="1").headers["location"]

    assert back.startswith(f"{BACK}?")
    assert parse_qs(urlsplit(back).query)["state"] == ["s1"]


def test_a_person_sees_a_page_with_approve_and_deny(browser: Callable[[str], Browser]) -> None:
    page = browser("youtube").ask()

    assert page.headers["content-type"].startswith("text/html")
    assert '<button name="decision" value="deny">' in page.text
    assert "Approve</button>" in page.text
    assert "<script" not in page.text


def test_a_header_approves_as_well(sandbox: RunningSandbox) -> None:
    person = Browser(sandbox.url, "youtube")
    request = person.ask().request

    answer = httpx.get(request.url, headers={"X-Sandbox-Approve": "yes"})

    assert answer.status_code == 302


def test_the_hint_names_the_account(
    browser: Callable[[str], Browser], sandbox: RunningSandbox
) -> None:
    person = browser("youtube")

    answer = person.trade_code(person.code(login_hint="nina"))

    assert sandbox.world.tokens[answer["access_token"]].account.label == "nina"


@pytest.mark.parametrize("platform", DOORS)
def test_a_code_works_once(browser: Callable[[str], Browser], platform: str) -> None:
    person = browser(platform)
    code = person.code()
    person.trade_code(code)

    assert "error" in person.trade_code(code)


@pytest.mark.parametrize("platform", DOORS)
def test_a_code_needs_the_verifier_that_fits(
    browser: Callable[[str], Browser], platform: str
) -> None:
    person = browser(platform)

    assert "error" in person.trade_code(person.code(), code_verifier="w" * 64)


@pytest.mark.parametrize("platform", DOORS)
def test_a_code_needs_the_same_address(browser: Callable[[str], Browser], platform: str) -> None:
    person = browser(platform)

    assert "error" in person.trade_code(person.code(), redirect_uri=BACK + "/")


def test_tiktok_turns_a_base64_challenge_down_at_the_token_only(
    browser: Callable[[str], Browser],
) -> None:
    person = browser("tiktok")

    answer = person.trade_code(person.code(code_challenge=S256))

    assert answer["error_description"] == "Code verifier or code challenge is invalid."


@pytest.mark.parametrize(("platform", "seconds"), [("x", 31), ("youtube", 601)])
def test_a_code_dies_of_age(
    browser: Callable[[str], Browser], sandbox: RunningSandbox, platform: str, seconds: float
) -> None:
    person = browser(platform)
    code = person.code()

    sandbox.world.clock.advance(seconds)

    assert "error" in person.trade_code(code)


def test_google_gives_one_refresh_token_and_never_another(
    browser: Callable[[str], Browser],
) -> None:
    person = browser("youtube")
    first = person.trade_code(person.code())

    answers = [person.refresh(first["refresh_token"]) for _ in range(2)]

    assert all(set(answer) == set(first) - {"refresh_token"} for answer in answers)
    assert first["expires_in"] == 3599


@pytest.mark.parametrize("platform", ["x", "tiktok"])
def test_a_rotated_refresh_token_is_dead(browser: Callable[[str], Browser], platform: str) -> None:
    person = browser(platform)
    first = person.trade_code(person.code())
    second = person.refresh(first["refresh_token"])

    assert second["refresh_token"] != first["refresh_token"]
    assert "error" in person.refresh(first["refresh_token"])


def test_x_gives_no_refresh_token_without_the_scope_for_it(
    browser: Callable[[str], Browser],
) -> None:
    person = browser("x")

    assert "refresh_token" not in person.trade_code(person.code(scope="tweet.read"))


def test_x_lets_the_client_prove_itself_in_the_header(sandbox: RunningSandbox) -> None:
    person = Browser(sandbox.url, "x")
    form = {"grant_type": "authorization_code", "code": person.code(), "redirect_uri": BACK}

    answer = httpx.post(
        f"{sandbox.url}/{person.door.token}",
        data={**form, "code_verifier": VERIFIER},
        auth=("app", "secret"),
    )

    assert answer.json()["expires_in"] == 7200


def test_tiktok_names_the_person_in_its_flat_answer(browser: Callable[[str], Browser]) -> None:
    person = browser("tiktok")

    answer = person.trade_code(person.code())

    assert set(answer) == {
        "access_token",
        "expires_in",
        "refresh_token",
        "refresh_expires_in",
        "open_id",
        "scope",
        "token_type",
    }


def test_meta_trades_a_short_token_for_a_long_one(browser: Callable[[str], Browser]) -> None:
    person = browser("facebook")
    short = person.trade_code(person.code())

    long = person.trade(grant_type="fb_exchange_token", fb_exchange_token=short["access_token"])

    assert (short["expires_in"], long["expires_in"]) == (3600, 5_183_944)


def test_meta_takes_the_token_call_as_get_too(sandbox: RunningSandbox) -> None:
    person = Browser(sandbox.url, "facebook")
    query = {"client_id": "app", "client_secret": "s", "redirect_uri": BACK}

    answer = httpx.get(
        f"{sandbox.url}/{person.door.token}",
        params={**query, "code": person.code(code_challenge="")},
    )

    assert answer.json()["token_type"] == "bearer"


@pytest.mark.parametrize(
    ("platform", "status"),
    [("youtube", 401), ("x", 401), ("linkedin", 401), ("tiktok", 200), ("facebook", 400)],
)
def test_a_client_without_a_name_is_refused_in_the_platforms_own_way(
    sandbox: RunningSandbox, platform: str, status: int
) -> None:
    door = DOORS[platform]

    answer = httpx.post(f"{sandbox.url}/{door.token}", data={"grant_type": "authorization_code"})

    assert answer.status_code == status
    assert "error" in answer.json()


def test_a_revoked_token_ends_its_refresh_token_too(
    browser: Callable[[str], Browser], sandbox: RunningSandbox
) -> None:
    person = browser("youtube")
    given = person.trade_code(person.code())

    httpx.post(
        f"{sandbox.url}/oauth2.googleapis.com/revoke", data={"token": given["access_token"]}
    ).raise_for_status()

    assert sandbox.world.token(given["access_token"], "youtube") is None
    assert person.refresh(given["refresh_token"])["error"] == "invalid_grant"
