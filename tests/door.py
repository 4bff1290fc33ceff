"""A door in front of the sandbox: a forwarder of connections that can be shut, so that none is made."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

BLOCK = 64 * 1024


@dataclass
class Door:
    """
    An address that leads to another one while it is open; connections that were made stay.

    Args:
        port: where the forwarded connections go on this machine.
        shut_at: words of an answer that shut the door as soon as they have passed.
    """

    port: int
    shut_at: bytes
    url: str = ""
    _own_port: int = 0
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def open(self) -> None:
        """Take connections, always at the same address."""
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self._own_port)
        self._own_port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self._own_port}"

    def shut(self) -> None:
        """Let the operating system refuse every further connection."""
        if self._server is not None:
            self._server.close()

    def close(self) -> None:
        """Shut, and end the connections that there are."""
        self.shut()
        for writer in self._open:
            writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, requests = await asyncio.open_connection("127.0.0.1", self.port)
        self._open |= {writer, requests}
        await asyncio.gather(
            self._copy(reader, requests, shut_at=b""),
            self._copy(answers, writer, shut_at=self.shut_at),
            return_exceptions=True,
        )

    async def _copy(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, shut_at: bytes
    ) -> None:
        while block := await source.read(BLOCK):
            if shut_at and shut_at in block:
                # Before the words are passed on: who reads them finds the door shut already.
                self.shut()
                self.shut_at = shut_at = b""
            target.write(block)
            await target.drain()
        target.close()


@asynccontextmanager
async def open_door(port: int, *, shut_at: bytes) -> AsyncIterator[Door]:
    """Open a door, and take it away in the end."""
    door = Door(port, shut_at)
    await door.open()
    try:
        yield door
    finally:
        door.close()
