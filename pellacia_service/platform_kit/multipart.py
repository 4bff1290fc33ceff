"""A multipart/form-data body that streams: a few fields, and one part of the video (RFC 7578)."""

import secrets
from collections.abc import AsyncIterator, Mapping

from pellacia_service.platform_kit.protocol import Part

QUOTED = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
"""What a name in quotes may not hold, as browsers write it (HTML standard, multipart/form-data)."""


def multipart(
    fields: Mapping[str, str], *, name: str, filename: str, part: Part
) -> tuple[dict[str, str], AsyncIterator[bytes]]:
    """
    Return the headers and the body of a multipart/form-data request; the part comes last.

    Content-Length is known in advance, so that the body goes out unchunked and the platform can
    tell a cut body from a whole one. The body can be read once; make another for another try.

    Args:
        name: the form's name for the part.
        filename: the file name sent with it; platforms choose the file's kind by its extension.
    """
    boundary = secrets.token_hex(16)
    texts = (
        f"--{boundary}\r\n{_disposition(field)}\r\n\r\n{value}\r\n"
        for field, value in fields.items()
    )
    head = (
        "".join(texts)
        + f"--{boundary}\r\n{_disposition(name)}; filename={_quoted(filename)}\r\n"
        + "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    tail = f"\r\n--{boundary}--\r\n".encode()
    headers = {
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "Content-Length": str(len(head) + part.size + len(tail)),
    }
    return headers, _body(head, part, tail)


async def _body(head: bytes, part: Part, tail: bytes) -> AsyncIterator[bytes]:
    yield head
    async for block in part.stream():
        yield block
    yield tail


def _disposition(name: str) -> str:
    return f"Content-Disposition: form-data; name={_quoted(name)}"


def _quoted(text: str) -> str:
    return '"' + text.translate(QUOTED) + '"'
