"""Somebody else's client of the Graph API: plain requests, nothing of ours."""

from pathlib import PurePosixPath
from typing import Any

import httpx

from pellacia_service.sandbox.server import RunningSandbox

VERSION = "v26.0"
CLIP = b"\0\0\0\x18ftypisom" + b"v" * 5000
LONG_CLIP = CLIP[:12] + bytes(range(256)) * 9000
"""Longer than two of the windows that `/videos` asks for."""


class GraphClient:
    """An account of one platform, with calls of one line."""

    def __init__(self, http: httpx.Client, url: str, platform: str, label: str = "default") -> None:
        self.http = http
        answer = http.post(
            f"{url}/_sandbox/accounts", json={"platform": platform, "label": label}
        ).json()
        self.url = url
        self.platform = platform
        self.ids: dict[str, str] = answer["ids"]
        self.user_token: str = answer["access_token"]
        self.page_token: str = self.ids["page_access_token"]
        self.token = self.page_token

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.http.get(self.at(path), params=params, headers=self.bearer())

    def post(self, path: str, **params: Any) -> httpx.Response:
        return self.http.post(self.at(path), data=params, headers=self.bearer())

    def at(self, path: str, host: str = "graph.facebook.com") -> str:
        return f"{self.url}/{host}/{VERSION}/{path}"

    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def send(self, uri: str, body: bytes, offset: object = 0, **changes: str) -> httpx.Response:
        """Send the bytes of CLIP from `offset`, as rupload.facebook.com wants them."""
        headers = {
            "Authorization": f"OAuth {self.token}",
            "offset": str(offset),
            "file_size": str(len(CLIP)),
            **changes,
        }
        return self.http.post(uri, content=body, headers=headers)

    def order(self, do: dict[str, Any], **where: Any) -> None:
        """Order trouble for calls of this platform."""
        body = {"do": do, "platform": self.platform, **where}
        self.http.post(f"{self.url}/_sandbox/faults", json=body).raise_for_status()

    def advance(self, seconds: float) -> None:
        """Let time pass in the sandbox."""
        self.http.post(f"{self.url}/_sandbox/clock", json={"advance": seconds}).raise_for_status()

    def posts(self) -> list[dict[str, Any]]:
        """What exists, as the sandbox says."""
        found: list[dict[str, Any]] = self.http.get(f"{self.url}/_sandbox/posts").json()
        return found


class Facebook(GraphClient):
    """A client that publishes on a Page."""

    @property
    def page(self) -> str:
        return self.ids["page_id"]

    def videos(self, phase: str, **params: Any) -> httpx.Response:
        return self.post(f"{self.page}/videos", upload_phase=phase, **params)

    def reels(self, phase: str, **params: Any) -> httpx.Response:
        return self.post(f"{self.page}/video_reels", upload_phase=phase, **params)

    def transfer(self, session: str, start: str, chunk: bytes) -> httpx.Response:
        form = {"upload_phase": "transfer", "upload_session_id": session, "start_offset": start}
        return self.http.post(
            self.at(f"{self.page}/videos"),
            params={"access_token": self.token},
            data=form,
            files={"video_file_chunk": ("chunk", chunk, "application/octet-stream")},
        )

    def start_video(self) -> dict[str, str]:
        started: dict[str, str] = self.videos("start", file_size=len(LONG_CLIP)).json()
        return started

    def upload_video(self) -> dict[str, str]:
        """Send LONG_CLIP by the windows that the server names; returns the answer to start."""
        started = self.start_video()
        window = started
        while window["start_offset"] != window["end_offset"]:
            start, end = int(window["start_offset"]), int(window["end_offset"])
            answer = self.transfer(
                started["upload_session_id"], window["start_offset"], LONG_CLIP[start:end]
            )
            window = answer.raise_for_status().json()
        return started

    def finish_video(self, started: dict[str, str], **params: Any) -> httpx.Response:
        return self.videos("finish", upload_session_id=started["upload_session_id"], **params)

    def upload_reel(self) -> str:
        """Start a reel and send CLIP; returns the video's id."""
        started = self.reels("start").json()
        self.send(started["upload_url"], CLIP).raise_for_status()
        video_id: str = started["video_id"]
        return video_id

    def finish_reel(self, video_id: str, **params: Any) -> httpx.Response:
        usual = {"video_id": video_id, "video_state": "PUBLISHED", "description": "Hello"}
        return self.reels("finish", **{**usual, **params})

    def look(self, video_id: str) -> dict[str, Any]:
        fields = "status,permalink_url,published,post_id"
        found: dict[str, Any] = self.get(video_id, fields=fields).json()
        return found

    def in_seconds(self, sandbox: RunningSandbox, seconds: float) -> int:
        return int(sandbox.world.clock.now().timestamp() + seconds)


def code_of(answer: httpx.Response) -> tuple[int, int]:
    """Code and subcode (0 where there is none) of an error in Graph's envelope."""
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    return error["code"], error.get("error_subcode", 0)


def trouble_of(answer: httpx.Response) -> str:
    """Type of an error in the envelope of rupload.facebook.com."""
    kind: str = answer.json()["debug_info"]["type"]
    return kind


def last_part(uri: str) -> str:
    """The id at the end of an address."""
    return PurePosixPath(uri).name
