"""LinkedIn's videos and posts as its documents describe them, seen by somebody else's client."""

import datetime as dt
import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from pellacia_service.sandbox.linkedin_gate import CALLS_PER_MEMBER_PER_DAY
from pellacia_service.sandbox.server import RunningSandbox
from tests.sandbox.somebody import Somebody

PART = 4_194_304
VIDEO = b"\0\0\0\x18ftypisom" + b"v" * (PART + 1000)
SMALL = VIDEO[:5000]


class Client(Somebody):
    """Plain requests with one token. Writes as a person unless told otherwise."""

    def __init__(self, sandbox: RunningSandbox, http: httpx.Client, label: str = "default") -> None:
        super().__init__(sandbox, http, "linkedin", label)
        self.person, self.page = self.ids["person_urn"], self.ids["organization_urn"]
        self.headers["LinkedIn-Version"] = f"{sandbox.world.clock.now():%Y%m}"
        self.headers["X-Restli-Protocol-Version"] = "2.0.0"

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        url = f"{self.url}/api.linkedin.com{path}"
        return self.http.request(method, url, headers=self.headers, **more)

    def act(self, action: str, **fields: Any) -> httpx.Response:
        body = {f"{action}Request": fields}
        return self.call("POST", f"/rest/videos?action={action}", json=body)

    def open(self, owner: str = "", size: int = len(SMALL)) -> dict[str, Any]:
        fields = {"owner": owner or self.person, "fileSizeBytes": size, "uploadThumbnail": True}
        return dict(self.act("initializeUpload", **fields).json()["value"])

    def send(self, opened: dict[str, Any], content: bytes) -> list[str]:
        return [
            self.http.put(
                part["uploadUrl"], content=content[part["firstByte"] : part["lastByte"] + 1]
            ).headers["etag"]
            for part in opened["uploadInstructions"]
        ]

    def finalize(self, opened: dict[str, Any], etags: list[str]) -> httpx.Response:
        return self.act(
            "finalizeUpload",
            video=opened["video"],
            uploadToken=opened["uploadToken"],
            uploadedPartIds=etags,
        )

    def upload(self, owner: str = "", content: bytes = SMALL) -> str:
        opened = self.open(owner, len(content))
        self.finalize(opened, self.send(opened, content)).raise_for_status()
        self.wait(1)
        return str(opened["video"])

    def video(self, urn: str) -> dict[str, Any]:
        return dict(self.call("GET", f"/rest/videos/{quote(urn, safe='')}").json())

    def create(self, video: str, author: str = "", **changes: Any) -> httpx.Response:
        body = {
            "author": author or self.person,
            "commentary": "Hello",
            "visibility": "PUBLIC",
            "distribution": {"feedDistribution": "MAIN_FEED"},
            "content": {"media": {"id": video, "title": "A title"}},
            "lifecycleState": "PUBLISHED",
            **changes,
        }
        return self.call("POST", "/rest/posts", json=body)


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as http:
        yield http


@pytest.fixture
def client(sandbox: RunningSandbox, http: httpx.Client) -> Client:
    return Client(sandbox, http)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_video_comes_in_parts_and_is_posted_afterwards(client: Client) -> None:
    opened = client.open(size=len(VIDEO))
    client.finalize(opened, client.send(opened, VIDEO)).raise_for_status()
    before = client.video(opened["video"])["status"]
    client.wait(1)

    answer = client.create(opened["video"])

    ranges = [(part["firstByte"], part["lastByte"]) for part in opened["uploadInstructions"]]
    assert ranges == [(0, PART - 1), (PART, len(VIDEO) - 1)]
    assert (before, client.video(opened["video"])["status"]) == ("PROCESSING", "AVAILABLE")
    assert (answer.status_code, answer.content) == (201, b"")
    [post] = client.posts()
    assert post["id"] == answer.headers["x-restli-id"]
    assert post["url"] == f"https://www.linkedin.com/feed/update/{post['id']}/"
    assert (post["title"], post["text"], post["state"]) == ("A title", "Hello", "public")
    assert post["sha256"] == hashlib.sha256(VIDEO).hexdigest()


def test_a_part_that_broke_off_is_sent_again(client: Client) -> None:
    opened = client.open(size=len(VIDEO))
    client.order({"reset_after_bytes": 100_000}, method="PUT")
    with pytest.raises(httpx.HTTPError):
        client.send(opened, VIDEO)

    etags = client.send(opened, VIDEO)
    client.finalize(opened, etags).raise_for_status()
    client.wait(1)
    client.create(opened["video"]).raise_for_status()

    assert client.posts()[0]["sha256"] == hashlib.sha256(VIDEO).hexdigest()


def test_of_a_part_sent_twice_the_newest_etag_counts(client: Client) -> None:
    opened = client.open()
    [old], [new] = client.send(opened, SMALL), client.send(opened, SMALL)

    refused, taken = client.finalize(opened, [old]), client.finalize(opened, [new])

    assert (refused.status_code, taken.status_code) == (400, 200)


