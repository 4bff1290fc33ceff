"""
What every LinkedIn call passes: the token, the version, the day's quota, and how it is refused.

Source: API concepts (versioning, rate limiting, error handling), read 2026-11-22. How a missing
`X-Restli-Protocol-Version` is refused is not documented.
"""

import datetime as dt
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pellacia_service.sandbox.calls import Call, json_object
from pellacia_service.sandbox.hosts import token_of
from pellacia_service.sandbox.world import Refusal, SandboxAccount, Token, World

PLATFORM = "linkedin"
HOST = "api.linkedin.com"

LIVE_MONTHS = 12
SKIPPED_VERSIONS = frozenset({"202512"})
"""Months in which no version came out."""
CALLS_PER_MEMBER_PER_DAY = 150
"""Share on LinkedIn. The account's id `calls_per_day` sets another figure for one account."""

Handler = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True)
class Endpoint:
    """One call. Calls under /rest/ are versioned and counted. `scopes`: any one is enough."""

    method: str
    path: str
    scopes: frozenset[str]
    handle: Handler


class Gate:
    """Lets a call in."""

    def __init__(self, world: World) -> None:
        self.world = world

    def route(self, endpoint: Endpoint) -> Route:
        """Return the route of a call."""
        return Route(
            f"/{HOST}{endpoint.path}",
            partial(self._answer, endpoint),
            methods=[endpoint.method],
        )

    async def _answer(self, endpoint: Endpoint, request: Request) -> Response:
        headers = {"x-li-uuid": str(uuid.uuid4()), "x-li-fabric": "prod-lva1"}
        try:
            answer = await endpoint.handle(self._admit(endpoint, request))
        except Refusal as refusal:
            refusal.headers.update(headers)
            raise
        answer.headers.update(headers)
        return answer

    def _admit(self, endpoint: Endpoint, request: Request) -> Call:
        token = self._token(request)
        call = Call(request, token)
        if endpoint.path.startswith("/rest/"):
            _check_headers(call, self.world.clock.now())
            self._count(token.account)
        if not endpoint.scopes & token.scopes:
            raise no_permission(call, endpoint.path)
        return call

    def _token(self, request: Request) -> Token:
        value = token_of(request.scope)
        token = self.world.token(value, PLATFORM)
        if token is not None:
            return token
        known = self.world.tokens.get(value)
        if not value:
            raise refusal(401, "EMPTY_ACCESS_TOKEN", "Empty oauth2_access_token", number=401)
        if known is None or known.account.platform != PLATFORM:
            raise refusal(401, "INVALID_ACCESS_TOKEN", "Invalid access token", number=65600)
        if known.revoked:
            message = "The token used in the request has been revoked by the user"
            raise refusal(401, "REVOKED_ACCESS_TOKEN", message, number=65601)
        message = "The token used in the request has expired"
        raise refusal(401, "EXPIRED_ACCESS_TOKEN", message, number=65602)

    def _count(self, account: SandboxAccount) -> None:
        now = self.world.clock.now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        most = int(account.ids.get("calls_per_day", CALLS_PER_MEMBER_PER_DAY))
        window = (now - midnight).total_seconds()
        if not self.world.count(("linkedin calls", account.address), window=window, most=most):
            message = (
                "Resource level throttle MEMBER DAY limit for calls to this resource is reached."
            )
            raise refusal(429, "TOO_MANY_REQUESTS", message, number=101)


def refusal(status: int, code: str, message: str, *, number: int | None = None) -> Refusal:
    """Return the refusal to raise. `number` is the serviceErrorCode."""
    numbered = {} if number is None else {"serviceErrorCode": number}
    return Refusal(status, {"status": status, **numbered, "code": code, "message": message})


def wrong_field(code: str, path: str, message: str, *, status: int = 400) -> Refusal:
    """Return the refusal of one field of the body. `path` is written with slashes."""
    field = {"code": code, "description": message, "input": {"inputPath": {"fieldPath": path}}}
    body = {
        "status": status,
        "code": code,
        "message": f"{path} :: {message}",
        "errorDetailType": "com.linkedin.common.error.BadRequest",
        "errorDetails": {"inputErrors": [field]},
    }
    return Refusal(status, body)


def no_permission(call: Call, action: str) -> Refusal:
    """Return the refusal of something that this token, or its member, may not do."""
    name = f"{action}.{call.header('linkedin-version')}01"
    message = f"Not enough permissions to access: {name}"
    return refusal(403, "ACCESS_DENIED", message, number=100)


def not_found(urn: str) -> Refusal:
    """Return the refusal of an unknown URN."""
    return refusal(404, "NOT_FOUND", f"Could not find entity {urn}")


async def body_of(call: Call) -> dict[str, object]:
    """Return the call's JSON object."""
    body = await json_object(call.request)
    if body is None:
        raise refusal(400, "BAD_REQUEST", "The request body is not a JSON object")
    return body


def speaks_for(call: Call, urn: object, person_and_page: Mapping[str, str]) -> bool:
    """
    Say whether this token may act as a person or an organisation.

    Args:
        person_and_page: the scope that each needs, by "person_urn" and "organization_urn".
    """
    return any(
        call.account.ids[name] == urn and scope in call.token.scopes
        for name, scope in person_and_page.items()
    )


def _check_headers(call: Call, now: dt.datetime) -> None:
    if call.request.method == "POST" and not call.header("content-length"):
        raise refusal(411, "LENGTH_REQUIRED", "A POST needs a Content-Length")
    version = call.header("linkedin-version")
    if not version:
        message = "A version must be present. Please specify a version by adding the "
        raise refusal(400, "VERSION_MISSING", f"{message}LinkedIn-Version header.")
    if version not in _live_versions(now):
        message = f"Requested version {version}01 is not active"
        raise refusal(426, "NONEXISTENT_VERSION", message)
    if call.header("x-restli-protocol-version") != "2.0.0":
        raise refusal(400, "BAD_REQUEST", "X-Restli-Protocol-Version must be 2.0.0")


def _live_versions(now: dt.datetime) -> frozenset[str]:
    month = now.year * 12 + now.month - 1
    months = range(month - LIVE_MONTHS + 1, month + 1)
    return frozenset(f"{one // 12}{one % 12 + 1:02d}" for one in months) - SKIPPED_VERSIONS
