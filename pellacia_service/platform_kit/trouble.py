"""
Reads an answer, or the lack of one, as one of the errors of `errors.py`.

A platform's own code decides, by its table (`Facts.trouble`); a code that the table does not know
falls back to the HTTP status. What proves that a call had no effect is marked `not_done`; an
answer that proves nothing (5xx, an unlisted 4xx, a cut connection) is not.
"""

import datetime as dt
import email.utils
import json
from collections.abc import Collection, Mapping
from zoneinfo import ZoneInfo

import httpx

from pellacia_service.domain.json import Json
from pellacia_service.errors import (
    LoginNeededError,
    PlatformError,
    RateLimitedError,
    RefusedError,
    SessionGoneError,
    TransientError,
    UnknownOutcomeError,
)
from pellacia_service.platform_kit.facts import Facts, Trouble
from pellacia_service.platform_kit.usage import regained_at, window_reset

STATUS_TROUBLE: Mapping[int, Trouble] = {
    400: Trouble.REFUSED,
    401: Trouble.LOGIN,
    402: Trouble.REFUSED,
    403: Trouble.REFUSED,
    404: Trouble.REFUSED,
    405: Trouble.REFUSED,
    408: Trouble.RETRY,
    410: Trouble.SESSION_GONE,
    411: Trouble.REFUSED,
    413: Trouble.REFUSED,
    415: Trouble.REFUSED,
    422: Trouble.REFUSED,
    429: Trouble.RATE_LIMIT,
}
"""For answers whose own code is not in the platform's table. 5xx: RETRY."""

PROOF_OF_NO_EFFECT = frozenset(
    {Trouble.RATE_LIMIT, Trouble.DAY_LIMIT, Trouble.LOGIN, Trouble.REFUSED}
)
"""A code in the platform's table with one of these meanings says that nothing was done."""

LONGEST_WAIT = dt.timedelta(hours=24)

ERRORS: Mapping[Trouble, type[PlatformError]] = {
    Trouble.RETRY: TransientError,
    Trouble.RATE_LIMIT: RateLimitedError,
    Trouble.DAY_LIMIT: RateLimitedError,
    Trouble.LOGIN: LoginNeededError,
    Trouble.REFUSED: RefusedError,
    Trouble.SESSION_GONE: SessionGoneError,
    Trouble.UNCERTAIN: UnknownOutcomeError,
}

ADVICE: Mapping[Trouble, str] = {
    Trouble.RETRY: "It is tried a few times by itself; after that: pellacia-dist queue retry",
    Trouble.RATE_LIMIT: "It goes on by itself when the platform allows it.",
    Trouble.DAY_LIMIT: "The day's quota is used up; it goes on by itself when the quota is back.",
    Trouble.LOGIN: "Connect the account again: pellacia-dist auth login {platform}",
    Trouble.REFUSED: "Change what it complains about, then: pellacia-dist queue retry",
    Trouble.SESSION_GONE: "A new upload is started by itself where that is safe.",
    Trouble.UNCERTAIN: "It may have been published; the program looks for it before anything else.",
}


def error_of_network(error: httpx.HTTPError, facts: Facts) -> PlatformError:
    """Read a failed exchange. Only a connection that was never made proves that nothing happened."""
    never_sent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    if never_sent:
        what = f"No connection to {facts.title}. Check the network, then: pellacia-dist queue retry"
    else:
        what = (
            f"The connection to {facts.title} broke before its answer came. "
            "Check the network, then: pellacia-dist queue retry"
        )
    return TransientError(what, platform=facts.name, code=type(error).__name__, not_done=never_sent)


def error_of_answer(
    response: httpx.Response, facts: Facts, accept: Collection[int], *, now: dt.datetime
) -> PlatformError | None:
    """Return the error that an answer stands for, or None where it is a good answer."""
    if response.status_code in accept or (response.is_success and not facts.envelope_ok):
        return None
    body = json_or_none(response)
    if response.is_success and value_at(body, facts.envelope_ok) in ("ok", None):
        return None
    codes = [code for path in facts.error_codes_at if (code := value_at(body, path)) is not None]
    known = next((code for code in codes if code in facts.trouble), None)
    said = next(
        (text for path in facts.error_message_at if (text := value_at(body, path))),
        response.reason_phrase or "no reason given",
    )
    trouble = facts.trouble[known] if known else status_trouble(response.status_code)
    if trouble is Trouble.RATE_LIMIT and names_a_day(said, facts):
        trouble = Trouble.DAY_LIMIT
    retry_at = retry_time(response, facts, trouble, now=now)
    # "True" is the value of a flag (is_transient), which tells people nothing.
    named = known if known != "True" else None
    code = named or next((one for one in codes if one != "True"), str(response.status_code))
    return ERRORS[trouble](
        f"{facts.title} answered {response.status_code} ({code}): {said.strip()} "
        + ADVICE[trouble].format(platform=facts.name),
        platform=facts.name,
        code=code,
        retry_at=retry_at,
        not_done=known is not None and trouble in PROOF_OF_NO_EFFECT,
    )


