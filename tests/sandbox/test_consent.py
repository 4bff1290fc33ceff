"""What a person decides on the consent pages, and what becomes of it at the token endpoints."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from pellacia_service.sandbox.server import RunningSandbox
from tests.sandbox.test_sign_in import BACK, DOORS, Browser

DAY = 86_400
GRAPH = "graph.facebook.com/v26.0"


@pytest.fixture
def browser(sandbox: RunningSandbox) -> Callable[[str], Browser]:
    def make(platform: str) -> Browser:
        return Browser(sandbox.url, platform)

    return make


def send(person: Browser, form: dict[str, Any], **more: str) -> dict[str, str]:
    """Send the page's form; return what the browser brings to the application."""
    address = person.ask(**more).request.url
    back = httpx.post(address, data=form)
    assert back.status_code == 303
    assert back.headers["location"].startswith(f"{BACK}?")
    query = parse_qs(urlsplit(back.headers["location"]).query)
    return {key: values[0] for key, values in query.items()}


def approve(person: Browser, form: dict[str, Any] | None = None, **more: str) -> str:
    return send(person, {"decision": "approve", **(form or {})}, **more)["code"]


def graph(person: Browser, path: str, token: str, method: str = "GET") -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    return dict(httpx.request(method, f"{person.url}/{GRAPH}/{path}", headers=headers).json())


@pytest.mark.parametrize(
    ("platform", "said"),
    [
        ("youtube", {"error": "access_denied"}),
        ("x", {"error": "access_denied"}),
        ("linkedin", {"error": "user_cancelled_authorize"}),
        ("tiktok", {"error": "access_denied", "error_type": "user"}),
        ("facebook", {"error": "access_denied", "error_reason": "user_denied"}),
        ("instagram", {"error": "access_denied", "error_code": "200"}),
    ],
)
def test_who_denies_is_sent_back_in_the_platforms_own_words(
    browser: Callable[[str], Browser], platform: str, said: dict[str, str]
) -> None:
    answer = send(browser(platform), {"decision": "deny"})

    assert answer["state"] == "s1"
    assert "code" not in answer
    assert said.items() <= answer.items()


@pytest.mark.parametrize("platform", ["youtube", "tiktok", "facebook"])
def test_an_unticked_scope_is_not_granted(
    browser: Callable[[str], Browser], sandbox: RunningSandbox, platform: str
) -> None:
    person = browser(platform)
    kept, *_ = person.door.scope.replace(",", " ").split()

    given = person.trade_code(approve(person, {"scope": kept}, login_hint="unticked"))

    assert sandbox.world.tokens[given["access_token"]].scopes == {kept}


@pytest.mark.parametrize("platform", ["x", "linkedin"])
def test_where_the_real_page_has_no_boxes_all_is_granted_or_nothing(
    browser: Callable[[str], Browser], sandbox: RunningSandbox, platform: str
) -> None:
    person = browser(platform)

    given = person.trade_code(approve(person))

    assert "checkbox" not in person.ask().text
    granted = sandbox.world.tokens[given["access_token"]].scopes
    assert granted == set(person.door.scope.split())


def test_google_names_itself_in_the_answer(browser: Callable[[str], Browser]) -> None:
    answer = send(browser("youtube"), {"decision": "approve"})

    assert answer["iss"] == "https://accounts.google.com"


def test_a_person_chooses_the_account(
    browser: Callable[[str], Browser], sandbox: RunningSandbox
) -> None:
    person = browser("youtube")

    given = person.trade_code(approve(person, {"account": "default", "new": "second channel"}))

    assert sandbox.world.tokens[given["access_token"]].account.label == "second channel"


def test_graph_tells_what_was_declined(browser: Callable[[str], Browser]) -> None:
    person = browser("facebook")

    token = person.trade_code(approve(person, {"scope": "pages_show_list"}))["access_token"]

    assert graph(person, "me/permissions", token)["data"] == [
        {"permission": "pages_manage_posts", "status": "declined"},
        {"permission": "pages_show_list", "status": "granted"},
    ]