def test_etags_may_come_back_without_their_quotes(client: Client) -> None:
    opened = client.open()
    [etag] = client.send(opened, SMALL)

    answer = client.finalize(opened, [etag.strip('"')])

    assert etag.startswith('"')
    assert (answer.status_code, answer.content) == (200, b"")


def test_parts_in_the_wrong_order_make_a_video_that_fails(client: Client) -> None:
    opened = client.open(size=len(VIDEO))
    etags = client.send(opened, VIDEO)

    answer = client.finalize(opened, etags[::-1])
    client.wait(1)

    assert answer.status_code == 200
    assert client.video(opened["video"])["status"] == "PROCESSING_FAILED"


def test_a_part_must_have_the_length_of_its_range(client: Client) -> None:
    [part] = client.open()["uploadInstructions"]

    assert client.http.put(part["uploadUrl"], content=SMALL[:-1]).status_code == 400


def test_finalizing_with_missing_parts_is_refused(client: Client) -> None:
    opened = client.open(size=len(VIDEO))

    answer = client.finalize(opened, client.send(opened, VIDEO)[:1])

    assert refusal(answer) == (400, "INVALID_VALUE_FOR_FIELD")
    assert client.video(opened["video"])["status"] == "WAITING_UPLOAD"


def test_a_file_that_is_no_video_fails(client: Client) -> None:
    video = client.upload(content=b"not a video at all")

    answer = client.create(video)

    assert client.video(video)["status"] == "PROCESSING_FAILED"
    assert refusal(answer) == (400, "MEDIA_ASSET_PROCESSING_FAILED")


def test_a_thumbnail_says_that_it_is_a_still_image(client: Client) -> None:
    url = client.open()["thumbnailUploadUrl"]

    named = client.http.put(url, content=b"png", headers={"media-type-family": "STILLIMAGE"})
    unnamed = client.http.put(url, content=b"png")

    assert (named.status_code, unnamed.status_code) == (201, 400)


def test_upload_urls_expire(client: Client) -> None:
    opened = client.open()
    client.wait(31 * 86_400)

    answer = client.http.put(opened["uploadInstructions"][0]["uploadUrl"], content=SMALL)

    assert answer.status_code == 403


def test_nobody_uploads_for_somebody_else(client: Client) -> None:
    answer = client.act("initializeUpload", owner="urn:li:person:else", fileSizeBytes=10)

    assert refusal(answer) == (403, "ACCESS_DENIED")


@pytest.mark.parametrize(
    ("header", "value", "status", "code"),
    [
        ("LinkedIn-Version", None, 400, "VERSION_MISSING"),
        ("LinkedIn-Version", "202401", 426, "NONEXISTENT_VERSION"),
        ("X-Restli-Protocol-Version", None, 400, "BAD_REQUEST"),
        ("Authorization", None, 401, "EMPTY_ACCESS_TOKEN"),
        ("Authorization", "Bearer nobody", 401, "INVALID_ACCESS_TOKEN"),
    ],
)
def test_headers_that_are_missing_or_out_of_date_are_refused(
    client: Client, header: str, value: str | None, status: int, code: str
) -> None:
    del client.headers[header]
    if value:
        client.headers[header] = value

    answer = client.call("GET", "/rest/organizationAcls?q=roleAssignee")

    assert refusal(answer) == (status, code)


def test_a_version_lives_for_twelve_months(client: Client) -> None:
    client.world.tokens[client.token].expires_at += dt.timedelta(days=500)
    version = client.headers["LinkedIn-Version"]
    client.wait(300 * 86_400)
    still = client.call("GET", "/rest/organizationAcls?q=roleAssignee")
    client.wait(80 * 86_400)

    ended = client.call("GET", "/rest/organizationAcls?q=roleAssignee")

    assert still.status_code == 200
    assert refusal(ended) == (426, "NONEXISTENT_VERSION")
    assert ended.json()["message"] == f"Requested version {version}01 is not active"


def test_a_create_before_the_video_is_available_is_refused(client: Client) -> None:
    answer = client.create(client.open()["video"])

    assert refusal(answer) == (400, "MEDIA_ASSET_WAITING_UPLOAD")


def test_the_owner_of_the_video_must_be_the_author(client: Client) -> None:
    video = client.upload(client.person)

    answer = client.create(video, client.page)

    assert refusal(answer) == (400, "INVALID_VALUE_FOR_FIELD")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"commentary": "a" * 3001}, "FIELD_LENGTH_TOO_LONG"),
        ({"commentary": None}, "INVALID_VALUE_FOR_FIELD"),
        ({"lifecycleState": "DRAFT"}, "INVALID_VALUE_FOR_FIELD"),
        ({"visibility": "EVERYBODY"}, "INVALID_VALUE_FOR_FIELD"),
        ({"content": {"media": {"id": "urn:li:video:none"}}}, "INVALID_URN_ID"),
    ],
)
def test_a_wrong_field_of_a_post_is_refused(
    client: Client, changes: dict[str, Any], code: str
) -> None:
    answer = client.create(client.upload(), **changes)

    assert refusal(answer) == (400, code)


