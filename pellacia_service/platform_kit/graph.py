"""
What Instagram and Facebook share: Meta's Graph API, its errors, its sign-in, its upload host.

Source: Graph API error handling, rate limiting, versions; long-lived tokens; Reels publishing
(`rupload`); all read 2026-11-22.
"""

import contextlib
import datetime as dt
import email.utils
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import httpx

from pellacia_service.domain.json import Json
from pellacia_service.domain.receipt import Receipt
from pellacia_service.errors import LoginNeededError, RefusedError, UnknownOutcomeError
from pellacia_service.platform_kit.facts import Facts, SignIn, Trouble
from pellacia_service.platform_kit.http import LAST_PART_ANSWER_SECONDS, Api
from pellacia_service.platform_kit.protocol import Identity, Part
from pellacia_service.platform_kit.trouble import json_body, value_at

VERSION = "v26.0"
"""Current since 2026-07-29. A version that has died does not fail: the oldest living one answers."""

GRAPH = f"https://graph.facebook.com/{VERSION}"

HOSTS = frozenset({"graph.facebook.com", "rupload.facebook.com"})

ERROR_CODES_AT = (
    "error.error_subcode",
    "error.code",
    "error.is_transient",
    "debug_info.type",
    "debug_info.retriable",
)
"""Graph answers with `error`, the upload host with `debug_info`."""

ERROR_MESSAGE_AT = ("error.error_user_msg", "error.message", "debug_info.message")

LOGIN_CODES = (
    *("102", "190", "458", "459", "460", "463", "464", "467", "492"),  # the token is no longer good
    *("3", "10", *map(str, range(200, 300))),  # a scope or the person's role on the Page is missing
)

TROUBLE: Mapping[str, Trouble] = {
    **dict.fromkeys(LOGIN_CODES, Trouble.LOGIN),
    "NotAuthorizedError": Trouble.LOGIN,
    # 80001 counts the calls for a Page, 80002 those for an Instagram account; both come as HTTP 400.
    **dict.fromkeys(
        ("4", "17", "32", "341", "613", "80001", "80002"),
        Trouble.RATE_LIMIT,
    ),
    **dict.fromkeys(("1", "2"), Trouble.RETRY),
    # 33 comes with code 100: no such object, or one that this token does not see yet. Reads with a
    # Page token got it for living objects for weeks (seen from 2026-05-23), so it is no refusal.
    "33": Trouble.RETRY,
    # `is_transient` and `retriable`, the only values in `ERROR_CODES_AT` that are yes or no.
    "True": Trouble.RETRY,
    # Both mean that the bytes did not fit what the host holds: a look says from where to go on.
    **dict.fromkeys(("OffsetInvalidError", "PartialRequestError"), Trouble.RETRY),
    "ParameterValidationError": Trouble.REFUSED,
    "100": Trouble.REFUSED,
    "2635": Trouble.REFUSED,
}
"""Meaning of the codes that both platforms use; each adds its own."""

COMPLETE = frozenset({"complete", "completed"})
"""How a phase says that it is over: answers write the first, the guide writes the second."""


SIGN_IN = SignIn(
    authorize_url=f"https://www.facebook.com/{VERSION}/dialog/oauth",
    token_url=f"{GRAPH}/oauth/access_token",
    separator=",",
    long_lived_grant="fb_exchange_token",
    permissions_url=f"{GRAPH}/me/permissions",
)
"""How an account is connected: Facebook Login, the same for both platforms."""

PAGE_FIELDS = "id,name,instagram_business_account{id,username}"

MAY_PUBLISH = frozenset({"CREATE_CONTENT", "MANAGE"})
"""A person's tasks on a Page, one of which publishing needs."""


@dataclass(frozen=True)
class Page:
    """
    A Facebook Page, and the Instagram account that belongs to it.

    Args:
        token: the Page's own, which does not end; empty where the line has it already.
        instagram_id, instagram_name: empty where there is no professional account.
    """

    id: str
    name: str
    token: str = ""
    instagram_id: str = ""
    instagram_name: str = ""


async def pages(api: Api) -> list[Page]:
    """
    Return the Pages that the line's token can publish to.

    At sign-in the token is the person's, and each Page comes with its own; from then on the
    account has a page_id, and its token is that Page's.
    """
    if page_id := api.account.ids.get("page_id"):
        answer = await api.call("GET", f"{GRAPH}/{page_id}", params={"fields": PAGE_FIELDS})
        return [_page(json_body(answer, api.facts))]
    fields = f"{PAGE_FIELDS},access_token,tasks"
    found = await _listed(api, "me/accounts", fields)
    # Without business_management, which may be declined, there are only the person's own Pages.
    with contextlib.suppress(LoginNeededError, RefusedError):
        for business in await _listed(api, "me/businesses", "id,name"):
            for edge in ("owned_pages", "client_pages"):
                found += await _listed(api, f"{value_at(business, 'id')}/{edge}", fields)
    pages_by_id = {page.id: page for page in map(_page, filter(_may_publish, found))}
    return list(pages_by_id.values())


