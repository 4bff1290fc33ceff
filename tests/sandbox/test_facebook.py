"""A Page's videos and reels in the sandbox, and each refusal."""

import hashlib
from collections.abc import Iterator

import httpx
import pytest

from pellacia_service.sandbox.server import RunningSandbox
from tests.sandbox.graph_client import CLIP, LONG_CLIP, Facebook, code_of, last_part, trouble_of

PROCESSED = 2
DAY = 86_400


@pytest.fixture
def facebook(sandbox: RunningSandbox) -> Iterator[Facebook]:
    with httpx.Client(verify=False, trust_env=False) as http:
        yield Facebook(http, sandbox.url, "facebook")


def test_a_video_sent_by_the_servers_windows_becomes_one_public_post(facebook: Facebook) -> None:
    started = facebook.upload_video()

    answer = facebook.finish_video(started, title="Hi", description="Hello")

    facebook.advance(PROCESSED)
    [post] = facebook.posts()
    assert answer.json() == {"success": True}
    assert (post["id"], post["state"]) == (started["video_id"], "public")
    assert (post["title"], post["text"]) == ("Hi", "Hello")
    assert post["sha256"] == hashlib.sha256(LONG_CLIP).hexdigest()
    assert post["url"] == f"https://www.facebook.com/reel/{started['video_id']}/"


def test_the_first_window_is_no_round_number_and_is_text(facebook: Facebook) -> None:
    started = facebook.start_video()

    assert (started["start_offset"], started["end_offset"]) == ("0", "1048583")


def test_a_video_has_its_id_from_the_start_and_is_no_post_yet(facebook: Facebook) -> None:
    started = facebook.upload_video()

    status = facebook.look(started["video_id"])["status"]

    assert status["video_status"] == "upload_complete"
    assert facebook.posts() == []


def test_graph_video_is_another_name_for_graph(facebook: Facebook) -> None:
    answer = facebook.http.post(
        facebook.at(f"{facebook.page}/videos", host="graph-video.facebook.com"),
        data={"upload_phase": "start", "file_size": "100"},
        headers=facebook.bearer(),
    )

    assert answer.json()["end_offset"] == "100"


def test_a_chunk_that_broke_off_counts_for_nothing_and_can_be_sent_again(
    facebook: Facebook,
) -> None:
    started = facebook.start_video()
    session, end = started["upload_session_id"], int(started["end_offset"])
    facebook.order({"reset_after_bytes": 5000}, path="/videos$")
    with pytest.raises(httpx.TransportError):
        facebook.transfer(session, "0", LONG_CLIP[:end])

    answer = facebook.transfer(session, "0", LONG_CLIP[:end])

    assert answer.json()["start_offset"] == started["end_offset"]


def test_a_wrong_offset_is_answered_with_the_window_that_is_wanted(facebook: Facebook) -> None:
    started = facebook.start_video()

    answer = facebook.transfer(started["upload_session_id"], "7", b"bytes")

    assert code_of(answer) == (6001, 1363037)
    assert answer.json()["error"]["error_data"] == {"start_offset": "0", "end_offset": "1048583"}


def test_a_chunk_that_does_not_fill_its_window_is_refused(facebook: Facebook) -> None:
    started = facebook.start_video()

    answer = facebook.transfer(started["upload_session_id"], "0", b"too short")

    assert code_of(answer) == (6000, 1363045)


def test_finishing_without_a_byte_is_refused(facebook: Facebook) -> None:
    assert code_of(facebook.finish_video(facebook.start_video())) == (6000, 0)


def test_finishing_with_bytes_missing_is_refused(facebook: Facebook) -> None:
    started = facebook.start_video()
    end = int(started["end_offset"])
    facebook.transfer(started["upload_session_id"], "0", LONG_CLIP[:end]).raise_for_status()

    assert code_of(facebook.finish_video(started)) == (6000, 1363045)
    assert facebook.posts() == []


def test_a_second_finish_of_a_video_succeeds_and_makes_no_second_post(facebook: Facebook) -> None:
    started = facebook.upload_video()
    facebook.finish_video(started).raise_for_status()

    again = facebook.finish_video(started)

    assert again.json() == {"success": True}
    assert len(facebook.posts()) == 1


def test_an_upload_session_ends_after_a_day(facebook: Facebook) -> None:
    started = facebook.upload_video()
    facebook.advance(DAY)

    assert code_of(facebook.finish_video(started)) == (6000, 1363041)
    assert facebook.look(started["video_id"])["status"]["video_status"] == "expired"


def test_a_cancelled_session_is_gone(facebook: Facebook) -> None:
    started = facebook.upload_video()

    facebook.videos("cancel", upload_session_id=started["upload_session_id"]).raise_for_status()

    assert code_of(facebook.finish_video(started)) == (6000, 1363041)


def test_a_draft_is_no_public_post(facebook: Facebook) -> None:
    started = facebook.upload_video()

    facebook.finish_video(started, published="false", unpublished_content_type="DRAFT")

    facebook.advance(PROCESSED)
    video = facebook.look(started["video_id"])
    assert facebook.posts()[0]["state"] == "draft"
    assert video["status"]["publishing_phase"]["publish_status"] == "draft"
    assert video["published"] is False


