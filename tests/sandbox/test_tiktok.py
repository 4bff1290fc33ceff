"""TikTok's posting and display calls as its documents describe them, seen by somebody else's client."""

import hashlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from pellacia_service.sandbox.server import RunningSandbox
from tests.sandbox.somebody import Somebody

MIB = 1 << 20
CHUNK = 5 * MIB
SIZE = 2 * CHUNK + 1000
VIDEO = b"\0\0\0\x18ftypisom" + b"v" * (SIZE - 12)
SMALL = VIDEO[:5000]


class Client(Somebody):
    """Plain requests with one token."""

    def __init__(self, sandbox: RunningSandbox, http: httpx.Client, label: str = "default") -> None:
        super().__init__(sandbox, http, "tiktok", label)

    def post(self, path: str, json: Any = None) -> httpx.Response:
        url = f"{self.url}/open.tiktokapis.com/v2/{path}"
        return self.http.post(url, json=json, headers=self.headers)

    def user(self, fields: str) -> httpx.Response:
        url = f"{self.url}/open.tiktokapis.com/v2/user/info/"
        return self.http.get(url, params={"fields": fields}, headers=self.headers)

    def init(self, size: int = SIZE, *, chunk: int = CHUNK, count: int = 2, **info: Any) -> Any:
        source = {
            "source": "FILE_UPLOAD",
            "video_size": size,
            "chunk_size": chunk,
            "total_chunk_count": count,
        }
        post = {"title": "Hi #there", "privacy_level": "PUBLIC_TO_EVERYONE", **info}
        return self.post(
            "post/publish/video/init/", {"post_info": post, "source_info": source}
        ).json()

    def open(self, content: bytes = SMALL, **info: Any) -> dict[str, str]:
        size = len(content)
        opened = self.init(size, chunk=size, count=1, **info)
        return dict(opened["data"])

    def draft(self, content: bytes = SMALL) -> httpx.Response:
        size = len(content)
        source = {"source": "FILE_UPLOAD", "video_size": size, "chunk_size": size}
        body = {"source_info": {**source, "total_chunk_count": 1}}
        return self.post("post/publish/inbox/video/init/", body)

    def put(self, url: str, first: int, last: int, content: bytes = VIDEO) -> httpx.Response:
        headers = {
            "Content-Type": "video/mp4",
            "Content-Range": f"bytes {first}-{last}/{len(content)}",
        }
        return self.http.put(url, content=content[first : last + 1], headers=headers)

    def publish(self, content: bytes = SMALL, **info: Any) -> str:
        opened = self.open(content, **info)
        self.put(opened["upload_url"], 0, len(content) - 1, content).raise_for_status()
        return opened["publish_id"]

    def status(self, publish_id: str) -> dict[str, Any]:
        answer = self.post("post/publish/status/fetch/", {"publish_id": publish_id})
        return dict(answer.json()["data"])


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as http:
        yield http


@pytest.fixture
def client(sandbox: RunningSandbox, http: httpx.Client) -> Client:
    return Client(sandbox, http)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_creator_info_offers_what_a_public_account_may_choose(client: Client) -> None:
    answer = client.post("post/publish/creator_info/query/").json()

    assert answer["error"]["code"] == "ok"
    assert answer["data"]["creator_username"] == client.ids["username"]
    options = ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]
    assert answer["data"]["privacy_level_options"] == options


def test_a_private_account_cannot_post_to_everyone(
    sandbox: RunningSandbox, http: httpx.Client
) -> None:
    private = Client(sandbox, http, "closed")
    [account] = [one for one in sandbox.world.accounts if one.address == "tiktok:closed"]
    account.ids["private"] = "true"

    answer = private.init()

    assert answer["error"]["code"] == "privacy_level_option_mismatch"


def test_a_file_comes_in_pieces_and_is_posted_with_the_last_one(client: Client) -> None:
    opened = client.init()["data"]

    first = client.put(opened["upload_url"], 0, CHUNK - 1)
    second = client.put(opened["upload_url"], CHUNK, SIZE - 1)
    client.wait(1)

    assert (first.status_code, second.status_code) == (206, 201)
    assert first.headers["content-range"] == f"bytes 0-{CHUNK - 1}/{SIZE}"
    status = client.status(opened["publish_id"])
    [post] = client.posts()
    assert status["status"] == "PUBLISH_COMPLETE"
    assert status["publicaly_available_post_id"] == [int(post["id"])]
    assert (post["state"], post["text"]) == ("public", "Hi #there")
    assert (post["bytes"], post["sha256"]) == (SIZE, hashlib.sha256(VIDEO).hexdigest())


def test_the_upload_url_needs_no_token_and_stays_within_its_length(client: Client) -> None:
    opened = client.open()

    assert len(opened["upload_url"]) <= 256
    assert len(opened["publish_id"]) <= 64