async def _listed(api: Api, edge: str, fields: str) -> list[Json]:
    """Return all rows of a listing, over all of its answers."""
    found: list[Json] = []
    params = {"fields": fields, "limit": "100"}
    while True:
        body = json_body(await api.call("GET", f"{GRAPH}/{edge}", params=params), api.facts)
        found += rows(body)
        # `next` is a whole address with the token in it: only the cursor is taken from the answer.
        after = value_at(body, "paging.cursors.after")
        if not after or not value_at(body, "paging.next"):
            return found
        params = {**params, "after": after}


def one_of(found: Sequence[Identity], api: Api, lacking: str) -> Identity:
    """
    Return the first account that was found, with the others beside it.

    Raises:
        RefusedError: there is none; the message says what is lacking.
    """
    if found:
        return replace(found[0], others=tuple(found[1:]))
    raise RefusedError(lacking, platform=api.facts.name, code="no_page", not_done=True)


def rows(body: Json) -> list[Json]:
    """Return the rows of a listing."""
    data = body.get("data") if isinstance(body, dict) else None
    return data if isinstance(data, list) else []


def _page(row: Json) -> Page:
    return Page(
        id=value_at(row, "id") or "",
        name=value_at(row, "name") or "",
        token=value_at(row, "access_token") or "",
        instagram_id=value_at(row, "instagram_business_account.id") or "",
        instagram_name=value_at(row, "instagram_business_account.username") or "",
    )


def _may_publish(row: Json) -> bool:
    tasks = row.get("tasks") if isinstance(row, dict) else None
    return isinstance(tasks, list) and any(task in MAY_PUBLISH for task in tasks)


async def rupload(api: Api, url: str, part: Part) -> None:
    """
    Send the file's bytes from `part.start` to the end, in one request.

    Raises:
        TransientError: the offset or the length did not fit, or the connection broke: what had
            arrived is kept, and a look says how much that is.
    """
    answer = await api.call(
        "POST",
        url,
        content=part.stream(),
        headers={
            "offset": str(part.start),
            "file_size": str(part.total),
            "Content-Type": "application/octet-stream",
            "Content-Length": str(part.size),
        },
        scheme="OAuth",
        answer_seconds=LAST_PART_ANSWER_SECONDS,
    )
    require_success(answer, api.facts)


def still_missing(receipt: Receipt, body: Json, *, at: str) -> Receipt | None:
    """
    Return the receipt from which sending has to go on; None where the host has every byte.

    Args:
        body: the answer to a look.
        at: the field that holds the phases: "status" or "video_status".
    """
    phase = f"{at}.uploading_phase"
    if value_at(body, f"{phase}.status") in COMPLETE:
        return None
    # The guide spells it with one r; answers do not (Reels publishing, read 2026-11-22).
    said = value_at(body, f"{phase}.bytes_transferred") or value_at(
        body, f"{phase}.bytes_transfered"
    )
    if said is None and receipt.confirmed == receipt.total:
        return None
    held = int(said or 0)
    return receipt.advanced(held, receipt.total - held) if held < receipt.total else None


def require(answer: httpx.Response, facts: Facts, key: str) -> str:
    """
    Return a value that a good answer must have.

    Raises:
        UnknownOutcomeError: it is not there: what was done cannot be told.
    """
    value = value_at(json_body(answer, facts), key)
    if value:
        return value
    raise UnknownOutcomeError(
        f"{facts.title} answered {answer.status_code} without {key}.",
        platform=facts.name,
        code="unreadable_answer",
    )


def require_success(answer: httpx.Response, facts: Facts) -> None:
    """
    Make sure that an answer says `"success": true`.

    Raises:
        UnknownOutcomeError: it does not.
    """
    if require(answer, facts, "success") != "True":
        raise UnknownOutcomeError(
            f"{facts.title} answered {answer.status_code}, yet not that it succeeded.",
            platform=facts.name,
            code="not_confirmed",
        )


def answered_at(answer: httpx.Response, api: Api) -> dt.datetime:
    """Return when the platform answered, by its own clock: ours may be wrong by hours."""
    date = answer.headers.get("Date", "")
    return email.utils.parsedate_to_datetime(date) if date else api.clock.now()
