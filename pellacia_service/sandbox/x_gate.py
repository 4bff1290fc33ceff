"""
What every X call passes: the token, its scopes, the calls per 15 minutes, and how it is refused.

Source: rate limits page, error pages and OpenAPI document 2.167, read 2026-11-22. Windows here
begin at the quarter of an hour, so that `x-rate-limit-reset` is easy to foretell.
"""

import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pellacia_service.sandbox.calls import Call, json_object
from pellacia_service.sandbox.hosts import token_of
from pellacia_service.sandbox.world import Refusal, Token, World

PLATFORM = "x"
HOST = "api.x.com"
WINDOW = 900
PROBLEMS = "https://api.x.com/2/problems/"
EPOCH = 1_288_834_974_657
"""Milliseconds; X counts the time in its ids from here."""

ID = re.compile(r"[0-9]{1,19}")


@dataclass(frozen=True)
class Endpoint:
    """One call. All scopes are needed. `limit`: calls of one user in 15 minutes."""

    method: str
    path: str
    scopes: frozenset[str]
    limit: int
    handle: Callable[[Call], Awaitable[Response]]


class Gate:
    """Lets a call in, writes the rate headers on whatever is answered, and numbers things."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._last_id = 0

    def route(self, endpoint: Endpoint) -> Route:
        """Return the route of a call."""
        return Route(
            f"/{HOST}{endpoint.path}",
            partial(self._answer, endpoint),
            methods=[endpoint.method],
        )

    def new_id(self) -> str:
        """Return an id of 19 digits, larger than all before: ids sort by time."""
        milliseconds = int(self.world.clock.now().timestamp() * 1000) - EPOCH
        self._last_id = max(milliseconds << 22, self._last_id + 1)
        return str(self._last_id)

    async def _answer(self, endpoint: Endpoint, request: Request) -> Response:
        token = self.world.token(token_of(request.scope), PLATFORM)
        try:
            answer = await endpoint.handle(self._admit(endpoint, request, token))
        except Refusal as refusal:
            refusal.headers.update(self._headers(endpoint, token))
            raise
        answer.headers.update(self._headers(endpoint, token))
        return answer

    def _admit(self, endpoint: Endpoint, request: Request, token: Token | None) -> Call:
        if token is None:
            raise problem(401, "Unauthorized", "Unauthorized")
        if not endpoint.scopes <= token.scopes:
            raise forbidden("You are not permitted to perform this action.")
        key, window = _counter(endpoint, token), self._now() % WINDOW
        if not self.world.count(key, window=window, most=endpoint.limit):
            raise problem(429, "Too Many Requests", "Too Many Requests")
        return Call(request, token)

    def _headers(self, endpoint: Endpoint, token: Token | None) -> dict[str, str]:
        now = self._now()
        used = 0
        if token is not None:
            used = self.world.used(_counter(endpoint, token), window=now % WINDOW)
        return {
            "x-rate-limit-limit": str(endpoint.limit),
            "x-rate-limit-remaining": str(endpoint.limit - used),
            "x-rate-limit-reset": str(int(now - now % WINDOW) + WINDOW),
        }

    def _now(self) -> float:
        return self.world.clock.now().timestamp()


def data(values: object, *, status: int = 200) -> Response:
    """Answer well."""
    return JSONResponse({"data": values}, status)


def problem(status: int, title: str, detail: str, *, kind: str = "about:blank") -> Refusal:
    """Return the refusal to raise."""
    return Refusal(status, {"title": title, "detail": detail, "type": kind, "status": status})


def forbidden(detail: str) -> Refusal:
    """Return the refusal of what this user may not do."""
    return problem(403, "Forbidden", detail)


def invalid(message: str, parameter: str = "", value: object = "") -> Refusal:
    """Return the refusal of a wrong parameter, or of a body without one that could be named."""
    body = {
        "errors": [
            {"parameters": {parameter: [str(value)]} if parameter else {}, "message": message}
        ],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": f"{PROBLEMS}invalid-request",
    }
    return Refusal(400, body)


def not_found(kind: str, parameter: str, value: str) -> dict[str, str]:
    """Return the entry of `errors` for something that is not there."""
    return {
        "value": value,
        "detail": f"Could not find {kind} with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": parameter,
        "resource_id": value,
        "type": f"{PROBLEMS}resource-not-found",
    }


async def body_of(call: Call, allowed: Collection[str]) -> dict[str, object]:
    """Return the call's JSON object, which may hold the allowed keys only; {} for an empty body."""
    body = await json_object(call.request)
    if body is None:
        raise invalid("Request body must be a JSON object.")
    for name in body:
        if name not in allowed:
            raise invalid(f"$.{name}: is not defined in the schema", name, body[name])
    return body


def _counter(endpoint: Endpoint, token: Token) -> tuple[str, str]:
    return (f"x {endpoint.method} {endpoint.path}", token.account.address)
