"""Google's own client library publishes through the sandbox."""

import hashlib
import json
from pathlib import Path
from typing import Any

import googleapiclient
import httpx
import pytest
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaFileUpload

from pellacia_service.sandbox.server import RunningSandbox
from tests.sandbox.test_frame import open_account

GRAIN = 262_144
VIDEO = b"\0\0\0\x18ftypisom" + b"v" * (3 * GRAIN)


def client_of(sandbox: RunningSandbox) -> Any:
    """Google's client, built from the description that the library brings along: no network."""
    token = open_account(sandbox, "youtube")["access_token"]
    package = Path(googleapiclient.__file__).parent
    document = json.loads((package / "discovery_cache/documents/youtube.v3.json").read_text())
    document["rootUrl"] = f"{sandbox.url}/youtube.googleapis.com/"
    credentials = Credentials(token)  # type: ignore[no-untyped-call]  # Google gives it no types
    return build_from_document(document, credentials=credentials)


@pytest.fixture
def clip_file(tmp_path: Path) -> Path:
    file = tmp_path / "clip.mp4"
    file.write_bytes(VIDEO)
    return file


def insert(google: Any, media: MediaFileUpload) -> Any:
    body = {"snippet": {"title": "Theirs"}, "status": {"privacyStatus": "public"}}
    return google.videos().insert(part="snippet,status", body=body, media_body=media)


def assert_published(sandbox: RunningSandbox, video: dict[str, Any]) -> None:
    [post] = httpx.get(f"{sandbox.url}/_sandbox/posts").json()
    assert (post["id"], post["title"]) == (video["id"], "Theirs")
    assert post["sha256"] == hashlib.sha256(VIDEO).hexdigest()


def test_it_resumes_a_broken_piece(sandbox: RunningSandbox, clip_file: Path) -> None:
    fault = {"method": "PUT", "skip": 1, "do": {"reset_after_bytes": 100_000}}
    httpx.post(f"{sandbox.url}/_sandbox/faults", json=fault).raise_for_status()
    media = MediaFileUpload(str(clip_file), chunksize=GRAIN, resumable=True)
    upload = insert(client_of(sandbox), media)

    video, breaks = None, 0
    while video is None:
        try:
            _, video = upload.next_chunk()
        except ConnectionError:
            breaks += 1

    assert breaks == 1
    assert_published(sandbox, video)


def test_it_publishes_a_small_file_at_once(sandbox: RunningSandbox, clip_file: Path) -> None:
    video = insert(client_of(sandbox), MediaFileUpload(str(clip_file))).execute()

    assert_published(sandbox, video)


def test_it_reads_the_error_of_a_refused_title(sandbox: RunningSandbox, clip_file: Path) -> None:
    media = MediaFileUpload(str(clip_file), resumable=True)
    body = {"snippet": {"title": "x" * 101}}
    upload = client_of(sandbox).videos().insert(part="snippet", body=body, media_body=media)

    with pytest.raises(HttpError) as refused:
        upload.next_chunk()

    assert refused.value.error_details[0]["reason"] == "invalidTitle"
