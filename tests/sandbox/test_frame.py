"""The sandbox as a server: its address, its control calls, its journal."""

import json
import signal
import socket
import subprocess
import sys
from typing import Any

import httpx
import pytest

from pellacia_service.sandbox.server import RunningSandbox, running_sandbox

PLATFORMS = ("youtube", "instagram", "tiktok", "x", "linkedin", "facebook")


def open_account(sandbox: RunningSandbox, platform: str, label: str = "default") -> dict[str, Any]:
    body = {"platform": platform, "label": label}
    return dict(httpx.post(f"{sandbox.url}/_sandbox/accounts", json=body).json())


def channels(sandbox: RunningSandbox, token: str) -> httpx.Response:
    return httpx.get(
        f"{sandbox.url}/www.googleapis.com/youtube/v3/channels",
        params={"part": "id", "mine": "true"},
        headers={"Authorization": f"Bearer {token}"},
    )


def test_it_stops_at_the_end_of_the_block() -> None:
    with running_sandbox() as sandbox:
        httpx.get(f"{sandbox.url}/_sandbox/posts").raise_for_status()

    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{sandbox.url}/_sandbox/posts")


def test_it_listens_on_loopback_only(sandbox: RunningSandbox) -> None:
    assert sandbox.url.startswith("http://127.0.0.1:")


