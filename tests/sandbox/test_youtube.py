"""YouTube's upload side as its documents describe it, seen by a client that is not ours."""

import datetime as dt
import hashlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from pellacia_service.sandbox.server import RunningSandbox

GRAIN = 262_144
HEAD = b"\0\0\0\x18ftypisom"
VIDEO = HEAD + b"v" * (3 * GRAIN + 5000 - len(HEAD))
JPEG = b"\xff\xd8\xff\xe0 picture"
HOSTS = ["www.googleapis.com", "youtube.googleapis.com"]
DAY = 86_400


class Client:
    """Plain requests with one token."""

    def __init__(self, url: str, label: str = "default", host: str = HOSTS[0]) -> None:
        account = httpx.post(
            f"{url}/_sandbox/accounts", json={"platform": "youtube", "label": label}
        ).json()
        self.url = url
        self.base = f"{url}/{host}"
        self.channel_id = account["ids"]["channel_id"]
        self.token = account["access_token"]
        headers = {"Authorization": f"Bearer {self.token}"}
        self.http = httpx.Client(headers=headers, trust_env=False)

    def start(self, snippet: dict[str, Any] | None = None, **status: Any) -> httpx.Response:
        return self.http.post(
            f"{self.base}/upload/youtube/v3/videos?uploadType=resumable&part=snippet,status",
            json={"snippet": {"title": "Hi", **(snippet or {})}, "status": status},
        )

    def open(self, **status: Any) -> str:
        return self.start(**status).headers["location"]

    def put(self, session: str, content: bytes, content_range: str = "") -> httpx.Response:
        headers = {"Content-Range": content_range} if content_range else {}
        return self.http.put(session, content=content, headers=headers)

    def chunk(
        self, session: str, first: int, size: int, total: object = len(VIDEO)
    ) -> httpx.Response:
        part = VIDEO[first : first + size]
        return self.put(session, part, f"bytes {first}-{first + len(part) - 1}/{total}")

    def ask(self, session: str, total: object = len(VIDEO)) -> httpx.Response:
        return self.put(session, b"", f"bytes */{total}")

    def upload(self, **status: Any) -> str:
        return str(self.put(self.open(**status), VIDEO).json()["id"])

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.http.get(f"{self.base}/youtube/v3/{path}", params=query)

    def video(self, video_id: str) -> dict[str, Any]:
        part = "snippet,status,processingDetails,contentDetails,fileDetails"
        [video] = self.get("videos", part=part, id=video_id).json()["items"]
        return dict(video)

    def wait(self, seconds: float) -> None:
        httpx.post(f"{self.url}/_sandbox/clock", json={"advance": seconds}).raise_for_status()

    def posts(self) -> list[dict[str, Any]]:
        return list(httpx.get(f"{self.url}/_sandbox/posts").json())


@pytest.fixture
def client(sandbox: RunningSandbox) -> Iterator[Client]:
    made = Client(sandbox.url)
    with made.http:
        yield made