@pytest.mark.parametrize(
    ("commentary", "text"),
    [
        (r"a \(b\) \_c\_ \\", "a (b) _c_ \\"),
        ("Launch (part 1)", "Launch "),
        ("one #two three", "one #two three"),
        (r"one {hashtag|\#|two} three", "one #two three"),
        ("by @[Acme \\(x\\)](urn:li:organization:1)!", "by Acme (x)!"),
        ("snake_case", "snake"),
        ("# no word", ""),
    ],
)
def test_a_commentary_is_cut_at_the_first_reserved_character_out_of_place(
    client: Client, commentary: str, text: str
) -> None:
    answer = client.create(client.upload(), commentary=commentary)

    assert answer.status_code == 201
    assert client.posts()[0]["text"] == text


def test_a_duplicate_within_ten_minutes_names_the_post_that_is_there(client: Client) -> None:
    video = client.upload()
    first = client.create(video).headers["x-restli-id"]

    twin = client.create(video)
    client.wait(600)
    later = client.create(video)

    assert twin.status_code == 422
    assert twin.json()["message"].endswith(f"Content is a duplicate of {first}")
    assert twin.json()["errorDetails"]["inputErrors"][0]["code"] == "DUPLICATE_POST"
    assert later.status_code == 201


def test_a_page_reads_its_posts_and_finds_the_video_in_them(client: Client) -> None:
    video = client.upload(client.page)
    urn = client.create(video, client.page).headers["x-restli-id"]

    encoded = quote(client.page, safe="")
    found = client.call("GET", f"/rest/posts?q=author&author={encoded}&count=50&sortBy=CREATED")
    raw = client.call("GET", f"/rest/posts?q=author&author={client.page}")
    one = client.call("GET", f"/rest/posts/{quote(urn, safe='')}")

    [element] = found.json()["elements"]
    assert (element["id"], element["content"]["media"]["id"]) == (urn, video)
    assert raw.json()["elements"] == [element]
    assert one.json() == element


def test_the_posts_of_a_page_come_in_pages(client: Client) -> None:
    video = client.upload(client.page)
    for text in "abc":
        client.create(video, client.page, commentary=text).raise_for_status()

    path = f"/rest/posts?q=author&author={client.page}&count=2"
    first = client.call("GET", path).json()
    second = client.call("GET", first["paging"]["links"][0]["href"]).json()

    assert [one["commentary"] for one in first["elements"]] == ["c", "b"]
    assert [one["commentary"] for one in second["elements"]] == ["a"]
    assert second["paging"]["links"] == []


def test_a_listing_may_lag_behind(client: Client) -> None:
    client.create(client.upload(client.page), client.page).raise_for_status()
    client.order({"listing_lag": 60}, path="/rest/posts")

    late, true = (client.call("GET", f"/rest/posts?q=author&author={client.page}") for _ in "12")

    assert (len(late.json()["elements"]), len(true.json()["elements"])) == (0, 1)


def test_a_person_cannot_read_posts(client: Client) -> None:
    urn = client.create(client.upload()).headers["x-restli-id"]

    one = client.call("GET", f"/rest/posts/{quote(urn, safe='')}")
    many = client.call("GET", f"/rest/posts?q=author&author={quote(client.person, safe='')}")

    assert refusal(one) == refusal(many) == (403, "ACCESS_DENIED")
    assert "partnerApiPostsExternal.GET" in one.json()["message"]


def test_a_post_may_be_deleted_twice(client: Client) -> None:
    urn = client.create(client.upload()).headers["x-restli-id"]
    path = f"/rest/posts/{quote(urn, safe='')}"

    answers = [client.call("DELETE", path).status_code for _ in "12"]

    assert answers == [204, 204]
    assert client.posts() == []


def test_the_day_has_room_for_so_many_calls_and_ends_at_midnight(
    sandbox: RunningSandbox, http: httpx.Client
) -> None:
    client = Client(sandbox, http, "busy")
    [account] = [one for one in sandbox.world.accounts if one.address == "linkedin:busy"]
    account.ids["calls_per_day"] = "2"

    answers = [client.call("GET", "/rest/organizationAcls?q=roleAssignee") for _ in "123"]
    client.wait(86_400)
    tomorrow = client.call("GET", "/rest/organizationAcls?q=roleAssignee")

    assert CALLS_PER_MEMBER_PER_DAY == 150
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["serviceErrorCode"] == 101
    assert tomorrow.status_code == 200


def test_who_is_signed_in_and_which_page_they_run(client: Client) -> None:
    me = client.call("GET", "/v2/userinfo").json()
    path = "/rest/organizationAcls?q=roleAssignee&role=ADMINISTRATOR&state=APPROVED"
    [role] = client.call("GET", path).json()["elements"]

    assert f"urn:li:person:{me['sub']}" == client.person
    assert (role["organization"], role["roleAssignee"]) == (client.page, client.person)


def test_a_token_without_the_scope_is_refused(client: Client) -> None:
    client.world.tokens[client.token].scopes = frozenset({"openid", "w_member_social"})

    as_page = client.act("initializeUpload", owner=client.page, fileSizeBytes=10)
    reading = client.call("GET", f"/rest/posts?q=author&author={client.page}")

    assert refusal(as_page) == refusal(reading) == (403, "ACCESS_DENIED")
