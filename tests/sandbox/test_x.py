"""X's media and posts as its documents describe them, seen by X's own SDK and by plain requests."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from xdk import Client as XClient
from xdk.media.models import AppendUploadRequest, InitializeUploadRequest
from xdk.posts.models import CreateRequest
from xdk.schemas import CreatePostsMedia

from pellacia_service.sandbox.server import RunningSandbox
from tests.sandbox.somebody import Somebody

SEGMENT = 1 << 20
VIDEO = b"\0\0\0\x18ftypisom" + b"v" * (2 * SEGMENT + 1000)
SMALL = VIDEO[:5000]
DUPLICATE = {
    "detail": "You are not allowed to create a Tweet with duplicate content.",
    "type": "about:blank",
    "title": "Forbidden",
    "status": 403,
}


class Client(Somebody):
    """Plain requests with one token."""

    def __init__(self, sandbox: RunningSandbox, http: httpx.Client, label: str = "default") -> None:
        super().__init__(sandbox, http, "x", label)

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self.http.request(
            method, f"{self.url}/api.x.com/2/{path}", headers=self.headers, **more
        )

    def initialize(self, size: int = len(SMALL), **changes: Any) -> httpx.Response:
        body = {"media_type": "video/mp4", "media_category": "tweet_video", "total_bytes": size}
        return self.call("POST", "media/upload/initialize", json={**body, **changes})

    def open(self, size: int = len(SMALL)) -> str:
        return str(self.initialize(size).json()["data"]["id"])

    def append(self, media_id: str, index: int | str, segment: bytes) -> httpx.Response:
        path = f"media/upload/{media_id}/append"
        return self.call("POST", path, data={"segment_index": index}, files={"media": segment})

    def finalize(self, media_id: str) -> httpx.Response:
        return self.call("POST", f"media/upload/{media_id}/finalize", json={})

    def status(self, media_id: str) -> dict[str, Any]:
        answer = self.call("GET", f"media/upload?command=STATUS&media_id={media_id}")
        return dict(answer.json()["data"]["processing_info"])

    def upload(self, content: bytes = SMALL) -> str:
        media_id = self.open(len(content))
        self.append(media_id, 0, content).raise_for_status()
        self.finalize(media_id).raise_for_status()
        self.wait(1)
        return media_id

    def create(self, text: str = "Hello", media_id: str = "", **more: Any) -> httpx.Response:
        media = {"media": {"media_ids": [media_id]}} if media_id else {}
        return self.call("POST", "tweets", json={"text": text, **media, **more})

    def timeline(self, **query: Any) -> dict[str, Any]:
        return dict(self.call("GET", f"users/{self.ids['user_id']}/tweets", params=query).json())


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as http:
        yield http


@pytest.fixture
def client(sandbox: RunningSandbox, http: httpx.Client) -> Client:
    return Client(sandbox, http)


def complaint(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["message"]


def test_xs_own_sdk_uploads_a_video_and_posts_it(client: Client) -> None:
    sdk = XClient(base_url=f"{client.url}/api.x.com", access_token=client.token)

    opened = sdk.media.initialize_upload(
        InitializeUploadRequest(
            media_type="video/mp4", media_category="tweet_video", total_bytes=len(VIDEO)
        )
    )
    media_id = opened.data.id
    for index in range(3):
        segment = VIDEO[index * SEGMENT : (index + 1) * SEGMENT]
        body = AppendUploadRequest(media=base64.b64encode(segment).decode(), segment_index=index)
        sdk.media.append_upload(media_id, body)
    finalized = sdk.media.finalize_upload(media_id)
    client.wait(1)
    status = sdk.media.get_upload_status(media_id, command="STATUS")
    made = sdk.posts.create(
        CreateRequest(text="Theirs", media=CreatePostsMedia(media_ids=[media_id]))
    )

    assert finalized.data.processing_info.state == "pending"
    assert status.data.processing_info.state == "succeeded"
    [post] = client.posts()
    assert (post["id"], post["text"], post["state"]) == (made.data.id, "Theirs", "public")
    assert (post["bytes"], post["sha256"]) == (len(VIDEO), hashlib.sha256(VIDEO).hexdigest())


def test_segments_may_come_as_multipart_in_any_order_and_again(client: Client) -> None:
    media_id = client.open(len(VIDEO))
    client.append(media_id, 1, b"wrong" * 1000)
    for index in (2, 0, 1):
        segment = VIDEO[index * SEGMENT : (index + 1) * SEGMENT]
        client.append(media_id, index, segment).raise_for_status()

    finalized = client.finalize(media_id).json()["data"]
    client.wait(1)
    client.create(media_id=media_id).raise_for_status()

    assert finalized["size"] == len(VIDEO)
    assert client.posts()[0]["sha256"] == hashlib.sha256(VIDEO).hexdigest()


def test_a_segment_that_broke_off_leaves_nothing(client: Client) -> None:
    media_id = client.open(len(VIDEO))
    client.order({"reset_after_bytes": 100_000}, path="/append")
    with pytest.raises(httpx.HTTPError):
        client.append(media_id, 0, VIDEO)

    early = client.finalize(media_id)
    client.append(media_id, 0, VIDEO).raise_for_status()

    assert complaint(early) == (400, "Segments are missing")
    assert client.finalize(media_id).status_code == 200


def test_processing_goes_from_pending_to_succeeded(client: Client) -> None:
    media_id = client.open()
    client.append(media_id, 0, SMALL)

    first = client.finalize(media_id).json()["data"]["processing_info"]
    busy = client.status(media_id)
    client.wait(1)

    assert first == {"state": "pending", "check_after_secs": 1}
    assert busy["state"] == "in_progress"
    assert client.status(media_id)["state"] == "succeeded"


def test_a_finalize_may_have_no_body(client: Client) -> None:
    media_id = client.open()
    client.append(media_id, 0, SMALL)

    answer = client.call("POST", f"media/upload/{media_id}/finalize")

    assert answer.status_code == 200
    assert answer.json()["data"]["expires_after_secs"] in range(86_390, 86_401)


def test_a_finalize_that_disagrees_with_initialize_is_refused(client: Client) -> None:
    media_id = client.open(len(SMALL) + 1)
    client.append(media_id, 0, SMALL)

    assert client.finalize(media_id).status_code == 400


def test_a_segment_beyond_four_mebibytes_is_refused_without_a_word(client: Client) -> None:
    answer = client.append(client.open(), 0, b"v" * (5 << 20))

    assert (answer.status_code, answer.content) == (413, b"")


@pytest.mark.parametrize("index", [1000, -1, "first"])
def test_a_segment_index_beyond_999_is_refused(client: Client, index: int | str) -> None:
    assert client.append(client.open(), index, SMALL).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"media_type": "video/avi"},
        {"media_category": "video"},
        {"total_bytes": -1},
        {"total_bytes": 600 << 20},
        {"name": "clip.mp4"},
    ],
)
def test_a_wrong_initialize_is_refused(client: Client, changes: dict[str, Any]) -> None:
    answer = client.initialize(**changes)

    assert answer.status_code == 400
    assert answer.json()["type"] == "https://api.x.com/2/problems/invalid-request"


def test_a_file_that_is_no_video_fails(client: Client) -> None:
    media_id = client.upload(b"not a video at all")

    status = client.status(media_id)

    assert (status["state"], status["error"]["name"]) == ("failed", "InvalidMedia")
    assert complaint(client.create(media_id=media_id)) == (400, "Your media IDs are invalid.")


def test_processing_fails_with_the_ordered_reason(client: Client) -> None:
    client.order({"processing_fails": "InternalError"}, path="/finalize")

    assert client.status(client.upload())["error"]["name"] == "InternalError"


def test_media_that_are_unfinished_foreign_or_expired_are_invalid(
    sandbox: RunningSandbox, client: Client, http: httpx.Client
) -> None:
    unfinished = client.open()
    foreign = Client(sandbox, http, "else").upload()
    expired = client.upload()
    client.world.tokens[client.token].expires_at = client.world.clock.now().replace(year=2100)
    client.wait(86_400)

    answers = [client.create(media_id=one) for one in (unfinished, foreign, expired)]

    assert {complaint(answer) for answer in answers} == {(400, "Your media IDs are invalid.")}
    assert answers[0].json()["errors"][0]["parameters"].keys() == {"media.media_ids"}


def test_metadata_take_an_alternative_text_of_a_thousand_characters(client: Client) -> None:
    media_id = client.open()

    def describe(text: str) -> int:
        body = {"id": media_id, "metadata": {"alt_text": {"text": text}}}
        return client.call("POST", "media/metadata", json=body).status_code

    assert (describe("a" * 1000), describe("a" * 1001)) == (200, 400)


def test_a_text_comes_back_escaped_and_ends_with_the_link_of_its_media(client: Client) -> None:
    answer = client.create("a < b & example.com", client.upload()).json()["data"]

    assert answer["text"].startswith("a &lt; b &amp; https://t.co/")
    assert answer["text"].count("https://t.co/") == 2
    assert answer["edit_history_post_ids"] == [answer["id"]]
    assert client.posts()[0]["text"] == "a < b & example.com"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("a" * 280, 201),
        ("a" * 281, 400),
        ("あ" * 140, 201),
        ("あ" * 141, 400),
        ("a" * 256 + " example.com", 201),
        ("", 400),
    ],
    ids=["280", "281", "140 kana", "141 kana", "256 and a link", "nothing"],
)
def test_a_text_is_as_long_as_x_counts(client: Client, text: str, status: int) -> None:
    assert client.create(text).status_code == status


def test_a_key_that_x_does_not_know_is_refused(client: Client) -> None:
    assert client.create(schedule_at="tomorrow").status_code == 400
    assert client.create(media={"media_ids": ["1"], "alt": "x"}).status_code == 400


def test_the_same_text_within_hours_is_refused_without_an_id(client: Client) -> None:
    client.create("Same").raise_for_status()

    twin = client.create(" same ")
    client.world.tokens[client.token].expires_at = client.world.clock.now().replace(year=2100)
    client.wait(6 * 3600)

    assert (twin.status_code, twin.json()) == (403, DUPLICATE)
    assert client.create("Same").status_code == 201


def test_a_timeline_shows_the_media_keys_since_an_id(client: Client) -> None:
    old = client.create("old").json()["data"]["id"]
    opened = client.initialize().json()["data"]
    client.append(opened["id"], 0, SMALL)
    client.finalize(opened["id"])
    client.wait(1)
    new = client.create("new", opened["id"]).json()["data"]["id"]

    query = {"since_id": old, "post.fields": "attachments,created_at", "max_results": 100}
    answer = client.timeline(**query)

    [post] = answer["data"]
    assert (post["id"], post["attachments"]) == (new, {"media_keys": [opened["media_key"]]})
    assert post["edit_history_post_ids"] == [new]
    assert answer["meta"] == {"result_count": 1, "newest_id": new, "oldest_id": new}


def test_the_old_parameter_is_answered_in_the_old_names(client: Client) -> None:
    post_id = client.create().json()["data"]["id"]

    post = client.call("GET", f"tweets/{post_id}?tweet.fields=created_at").json()["data"]
    wrong = client.call("GET", f"tweets/{post_id}?post.fields=colour")

    assert post["edit_history_tweet_ids"] == [post_id]
    assert wrong.status_code == 400


def test_a_timeline_comes_in_pages(client: Client) -> None:
    for number in range(7):
        client.create(f"Number {number}").raise_for_status()

    first = client.timeline(max_results=5)
    second = client.timeline(max_results=5, pagination_token=first["meta"]["next_token"])

    texts = [post["text"] for post in first["data"] + second["data"]]
    assert texts == [f"Number {number}" for number in range(6, -1, -1)]
    assert "next_token" not in second["meta"]


def test_a_timeline_may_begin_at_a_time_and_lag_behind(client: Client) -> None:
    client.create()
    client.order({"listing_lag": 60}, path="/2/users/")

    late = client.timeline()
    later_start = client.timeline(start_time="2100-01-01T00:00:00Z")
    true = client.timeline(start_time="2020-01-01T00:00:00Z")

    counts = [answer["meta"]["result_count"] for answer in (late, later_start, true)]
    assert counts == [0, 0, 1]


def test_posts_that_are_not_there_stand_among_the_errors(client: Client) -> None:
    post_id = client.create(media_id=client.upload()).json()["data"]["id"]

    path = f"tweets?ids={post_id},123&expansions=attachments.media_keys"
    answer = client.call("GET", path).json()

    assert [post["id"] for post in answer["data"]] == [post_id]
    assert answer["includes"]["media"][0]["type"] == "video"
    assert [error["resource_id"] for error in answer["errors"]] == ["123"]
    assert client.call("GET", "tweets/123").json()["errors"][0]["title"] == "Not Found Error"


def test_a_post_is_deleted_by_its_author_only(
    sandbox: RunningSandbox, client: Client, http: httpx.Client
) -> None:
    post_id = client.create().json()["data"]["id"]

    theirs = Client(sandbox, http, "else").call("DELETE", f"tweets/{post_id}")
    mine = client.call("DELETE", f"tweets/{post_id}")

    assert (theirs.status_code, mine.json()) == (403, {"data": {"deleted": True}})
    assert client.posts() == []


def test_who_is_signed_in(client: Client) -> None:
    me = client.call("GET", "users/me?user.fields=subscription_type").json()["data"]

    assert me == {
        "id": client.ids["user_id"],
        "name": "sandbox_default",
        "username": "sandbox_default",
        "subscription_type": "None",
    }


def test_every_answer_counts_down_and_the_window_ends(client: Client) -> None:
    # A quarter of an hour that has just begun does not end within the test.
    client.wait(900 - client.world.clock.now().timestamp() % 900)

    answers = [client.call("GET", "users/me") for _ in range(76)]
    client.wait(900)
    later = client.call("GET", "users/me")

    left = [int(answer.headers["x-rate-limit-remaining"]) for answer in answers]
    assert left == [*range(74, -1, -1), 0]
    assert (answers[-1].status_code, answers[-1].json()["title"]) == (429, "Too Many Requests")
    assert answers[-1].headers["x-rate-limit-limit"] == "75"
    assert int(answers[-1].headers["x-rate-limit-reset"]) % 900 == 0
    assert later.status_code == 200


def test_a_wrong_token_and_a_missing_scope_are_refused(client: Client) -> None:
    client.world.tokens[client.token].scopes = frozenset({"tweet.read", "users.read"})
    without_scope = client.initialize()
    client.headers["Authorization"] = "Bearer nobody"
    without_token = client.initialize()

    assert (without_scope.status_code, without_token.status_code) == (403, 401)
    assert without_token.json()["title"] == "Unauthorized"
    assert without_token.headers["x-rate-limit-limit"] == "1875"
