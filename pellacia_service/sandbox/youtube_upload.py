"""
YouTube's uploads: one POST opens a session, PUTs bring the bytes. Small files may come at once.

Source: resumable uploads guide and videos.insert reference, read 2026-11-22. How long a session
lives is not told; a week is what its sibling, Cloud Storage, gives.
"""

import asyncio
import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pellacia_service.sandbox.hosts import split_host, token_of
from pellacia_service.sandbox.receiving import HEAD_BYTES, Growing
from pellacia_service.sandbox.world import Refusal, SandboxAccount
from pellacia_service.sandbox.youtube_channel import UPLOAD, Video, YouTube, parts
from pellacia_service.sandbox.youtube_errors import not_yours, refusal
from pellacia_service.sandbox.youtube_metadata import (
    Metadata,
    read_body,
    read_snippet,
    read_status,
)
from pellacia_service.sandbox.youtube_multipart import read_multipart
from pellacia_service.sandbox.youtube_resource import PARTS, video_resource

GRAIN = 262_144
"""A piece that is not the last has a multiple of these bytes; a broken one is kept down to it."""
LARGEST_FILE = 256 * 1024**3
SESSION_LIFE = dt.timedelta(days=7)
CANCELLED = 499

CONTENT_RANGE = re.compile(r"bytes (?:(\*)|(\d+)-(\d+))/(\d+|\*)")

SIGNATURES: tuple[tuple[int, bytes], ...] = (
    (4, b"ftyp"),  # MP4, MOV, 3GP
    (4, b"moov"),  # MOV of old
    (4, b"mdat"),
    (4, b"wide"),
    (0, b"\x1aE\xdf\xa3"),  # WebM, Matroska
    (0, b"RIFF"),  # AVI
    (0, b"FLV"),
    (0, b"\x00\x00\x01\xba"),  # MPEG programme stream
)
"""(offset, bytes) by which a file is taken for a video."""


@dataclass
class Session:
    """One upload on its way. `total` is None until the client has said it."""

    id: str
    account: SandboxAccount
    metadata: Metadata
    parts: list[str]
    opened_at: dt.datetime
    total: int | None
    bytes: Growing = field(default_factory=lambda: Growing(grain=GRAIN))
    video: Video | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True)
class Piece:
    """What a PUT says it brings: `size` bytes from `first` on, of `total`; None is unknown."""

    first: int
    size: int | None
    total: int | None
    is_question: bool = False


class Uploads:
    """The upload sessions and their calls."""

    def __init__(self, youtube: YouTube) -> None:
        self._youtube = youtube
        self._sessions: dict[str, Session] = {}
        youtube.world.on_reset(self._sessions.clear)

    async def open(self, request: Request) -> Response:
        """`POST /upload/youtube/v3/videos`: open a session, or take words and video at once."""
        account = self._youtube.account(request, UPLOAD)
        self._youtube.spend_upload()
        asked = parts(request, PARTS)
        match request.query_params.get("uploadType"):
            case "resumable":
                return await self._open_session(request, account, asked)
            case "multipart":
                return await self._take_at_once(request, account, asked)
            case _:
                raise refusal(400, "badRequest", "uploadType must be resumable or multipart.")

    async def _open_session(
        self, request: Request, account: SandboxAccount, asked: list[str]
    ) -> Response:
        session = Session(
            id=self._youtube.world.word(48),
            account=account,
            metadata=_read_metadata(await request.body(), asked),
            parts=asked,
            opened_at=self._youtube.world.clock.now(),
            total=_announced_size(request),
        )
        self._sessions[session.id] = session
        return _empty(200, session, {"Location": self._location(request, session)})

    async def _take_at_once(
        self, request: Request, account: SandboxAccount, asked: list[str]
    ) -> Response:
        words, content = await read_multipart(request)
        video = self._youtube.create(
            account,
            _read_metadata(words, asked),
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            failure=_failure(len(content), content[:HEAD_BYTES]),
        )
        return JSONResponse(video_resource(self._youtube, video, asked))

    async def put(self, request: Request) -> Response:
        """`PUT` on the session's address: bring bytes, or ask how many are there."""
        session = self._session(request)
        async with session.turn:
            if session.video is None:
                await self._take(request, session)
            if session.video is None:
                return _empty(308, session, _range_header(session))
            resource = video_resource(self._youtube, session.video, session.parts)
            return JSONResponse(resource, 200, _upload_header(session))

    async def cancel(self, request: Request) -> Response:
        """`DELETE` on the session's address: end it; nothing is left behind."""
        session = self._session(request)
        del self._sessions[session.id]
        return _empty(CANCELLED, session, {})

    def _location(self, request: Request, session: Session) -> str:
        host, path = split_host(request.url.path)
        query = urlencode(
            {"uploadType": "resumable", "part": ",".join(session.parts), "upload_id": session.id}
        )
        return f"{self._youtube.world.address(host, path)}?{query}"

    def _session(self, request: Request) -> Session:
        session = self._sessions.get(request.query_params.get("upload_id", ""))
        if session is None or self._youtube.world.clock.now() - session.opened_at > SESSION_LIFE:
            raise refusal(404, "notFound", "Requested entity was not found.")
        # The address names the session; a token beside it must be good all the same.
        has_token = bool(token_of(request.scope))
        if has_token and self._youtube.account(request, UPLOAD) is not session.account:
            raise not_yours()
        return session

    async def _take(self, request: Request, session: Session) -> None:
        piece = _read_piece(request)
        if piece.total is not None:
            if session.total not in {None, piece.total}:
                raise _bad_range(f"the upload has {session.total} bytes, not {piece.total}")
            session.total = piece.total
        if not piece.is_question:
            await self._take_bytes(request, session, piece)
        if session.bytes.size == session.total:
            self._finish(session)

    async def _take_bytes(self, request: Request, session: Session, piece: Piece) -> None:
        if piece.size is not None:
            is_last = piece.first + piece.size == session.total
            if piece.size % GRAIN and not is_last:
                raise _bad_range(f"{piece.size} bytes are no multiple of {GRAIN}")
        if piece.first != session.bytes.size:
            return
        most = LARGEST_FILE if piece.size is None else piece.size
        arrived = await session.bytes.take(request, most=most)
        if arrived and piece.size is None and session.total is None:
            session.total = session.bytes.size

    def _finish(self, session: Session) -> None:
        session.video = self._youtube.create(
            session.account,
            session.metadata,
            size=session.bytes.size,
            sha256=session.bytes.sha256,
            failure=_failure(session.bytes.size, session.bytes.head),
        )


