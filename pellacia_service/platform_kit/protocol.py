"""
What a platform file has to do: five promises, and one table of facts.

Read this first, then the shortest file in `platforms/`. A platform file turns one promise into
one request. It never sleeps, loops, retries, signs in, opens a file, or touches the database:
`publishing/machine.py` does the waiting and the remembering, `platform_kit/http.py` the calling.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Content
from pellacia_service.domain.problem import Problem
from pellacia_service.domain.receipt import Receipt
from pellacia_service.domain.sighting import Sighting
from pellacia_service.platform_kit.facts import Facts
from pellacia_service.platform_kit.http import Api


@dataclass(frozen=True)
class Part:
    """
    One piece of the file, streamed from disk as it is sent.

    Args:
        start: first byte, counted from 0. size: bytes. total: bytes of the whole file.
        stream: opens the piece again from its start at every call; yields up to 1 MiB at a time.
    """

    start: int
    size: int
    total: int
    stream: Callable[[], AsyncIterator[bytes]]

    @property
    def end(self) -> int:
        """The last byte, counted from 0, included."""
        return self.start + self.size - 1

    @property
    def content_range(self) -> str:
        """The value of a Content-Range header."""
        return f"bytes {self.start}-{self.end}/{self.total}"


@dataclass(frozen=True)
class Identity:
    """
    Who a token belongs to: the name people know, and the ids that calls need.

    Args:
        token: the token to publish with, where it is another than the one that asked (a Page's own).
        key: the id by which a person chooses it among the others.
        others: further accounts that the same token speaks for.
    """

    name: str
    ids: Mapping[str, str]
    token: str = field(default="", repr=False)
    key: str = ""
    others: tuple["Identity", ...] = ()


class Platform(Protocol):
    """The five promises, and who-am-I."""

    @property
    def facts(self) -> Facts:
        """What is known of the platform."""

    def problems(self, content: Content, media: Media) -> list[Problem]:
        """Say everything for which this post would be turned down. No network."""

    async def open(self, api: Api, content: Content, media: Media) -> Receipt:
        """Ask for a place to send the file to. Nothing is public yet."""

    async def send(self, api: Api, receipt: Receipt, part: Part) -> Receipt:
        """
        Send one part: exactly the bytes `receipt` asked for. Sending the same part twice is harmless.

        The receipt that comes back says what the platform confirmed and what it wants next. Where the
        platform wants to be told that the bytes are complete (finalize), the last receipt says
        `closing`, and `send` is called once more with an empty part.
        """

    async def look(self, api: Api, receipt: Receipt) -> Sighting:
        """Only look. Changes nothing, may be repeated at will, works at every step after `open`."""

    async def publish(self, api: Api, receipt: Receipt) -> Receipt:
        """Make it public: one request, the one that cannot be taken back."""

    async def who(self, api: Api) -> Identity:
        """Ask whose token this is: one account, and the others it speaks for beside that one."""