def test_a_scheduled_video_turns_public_at_its_time(
    facebook: Facebook, sandbox: RunningSandbox
) -> None:
    started = facebook.upload_video()
    facebook.finish_video(
        started,
        published="false",
        unpublished_content_type="SCHEDULED",
        scheduled_publish_time=facebook.in_seconds(sandbox, 3600),
    ).raise_for_status()
    facebook.advance(PROCESSED)
    before = facebook.look(started["video_id"])
    state_before = facebook.posts()[0]["state"]

    facebook.advance(3600)

    after = facebook.look(started["video_id"])
    assert (state_before, facebook.posts()[0]["state"]) == ("scheduled", "public")
    assert before["status"]["publishing_phase"]["publish_status"] == "scheduled"
    assert after["status"]["publishing_phase"]["publish_status"] == "published"
    assert (before["published"], after["published"]) == (False, True)


@pytest.mark.parametrize("seconds", [300, 200 * DAY], ids=["5 minutes", "200 days"])
def test_a_video_scheduled_outside_its_window_is_refused(
    facebook: Facebook, sandbox: RunningSandbox, seconds: int
) -> None:
    answer = facebook.finish_video(
        facebook.upload_video(),
        published="false",
        unpublished_content_type="SCHEDULED",
        scheduled_publish_time=facebook.in_seconds(sandbox, seconds),
    )

    assert code_of(answer) == (100, 0)


@pytest.mark.parametrize("seconds", [300, 30 * DAY], ids=["5 minutes", "30 days"])
def test_a_reel_scheduled_outside_its_window_is_refused(
    facebook: Facebook, sandbox: RunningSandbox, seconds: int
) -> None:
    answer = facebook.finish_reel(
        facebook.upload_reel(),
        video_state="SCHEDULED",
        scheduled_publish_time=facebook.in_seconds(sandbox, seconds),
    )

    assert code_of(answer) == (100, 0)


def test_a_description_beyond_its_limit_is_refused(facebook: Facebook) -> None:
    answer = facebook.finish_video(facebook.upload_video(), description="x" * 63_207)

    assert code_of(answer) == (100, 0)


def test_a_file_above_two_gibibytes_is_refused(facebook: Facebook) -> None:
    assert code_of(facebook.videos("start", file_size=2 * 1024**3 + 1)) == (6000, 1363023)


def test_a_hosted_file_cannot_be_fetched(facebook: Facebook) -> None:
    answer = facebook.post(f"{facebook.page}/videos", file_url="https://example.org/a.mp4")

    assert code_of(answer) == (389, 0)


def test_a_user_token_may_not_publish_on_the_page(facebook: Facebook) -> None:
    facebook.token = facebook.user_token

    assert code_of(facebook.videos("start", file_size=100)) == (100, 0)
    assert code_of(facebook.reels("start")) == (210, 0)


def test_a_finished_reel_becomes_one_public_post(facebook: Facebook) -> None:
    video_id = facebook.upload_reel()

    answer = facebook.finish_reel(video_id)

    facebook.advance(PROCESSED)
    [post] = facebook.posts()
    assert answer.json() == {"success": True}
    assert (post["id"], post["state"], post["text"]) == (video_id, "public", "Hello")
    assert post["sha256"] == hashlib.sha256(CLIP).hexdigest()


def test_a_reels_bytes_go_to_an_address_of_the_sandbox(facebook: Facebook) -> None:
    started = facebook.reels("start").json()

    path = f"rupload.facebook.com/video-upload/v26.0/{started['video_id']}"
    assert started["upload_url"] == f"{facebook.url}/{path}"


def test_the_status_of_a_reel_in_processing_has_all_its_phases(facebook: Facebook) -> None:
    facebook.order({"processing_seconds": 60}, path="video_reels")
    video_id = facebook.upload_reel()
    facebook.finish_reel(video_id).raise_for_status()

    assert facebook.look(video_id) == {
        "id": video_id,
        "permalink_url": f"/reel/{video_id}/",
        "published": False,
        "status": {
            "video_status": "processing",
            "processing_progress": 0,
            "uploading_phase": {
                "status": "complete",
                "bytes_transferred": len(CLIP),
                "source_file_size": len(CLIP),
            },
            "processing_phase": {"status": "in_progress"},
            "publishing_phase": {"status": "not_started"},
            "copyright_check_status": {"status": "in_progress", "matches_found": False},
        },
    }
    assert facebook.posts()[0]["state"] == "processing"


def test_the_post_id_comes_with_the_publication(facebook: Facebook) -> None:
    video_id = facebook.upload_reel()
    facebook.finish_reel(video_id).raise_for_status()
    early = facebook.look(video_id)

    facebook.advance(PROCESSED)

    late = facebook.look(video_id)
    assert "post_id" not in early
    assert late["post_id"]
    assert late["status"]["publishing_phase"]["publish_status"] == "published"