def _read_metadata(content: bytes, asked: list[str]) -> Metadata:
    body = read_body(content)
    unexpected = [part for part in body if part in PARTS and part not in {*asked, "id"}]
    if unexpected:
        raise refusal(
            400,
            "unexpectedPart",
            f"'{unexpected[0]}'",
            domain="youtube.part",
            location="part",
            location_type="parameter",
        )
    return Metadata(read_snippet(body), read_status(body))


def _announced_size(request: Request) -> int | None:
    kind = request.headers.get("x-upload-content-type", "application/octet-stream")
    if not kind.startswith("video/") and kind != "application/octet-stream":
        raise refusal(
            400,
            "badContent",
            f"Media type '{kind}' is not supported. Valid media types: "
            "[video/*, application/octet-stream]",
        )
    size = request.headers.get("x-upload-content-length", "")
    if not size:
        return None
    if not size.isdecimal():
        raise refusal(400, "badRequest", "X-Upload-Content-Length must be a number of bytes.")
    if int(size) > LARGEST_FILE:
        raise refusal(413, "uploadTooLarge", "The file is larger than 256 GB.")
    return int(size)


def _read_piece(request: Request) -> Piece:
    """Read Content-Range and Content-Length; a question for the range is a piece of no bytes."""
    length = request.headers.get("content-length")
    size = None if length is None else int(length)
    header = request.headers.get("content-range")
    if header is None:
        return Piece(first=0, size=size, total=size)
    match = CONTENT_RANGE.fullmatch(header.strip())
    if match is None:
        raise _bad_range(f"cannot read {header!r}")
    asks, first, last, total_text = match.groups()
    total = None if total_text == "*" else int(total_text)
    if asks:
        if size:
            raise _bad_range("a question for the range has no body")
        return Piece(first=0, size=0, total=total, is_question=True)
    start, end = int(first), int(last)
    if end < start or (total is not None and end >= total):
        raise _bad_range(f"{header!r} ends before it begins, or after the file")
    if size is not None and size != end - start + 1:
        raise _bad_range(f"{header!r} does not fit Content-Length {size}")
    return Piece(first=start, size=end - start + 1, total=total)


def _failure(size: int, head: bytes) -> str:
    if size == 0:
        return "emptyFile"
    is_video = any(head[at : at + len(magic)] == magic for at, magic in SIGNATURES)
    return "" if is_video else "invalidFile"


def _bad_range(why: str) -> Refusal:
    return refusal(400, "badRequest", f"Failed to parse Content-Range header: {why}.")


def _range_header(session: Session) -> dict[str, str]:
    size = session.bytes.size
    return {"Range": f"bytes=0-{size - 1}"} if size else {}


def _upload_header(session: Session) -> dict[str, str]:
    return {"X-GUploader-UploadID": session.id}


def _empty(status: int, session: Session, headers: Mapping[str, str]) -> Response:
    return Response(status_code=status, headers={**headers, **_upload_header(session)})