def status_trouble(status: int) -> Trouble:
    """Read an HTTP status by itself."""
    return STATUS_TROUBLE.get(status, Trouble.RETRY if status >= 500 else Trouble.REFUSED)


def names_a_day(said: str, facts: Facts) -> bool:
    """Tell a day's limit by its sentence, where the platform has one code for both limits."""
    return any(words in said.lower() for words in facts.day_limit_words)


def retry_time(
    response: httpx.Response, facts: Facts, trouble: Trouble, *, now: dt.datetime
) -> dt.datetime | None:
    """Say when another try makes sense: the platform's word, else the end of its day or a while."""
    asked = retry_after(response.headers.get("Retry-After", ""), now=now)
    if asked is not None:
        return asked
    if trouble is Trouble.DAY_LIMIT:
        return end_of_day(facts.day_ends, now=now)
    if trouble is not Trouble.RATE_LIMIT:
        return None
    reset = window_reset(response.headers, facts.reset_headers, now=now)
    return reset or regained_at(response.headers, now=now) or now + facts.unnamed_wait


def retry_after(header: str, *, now: dt.datetime) -> dt.datetime | None:
    """Read a Retry-After header: seconds or an HTTP date, kept between 1 second and 24 hours."""
    if not header:
        return None
    try:
        wait = dt.timedelta(seconds=float(header))
    except (ValueError, OverflowError):
        try:
            wait = email.utils.parsedate_to_datetime(header) - now
        except (ValueError, TypeError):
            return None
    return now + min(max(wait, dt.timedelta(seconds=1)), LONGEST_WAIT)


def end_of_day(zone: str, *, now: dt.datetime) -> dt.datetime:
    """Return the next midnight in `zone`; with no zone, the same time tomorrow."""
    if not zone:
        return now + LONGEST_WAIT
    tomorrow = now.astimezone(ZoneInfo(zone)).date() + dt.timedelta(days=1)
    midnight = dt.datetime.combine(tomorrow, dt.time(), tzinfo=ZoneInfo(zone))
    return midnight.astimezone(dt.UTC)


def json_or_none(response: httpx.Response) -> Json:
    """Read a body as JSON; None where it is not JSON (front ends answer in HTML, or not at all)."""
    try:
        parsed: Json = json.loads(response.content)
    except ValueError:
        return None
    return parsed


def json_body(response: httpx.Response, facts: Facts) -> dict[str, Json]:
    """
    Read a good answer's JSON object.

    Raises:
        UnknownOutcomeError: the body is cut, empty or no object: what was done cannot be told.
    """
    body = json_or_none(response)
    if isinstance(body, dict):
        return body
    raise UnknownOutcomeError(
        f"{facts.title} answered {response.status_code} with a body that cannot be read.",
        platform=facts.name,
        code="unreadable_answer",
    )


def node_at(body: Json, path: str) -> Json:
    """Follow a dotted path into JSON; None where it leads nowhere. "": the whole body."""
    node = body
    for step in path.split(".") if path else ():
        if isinstance(node, dict):
            node = node.get(step)
        elif isinstance(node, list) and step.isdigit() and int(step) < len(node):
            node = node[int(step)]
        else:
            return None
    return node


def value_at(body: Json, path: str) -> str | None:
    """Read the text, number or truth value at a dotted path as text; None where there is none."""
    value = node_at(body, path)
    return None if value is None or isinstance(value, dict | list) else str(value)


def list_at(body: Json, path: str) -> list[Json]:
    """Read the list at a dotted path; empty where there is none."""
    found = node_at(body, path)
    return found if isinstance(found, list) else []


def dict_at(body: Json, path: str) -> dict[str, Json]:
    """Read the object at a dotted path; empty where there is none."""
    found = node_at(body, path)
    return found if isinstance(found, dict) else {}


def needed_at(body: Json, path: str, facts: Facts) -> str:
    """
    Read a value without which the answer says nothing.

    Raises:
        UnknownOutcomeError: it is not there: what was done cannot be told.
    """
    if value := value_at(body, path):
        return value
    raise UnknownOutcomeError(
        f"{facts.title} answered well, but without {path}.",
        platform=facts.name,
        code="incomplete_answer",
    )


def refused(message: str, code: str, facts: Facts) -> RefusedError:
    """Make the error for what an answer shows to be impossible, though it was no refusal itself."""
    return RefusedError(message, platform=facts.name, code=code, not_done=True)
