"""What was asked of the sandbox: one line per request, never a query (it may carry a token)."""

import datetime as dt
from collections import deque
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pellacia_service.sandbox.hosts import platform_of, split_host
from pellacia_service.sandbox.world import World

MOST_LINES = 100_000


@dataclass
class Received:
    """Bytes of one request's body that have come over the wire, read by a handler or not."""

    bytes: int = 0


@dataclass
class Line:
    """One request. `status` 0: no answer was sent (yet)."""

    n: int
    at: dt.datetime
    platform: str
    method: str
    host: str
    path: str
    status: int = 0
    received: Received = field(default_factory=Received)


class Journal:
    """The latest requests, oldest first, numbered from 1."""

    def __init__(self) -> None:
        self.lines: deque[Line] = deque(maxlen=MOST_LINES)
        self._written = 0

    def begin(self, scope: Scope, *, at: dt.datetime, platform: str) -> Line:
        """Write a request down as it arrives."""
        self._written += 1
        host, path = split_host(scope["path"])
        line = Line(self._written, at, platform, scope["method"], host, path)
        line.received = scope["state"]["received"]
        self.lines.append(line)
        return line

    def clear(self) -> None:
        """Forget all requests and count from 1 again."""
        self.lines.clear()
        self._written = 0


class JournalMiddleware:
    """Writes down every request and tells the handlers behind it which platform it is for."""

    def __init__(self, app: ASGIApp, *, world: World, journal: Journal) -> None:
        self._app = app
        self._world = world
        self._journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, noting its answer."""
        platform = platform_of(self._world, scope)
        scope["state"]["platform"] = platform
        line = self._journal.begin(scope, at=self._world.clock.now(), platform=platform)

        async def noted_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                line.status = message["status"]
            await send(message)

        await self._app(scope, receive, noted_send)
