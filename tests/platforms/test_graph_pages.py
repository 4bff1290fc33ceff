"""Which Page an account becomes, when the person who signs in has several."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from pellacia_service.errors import RefusedError
from pellacia_service.platform_kit.graph import Page, choose_page, pages
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


async def answer(api: Api, sandbox: RunningSandbox, body: Mapping[str, object]) -> None:
    fault = {"path": "/me/accounts$", "do": {"status": 200, "body": body}}
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


@pytest.mark.parametrize(("label", "chosen"), [("page two", "2"), ("default", "1")])
def test_the_label_names_the_page_else_it_is_the_first(new: Api, label: str, chosen: str) -> None:
    labelled = replace(new, account=replace(new.account, label=label))
    candidates = [Page("1", "Page One"), Page("2", "Page Two")]

    assert choose_page(candidates, labelled, "none").id == chosen


def test_without_a_page_the_person_is_told_what_is_lacking(new: Api) -> None:
    with pytest.raises(RefusedError, match="Choose a Page"):
        choose_page([], new, "Choose a Page and connect again.")
