"""
What each kind of trouble does to a request: one small ASGI wrapper per kind.

A wrapper is made around the handler for one request. The connection is cut in the hard way where
a kind says "reset" (an RST, no farewell), so that a client sees what a dying network shows it.
"""

import asyncio
import json
import os
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pellacia_service.sandbox.hosts import token_of
from pellacia_service.sandbox.world import World

LINGER_NOT_AT_ALL = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
"""Closing such a socket sends an RST and drops what is unsent."""


@dataclass(frozen=True)
class Doing:
    """
    One kind of trouble.

    Args:
        kind: a key of `WRAPPERS`.
        amount: seconds, bytes, bytes per second or an HTTP status, as the kind counts.
        code: the platform's code for a processing that fails.
        headers, body: of a made-up answer; a body that is no text is sent as JSON.
    """

    kind: str
    amount: float = 0
    code: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = ""


Wrapper = Callable[[ASGIApp, Doing, World], ASGIApp]


def listing_lag(request: Request) -> float:
    """Return by how many seconds a listing must lag behind for this request."""
    return float(request.scope["state"].get("listing_lag", 0.0))


def answer_status(app: ASGIApp, doing: Doing, world: World) -> ASGIApp:
    """Answer as told; the handler never sees the request."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        await _drain(receive)
        is_text = isinstance(doing.body, str)
        body = str(doing.body) if is_text else json.dumps(doing.body)
        kind = "text/plain; charset=utf-8" if is_text else "application/json"
        content = body.encode()
        headers = {"content-type": kind, "content-length": str(len(content))}
        headers.update({name.lower(): value for name, value in doing.headers.items()})
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": int(doing.amount), "headers": raw})
        await send({"type": "http.response.body", "body": content})

    return handle


def lose_answer(app: ASGIApp, doing: Doing, world: World) -> ASGIApp:
    """Let the handler do everything, then reset the connection instead of answering."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, _say_nothing)
        await _reset(scope, receive)

    return handle


def reset_before(app: ASGIApp, doing: Doing, world: World) -> ASGIApp:
    """Reset the connection before a byte of the body is read."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        await _reset(scope, receive)

    return handle


def reset_after_bytes(app: ASGIApp, doing: Doing, world: World) -> ASGIApp:
    """Let the handler see the first `amount` bytes of the body, then reset the connection."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        left = int(doing.amount)

        async def receive_some() -> Message:
            nonlocal left
            if left <= 0:
                return {"type": "http.disconnect"}
            message = await receive()
            body = message.get("body", b"")[:left]
            left -= len(body)
            if message["type"] == "http.disconnect":
                return message
            more = message.get("more_body", False) or left == 0
            return {"type": "http.request", "body": body, "more_body": more}

        await app(scope, receive_some, _say_nothing)
        await _reset(scope, receive)

    return handle


def delay(app: ASGIApp, doing: Doing, world: World) -> ASGIApp:
    """Wait, then handle the request as ever."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(doing.amount)
        await app(scope, receive, send)

    return handle


def throttle(app: ASGIApp, doing: Doing, world: World) -> ASGIApp:
    """Take the body in at `amount` bytes per second."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        async def receive_slowly() -> Message:
            message = await receive()
            await asyncio.sleep(len(message.get("body", b"")) / doing.amount)
            return message

        await app(scope, receive_slowly, send)

    return handle


def expire_token(app: ASGIApp, doing: Doing, world: World) -> ASGIApp:
    """End the life of the request's token before the handler looks at it."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        token = world.tokens.get(token_of(scope))
        if token is not None:
            token.expires_at = world.clock.now()
        await app(scope, receive, send)

    return handle


def change_processing(app: ASGIApp, doing: Doing, world: World) -> ASGIApp:
    """Make the platform's video now being processed, else the next one, take longer or fail."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        platform = scope["state"]["platform"]
        if doing.code:
            world.change_processing(platform, failure=doing.code)
        else:
            world.change_processing(platform, seconds=doing.amount)
        await app(scope, receive, send)

    return handle


def lag_listing(app: ASGIApp, doing: Doing, world: World) -> ASGIApp:
    """Have listings leave out what is younger than `amount` seconds."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["listing_lag"] = doing.amount
        await app(scope, receive, send)

    return handle


def truncate_answer(app: ASGIApp, doing: Doing, world: World) -> ASGIApp:
    """Send the head of the answer and `amount` bytes of its body, then close the connection."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        left = int(doing.amount)

        async def send_some(message: Message) -> None:
            nonlocal left
            if message["type"] == "http.response.start":
                await send(message)
            elif left > 0:
                body = message.get("body", b"")[:left]
                left -= len(body)
                await send({"type": "http.response.body", "body": body, "more_body": True})

        await app(scope, receive, send_some)
        _transport(scope).close()
        await _wait_for_disconnect(receive)

    return handle


WRAPPERS: Mapping[str, Wrapper] = {
    "status": answer_status,
    "lost_answer": lose_answer,
    "reset_before": reset_before,
    "reset_after_bytes": reset_after_bytes,
    "truncate_answer": truncate_answer,
    "delay": delay,
    "bytes_per_second": throttle,
    "expire_token": expire_token,
    "processing_seconds": change_processing,
    "processing_fails": change_processing,
    "listing_lag": lag_listing,
}

ENDINGS = frozenset(
    {"status", "lost_answer", "reset_before", "reset_after_bytes", "truncate_answer"}
)
"""Kinds that decide how a request ends: one of them per request. The others add up."""


async def _say_nothing(message: Message) -> None:
    """Stand in for `send` where the client is to see nothing."""


def _transport(scope: Scope) -> asyncio.Transport:
    transport: asyncio.Transport = scope["state"]["transport"]
    return transport


async def _reset(scope: Scope, receive: Receive) -> None:
    transport = _transport(scope)
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT_AT_ALL)
    transport.abort()
    await _wait_for_disconnect(receive)


async def _wait_for_disconnect(receive: Receive) -> None:
    """Let the server notice that the connection is gone, or it would complain of a missing answer."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _drain(receive: Receive) -> None:
    """Read the body to its end, or to the end of the connection."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return