def test_the_same_seed_makes_the_same_accounts() -> None:
    with running_sandbox(seed=7) as one, running_sandbox(seed=7) as other:
        first, second = open_account(one, "youtube"), open_account(other, "youtube")

    assert first["ids"] == second["ids"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_prints_its_address_first_and_ends_cleanly(number: signal.Signals) -> None:
    code = "from pellacia_service.sandbox.server import serve_forever; serve_forever(0, 0)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as made:
        assert made.stdout is not None
        url = json.loads(made.stdout.readline())["url"]
        httpx.get(f"{url}/_sandbox/posts").raise_for_status()

        made.send_signal(number)
        rest, _ = made.communicate(timeout=5)

    assert (rest, made.returncode) == ("", 0)


def test_a_host_it_does_not_know_is_named_in_the_answer(sandbox: RunningSandbox) -> None:
    answer = httpx.get(f"{sandbox.url}/api.myspace.com/v1/videos")

    assert answer.status_code == 404
    assert answer.json() == {"error": "This sandbox does not know /api.myspace.com/v1/videos"}


def test_a_connection_stays_open_between_two_calls(sandbox: RunningSandbox) -> None:
    with httpx.Client() as http:
        answers = [
            http.post(f"{sandbox.url}/api.myspace.com/a", content=b"x" * 300_000),
            http.get(f"{sandbox.url}/_sandbox/posts"),
        ]
        streams = [answer.extensions["network_stream"] for answer in answers]
        addresses = {stream.get_extra_info("client_addr") for stream in streams}

    assert len(addresses) == 1


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(sandbox: RunningSandbox) -> None:
    account = open_account(sandbox, "youtube")
    host, port = sandbox.url.removeprefix("http://").split(":")
    head = (
        "POST /www.googleapis.com/upload/youtube/v3/videos?uploadType=resumable&part=id HTTP/1.1\r\n"
        f"Host: sandbox\r\nAuthorization: Bearer {account['access_token']}\r\n"
        "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    )

    with socket.create_connection((host, int(port)), timeout=5) as line:
        line.sendall(head.encode())
        interim = line.recv(1000)
        line.sendall(b"{}")
        final = line.recv(1000)

    assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert final.startswith(b"HTTP/1.1 400")


def test_the_journal_holds_every_call_and_never_a_query(sandbox: RunningSandbox) -> None:
    httpx.post(
        f"{sandbox.url}/open.tiktokapis.com/v9/nothing/?access_token=secret", content=b"12345"
    )

    [line] = httpx.get(f"{sandbox.url}/_sandbox/requests").json()

    assert line.pop("at").endswith("Z")
    assert line == {
        "n": 1,
        "platform": "tiktok",
        "method": "POST",
        "host": "open.tiktokapis.com",
        "path": "/v9/nothing/",
        "status": 404,
        "bytes_in": 5,
    }


@pytest.mark.parametrize("platform", ["instagram", "facebook"])
def test_a_call_to_the_shared_graph_counts_for_the_platform_of_its_token(
    sandbox: RunningSandbox, platform: str
) -> None:
    page_token = open_account(sandbox, platform)["ids"]["page_access_token"]

    httpx.get(
        f"{sandbox.url}/graph.facebook.com/v26.0/nothing/at/all",
        headers={"Authorization": f"Bearer {page_token}"},
    )

    [line] = httpx.get(f"{sandbox.url}/_sandbox/requests").json()
    assert line["platform"] == platform


NEEDED_IDS = {
    "youtube": {"channel_id"},
    "instagram": {"page_id", "page_access_token", "ig_user_id", "app_id", "user_id"},
    "facebook": {"page_id", "page_access_token", "app_id", "user_id"},
    "tiktok": {"open_id"},
    "linkedin": {"person_urn", "organization_urn"},
    "x": {"user_id"},
}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_account_brings_the_ids_that_its_platform_needs(
    sandbox: RunningSandbox, platform: str
) -> None:
    account = open_account(sandbox, platform)

    assert set(account) == {"account", "access_token", "refresh_token", "ids"}
    assert NEEDED_IDS[platform] <= set(account["ids"])


def test_the_same_label_is_the_same_account_with_a_new_token(sandbox: RunningSandbox) -> None:
    first, second = (open_account(sandbox, "youtube", "nina") for _ in range(2))

    assert first["ids"] == second["ids"]
    assert first["access_token"] != second["access_token"]


def test_two_labels_are_two_accounts(sandbox: RunningSandbox) -> None:
    nina, otto = open_account(sandbox, "youtube", "nina"), open_account(sandbox, "youtube", "otto")

    assert nina["ids"]["channel_id"] != otto["ids"]["channel_id"]


def test_a_token_dies_of_age_when_the_clock_is_moved(sandbox: RunningSandbox) -> None:
    token = open_account(sandbox, "youtube")["access_token"]
    assert channels(sandbox, token).status_code == 200

    httpx.post(f"{sandbox.url}/_sandbox/clock", json={"advance": 3600}).raise_for_status()

    assert channels(sandbox, token).status_code == 401


def test_a_reset_forgets_everything_but_the_accounts(sandbox: RunningSandbox) -> None:
    before = open_account(sandbox, "youtube", "kept")
    channels(sandbox, before["access_token"])
    fault = {"do": {"status": 503}, "times": 9}
    httpx.post(f"{sandbox.url}/_sandbox/faults", json=fault).raise_for_status()

    httpx.post(f"{sandbox.url}/_sandbox/reset").raise_for_status()

    assert httpx.get(f"{sandbox.url}/_sandbox/requests").json() == []
    assert channels(sandbox, before["access_token"]).status_code == 200
    assert open_account(sandbox, "youtube", "kept")["ids"] == before["ids"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {}),
        ("faults", {"do": {}}),
        ("faults", {"do": {"explode": True}}),
        ("faults", {"do": {"status": 503, "lost_answer": True}}),
        ("faults", {"do": {"status": 99}}),
        ("faults", {"do": {"lost_answer": 1}}),
        ("faults", {"do": {"delay": "long"}}),
        ("faults", {"do": {"reset_before": True}, "path": "("}),
        ("faults", {"do": {"reset_before": True}, "times": 0}),
        ("faults", {"do": {"reset_before": True}, "probability": 2}),
        ("faults", {"do": {"reset_before": True}, "platform": "myspace"}),
        ("faults", {"do": {"reset_before": True}, "pfad": "x"}),
        ("accounts", {"platform": "myspace"}),
        ("accounts", {"label": "default"}),
        ("clock", {}),
        ("clock", {"advance": -1}),
        ("clock", []),
    ],
)
def test_a_wrong_control_call_is_told_what_is_wrong(
    sandbox: RunningSandbox, path: str, body: object
) -> None:
    answer = httpx.post(f"{sandbox.url}/_sandbox/{path}", json=body)

    assert answer.status_code == 400
    assert list(answer.json()) == ["error"]


def test_a_control_call_that_is_no_json_is_told_so(sandbox: RunningSandbox) -> None:
    answer = httpx.post(f"{sandbox.url}/_sandbox/clock", content=b"{advance")

    assert answer.status_code == 400
    assert "no JSON" in answer.json()["error"]
