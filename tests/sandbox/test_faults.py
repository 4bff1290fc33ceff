"""Every kind of trouble that can be ordered, seen from a client on YouTube's calls."""

import time
from typing import Any

import httpx
import pytest

from pellacia_service.sandbox.server import RunningSandbox

GRAIN = 262_144
VIDEO = b"\0\0\0\x18ftypisom" + b"v" * (2 * GRAIN)


class Client:
    """Somebody else's client: plain requests, one connection each."""

    def __init__(self, url: str) -> None:
        account = httpx.post(
            f"{url}/_sandbox/accounts", json={"platform": "youtube", "label": "default"}
        ).json()
        self.url = url
        self.token = account["access_token"]
        self.uploads = "UU" + account["ids"]["channel_id"][2:]

    def order(self, do: dict[str, Any], **where: Any) -> None:
        httpx.post(f"{self.url}/_sandbox/faults", json={"do": do, **where}).raise_for_status()

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        url = f"{self.url}/www.googleapis.com{path}"
        return httpx.request(method, url, headers=headers, **more)

    def channels(self) -> httpx.Response:
        return self.call("GET", "/youtube/v3/channels?part=id&mine=true")

    def open(self) -> str:
        path = "/upload/youtube/v3/videos?uploadType=resumable&part=snippet,status"
        opened = self.call("POST", path, json={"snippet": {"title": "Hi"}})
        return opened.headers["location"].partition("/www.googleapis.com")[2]

    def put(self, session: str, content: bytes = VIDEO, **headers: str) -> httpx.Response:
        return self.call("PUT", session, content=content, headers=headers)

    def ask(self, session: str) -> httpx.Response:
        return self.put(session, b"", **{"Content-Range": f"bytes */{len(VIDEO)}"})

    def status(self, video_id: str) -> dict[str, Any]:
        answer = self.call("GET", f"/youtube/v3/videos?part=status&id={video_id}")
        return dict(answer.json()["items"][0]["status"])

    def posts(self) -> list[dict[str, Any]]:
        return list(httpx.get(f"{self.url}/_sandbox/posts").json())


@pytest.fixture
def client(sandbox: RunningSandbox) -> Client:
    return Client(sandbox.url)


def test_status_answers_as_told_and_does_nothing(client: Client) -> None:
    session = client.open()
    client.order(
        {"status": 503, "headers": {"Retry-After": "7"}, "body": {"why": "tired"}}, method="PUT"
    )

    answer = client.put(session)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    assert answer.json() == {"why": "tired"}
    assert client.posts() == []


def test_status_with_a_text_sends_the_text(client: Client) -> None:
    client.order({"status": 502, "body": "<h1>Bad gateway</h1>"})

    assert client.channels().text == "<h1>Bad gateway</h1>"


def test_a_lost_answer_has_its_effect(client: Client) -> None:
    session = client.open()
    client.order({"lost_answer": True}, method="PUT")

    with pytest.raises(httpx.ReadError):
        client.put(session)

    assert [post["bytes"] for post in client.posts()] == [len(VIDEO)]


def test_reset_before_has_no_effect(client: Client) -> None:
    session = client.open()
    client.order({"reset_before": True}, method="PUT")

    with pytest.raises(httpx.TransportError):
        client.put(session)

    assert client.posts() == []
    assert "range" not in client.ask(session).headers


def test_reset_after_bytes_keeps_what_arrived_down_to_the_grain(client: Client) -> None:
    session = client.open()
    client.order({"reset_after_bytes": GRAIN + 1000}, method="PUT")

    with pytest.raises(httpx.TransportError):
        client.put(session)

    assert client.ask(session).headers["range"] == f"bytes=0-{GRAIN - 1}"


def test_reset_after_bytes_waits_for_a_request_that_is_long_enough(client: Client) -> None:
    session = client.open()
    client.order({"reset_after_bytes": 1000}, method="PUT")

    assert client.ask(session).status_code == 308

    with pytest.raises(httpx.TransportError):
        client.put(session)