def test_only_ticked_pages_are_listed_and_their_tokens_can_no_more_than_was_allowed(
    browser: Callable[[str], Browser], sandbox: RunningSandbox
) -> None:
    person = browser("facebook")
    form = {"scope": ["pages_show_list"], "page": ["one", "two"]}

    token = person.trade_code(approve(person, form, login_hint="boss"))["access_token"]

    rows = graph(person, "me/accounts", token)["data"]
    assert [row["name"] for row in rows] == ["Sandbox one", "Sandbox two"]
    assert sandbox.world.tokens[rows[0]["access_token"]].scopes == {"pages_show_list"}


def test_a_page_of_a_business_is_found_through_the_business_alone(
    browser: Callable[[str], Browser],
) -> None:
    person = browser("facebook")
    scopes = "pages_show_list,business_management"
    form = {"scope": scopes.split(","), "page": ["own", "business shop"]}

    token = person.trade_code(approve(person, form, scope=scopes, login_hint="boss"))[
        "access_token"
    ]

    assert [row["name"] for row in graph(person, "me/accounts", token)["data"]] == ["Sandbox own"]
    [business] = graph(person, "me/businesses", token)["data"]
    [page] = graph(person, f"{business['id']}/owned_pages", token)["data"]
    assert page["name"] == "Sandbox business shop"
    assert graph(person, f"{business['id']}/client_pages", token) == {"data": []}


def test_throwing_the_app_out_ends_the_persons_token_and_the_pages(
    browser: Callable[[str], Browser],
) -> None:
    person = browser("facebook")
    form = {"scope": person.door.scope.split(","), "page": ["mine"]}
    token = person.trade_code(approve(person, form, login_hint="leaver"))["access_token"]
    [page] = graph(person, "me/accounts", token)["data"]

    assert graph(person, "me/permissions", token, "DELETE") == {"success": True}

    assert graph(person, "me", token)["error"]["code"] == 190
    assert graph(person, page["id"], page["access_token"])["error"]["code"] == 190


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/callback",
        "pellacia://callback",
        f"{BACK}#fragment",
        "https:///callback",
        "",
    ],
)
@pytest.mark.parametrize("platform", DOORS)
def test_an_answer_is_never_sent_to_an_address_that_is_not_allowed(
    browser: Callable[[str], Browser], platform: str, address: str
) -> None:
    refused = browser(platform).ask(redirect_uri=address, auto_approve="1")

    assert refused.status_code == 400
    assert "location" not in refused.headers


@pytest.mark.parametrize(
    ("platform", "error"),
    [("x", "invalid_scope"), ("tiktok", "invalid_scope"), ("linkedin", "unauthorized_scope_error")],
)
def test_an_unknown_scope_fails_the_whole_sign_in(
    browser: Callable[[str], Browser], platform: str, error: str
) -> None:
    back = browser(platform).ask(scope="everything", auto_approve="1").headers["location"]

    assert parse_qs(urlsplit(back).query)["error"] == [error]


@pytest.mark.parametrize("platform", ["youtube", "facebook"])
def test_google_and_meta_say_it_on_a_page(browser: Callable[[str], Browser], platform: str) -> None:
    page = browser(platform).ask(scope="everything", auto_approve="1")

    assert page.status_code == 400
    assert "Invalid scopes: everything" in page.text


@pytest.mark.parametrize("platform", DOORS)
def test_a_code_is_good_for_the_app_that_asked_for_it_alone(
    browser: Callable[[str], Browser], platform: str
) -> None:
    person = browser(platform)
    code = person.code()

    assert "error" in person.trade_code(code, **{person.door.client_id_name: "another app"})


