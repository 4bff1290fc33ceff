"""Reels in the sandbox: containers, bytes, processing, publishing, and each refusal."""

import hashlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from pellacia_service.sandbox.server import RunningSandbox
from tests.sandbox.graph_client import CLIP, GraphClient, code_of, last_part, trouble_of

PROCESSED = 2
DAY = 86_400


class Instagram(GraphClient):
    """A client that publishes reels."""

    @property
    def me(self) -> str:
        return self.ids["ig_user_id"]

    def create(self, **params: Any) -> httpx.Response:
        usual = {"media_type": "REELS", "upload_type": "resumable", "caption": "Hello"}
        return self.post(f"{self.me}/media", **{**usual, **params})

    def open(self, **params: Any) -> str:
        uri: str = self.create(**params).raise_for_status().json()["uri"]
        return uri

    def upload(self, **params: Any) -> str:
        """Upload CLIP and let it be processed; returns the container's id."""
        uri = self.open(**params)
        self.send(uri, CLIP).raise_for_status()
        self.advance(PROCESSED)
        return last_part(uri)

    def publish(self, container: str) -> httpx.Response:
        return self.post(f"{self.me}/media_publish", creation_id=container)

    def status(self, container: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(container, fields="status_code,status,video_status").json()
        return found


@pytest.fixture
def instagram(sandbox: RunningSandbox) -> Iterator[Instagram]:
    with httpx.Client(verify=False, trust_env=False) as http:
        yield Instagram(http, sandbox.url, "instagram")


def test_a_published_container_becomes_one_public_reel(instagram: Instagram) -> None:
    container = instagram.upload(caption="Hello #world")

    media_id = instagram.publish(container).json()["id"]

    [post] = instagram.posts()
    assert (post["id"], post["state"], post["text"]) == (media_id, "public", "Hello #world")
    assert (post["bytes"], post["sha256"]) == (len(CLIP), hashlib.sha256(CLIP).hexdigest())
    assert media_id != container
    assert instagram.status(container)["status_code"] == "PUBLISHED"


def test_a_container_points_to_the_sandbox_for_its_bytes(instagram: Instagram) -> None:
    answer = instagram.create().json()

    path = f"rupload.facebook.com/ig-api-upload/v26.0/{answer['id']}"
    assert answer["uri"] == f"{instagram.url}/{path}"


def test_the_bytes_are_confirmed_in_the_words_of_the_guide(instagram: Instagram) -> None:
    answer = instagram.send(instagram.open(), CLIP)

    assert answer.json() == {"success": True, "message": "Upload successful."}


def test_nothing_is_public_before_media_publish(instagram: Instagram) -> None:
    container = instagram.upload()

    assert instagram.status(container)["status_code"] == "FINISHED"
    assert instagram.posts() == []


def test_parameters_may_stand_in_json_with_the_token_among_them(instagram: Instagram) -> None:
    body = {
        "media_type": "REELS",
        "upload_type": "resumable",
        "share_to_feed": True,
        "access_token": instagram.token,
    }

    answer = instagram.http.post(instagram.at(f"{instagram.me}/media"), json=body)

    assert answer.json()["uri"]


def test_parameters_may_stand_in_the_query_with_the_token_among_them(instagram: Instagram) -> None:
    params = {
        "media_type": "REELS",
        "upload_type": "resumable",
        "access_token": instagram.token,
        "appsecret_proof": "00",
    }

    answer = instagram.http.post(instagram.at(f"{instagram.me}/media"), params=params)

    assert answer.json()["uri"]


def test_the_user_token_publishes_as_well_as_the_page_token(instagram: Instagram) -> None:
    instagram.token = instagram.user_token

    assert instagram.publish(instagram.upload()).is_success


def test_an_upload_that_broke_off_goes_on_where_it_stopped(instagram: Instagram) -> None:
    uri = instagram.open()
    instagram.order({"reset_after_bytes": 1234}, path="ig-api-upload")
    with pytest.raises(httpx.TransportError):
        instagram.send(uri, CLIP)
    uploading = instagram.status(last_part(uri))["video_status"]["uploading_phase"]
    held = uploading["bytes_transferred"]

    instagram.send(uri, CLIP[held:], held).raise_for_status()

    instagram.advance(PROCESSED)
    instagram.publish(last_part(uri)).raise_for_status()
    assert (held, uploading["status"]) == (1234, "in_progress")
    assert instagram.posts()[0]["sha256"] == hashlib.sha256(CLIP).hexdigest()


def test_a_body_that_is_too_short_is_kept_and_refused(instagram: Instagram) -> None:
    uri = instagram.open()

    answer = instagram.send(uri, CLIP[:100])

    uploading = instagram.status(last_part(uri))["video_status"]["uploading_phase"]
    assert trouble_of(answer) == "PartialRequestError"
    assert uploading["bytes_transferred"] == 100


def test_an_offset_that_is_not_the_number_of_bytes_held_is_refused(instagram: Instagram) -> None:
    answer = instagram.send(instagram.open(), CLIP[7:], 7)

    assert trouble_of(answer) == "OffsetInvalidError"


def test_an_offset_that_is_no_number_is_refused(instagram: Instagram) -> None:
    answer = instagram.send(instagram.open(), CLIP, "zero")

    assert trouble_of(answer) == "ParameterValidationError"


def test_a_missing_file_size_is_refused(instagram: Instagram) -> None:
    answer = instagram.send(instagram.open(), CLIP, file_size="")

    assert trouble_of(answer) == "ParameterValidationError"


def test_the_upload_host_does_not_know_bearer(instagram: Instagram) -> None:
    answer = instagram.send(instagram.open(), CLIP, Authorization=f"Bearer {instagram.token}")

    assert trouble_of(answer) == "NotAuthorizedError"


def test_the_upload_of_another_account_is_refused(
    instagram: Instagram, sandbox: RunningSandbox
) -> None:
    other = Instagram(instagram.http, sandbox.url, "instagram", "other")

    answer = other.send(instagram.open(), CLIP)

    assert trouble_of(answer) == "ProcessingFailedError"


def test_a_file_above_300_megabytes_is_refused(instagram: Instagram) -> None:
    answer = instagram.send(instagram.open(), CLIP, file_size=str(300 * 1024 * 1024 + 1))

    assert trouble_of(answer) == "ProcessingFailedError"


def test_processing_takes_its_time_and_says_so(instagram: Instagram) -> None:
    instagram.order({"processing_seconds": 60})
    container = instagram.upload()

    before = instagram.status(container)
    instagram.advance(60)
    after = instagram.status(container)

    assert before["status_code"] == "IN_PROGRESS"
    assert before["video_status"]["processing_phase"]["status"] == "in_progress"
    assert after["status_code"] == "FINISHED"


def test_processing_that_fails_names_its_subcode_in_the_status(instagram: Instagram) -> None:
    instagram.order({"processing_fails": "2207082"}, path="ig-api-upload")

    status = instagram.status(instagram.upload())

    assert status["status_code"] == "ERROR"
    assert status["status"] == "Error: Media upload has failed with error code 2207082"


def test_a_file_that_is_no_video_fails_in_processing(instagram: Instagram) -> None:
    uri = instagram.open()
    instagram.send(uri, b"GIF89a" * 10, file_size="60").raise_for_status()
    instagram.advance(PROCESSED)

    assert instagram.status(last_part(uri))["status"].endswith("2207026")


def test_publishing_too_early_is_refused_and_does_nothing(instagram: Instagram) -> None:
    instagram.order({"processing_seconds": 60})
    container = instagram.upload()

    answer = instagram.publish(container)

    assert code_of(answer) == (9007, 2207027)
    assert instagram.posts() == []


def test_publishing_twice_is_refused_and_makes_no_second_post(instagram: Instagram) -> None:
    container = instagram.upload()
    instagram.publish(container).raise_for_status()

    answer = instagram.publish(container)

    assert code_of(answer) == (9007, 2207027)
    assert len(instagram.posts()) == 1


def test_a_lost_answer_to_media_publish_leaves_a_published_container(instagram: Instagram) -> None:
    container = instagram.upload()
    instagram.order({"lost_answer": True}, path="media_publish")

    with pytest.raises(httpx.TransportError):
        instagram.publish(container)

    assert instagram.status(container)["status_code"] == "PUBLISHED"
    assert len(instagram.posts()) == 1


def test_a_container_expires_after_a_day(instagram: Instagram) -> None:
    container = instagram.upload()
    instagram.advance(DAY)

    answer = instagram.publish(container)

    assert instagram.status(container)["status_code"] == "EXPIRED"
    assert code_of(answer) == (24, 2207008)


def test_publishing_an_unknown_container_is_refused(instagram: Instagram) -> None:
    assert code_of(instagram.publish("17000000000000000")) == (24, 2207006)


@pytest.mark.parametrize(
    "caption",
    [
        "x" * 2201,
        " ".join(f"#tag{n}" for n in range(31)),
        " ".join(f"@user{n}" for n in range(21)),
    ],
    ids=["2201 characters", "31 hashtags", "21 mentions"],
)
def test_a_caption_beyond_its_limits_is_refused(instagram: Instagram, caption: str) -> None:
    assert code_of(instagram.create(caption=caption)) == (36004, 2207010)


def test_a_caption_at_its_limit_is_taken(instagram: Instagram) -> None:
    assert instagram.create(caption="x" * 2200).is_success


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"media_type": "VIDEO"}, (100, 2207023)),
        ({"thumb_offset": "-1"}, (1, 2207057)),
        ({"upload_type": ""}, (100, 0)),
        ({"upload_type": "", "video_url": "https://example.org/a.mp4"}, (9004, 2207052)),
    ],
)
def test_a_container_that_breaks_a_rule_is_refused(
    instagram: Instagram, params: dict[str, str], code: tuple[int, int]
) -> None:
    assert code_of(instagram.create(**params)) == code