def test_delay_holds_the_answer_back(client: Client) -> None:
    client.order({"delay": 0.2})
    began = time.monotonic()

    assert client.channels().status_code == 200

    assert time.monotonic() - began >= 0.2


def test_bytes_per_second_slows_the_body_down(client: Client) -> None:
    session = client.open()
    client.order({"bytes_per_second": 4 * len(VIDEO)}, method="PUT")
    began = time.monotonic()

    assert client.put(session).status_code == 200

    assert time.monotonic() - began >= 0.2


def test_truncate_answer_breaks_off_within_the_body(client: Client) -> None:
    client.order({"truncate_answer": 10})

    with pytest.raises(httpx.RemoteProtocolError, match="received 10 bytes"):
        client.channels()


def test_expire_token_ends_the_token_for_good(client: Client) -> None:
    client.order({"expire_token": True})

    assert [client.channels().status_code for _ in range(2)] == [401, 401]


def test_processing_seconds_lengthens_the_processing_of_the_video_to_come(client: Client) -> None:
    session = client.open()
    client.order({"processing_seconds": 60}, method="PUT")
    video_id = client.put(session).json()["id"]

    httpx.post(f"{client.url}/_sandbox/clock", json={"advance": 50})
    assert client.status(video_id)["uploadStatus"] == "uploaded"
    httpx.post(f"{client.url}/_sandbox/clock", json={"advance": 20})
    assert client.status(video_id)["uploadStatus"] == "processed"


def test_processing_fails_with_the_code_that_was_ordered(client: Client) -> None:
    session = client.open()
    client.order({"processing_fails": "codec"}, method="PUT")
    video_id = client.put(session).json()["id"]

    httpx.post(f"{client.url}/_sandbox/clock", json={"advance": 5})

    assert client.status(video_id)["failureReason"] == "codec"


def test_listing_lag_hides_what_is_young(client: Client) -> None:
    client.put(client.open())
    path = f"/youtube/v3/playlistItems?part=id&playlistId={client.uploads}"
    client.order({"listing_lag": 60}, path="playlistItems")

    counts = [len(client.call("GET", path).json()["items"]) for _ in range(2)]

    assert counts == [0, 1]


def test_a_fault_strikes_once_unless_told_otherwise(client: Client) -> None:
    client.order({"status": 500})

    assert [client.channels().status_code for _ in range(2)] == [500, 200]


def test_skip_lets_the_first_requests_pass(client: Client) -> None:
    client.order({"status": 500}, skip=1, times=2)

    assert [client.channels().status_code for _ in range(4)] == [200, 500, 500, 200]


@pytest.mark.parametrize(
    "where",
    [
        {"platform": "tiktok"},
        {"method": "POST"},
        {"path": "^youtube.googleapis.com/"},
        {"path": "mine=true"},
        {"probability": 0.0},
    ],
)
def test_a_request_that_is_not_meant_passes(client: Client, where: dict[str, Any]) -> None:
    client.order({"status": 500}, **where)

    assert client.channels().status_code == 200


@pytest.mark.parametrize(
    "where",
    [
        {"platform": "youtube"},
        {"method": "get"},
        {"path": r"googleapis\.com/youtube/v3/chan"},
        {"path": "channels$"},
    ],
)
def test_a_request_that_is_meant_is_struck(client: Client, where: dict[str, Any]) -> None:
    client.order({"status": 500}, **where)

    assert client.channels().status_code == 500


def test_a_hindrance_and_an_ending_strike_the_same_request(client: Client) -> None:
    client.order({"delay": 0.1})
    client.order({"status": 500})
    client.order({"status": 501})
    began = time.monotonic()

    first = client.channels()

    assert time.monotonic() - began >= 0.1
    assert (first.status_code, client.channels().status_code) == (500, 501)


def test_no_fault_strikes_after_all_were_taken_away(client: Client) -> None:
    client.order({"status": 500}, times=9)

    httpx.delete(f"{client.url}/_sandbox/faults").raise_for_status()

    assert client.channels().status_code == 200


def test_control_calls_are_never_struck(client: Client) -> None:
    client.order({"status": 500}, times=9)

    assert httpx.get(f"{client.url}/_sandbox/requests").status_code == 200
