"""
What every TikTok call passes: the token, its scopes, the calls per minute, and the envelope.

Source: API v2 overview, error handling and rate limit pages, read 2026-11-22. The posting pages
write `invalid_param`; what arrives is `invalid_params`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pellacia_service.sandbox.calls import Call, json_object
from pellacia_service.sandbox.hosts import token_of
from pellacia_service.sandbox.world import Refusal, Token, World

PLATFORM = "tiktok"
HOST = "open.tiktokapis.com"
MINUTE, DAY = 60, 86_400


@dataclass(frozen=True)
class Endpoint:
    """
    One call.

    Args:
        scopes: any one of them is enough.
        per_minute: calls of one user in a sliding minute.
    """

    method: str
    path: str
    scopes: frozenset[str]
    per_minute: int
    handle: Callable[[Call], Awaitable[Response]]


class Gate:
    """Lets a call in, and dresses answers and refusals in TikTok's envelope."""

    def __init__(self, world: World) -> None:
        self.world = world

    def route(self, endpoint: Endpoint) -> Route:
        """Return the route of a call."""
        return Route(
            f"/{HOST}{endpoint.path}",
            partial(self._answer, endpoint),
            methods=[endpoint.method],
        )

    def ok(self, data: object) -> Response:
        """Answer well."""
        return JSONResponse({"data": data, "error": self._error("ok", "")})

    def refusal(self, status: int, code: str, message: str) -> Refusal:
        """Return the refusal to raise."""
        return Refusal(status, {"data": {}, "error": self._error(code, message)})

    def invalid(self, message: str) -> Refusal:
        """Return the refusal of a wrong parameter."""
        return self.refusal(400, "invalid_params", message)

    def not_authorized(self) -> Refusal:
        """Return the refusal of a call, or a field, whose scope the token lacks."""
        message = "The user did not authorize the scope required for completing this request."
        return self.refusal(401, "scope_not_authorized", message)

    async def body(self, call: Call) -> dict[str, object]:
        """Return the call's JSON object; {} for an empty body."""
        body = await json_object(call.request)
        if body is None:
            raise self.invalid("The request body is not a JSON object")
        return body

    async def _answer(self, endpoint: Endpoint, request: Request) -> Response:
        token = self._token(request)
        if not endpoint.scopes & token.scopes:
            raise self.not_authorized()
        key = (f"tiktok {endpoint.path}", token.account.address)
        if not self.world.count(key, window=MINUTE, most=endpoint.per_minute):
            message = "The API rate limit was exceeded. Please try again later."
            raise self.refusal(429, "rate_limit_exceeded", message)
        return await endpoint.handle(Call(request, token))

    def _token(self, request: Request) -> Token:
        token = self.world.token(token_of(request.scope), PLATFORM)
        if token is None:
            message = "The access token is invalid or not found in the request."
            raise self.refusal(401, "access_token_invalid", message)
        return token

    def _error(self, code: str, message: str) -> dict[str, str]:
        stamp = f"{self.world.clock.now():%Y%m%d%H%M%S}"
        return {"code": code, "message": message, "log_id": f"{stamp}{self.world.number(18)}"}
