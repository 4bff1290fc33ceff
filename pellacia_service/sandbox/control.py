"""The calls under `/_sandbox`: what exists, what was asked, and trouble on order."""

import datetime as dt
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pellacia_service.sandbox.accounts import PLATFORMS, open_account
from pellacia_service.sandbox.faults import Faults, read_fault
from pellacia_service.sandbox.fields import Fields
from pellacia_service.sandbox.journal import Journal, Line
from pellacia_service.sandbox.world import Refusal, SandboxPost, World

PREFIX = "/_sandbox/"
LONGEST_ADVANCE = 100 * 366 * 86_400

Handler = Callable[[Request], Awaitable[Response]]


def routes(world: World, faults: Faults, journal: Journal) -> list[Route]:
    """Return the control calls."""
    control = Control(world, faults, journal)
    return [
        Route(f"{PREFIX}posts", control.posts, methods=["GET"]),
        Route(f"{PREFIX}requests", control.requests, methods=["GET"]),
        Route(f"{PREFIX}faults", control.add_fault, methods=["POST"]),
        Route(f"{PREFIX}faults", control.clear_faults, methods=["DELETE"]),
        Route(f"{PREFIX}accounts", control.open_account, methods=["POST"]),
        Route(f"{PREFIX}clock", control.advance_clock, methods=["POST"]),
        Route(f"{PREFIX}reset", control.reset, methods=["POST"]),
    ]


class Control:
    """The handlers of the control calls. A wrong body is answered 400 `{"error": …}`."""

    def __init__(self, world: World, faults: Faults, journal: Journal) -> None:
        self._world = world
        self._faults = faults
        self._journal = journal

    async def posts(self, request: Request) -> Response:
        """List everything that exists on the six platforms, oldest first."""
        return JSONResponse([_post(post, self._world) for post in self._world.posts])

    async def requests(self, request: Request) -> Response:
        """List the calls received, oldest first."""
        return JSONResponse([_line(line) for line in self._journal.lines])

    async def add_fault(self, request: Request) -> Response:
        """Order trouble; answers the order's id."""
        try:
            fault = read_fault(await _json(request))
            _check_platform(fault.platform)
        except ValueError as error:
            raise _wrong(error) from error
        self._faults.add(fault)
        return JSONResponse({"id": fault.id})

    async def clear_faults(self, request: Request) -> Response:
        """End all trouble."""
        self._faults.clear()
        return JSONResponse({})

    async def open_account(self, request: Request) -> Response:
        """Make an account, or return it with a new token where it exists."""
        try:
            fields = Fields(await _json(request))
            platform, label = fields.text("platform"), fields.text("label", "default")
            fields.allow_only("platform", "label")
            _check_platform(platform)
        except ValueError as error:
            raise _wrong(error) from error
        opened = open_account(self._world, platform, label)
        return JSONResponse(
            {
                "account": opened.account.name,
                "access_token": opened.access_token,
                "refresh_token": opened.refresh_token,
                "ids": opened.account.ids,
            }
        )

    async def advance_clock(self, request: Request) -> Response:
        """Move the sandbox's time forward; answers the new instant."""
        try:
            fields = Fields(await _json(request))
            seconds = fields.number("advance", least=0, most=LONGEST_ADVANCE)
            fields.allow_only("advance")
        except ValueError as error:
            raise _wrong(error) from error
        self._world.clock.advance(seconds)
        return JSONResponse({"now": _instant(self._world.clock.now())})

    async def reset(self, request: Request) -> Response:
        """Forget everything but the accounts."""
        self._world.reset()
        self._faults.clear()
        self._journal.clear()
        return JSONResponse({})


async def _json(request: Request) -> object:
    body = await request.body()
    try:
        return await request.json() if body else {}
    except ValueError as error:
        raise ValueError(f"the body is no JSON: {error}") from error


def _check_platform(platform: str) -> None:
    if platform and platform not in PLATFORMS:
        raise ValueError(f"platform must be one of: {', '.join(PLATFORMS)}")


def _wrong(error: ValueError) -> Refusal:
    return Refusal(400, {"error": str(error)})


def _post(post: SandboxPost, world: World) -> dict[str, object]:
    return {
        "platform": post.platform,
        "account": post.account.label,
        "id": post.id,
        "state": world.state_of(post),
        "title": post.title,
        "text": post.text,
        "bytes": post.bytes,
        "sha256": post.sha256,
        "created_at": _instant(post.created_at),
        "url": post.url,
    }


def _line(line: Line) -> dict[str, object]:
    return {
        "n": line.n,
        "at": _instant(line.at),
        "platform": line.platform,
        "method": line.method,
        "host": line.host,
        "path": line.path,
        "status": line.status,
        "bytes_in": line.received.bytes,
    }


def _instant(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