def test_a_self_only_post_is_private_and_has_no_public_id(client: Client) -> None:
    publish_id = client.publish(privacy_level="SELF_ONLY")
    client.wait(1)

    status = client.status(publish_id)

    assert status["status"] == "PUBLISH_COMPLETE"
    assert status["publicaly_available_post_id"] == []
    assert client.posts()[0]["state"] == "private"


def test_a_broken_piece_leaves_nothing_and_is_sent_again_whole(client: Client) -> None:
    opened = client.init()["data"]
    client.put(opened["upload_url"], 0, CHUNK - 1)
    client.order({"reset_after_bytes": 100_000}, method="PUT")
    with pytest.raises(httpx.HTTPError):
        client.put(opened["upload_url"], CHUNK, SIZE - 1)

    kept = client.status(opened["publish_id"])["uploaded_bytes"]
    again = client.put(opened["upload_url"], CHUNK, SIZE - 1)

    assert (kept, again.status_code) == (CHUNK, 201)
    assert client.posts()[0]["sha256"] == hashlib.sha256(VIDEO).hexdigest()


def test_a_piece_that_is_already_here_is_answered_with_what_is_here(client: Client) -> None:
    opened = client.init()["data"]
    client.put(opened["upload_url"], 0, CHUNK - 1)

    again = client.put(opened["upload_url"], 0, CHUNK - 1)

    assert again.status_code == 416
    assert again.headers["content-range"] == f"bytes 0-{CHUNK - 1}/{SIZE}"


@pytest.mark.parametrize(
    ("size", "chunk", "count", "message"),
    [
        (50_000_123, 10_000_000, 5, ""),
        (64 * MIB, 64 * MIB, 1, ""),
        (1000, 1000, 1, ""),
        (50_000_123, 10_000_000, 6, "The total chunk count is invalid"),
        (9 * MIB, 5 * MIB, 1, "The chunk size is invalid"),
        (64 * MIB + 1, 64 * MIB + 1, 1, "The chunk size is invalid"),
        (20 * MIB, 4 * MIB, 5, "The chunk size is invalid"),
        (602_285_541, 64 * MIB, 8, "The chunk size is invalid"),
        (1000, 5 * MIB, 1, "The chunk size is invalid"),
        (0, 5 * MIB, 1, "The video size is invalid"),
    ],
)
def test_the_arithmetic_of_chunks_is_checked(
    client: Client, size: int, chunk: int, count: int, message: str
) -> None:
    answer = client.init(size, chunk=chunk, count=count)

    assert answer["error"]["message"] == message
    assert answer["error"]["code"] == ("invalid_params" if message else "ok")


@pytest.mark.parametrize(
    "info",
    [
        {"title": "😀" * 1101},
        {"privacy_level": "EVERYBODY"},
        {"privacy_level": None},
        {"disable_duet": "yes"},
        {"video_cover_timestamp_ms": -1},
        {"brand_content_toggle": True, "privacy_level": "SELF_ONLY"},
    ],
)
def test_a_wrong_post_info_is_refused(client: Client, info: dict[str, Any]) -> None:
    answer = client.init(**info)

    assert answer["error"]["code"] == "invalid_params"


def test_a_title_may_have_2200_utf16_units(client: Client) -> None:
    assert client.init(title="😀" * 1100)["error"]["code"] == "ok"


def test_pulling_from_an_unverified_url_is_refused(client: Client) -> None:
    body = {
        "post_info": {"privacy_level": "SELF_ONLY"},
        "source_info": {"source": "PULL_FROM_URL", "video_url": "https://example.com/v.mp4"},
    }

    answer = client.post("post/publish/video/init/", body)

    assert refusal(answer) == (403, "url_ownership_unverified")


def test_a_seventh_init_within_a_minute_is_refused(client: Client) -> None:
    codes = [client.init()["error"]["code"] for _ in range(7)]
    client.wait(60)
    later = client.init()["error"]["code"]

    assert codes == ["ok"] * 6 + ["rate_limit_exceeded"]
    assert later == "ok"


def test_the_day_has_room_for_fifteen_posts(client: Client) -> None:
    for _ in range(15):
        client.publish()
        client.wait(60)

    direct = client.init()["error"]["code"]
    info = client.post("post/publish/creator_info/query/")

    assert direct == "spam_risk_too_many_posts"
    assert refusal(info) == (200, "spam_risk_too_many_posts")


@pytest.mark.parametrize(
    ("content_range", "status"),
    [
        ("", 400),
        (f"bytes 0-{CHUNK - 1}/{SIZE + 1}", 400),
        (f"bytes 0-{CHUNK - 2}/{SIZE}", 400),
        (f"bytes {CHUNK}-{SIZE - 1}/{SIZE}", 416),
    ],
)
def test_a_piece_that_is_not_the_announced_one_is_refused(
    client: Client, content_range: str, status: int
) -> None:
    opened = client.init()["data"]
    headers = {"Content-Type": "video/mp4", "Content-Range": content_range}

    answer = client.http.put(opened["upload_url"], content=VIDEO[:CHUNK], headers=headers)

    assert answer.status_code == status