def test_the_401st_container_of_a_day_is_refused(
    instagram: Instagram, sandbox: RunningSandbox
) -> None:
    for _ in range(400):
        sandbox.world.count(("instagram.containers", "instagram:default"), window=DAY, most=400)

    refused = instagram.create()
    instagram.advance(DAY)

    assert code_of(refused) == (9, 2207042)
    assert instagram.create().is_success


def test_the_publishing_quota_counts_and_holds_for_a_rolling_day(
    instagram: Instagram, sandbox: RunningSandbox
) -> None:
    instagram.publish(instagram.upload()).raise_for_status()
    for _ in range(99):
        sandbox.world.count(("instagram.posts", "instagram:default"), window=DAY, most=100)

    refused = instagram.publish(instagram.upload())

    limit = instagram.get(f"{instagram.me}/content_publishing_limit", fields="config,quota_usage")
    assert code_of(refused) == (9, 2207042)
    assert limit.json() == {
        "data": [
            {"config": {"quota_total": 100, "quota_duration": DAY}, "quota_usage": 100},
        ]
    }


def test_the_quota_tells_only_its_usage_unasked(instagram: Instagram) -> None:
    limit = instagram.get(f"{instagram.me}/content_publishing_limit")

    assert limit.json() == {"data": [{"quota_usage": 0}]}


