"""What all calls of the Graph host have in common: tokens, versions, fields, usage headers."""

from collections.abc import Iterator

import httpx
import pytest

from pellacia_service.sandbox.server import RunningSandbox
from tests.sandbox.graph_client import Facebook, code_of


@pytest.fixture
def facebook(sandbox: RunningSandbox) -> Iterator[Facebook]:
    with httpx.Client(verify=False, trust_env=False) as http:
        yield Facebook(http, sandbox.url, "facebook")


def test_a_person_sees_the_page_with_its_token_and_tasks(facebook: Facebook) -> None:
    facebook.token = facebook.user_token

    [page] = facebook.get("me/accounts", fields="id,name,access_token,tasks").json()["data"]

    assert (page["id"], page["access_token"]) == (facebook.page, facebook.page_token)
    assert "CREATE_CONTENT" in page["tasks"]


def test_me_is_whoever_the_token_stands_for(facebook: Facebook) -> None:
    as_page = facebook.get("me", fields="id,name").json()
    facebook.token = facebook.user_token
    as_person = facebook.get("me", fields="id,name").json()

    assert as_page["id"] == facebook.page
    assert as_person["id"] == facebook.ids["user_id"]


def test_the_permissions_name_what_was_granted(facebook: Facebook) -> None:
    facebook.token = facebook.user_token

    granted = facebook.get("me/permissions").json()["data"]

    assert {"permission": "pages_manage_posts", "status": "granted"} in granted


def test_a_token_in_the_oauth_scheme_is_taken(facebook: Facebook) -> None:
    headers = {"Authorization": f"OAuth {facebook.token}"}

    assert facebook.http.get(facebook.at("me"), headers=headers).json()["id"] == facebook.page


def test_a_call_without_a_token_is_refused(facebook: Facebook) -> None:
    assert code_of(facebook.http.get(facebook.at("me"))) == (104, 0)


def test_a_token_that_never_was_is_refused(facebook: Facebook) -> None:
    facebook.token = "EAAnonsense"

    answer = facebook.get("me")

    assert code_of(answer) == (190, 0)
    assert answer.json()["error"]["type"] == "OAuthException"


def test_a_token_that_has_expired_is_refused(facebook: Facebook) -> None:
    facebook.order({"expire_token": True})

    assert code_of(facebook.get("me")) == (190, 463)


def test_a_revoked_token_is_refused(facebook: Facebook, sandbox: RunningSandbox) -> None:
    sandbox.world.tokens[facebook.token].revoked = True

    assert code_of(facebook.get("me")) == (190, 460)


def test_an_object_that_the_token_cannot_see_does_not_exist_for_it(
    facebook: Facebook, sandbox: RunningSandbox
) -> None:
    other = Facebook(facebook.http, sandbox.url, "facebook", "other")

    assert code_of(other.get(facebook.upload_reel())) == (100, 33)


def test_an_unknown_field_is_refused(facebook: Facebook) -> None:
    assert code_of(facebook.get("me", fields="id,shoe_size")) == (100, 0)


def test_an_unknown_edge_is_refused(facebook: Facebook) -> None:
    assert code_of(facebook.get("me/shoes")) == (100, 0)
    assert code_of(facebook.post("me/shoes")) == (100, 33)


@pytest.mark.parametrize("path", ["v99.0/me", "latest/me", "v26.0/me/accounts/first"])
def test_an_unknown_path_is_refused(facebook: Facebook, path: str) -> None:
    answer = facebook.http.get(
        f"{facebook.url}/graph.facebook.com/{path}", headers=facebook.bearer()
    )

    assert code_of(answer) == (2500, 0)


def test_a_refusal_tells_how_much_of_the_budget_is_used_too(facebook: Facebook) -> None:
    headers = facebook.get("me/shoes").headers

    assert '"type": "pages"' in headers["x-business-use-case-usage"]