def test_a_reel_that_broke_off_goes_on_where_it_stopped(facebook: Facebook) -> None:
    url = facebook.reels("start").json()["upload_url"]
    facebook.order({"reset_after_bytes": 7}, path="video-upload")
    with pytest.raises(httpx.TransportError):
        facebook.send(url, CLIP)
    held = facebook.look(last_part(url))["status"]["uploading_phase"]["bytes_transferred"]

    facebook.send(url, CLIP[held:], held).raise_for_status()

    facebook.finish_reel(last_part(url)).raise_for_status()
    facebook.advance(PROCESSED)
    assert held == 7
    assert facebook.posts()[0]["sha256"] == hashlib.sha256(CLIP).hexdigest()


def test_a_second_finish_of_a_reel_succeeds_and_makes_no_second_post(facebook: Facebook) -> None:
    video_id = facebook.upload_reel()
    facebook.finish_reel(video_id).raise_for_status()

    again = facebook.finish_reel(video_id)

    assert again.json() == {"success": True}
    assert len(facebook.posts()) == 1


def test_finishing_a_reel_without_a_byte_is_refused(facebook: Facebook) -> None:
    video_id = facebook.reels("start").json()["video_id"]

    assert code_of(facebook.finish_reel(video_id)) == (6000, 0)


def test_a_reel_needs_a_state_that_exists(facebook: Facebook) -> None:
    answer = facebook.finish_reel(facebook.upload_reel(), video_state="LOUD")

    assert code_of(answer) == (100, 0)


def test_the_31st_reel_of_a_day_is_refused(facebook: Facebook) -> None:
    ready = facebook.upload_reel()
    for _ in range(30):
        facebook.finish_reel(facebook.upload_reel()).raise_for_status()

    started, finished = facebook.reels("start"), facebook.finish_reel(ready)
    facebook.advance(DAY)

    assert (code_of(started), code_of(finished)) == ((4, 0), (4, 0))
    assert facebook.reels("start").is_success


def test_processing_that_fails_shows_in_the_status_and_makes_no_post(facebook: Facebook) -> None:
    facebook.order({"processing_fails": "1363040"}, path="video_reels")
    video_id = facebook.upload_reel()
    facebook.finish_reel(video_id).raise_for_status()

    facebook.advance(PROCESSED)

    status = facebook.look(video_id)["status"]
    assert status["video_status"] == "error"
    assert status["processing_phase"]["errors"][0]["code"] == 1363040
    assert facebook.posts() == []


def test_a_processing_that_is_made_to_fail_midway_makes_no_post(facebook: Facebook) -> None:
    facebook.order({"processing_seconds": 60}, path="video_reels")
    video_id = facebook.upload_reel()
    facebook.finish_reel(video_id).raise_for_status()
    facebook.order({"processing_fails": "1363040"})

    facebook.look(video_id)

    facebook.advance(60 + PROCESSED)
    assert facebook.look(video_id)["status"]["video_status"] == "error"
    assert facebook.posts() == []


def test_a_file_that_is_no_video_fails_in_processing(facebook: Facebook) -> None:
    url = facebook.reels("start").json()["upload_url"]
    facebook.send(url, b"GIF89a" * 10, file_size="60").raise_for_status()
    facebook.finish_reel(last_part(url)).raise_for_status()

    facebook.advance(PROCESSED)

    phase = facebook.look(last_part(url))["status"]["processing_phase"]
    assert phase["errors"][0]["code"] == 1363024


def test_the_upload_host_refuses_a_wrong_offset(facebook: Facebook) -> None:
    url = facebook.reels("start").json()["upload_url"]

    assert trouble_of(facebook.send(url, CLIP[5:], 5)) == "OffsetInvalidError"


def test_the_listings_show_what_is_published(facebook: Facebook) -> None:
    started = facebook.upload_video()
    facebook.finish_video(started).raise_for_status()
    reel = facebook.upload_reel()
    facebook.finish_reel(reel).raise_for_status()
    facebook.advance(PROCESSED)

    videos = facebook.get(f"{facebook.page}/videos", type="uploaded", fields="id,title").json()
    reels = facebook.get(f"{facebook.page}/video_reels", fields="id,description").json()

    assert {row["id"] for row in videos["data"]} == {started["video_id"], reel}
    assert reels["data"] == [{"id": reel, "description": "Hello"}]


def test_a_lagging_listing_leaves_the_newest_out(facebook: Facebook) -> None:
    facebook.finish_reel(facebook.upload_reel()).raise_for_status()
    facebook.advance(PROCESSED)
    facebook.order({"listing_lag": 60})

    assert facebook.get(f"{facebook.page}/video_reels").json() == {"data": []}


def test_a_thumbnail_is_taken(facebook: Facebook) -> None:
    video_id = facebook.upload_reel()

    answer = facebook.http.post(
        facebook.at(f"{video_id}/thumbnails"),
        headers=facebook.bearer(),
        data={"is_preferred": "true"},
        files={"source": ("cover.jpg", b"jpeg", "image/jpeg")},
    )

    assert answer.json() == {"success": True}
