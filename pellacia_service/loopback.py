"""
Where the browser brings the answer of a sign-in: a listener on this machine that takes one.

RFC 8252, 7.3: on 127.0.0.1 and not on a name, closed as soon as the answer is there.
"""

import asyncio
import contextlib
import errno
import html
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from urllib.parse import parse_qs

from pellacia_service.errors import SetupError

HOST = "127.0.0.1"
HEAD_SECONDS = 10.0
"""For a request's head. Browsers open connections ahead and send nothing on them."""

TAKEN = frozenset({errno.EADDRINUSE, errno.EACCES})

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Pellacia</title><style>
body{{margin:0;min-height:100vh;display:grid;place-items:center;background:#eef1f5;color:#1b2430;
font:18px/1.5 system-ui,sans-serif}}main{{background:#fff;padding:2rem 3rem;border-radius:14px;
box-shadow:0 8px 30px #1b243022}}</style></head><body><main><h1>{head}</h1><p>{words}</p></main>
</body></html>
"""

HEADERS = (
    "Content-Type: text/html; charset=utf-8",
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'",
    # The address of the page holds the code.
    "Referrer-Policy: no-referrer",
    "Cache-Control: no-store",
    "Connection: close",
)


class Loopback:
    """A listener for one answer at one path. Use `listening`."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._port = 0
        self._server: asyncio.Server | None = None
        self._taken = False
        self._answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._talks: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """The redirect address to register, and to send to the platform."""
        return f"http://{HOST}:{self._port}{self._path}"

    async def answer(self) -> str:
        """Wait for the browser; return the whole address that it was sent to."""
        return await asyncio.shield(self._answer)

    async def open(self, port: int) -> None:
        """
        Begin to listen.

        Raises:
            SetupError: another program has the port.
        """
        try:
            self._server = await asyncio.start_server(self._talk, HOST, port)
        except OSError as error:
            if error.errno not in TAKEN:
                raise
            raise SetupError(
                f"Port {port} of this machine is taken by another program, so the answer of the "
                "sign-in could not come back. End that program (another sign-in?), or set "
                "PELLACIA_REDIRECT_PORT to another port and register it with your app too, or "
                "sign in with --no-browser and paste the address that the browser ends at."
            ) from error
        self._port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Listen no longer, and drop who is still connected."""
        if self._server is not None:
            self._server.close()
        for talk in self._talks:
            talk.cancel()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                line = head.partition(b"\r\n")[0].decode("latin-1")
                status, title, words, answer = self._take(line)
                writer.write(_page(status, title, words))
                await writer.drain()
                writer.close()
                await writer.wait_closed()
            if answer:
                self._answer.set_result(answer)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, OSError):
            pass  # not a browser, or one that has changed its mind
        finally:
            writer.close()
            self._talks.discard(task)

    def _take(self, line: str) -> tuple[HTTPStatus, str, str, str]:
        """Read a request line; return status, headline and words of the page, and the answer."""
        method, target = (*line.split(" "), "", "")[:2]
        path, _, query = target.partition("?")
        if method != "GET":
            return HTTPStatus.METHOD_NOT_ALLOWED, "No", "Only a browser's answer is taken here.", ""
        if path != self._path:
            words = f"This sign-in waits for its answer at {self._path}, not at {path}."
            return HTTPStatus.NOT_FOUND, "Not here", words, ""
        if self._taken:
            words = "This sign-in has been answered already. A second answer is not taken."
            return HTTPStatus.GONE, "Too late", words, ""
        self._taken = True
        if self._server is not None:
            self._server.close()
        said_no = "error" in parse_qs(query)
        title = "Nothing was connected" if said_no else "Thank you"
        words = "You may close this window. The terminal says how it went."
        return HTTPStatus.OK, title, words, f"{self.address}?{query}"


@asynccontextmanager
async def listening(port: int, path: str) -> AsyncIterator[Loopback]:
    """
    Listen on loopback for one answer.

    Args:
        port: 0 takes a free one.

    Raises:
        SetupError: another program has the port.
    """
    loopback = Loopback(path)
    await loopback.open(port)
    with contextlib.closing(loopback):
        yield loopback


def _page(status: HTTPStatus, title: str, words: str) -> bytes:
    body = PAGE.format(head=html.escape(title), words=html.escape(words)).encode()
    head = (f"HTTP/1.1 {status.value} {status.phrase}", *HEADERS, f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode("latin-1", "replace") + body