def reason(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["errors"][0]["reason"]


@pytest.mark.parametrize("host", HOSTS)
def test_a_whole_file_in_one_piece_becomes_a_video(sandbox: RunningSandbox, host: str) -> None:
    client = Client(sandbox.url, host=host)

    answer = client.put(client.open(privacyStatus="unlisted"), VIDEO)

    assert answer.status_code == 200
    assert answer.json()["status"]["uploadStatus"] == "uploaded"
    [post] = client.posts()
    assert post["id"] == answer.json()["id"]
    assert (post["bytes"], post["sha256"]) == (len(VIDEO), hashlib.sha256(VIDEO).hexdigest())


def test_the_session_address_leads_into_the_sandbox(client: Client) -> None:
    assert client.open().startswith(f"{client.base}/upload/youtube/v3/videos?")


def test_each_piece_is_confirmed_by_its_range(client: Client) -> None:
    session = client.open()

    first = client.chunk(session, 0, GRAIN)
    second = client.chunk(session, GRAIN, 2 * GRAIN)
    last = client.chunk(session, 3 * GRAIN, GRAIN)

    assert [one.status_code for one in (first, second, last)] == [308, 308, 200]
    assert first.headers["range"] == f"bytes=0-{GRAIN - 1}"
    assert second.headers["range"] == f"bytes=0-{3 * GRAIN - 1}"


def test_an_untouched_session_has_no_range(client: Client) -> None:
    answer = client.ask(client.open())

    assert answer.status_code == 308
    assert "range" not in answer.headers


def test_a_piece_of_the_wrong_size_is_refused(client: Client) -> None:
    answer = client.chunk(client.open(), 0, GRAIN + 1)

    assert answer.status_code == 400


def test_a_piece_that_does_not_continue_is_answered_with_the_true_range(client: Client) -> None:
    session = client.open()
    client.chunk(session, 0, GRAIN)

    answer = client.chunk(session, 2 * GRAIN, GRAIN)

    assert (answer.status_code, answer.headers["range"]) == (308, f"bytes=0-{GRAIN - 1}")


def test_another_total_is_refused(client: Client) -> None:
    session = client.open()
    client.chunk(session, 0, GRAIN)

    assert client.chunk(session, GRAIN, GRAIN, total=len(VIDEO) + 1).status_code == 400


def test_the_total_may_come_with_the_last_piece(client: Client) -> None:
    session = client.open()
    client.chunk(session, 0, 3 * GRAIN, total="*")

    assert client.chunk(session, 3 * GRAIN, GRAIN).status_code == 200


def test_a_finished_session_gives_the_same_video_again(client: Client) -> None:
    session = client.open()
    first = client.put(session, VIDEO)

    again = [client.ask(session), client.ask(session, total="*"), client.put(session, VIDEO)]

    assert {answer.json()["id"] for answer in again} == {first.json()["id"]}
    assert len(client.posts()) == 1


def test_a_session_is_gone_after_a_week(client: Client) -> None:
    session = client.open()
    client.wait(7 * DAY + 1)
    fresh = Client(client.url)

    assert fresh.ask(session).status_code == 404


def test_a_session_that_never_was_is_not_found(client: Client) -> None:
    assert client.ask(client.open() + "x").status_code == 404


def test_a_session_outlives_the_token_that_opened_it(client: Client) -> None:
    session = client.open()
    client.chunk(session, 0, GRAIN)
    client.wait(3600)

    assert client.chunk(session, GRAIN, GRAIN).status_code == 401
    assert Client(client.url).chunk(session, GRAIN, GRAIN).status_code == 308


@pytest.mark.parametrize(
    ("snippet", "status", "expected"),
    [
        ({"title": ""}, {}, (400, "invalidTitle")),
        ({"title": "x" * 101}, {}, (400, "invalidTitle")),
        ({"title": "a <b>"}, {}, (400, "invalidTitle")),
        ({"description": "é" * 2501}, {}, (400, "invalidDescription")),
        ({"tags": ["a b" * 10, "x" * 470]}, {}, (400, "invalidTags")),
        ({"categoryId": "99"}, {}, (400, "invalidCategoryId")),
        ({}, {"privacyStatus": "secret"}, (400, "invalidVideoMetadata")),
        ({}, {"publishAt": "2027-01-01T00:00:00Z"}, (400, "invalidPublishAt")),
        ({}, {"privacyStatus": "private", "publishAt": "soon"}, (400, "invalidPublishAt")),
        ({}, {"license": "mine"}, (403, "forbiddenLicenseSetting")),
    ],
)
def test_wrong_metadata_is_refused_before_a_byte_is_sent(
    client: Client, snippet: dict[str, Any], status: dict[str, Any], expected: tuple[int, str]
) -> None:
    answer = client.start(snippet, **status)

    assert reason(answer) == expected
    assert "location" not in answer.headers


def test_metadata_at_its_limits_is_taken(client: Client) -> None:
    snippet = {"title": "é" * 100, "description": "x" * 5000, "tags": ["a b", "x" * 494]}

    assert client.start(snippet).status_code == 200


def test_a_video_is_processed_after_a_second(client: Client) -> None:
    video_id = client.upload()
    assert client.video(video_id)["processingDetails"]["processingStatus"] == "processing"
    assert client.posts()[0]["state"] == "processing"

    client.wait(2)

    assert client.video(video_id)["status"]["uploadStatus"] == "processed"
    assert client.posts()[0]["state"] == "public"


def test_a_file_that_is_no_video_fails(client: Client) -> None:
    video_id = client.put(client.open(), b"I am a text, not a video").json()["id"]
    client.wait(2)

    status = client.video(video_id)["status"]

    assert (status["uploadStatus"], status["failureReason"]) == ("failed", "invalidFile")
    assert client.posts()[0]["state"] == "draft"


def test_a_scheduled_video_turns_public_at_its_hour(
    client: Client, sandbox: RunningSandbox
) -> None:
    at = f"{sandbox.world.clock.now() + dt.timedelta(minutes=10):%Y-%m-%dT%H:%M:%SZ}"
    video_id = client.upload(privacyStatus="private", publishAt=at)
    client.wait(60)
    before = client.video(video_id)["status"]
    assert (before["privacyStatus"], before["publishAt"]) == ("private", at)
    assert client.posts()[0]["state"] == "scheduled"

    client.wait(600)

    after = client.video(video_id)["status"]
    assert (after["privacyStatus"], "publishAt" in after) == ("public", False)
    assert client.posts()[0]["state"] == "public"


def test_an_unknown_video_is_left_out_of_the_list(client: Client) -> None:
    answer = client.get("videos", part="status", id=f"{client.upload()},nonesuch123")

    assert answer.status_code == 200
    assert len(answer.json()["items"]) == 1


def test_an_update_resets_what_it_leaves_out(client: Client) -> None:
    session = client.start({"description": "old", "tags": ["a"]}).headers["location"]
    video_id = client.put(session, VIDEO).json()["id"]

    body = {"id": video_id, "snippet": {"title": "New", "categoryId": "24"}}
    client.http.put(f"{client.base}/youtube/v3/videos?part=snippet", json=body).raise_for_status()

    snippet = client.video(video_id)["snippet"]
    assert (snippet["title"], snippet["description"], "tags" in snippet) == ("New", "", False)


def test_a_private_video_is_flipped_to_public(client: Client) -> None:
    video_id = client.upload(privacyStatus="private")
    client.wait(2)

    for _ in range(2):
        body = {"id": video_id, "status": {"privacyStatus": "public"}}
        client.http.put(
            f"{client.base}/youtube/v3/videos?part=status", json=body
        ).raise_for_status()

    assert [post["state"] for post in client.posts()] == ["public"]


def test_a_strangers_private_video_is_not_there(client: Client) -> None:
    video_id = client.upload(privacyStatus="private")
    stranger = Client(client.url, "stranger")

    assert stranger.get("videos", part="status", id=video_id).json()["items"] == []
    body = {"id": video_id, "status": {}}
    update = stranger.http.put(f"{client.base}/youtube/v3/videos?part=status", json=body)
    assert reason(update) == (403, "forbidden")


def test_the_channel_leads_to_its_uploads_newest_first(client: Client) -> None:
    ids = [client.upload(), client.upload(privacyStatus="private")]
    channel = client.get("channels", part="id,contentDetails", mine="true").json()["items"][0]
    playlist = channel["contentDetails"]["relatedPlaylists"]["uploads"]

    first = client.get("playlistItems", part="contentDetails", playlistId=playlist, maxResults=1)
    token = first.json()["nextPageToken"]
    second = client.get(
        "playlistItems", part="contentDetails", playlistId=playlist, maxResults=1, pageToken=token
    )

    assert channel["id"] == client.channel_id
    pages = [page.json()["items"][0]["contentDetails"]["videoId"] for page in (first, second)]
    assert pages == ids[::-1]


@pytest.mark.parametrize(
    ("picture", "expected"),
    [(b"", (400, "mediaBodyRequired")), (b"GIF89a", (400, "invalidImage"))],
)
def test_a_wrong_thumbnail_is_refused(
    client: Client, picture: bytes, expected: tuple[int, str]
) -> None:
    url = f"{client.base}/upload/youtube/v3/thumbnails/set?videoId={client.upload()}"

    assert reason(client.http.post(url, content=picture)) == expected


def test_a_thumbnail_is_kept(client: Client) -> None:
    video_id = client.upload()
    url = f"{client.base}/upload/youtube/v3/thumbnails/set?videoId={video_id}&uploadType=media"

    answer = client.http.post(url, content=JPEG)

    assert answer.json()["kind"] == "youtube#thumbnailSetResponse"
    assert client.video(video_id)["contentDetails"]["hasCustomThumbnail"] is True


def test_no_token_and_a_wrong_one_are_refused_alike(client: Client) -> None:
    url = f"{client.base}/youtube/v3/channels?part=id&mine=true"

    answers = [httpx.get(url), httpx.get(url, headers={"Authorization": "Bearer no"})]

    assert [reason(answer) for answer in answers] == [(401, "authError")] * 2


@pytest.mark.parametrize(
    ("scope", "path", "expected"),
    [("youtube.upload", "channels", 403), ("youtube.readonly", "channels", 200)],
)
def test_a_scope_opens_only_its_own_calls(
    client: Client, sandbox: RunningSandbox, scope: str, path: str, expected: int
) -> None:
    account = sandbox.world.tokens[client.token].account
    scopes = frozenset({f"https://www.googleapis.com/auth/{scope}"})
    token = sandbox.world.issue_token(account, scopes=scopes, seconds=60)
    client.http.headers["Authorization"] = f"Bearer {token.value}"

    assert client.get(path, part="id", mine="true").status_code == expected


def test_a_day_has_a_hundred_uploads_until_midnight_pacific(client: Client) -> None:
    assert {client.start().status_code for _ in range(100)} == {200}

    refused = client.start()

    assert reason(refused) == (429, "rateLimitExceeded")
    assert "Video Uploads per day" in refused.json()["error"]["message"]
    client.wait(DAY)
    assert Client(client.url).start().status_code == 200


def test_a_day_has_ten_thousand_units(client: Client) -> None:
    body = {"id": client.upload(), "status": {}}
    url = f"{client.base}/youtube/v3/videos?part=status"
    for _ in range(200):
        client.http.put(url, json=body)

    assert reason(client.get("channels", part="id", mine="true")) == (403, "quotaExceeded")
