"""
A video and its words in one request: multipart/related, as client libraries send small files.

Source: videos.insert in the API's discovery document, revision 20261104, read 2026-11-22.
"""

import re

from starlette.requests import Request

from pellacia_service.sandbox.world import Refusal
from pellacia_service.sandbox.youtube_errors import refusal

BOUNDARY = re.compile(r'boundary="?([^";]+)"?')
BLANK_LINE = re.compile(rb"\r?\n\r?\n")
LINE_END = re.compile(rb"\r?\n\Z")


async def read_multipart(request: Request) -> tuple[bytes, bytes]:
    """
    Return the two parts of the body: the JSON, and the file.

    Raises:
        Refusal: 400, the body has other parts than these two.
    """
    boundary = BOUNDARY.search(request.headers.get("content-type", ""))
    if boundary is None:
        raise _malformed()
    pieces = (await request.body()).split(b"--" + boundary[1].encode())
    # Before the first boundary and after the last there is nothing to read.
    bodies = [_body(piece) for piece in pieces[1:-1]]
    if len(bodies) != 2:
        raise _malformed()
    return bodies[0], bodies[1]


def _body(piece: bytes) -> bytes:
    halves = BLANK_LINE.split(piece, maxsplit=1)
    if len(halves) != 2:
        raise _malformed()
    return LINE_END.sub(b"", halves[1])


def _malformed() -> Refusal:
    return refusal(400, "badContent", "Malformed multipart body.")
