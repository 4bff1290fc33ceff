"""The body of a form that carries one part of a video."""

from collections.abc import AsyncIterator
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP

from pellacia_service.platform_kit.multipart import multipart
from pellacia_service.platform_kit.protocol import Part

VIDEO = bytes(range(256)) * 40


def part_of(data: bytes) -> Part:
    async def blocks() -> AsyncIterator[bytes]:
        yield data[:1000]
        yield data[1000:]

    return Part(start=0, size=len(data), total=len(data), stream=blocks)


async def sent(
    fields: dict[str, str], *, name: str = "chunk", filename: str = "video.mp4"
) -> tuple[dict[str, str], bytes]:
    headers, body = multipart(fields, name=name, filename=filename, part=part_of(VIDEO))
    return headers, b"".join([block async for block in body])


def forms(headers: dict[str, str], body: bytes) -> list[Message]:
    head = f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode()
    return list(BytesParser(policy=HTTP).parsebytes(head + body).iter_parts())


async def test_the_length_is_known_before_the_body_is_read() -> None:
    headers, body = await sent({"upload_phase": "transfer", "text": "Grüße 🎬"})

    assert headers["Content-Length"] == str(len(body))


async def test_fields_and_bytes_arrive_as_they_were_given() -> None:
    headers, body = await sent({"upload_phase": "transfer", "text": "Grüße 🎬"})

    phase, text, chunk = forms(headers, body)
    assert phase.get_payload(decode=True) == b"transfer"
    assert text.get_payload(decode=True) == "Grüße 🎬".encode()
    assert chunk.get_param("name", header="content-disposition") == "chunk"
    assert chunk.get_filename() == "video.mp4"
    assert chunk.get_payload(decode=True) == VIDEO


async def test_a_name_cannot_break_out_of_its_header() -> None:
    _, body = await sent({}, filename='a"\r\nX-Bad: 1.mp4')

    assert b'filename="a%22%0D%0AX-Bad: 1.mp4"' in body


async def test_two_bodies_never_share_a_boundary() -> None:
    first, _ = await sent({})
    second, _ = await sent({})

    assert first["Content-Type"] != second["Content-Type"]