def test_a_reel_shows_its_permalink_and_product(instagram: Instagram) -> None:
    media_id = instagram.publish(instagram.upload()).json()["id"]

    fields = "id,permalink,shortcode,caption,timestamp,media_product_type,media_type"
    media = instagram.get(media_id, fields=fields).json()

    assert media["permalink"] == f"https://www.instagram.com/reel/{media['shortcode']}/"
    assert (media["media_type"], media["media_product_type"]) == ("VIDEO", "REELS")
    assert media["caption"] == "Hello"
    assert media["timestamp"].endswith("+0000")


def test_the_listing_shows_newest_first_and_pages_on(instagram: Instagram) -> None:
    ids = [instagram.publish(instagram.upload()).json()["id"] for _ in range(3)]

    first = instagram.get(f"{instagram.me}/media", fields="id,caption", limit=2).json()
    second = instagram.http.get(first["paging"]["next"], headers=instagram.bearer()).json()

    assert [row["id"] for row in first["data"] + second["data"]] == ids[::-1]
    assert "next" not in second["paging"]


def test_a_lagging_listing_leaves_the_newest_out(instagram: Instagram) -> None:
    instagram.publish(instagram.upload()).raise_for_status()
    instagram.order({"listing_lag": 60})

    lagging = instagram.get(f"{instagram.me}/media").json()
    prompt = instagram.get(f"{instagram.me}/media").json()

    assert lagging == {"data": []}
    assert len(prompt["data"]) == 1


def test_the_accounts_of_a_person_name_the_linked_instagram_account(instagram: Instagram) -> None:
    instagram.token = instagram.user_token

    fields = "id,name,access_token,tasks,instagram_business_account{id,username}"
    [page] = instagram.get("me/accounts", fields=fields, limit=100).json()["data"]

    assert page["id"] == instagram.ids["page_id"]
    assert page["access_token"] == instagram.page_token
    assert page["instagram_business_account"] == {
        "id": instagram.me,
        "username": instagram.ids["username"],
    }


def test_the_account_tells_its_username(instagram: Instagram) -> None:
    answer = instagram.get(instagram.me, fields="username").json()

    assert answer == {"username": instagram.ids["username"], "id": instagram.me}


def test_a_missing_scope_is_refused(instagram: Instagram, sandbox: RunningSandbox) -> None:
    token = sandbox.world.tokens[instagram.token]
    token.scopes -= {"instagram_content_publish"}

    assert code_of(instagram.create()) == (10, 0)


def test_graph_answers_tell_how_much_of_the_budget_is_used(instagram: Instagram) -> None:
    headers = instagram.get(instagram.me).headers

    assert '"call_count": 0' in headers["x-app-usage"]
    assert instagram.me in headers["x-business-use-case-usage"]
    assert '"type": "instagram"' in headers["x-business-use-case-usage"]