def test_showing_a_rotated_token_of_x_ends_all_that_came_of_that_sign_in_and_no_other(
    browser: Callable[[str], Browser],
) -> None:
    person = browser("x")
    other = person.trade_code(person.code())
    first = person.trade_code(person.code())
    second = person.refresh(first["refresh_token"])

    assert "error" in person.refresh(first["refresh_token"])

    assert "error" in person.refresh(second["refresh_token"])
    assert "error" not in person.refresh(other["refresh_token"])


def test_an_old_token_of_tiktok_is_refused_and_the_new_one_stays(
    browser: Callable[[str], Browser],
) -> None:
    person = browser("tiktok")
    first = person.trade_code(person.code())
    second = person.refresh(first["refresh_token"])

    assert "error" in person.refresh(first["refresh_token"])
    assert "error" not in person.refresh(second["refresh_token"])


def test_a_google_app_in_testing_must_ask_again_after_seven_days(
    browser: Callable[[str], Browser], sandbox: RunningSandbox
) -> None:
    person = browser("youtube")
    app = {"client_id": "app-testing"}
    given = person.trade_code(person.code(**app), **app)
    form = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"], **app}
    assert given["refresh_token_expires_in"] == 7 * DAY
    assert "error" not in person.trade(**form)

    sandbox.world.clock.advance(7 * DAY + 1)

    assert person.trade(**form)["error"] == "invalid_grant"


def test_an_ordinary_app_of_linkedin_gets_no_refresh_token(
    browser: Callable[[str], Browser],
) -> None:
    person = browser("linkedin")

    given = person.trade_code(person.code())

    assert "refresh_token" not in given
    assert given["expires_in"] == 60 * DAY


def test_a_partners_refresh_token_of_linkedin_lives_a_year_from_the_first_day(
    browser: Callable[[str], Browser], sandbox: RunningSandbox
) -> None:
    person = browser("linkedin")
    app = {"client_id": "app-partner"}
    given = person.trade_code(person.code(**app), **app)

    sandbox.world.clock.advance(59 * DAY)
    again = person.trade(grant_type="refresh_token", refresh_token=given["refresh_token"], **app)

    assert given["refresh_token_expires_in"] == 365 * DAY
    assert again["refresh_token"] == given["refresh_token"]
    assert again["refresh_token_expires_in"] == pytest.approx(306 * DAY, abs=5)
    assert again["expires_in"] == 60 * DAY


@pytest.mark.parametrize(
    ("platform", "address"),
    [
        ("tiktok", "open.tiktokapis.com/v2/oauth/revoke/"),
        ("linkedin", "www.linkedin.com/oauth/v2/revoke"),
        ("x", "api.x.com/2/oauth2/revoke"),
    ],
)
def test_a_revocation_ends_that_sign_in_and_no_other(
    browser: Callable[[str], Browser], sandbox: RunningSandbox, platform: str, address: str
) -> None:
    person = browser(platform)
    kept, given = (person.trade_code(person.code())["access_token"] for _ in range(2))

    form = {person.door.client_id_name: "app", "client_secret": "s", "token": given}
    httpx.post(f"{sandbox.url}/{address}", data=form).raise_for_status()

    assert sandbox.world.token(given, platform) is None
    assert sandbox.world.token(kept, platform) is not None


@pytest.mark.parametrize(
    ("platform", "seconds"),
    [("youtube", 3600), ("tiktok", 7200), ("x", 7200), ("linkedin", 60 * DAY), ("facebook", 3600)],
)
def test_a_token_dies_by_the_sandboxs_clock(
    browser: Callable[[str], Browser], sandbox: RunningSandbox, platform: str, seconds: int
) -> None:
    person = browser(platform)
    given = person.trade_code(person.code())["access_token"]
    assert sandbox.world.token(given, platform) is not None

    httpx.post(f"{sandbox.url}/_sandbox/clock", json={"advance": seconds}).raise_for_status()

    assert sandbox.world.token(given, platform) is None
