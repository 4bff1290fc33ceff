"""
The sandbox as one HTTP server on this machine: `pellacia-dist sandbox`, and tests.

A real host becomes the first path segment: `https://www.googleapis.com/youtube/v3/videos` is
`{url}/www.googleapis.com/youtube/v3/videos`. `/_sandbox/…` is the control.
"""

import asyncio
import json
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pellacia_service.sandbox import (
    control,
    facebook,
    instagram,
    linkedin,
    oauth,
    tiktok,
    x,
    youtube,
)
from pellacia_service.sandbox.faults import FaultMiddleware, Faults
from pellacia_service.sandbox.journal import Journal, JournalMiddleware, Received
from pellacia_service.sandbox.world import Refusal, World

LOOPBACK = "127.0.0.1"
BACKLOG = 2048
STOP_SECONDS = 10.0


class HoldableProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which also hands over the connection, to be cut, and counts the bytes."""

    def on_message_begin(self) -> None:
        """Begin a request's scope."""
        super().on_message_begin()
        self.scope["state"]["transport"] = self.transport
        self.scope["state"]["received"] = Received()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body, even one that no handler will read."""
        self.scope["state"]["received"].bytes += len(body)
        super().on_body(body)


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox that answers at `url`; `world` is what exists in it."""

    url: str
    world: World


class TwoDoors:
    """Control calls go straight in; a platform's calls pass the journal and the faults."""

    def __init__(self, *, control_calls: ASGIApp, platform_calls: ASGIApp) -> None:
        self._control_calls = control_calls
        self._platform_calls = platform_calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a request through its door."""
        is_control = scope["path"].startswith(control.PREFIX)
        await (self._control_calls if is_control else self._platform_calls)(scope, receive, send)


def make_app(world: World) -> ASGIApp:
    """Build the whole sandbox around a world."""
    faults, journal = Faults(world), Journal()
    platforms = _answering(
        [
            *oauth.routes(world),
            *youtube.routes(world),
            *instagram.routes(world),
            *facebook.routes(world),
            *tiktok.routes(world),
            *linkedin.routes(world),
            *x.routes(world),
        ]
    )
    troubled = FaultMiddleware(platforms, world=world, faults=faults)
    return TwoDoors(
        control_calls=_answering(control.routes(world, faults, journal)),
        platform_calls=JournalMiddleware(troubled, world=world, journal=journal),
    )


@contextmanager
def running_sandbox(*, port: int = 0, seed: int = 0, pace: float = 1.0) -> Iterator[RunningSandbox]:
    """
    Serve a sandbox from a thread of its own, on loopback only.

    Args:
        port: 0 takes a free one.
        seed: makes ids and figures repeatable.
        pace: see `World`.

    Raises:
        OSError: the port is taken.
    """
    with _listener(port) as listener:
        url = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        world = World(seed=seed, url=url, pace=pace)
        server = _server(make_app(world))
        thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[listener])),
            name="pellacia-sandbox",
            daemon=True,
        )
        thread.start()
        try:
            # The socket listens already: a client that comes early waits in its queue.
            yield RunningSandbox(url=url, world=world)
        finally:
            server.should_exit = True
            thread.join(STOP_SECONDS)


def serve_forever(port: int, seed: int, pace: float = 1.0) -> None:
    """
    Serve until SIGINT or SIGTERM. The first line on stdout is `{"url": "http://127.0.0.1:N"}`.

    Raises:
        OSError: the port is taken.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with running_sandbox(port=port, seed=seed, pace=pace) as sandbox:
        sys.stdout.write(json.dumps({"url": sandbox.url}) + "\n")
        sys.stdout.flush()
        stop.wait()


def _listener(port: int) -> socket.socket:
    # asyncio sends small answers without delay only on sockets that say outright they are TCP.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _server(app: ASGIApp) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        http=HoldableProtocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def _answering(routes: list[Route]) -> Starlette:
    """A Starlette that knows these routes, and answers refusals and unknown paths in JSON."""
    app = Starlette(
        routes=routes,
        exception_handlers={Refusal: _refuse, HTTPException: _refuse_unknown},
    )
    # TikTok's paths end in a slash and others' do not; a redirect would hide a client's mistake.
    app.router.redirect_slashes = False
    return app


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    if isinstance(error.body, str):
        return Response(error.body, error.status, error.headers)
    return JSONResponse(error.body, error.status, error.headers)


async def _refuse_unknown(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == HTTPStatus.NOT_FOUND:
        message = f"This sandbox does not know {path}"
    else:
        message = f"This sandbox does not answer {request.method} {path}: {error.detail}"
    return JSONResponse({"error": message}, error.status_code, error.headers)