def test_an_upload_url_dies_after_an_hour(client: Client) -> None:
    opened = client.open()
    client.wait(3600)

    answer = client.put(opened["upload_url"], 0, len(SMALL) - 1, SMALL)

    assert answer.status_code == 403
    assert client.status(opened["publish_id"])["status"] == "FAILED"
    assert client.posts() == []


def test_an_unknown_upload_is_not_found(client: Client) -> None:
    url = f"{client.url}/open-upload.tiktokapis.com/video/?upload_id=1&upload_token=2"

    assert client.put(url, 0, 999, SMALL).status_code == 404


def test_a_file_that_is_no_video_fails(client: Client) -> None:
    publish_id = client.publish(b"not a video at all")
    client.wait(1)

    status = client.status(publish_id)

    assert (status["status"], status["fail_reason"]) == ("FAILED", "file_format_check_failed")
    assert client.posts() == []


def test_processing_fails_with_the_ordered_reason(client: Client) -> None:
    client.order({"processing_fails": "duration_check_failed"}, platform="tiktok", method="PUT")
    publish_id = client.publish()
    client.wait(1)

    assert client.status(publish_id)["fail_reason"] == "duration_check_failed"


def test_the_status_of_somebody_elses_task_is_not_shown(
    sandbox: RunningSandbox, client: Client, http: httpx.Client
) -> None:
    publish_id = Client(sandbox, http, "anna").publish()

    theirs = client.post("post/publish/status/fetch/", {"publish_id": publish_id})
    unknown = client.post("post/publish/status/fetch/", {"publish_id": "v_pub_file~v2-1"})

    assert refusal(theirs) == (400, "token_not_authorized_for_specified_publish_id")
    assert refusal(unknown) == (400, "invalid_publish_id")


def test_a_draft_waits_in_the_inbox_of_its_owner(client: Client) -> None:
    opened = client.draft().json()["data"]
    client.put(opened["upload_url"], 0, len(SMALL) - 1, SMALL)
    client.wait(1)

    assert client.status(opened["publish_id"])["status"] == "SEND_TO_USER_INBOX"
    assert client.posts()[0]["state"] == "draft"


def test_a_sixth_pending_draft_is_refused(client: Client) -> None:
    codes = [client.draft().json()["error"]["code"] for _ in range(6)]

    assert codes == ["ok"] * 5 + ["spam_risk_too_many_pending_share"]


def test_a_wrong_token_and_a_missing_scope_are_refused(client: Client) -> None:
    path = "post/publish/creator_info/query/"
    client.world.tokens[client.token].scopes = frozenset({"user.info.basic"})
    without_scope = client.post(path)
    client.headers["Authorization"] = "Bearer act.nobody"
    without_token = client.post(path)

    assert refusal(without_scope) == (401, "scope_not_authorized")
    assert refusal(without_token) == (401, "access_token_invalid")


def test_user_info_shows_the_fields_that_are_asked_for(client: Client) -> None:
    answer = client.user("open_id,display_name,username").json()
    missing = client.user("")

    assert answer["data"]["user"] == {
        "open_id": client.ids["open_id"],
        "display_name": "sandbox_default",
        "username": client.ids["username"],
    }
    assert refusal(missing) == (400, "invalid_params")


def test_only_public_videos_are_listed_newest_first(client: Client) -> None:
    client.publish(title="old")
    client.publish(title="secret", privacy_level="SELF_ONLY")
    client.wait(60)
    client.publish(title="new")
    client.wait(1)

    page = client.post("video/list/?fields=id,title", {"max_count": 1}).json()["data"]
    rest = client.post("video/list/?fields=id,title", {"cursor": page["cursor"]}).json()["data"]

    assert [video["title"] for video in page["videos"]] == ["new"]
    assert [video["title"] for video in rest["videos"]] == ["old"]
    assert (page["has_more"], rest["has_more"]) == (True, False)


def test_a_listing_may_lag_behind(client: Client) -> None:
    client.publish()
    client.wait(2)
    client.order({"listing_lag": 30}, path="/video/list/")

    late = client.post("video/list/?fields=id").json()["data"]["videos"]
    true = client.post("video/list/?fields=id").json()["data"]["videos"]

    assert (len(late), len(true)) == (0, 1)


def test_a_query_leaves_unknown_videos_out(client: Client) -> None:
    client.publish()
    client.wait(1)
    [post] = client.posts()

    body = {"filters": {"video_ids": [post["id"], "7000000000000000000"]}}
    answer = client.post("video/query/?fields=id,share_url", body).json()

    assert answer["data"]["videos"] == [{"id": post["id"], "share_url": post["url"]}]
