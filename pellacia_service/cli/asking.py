"""Asking a person for a line, so that Ctrl-C is heard meanwhile."""

import asyncio
import os
import threading

STDIN = 0


async def ask_line() -> str:
    """
    Return the next line of stdin, with its end; what there is, where stdin ends.

    The thread that reads is a daemon: nothing in Python can wake it, and the program must not wait
    for it after Ctrl-C.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str] = loop.create_future()

    def tell(line: str) -> None:
        if not answer.done():
            answer.set_result(line)

    def read() -> None:
        line = _read_line()
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, line)

    threading.Thread(target=read, daemon=True).start()
    return await answer


class Typist:
    """A person at the keyboard. A line that comes when nobody asks any more answers the next question."""

    def __init__(self) -> None:
        self._coming: asyncio.Task[str] | None = None

    async def line(self) -> str:
        """Return the next line, with its end; "" where no more will come."""
        if self._coming is None:
            self._coming = asyncio.ensure_future(ask_line())
        line = await asyncio.shield(self._coming)
        self._coming = None
        return line


def _read_line() -> str:
    """Read without Python's buffer, whose lock would be held while nobody types."""
    line = b""
    try:
        while not line.endswith(b"\n") and (more := os.read(STDIN, 4096)):
            line += more
    except OSError:
        pass  # closed by whoever started us: there is nobody to ask
    return line.decode("utf-8", "replace")
