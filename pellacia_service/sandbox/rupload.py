"""
rupload.facebook.com: takes a video's bytes in for Instagram and for Page reels.

One request carries everything from the byte `offset` to the end. What arrived before a break is
kept; the next request goes on from there.

Sources: Instagram "Resumable uploads" and content publishing guide, Video API "Publishing Reels";
read 2026-11-22.
"""

import asyncio
import json
from collections.abc import Mapping

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.types import Message

from pellacia_service.sandbox.graph_call import authorization
from pellacia_service.sandbox.receiving import BLOCK, Growing
from pellacia_service.sandbox.world import Refusal, Token, World

HOST = "rupload.facebook.com"
HEAD_BYTES = 12
"""A file of the MP4 family names itself here: four bytes of length, "ftyp", the brand."""

TOKEN_SCHEME = frozenset({"oauth"})
"""This host does not know Bearer."""

RETRIABLE: Mapping[str, bool] = {
    "NotAuthorizedError": False,
    "OffsetInvalidError": False,
    "ParameterValidationError": False,
    "PartialRequestError": True,
    "ProcessingFailedError": False,
}
UNAUTHORIZED = json.dumps({"success": False, "error": {"message": "unauthorized user request"}})


class Incoming:
    """
    A video file on its way: how much of it is here, and how it begins.

    `announced` is the size of the whole file in bytes; 0 until a client has said it.
    """

    def __init__(self, announced: int = 0) -> None:
        self.announced = announced
        self.lock = asyncio.Lock()
        self._bytes = Growing()
        self._head = bytearray()

    @property
    def held(self) -> int:
        """Bytes that are here, counted from the first."""
        return self._bytes.size

    @property
    def sha256(self) -> str:
        """The hash of the bytes that are here, lower-case hex."""
        return self._bytes.sha256

    @property
    def is_whole(self) -> bool:
        """True once the last byte is here."""
        return 0 < self.announced == self.held

    @property
    def is_video(self) -> bool:
        """True where it begins like an MP4 or MOV file."""
        return self._head[4:8] == b"ftyp"

    async def take(self, request: Request, *, most: int) -> bool:
        """Add a request's body; False where it broke off or was longer than `most` bytes."""
        del self._head[self.held :]

        async def receive() -> Message:
            message = await request.receive()
            self._head += message.get("body", b"")[: HEAD_BYTES - len(self._head)]
            return message

        return await self._bytes.take(Request(request.scope, receive), most=most)

    async def add(self, piece: UploadFile, size: int) -> None:
        """Add a piece of `size` bytes that arrived whole, in a form."""

        async def receive() -> Message:
            block = await piece.read(BLOCK)
            return {"type": "http.request", "body": block, "more_body": bool(block)}

        await self.take(Request({"type": "http"}, receive), most=size)


def upload_token(world: World, request: Request, platform: str) -> Token:
    """Return the token of an upload request; refuses any scheme but OAuth."""
    token = world.token(authorization(request, TOKEN_SCHEME), platform)
    if token is None:
        raise upload_error("NotAuthorizedError", UNAUTHORIZED, status=401)
    return token


async def receive_rest(request: Request, file: Incoming, *, largest: int) -> None:
    """
    Take in a request that carries a file from `offset` to its end.

    Raises:
        Refusal: the request breaks a rule, or the body does not end where the file does. Bytes
            that arrived are kept in the latter case.
    """
    offset, size = _header(request, "offset"), _header(request, "file_size")
    async with file.lock:
        _check(file, offset, size, largest)
        file.announced = size
        in_order = await file.take(request, most=size - offset)
    if not (in_order and file.is_whole):
        message = f"The body does not have the {size - offset} bytes that are missing"
        raise upload_error("PartialRequestError", message)


def upload_error(kind: str, message: str, *, status: int = 400) -> Refusal:
    """Make an answer in this host's own envelope, which has no `error`."""
    body = {"retriable": RETRIABLE[kind], "type": kind, "message": message}
    return Refusal(status, {"debug_info": body})


def unknown_upload() -> Refusal:
    """Refuse an upload that does not exist, is over, or belongs to someone else."""
    return upload_error("ProcessingFailedError", UNAUTHORIZED)


def _check(file: Incoming, offset: int, size: int, largest: int) -> None:
    if not 0 < size <= largest:
        message = f"The file size {size} is not between 1 and {largest} bytes"
        raise upload_error("ProcessingFailedError", message)
    if file.announced not in {0, size}:
        message = f"The file size was {file.announced} bytes, now it is {size}"
        raise upload_error("PartialRequestError", message)
    if offset != file.held:
        message = f"The offset {offset} is not the number of bytes received"
        raise upload_error("OffsetInvalidError", message)


def _header(request: Request, name: str) -> int:
    value = request.headers.get(name, "")
    if not (value.isascii() and value.isdigit()):
        raise upload_error("ParameterValidationError", f"Header {name.title()} not convertable")
    return int(value)
