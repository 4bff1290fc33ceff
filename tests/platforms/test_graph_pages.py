"""Which Page an account becomes, when the person who signs in has several."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from pellacia_service.errors import RefusedError
from pellacia_service.platform_kit.graph import one_of, pages
from pellacia_service.platform_kit.http import Api
from pellacia_service.platforms import PLATFORMS
from pellacia_service.sandbox.server import RunningSandbox
from tests.lines import ApiFor


@pytest.fixture
def new(api_for: ApiFor) -> Api:
    """The line of an account that is being connected: nothing is known of it yet."""
    api = api_for("facebook")
    return replace(api, account=replace(api.account, ids={}))


def page(number: str, *tasks: str) -> Mapping[str, object]:
    return {"id": number, "name": f"Page {number}", "access_token": f"t{number}", "tasks": tasks}


async def answer(
    api: Api,
    sandbox: RunningSandbox,
    body: Mapping[str, object],
    path: str = "/me/accounts$",
    status: int = 200,
) -> None:
    fault = {"path": path, "do": {"status": status, "body": body}}
    await api.http.post(f"{sandbox.url}/_sandbox/faults", json=fault)


@pytest.mark.parametrize("name", ["facebook", "instagram"])
async def test_signing_in_swaps_the_persons_token_for_the_pages(
    api_for: ApiFor, sandbox: RunningSandbox, name: str
) -> None:
    api = api_for(name)
    given = await api.http.post(f"{sandbox.url}/_sandbox/accounts", json={"platform": name})
    persons, ids = given.json()["access_token"], given.json()["ids"]

    identity = await PLATFORMS[name].who(
        replace(api, token=persons, account=replace(api.account, ids={}))
    )

    assert identity.token == ids["page_access_token"]
    assert identity.ids["page_id"] == ids["page_id"]


async def test_pages_are_read_over_all_answers(new: Api, sandbox: RunningSandbox) -> None:
    cursors = {"cursors": {"after": "a"}}
    more = {**cursors, "next": "https://graph.facebook.com/?access_token=secret"}
    await answer(new, sandbox, {"data": [page("1", "MANAGE")], "paging": more})
    await answer(new, sandbox, {"data": [page("2", "CREATE_CONTENT")], "paging": cursors})

    found = await pages(new)

    assert [(one.id, one.token) for one in found] == [("1", "t1"), ("2", "t2")]


async def test_a_page_on_which_the_person_may_not_publish_is_left_out(
    new: Api, sandbox: RunningSandbox
) -> None:
    await answer(new, sandbox, {"data": [page("1", "ANALYZE"), page("2", "MANAGE")]})

    assert [one.id for one in await pages(new)] == ["2"]


async def test_pages_of_a_business_portfolio_are_found_too_and_each_once(
    new: Api, sandbox: RunningSandbox
) -> None:
    await answer(new, sandbox, {"data": [page("1", "MANAGE")]})
    await answer(new, sandbox, {"data": [{"id": "77", "name": "Firm"}]}, path="/me/businesses$")
    owned = {"data": [page("1", "MANAGE"), page("2", "MANAGE")]}
    await answer(new, sandbox, owned, path="/77/owned_pages$")
    await answer(new, sandbox, {"data": [page("3", "MANAGE")]}, path="/77/client_pages$")

    assert [one.id for one in await pages(new)] == ["1", "2", "3"]


async def test_without_the_scope_for_businesses_the_persons_own_pages_are_found(
    new: Api, sandbox: RunningSandbox
) -> None:
    await answer(new, sandbox, {"data": [page("1", "MANAGE")]})
    refused = {"error": {"message": "(#10) missing permission", "code": 10}}
    await answer(new, sandbox, refused, path="/me/businesses$", status=400)

    assert [one.id for one in await pages(new)] == ["1"]


def test_without_a_page_the_person_is_told_what_is_lacking(new: Api) -> None:
    with pytest.raises(RefusedError, match="Choose a Page"):
        one_of([], new, "Choose a Page and connect again.")
