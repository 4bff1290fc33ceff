"""YouTube: private first, resumable all the way, found again when its session is lost."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Content, Privacy
from pellacia_service.domain.receipt import Receipt
from pellacia_service.domain.sighting import Seen
from pellacia_service.errors import (
    RefusedError,
    SessionGoneError,
    TransientError,
    UnknownOutcomeError,
)
from pellacia_service.platform_kit.http import Api
from pellacia_service.platforms.youtube import YouTube
from pellacia_service.sandbox.server import RunningSandbox
from tests.lines import ApiFor, look_until, next_part, send_all, upload
from tests.trouble import make_trouble, posts_in

MIB = 1 << 20
GRAIN = 262_144

CONTENT = Content(title="A walk", description="In the hills", hashtags=("hills", "slow life"))

Trouble = Callable[..., None]


@pytest.fixture
def trouble(sandbox: RunningSandbox) -> Trouble:
    """Order trouble for the calls that bring bytes, or for those on another path."""
    return partial(make_trouble, sandbox, platform="youtube", path="upload/youtube/v3/videos$")


@pytest.fixture
def api(api_for: ApiFor) -> Api:
    return api_for("youtube")


@pytest.fixture
def film(tmp_path: Path, clip_media: Media) -> Media:
    """A file of a little over two parts that begins like an MP4."""
    path = tmp_path / "film.mp4"
    path.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 9_000)
    return replace(clip_media, path=path, size=path.stat().st_size)


def small_parts() -> YouTube:
    return YouTube(part_size=MIB)


async def send_one(youtube: YouTube, api: Api, receipt: Receipt, media: Media) -> Receipt:
    return await youtube.send(api, receipt, next_part(media.path, receipt))


async def ready(youtube: YouTube, api: Api, content: Content, media: Media) -> Receipt:
    receipt = await upload(youtube, api, content, media)
    return (await look_until(youtube, api, receipt, Seen.READY)).receipt


# --- what a post goes through ------------------------------------------------------------------


async def test_a_video_stays_private_until_the_word_to_publish(
    sandbox: RunningSandbox, api: Api, film: Media
) -> None:
    youtube = small_parts()

    await ready(youtube, api, CONTENT, film)

    assert [post["state"] for post in posts_in(sandbox)] == ["private"]


@pytest.mark.parametrize("privacy", [Privacy.PUBLIC, Privacy.UNLISTED])
async def test_publishing_gives_the_video_the_privacy_that_was_asked_for(
    sandbox: RunningSandbox, api: Api, film: Media, privacy: Privacy
) -> None:
    youtube = small_parts()
    receipt = await ready(youtube, api, replace(CONTENT, privacy=privacy), film)

    await youtube.publish(api, receipt)

    assert [post["state"] for post in posts_in(sandbox)] == [privacy]
    assert (await youtube.look(api, receipt)).seen is Seen.LIVE


async def test_a_private_post_is_done_without_the_word_to_publish(api: Api, film: Media) -> None:
    youtube = small_parts()
    content = replace(CONTENT, privacy=Privacy.PRIVATE)

    receipt = await upload(youtube, api, content, film)

    await look_until(youtube, api, receipt, Seen.LIVE)


async def test_the_bytes_arrive_as_they_are_in_the_file(
    sandbox: RunningSandbox, api: Api, film: Media
) -> None:
    youtube = small_parts()

    await upload(youtube, api, CONTENT, film)

    [post] = posts_in(sandbox)
    assert post["sha256"] == hashlib.sha256(film.path.read_bytes()).hexdigest()


async def test_publishing_twice_makes_one_post(
    sandbox: RunningSandbox, api: Api, film: Media
) -> None:
    youtube = small_parts()
    receipt = await ready(youtube, api, CONTENT, film)

    await youtube.publish(api, await youtube.publish(api, receipt))

    assert [post["state"] for post in posts_in(sandbox)] == ["public"]


async def test_a_video_without_a_title_is_called_like_its_file(
    sandbox: RunningSandbox, api: Api, film: Media
) -> None:
    await upload(small_parts(), api, replace(CONTENT, title=""), film)

    assert [post["title"] for post in posts_in(sandbox)] == ["film"]


async def test_publishing_erases_no_setting(api: Api, film: Media) -> None:
    youtube = small_parts()
    options = {"made_for_kids": "true", "synthetic_media": "yes"}
    receipt = await ready(youtube, api, replace(CONTENT, options=options), film)

    await youtube.publish(api, receipt)

    url = "https://www.googleapis.com/youtube/v3/videos"
    answer = await api.call("GET", url, params={"part": "status", "id": receipt.post_id})
    status = answer.json()["items"][0]["status"]
    assert (status["selfDeclaredMadeForKids"], status["containsSyntheticMedia"]) == (True, True)


@pytest.mark.parametrize(
    ("width", "duration", "page"),
    [
        (1080, 180, "/shorts/"),
        (1920, 180, "/shorts/"),
        (1080, 181, "/watch?v="),
        (1921, 9, "/watch?v="),
    ],
)
async def test_the_link_is_the_one_that_youtube_gives_to_this_kind_of_video(
    api: Api, film: Media, width: int, duration: float, page: str
) -> None:
    shaped = replace(film, width=width, height=1920, duration=duration)

    receipt = await upload(small_parts(), api, CONTENT, shaped)

    assert receipt.url == f"https://www.youtube.com{page}{receipt.post_id}"


async def test_a_video_that_youtube_turns_down_is_rejected_with_its_own_word(
    api: Api, film: Media, trouble: Trouble
) -> None:
    trouble({"processing_fails": "length"}, path="")

    receipt = await upload(small_parts(), api, CONTENT, film)

    sighting = await look_until(small_parts(), api, receipt, Seen.REJECTED)
    assert sighting.code == "length"


async def test_a_video_that_is_not_listed_yet_is_being_processed(
    api: Api, film: Media, trouble: Trouble
) -> None:
    receipt = await upload(small_parts(), api, CONTENT, film)
    trouble({"listing_lag": 60}, path="")

    sighting = await small_parts().look(api, receipt)

    assert sighting.seen is Seen.PROCESSING


async def test_a_publish_that_changed_nothing_is_no_success(
    api: Api, film: Media, trouble: Trouble
) -> None:
    receipt = await ready(small_parts(), api, CONTENT, film)
    unchanged = {"id": receipt.post_id, "status": {"privacyStatus": "private"}}
    trouble({"status": 200, "body": unchanged}, method="PUT", path="youtube/v3/videos$")

    with pytest.raises(RefusedError, match="did not make it public"):
        await small_parts().publish(api, receipt)


async def test_a_publish_whose_answer_is_cut_is_an_unknown_outcome(
    api: Api, film: Media, trouble: Trouble
) -> None:
    receipt = await ready(small_parts(), api, CONTENT, film)
    trouble({"status": 200, "body": '{"id": "'}, method="PUT", path="youtube/v3/videos$")

    with pytest.raises(UnknownOutcomeError):
        await small_parts().publish(api, receipt)


async def test_a_token_tells_its_channel(api: Api) -> None:
    identity = await small_parts().who(api)

    assert identity.ids["channel_id"] == api.account.ids["channel_id"]


# --- the resume dance --------------------------------------------------------------------------


async def test_a_broken_part_goes_on_from_what_youtube_kept(
    sandbox: RunningSandbox, api: Api, film: Media, trouble: Trouble
) -> None:
    youtube = small_parts()
    receipt = await youtube.open(api, CONTENT, film)
    trouble({"reset_after_bytes": 700_000}, method="PUT")
    with pytest.raises(TransientError):
        await send_one(youtube, api, receipt, film)

    sighting = await youtube.look(api, receipt)
    finished = await send_all(youtube, api, sighting.receipt, film.path)

    assert (sighting.seen, sighting.receipt.confirmed) == (Seen.RECEIVING, 2 * GRAIN)
    [post] = posts_in(sandbox)
    assert (post["id"], post["bytes"]) == (finished.post_id, film.size)


async def test_what_counts_is_what_youtube_confirms_and_not_what_was_sent(
    api: Api, film: Media, trouble: Trouble
) -> None:
    youtube = small_parts()
    receipt = await youtube.open(api, CONTENT, film)
    trouble({"status": 308, "headers": {"Range": f"bytes=0-{GRAIN - 1}"}}, method="PUT")

    receipt = await send_one(youtube, api, receipt, film)

    assert (receipt.confirmed, receipt.part_size) == (GRAIN, MIB)


async def test_a_session_that_moves_is_followed(api: Api, film: Media, trouble: Trouble) -> None:
    youtube = small_parts()
    receipt = await youtube.open(api, CONTENT, film)
    moved = receipt.text("session") + "&moved=1"
    trouble({"status": 308, "headers": {"Location": moved}}, method="PUT")

    receipt = await send_one(youtube, api, receipt, film)

    assert (receipt.text("session"), receipt.confirmed) == (moved, 0)


async def test_a_lost_answer_to_the_last_part_leads_to_the_one_video(
    sandbox: RunningSandbox, api: Api, film: Media, trouble: Trouble
) -> None:
    youtube = YouTube()
    receipt = await youtube.open(api, CONTENT, film)
    trouble({"lost_answer": True}, method="PUT")
    with pytest.raises(TransientError) as error:
        await send_one(youtube, api, receipt, film)

    sighting = await youtube.look(api, receipt)

    assert not error.value.not_done
    assert [post["id"] for post in posts_in(sandbox)] == [sighting.receipt.post_id]


async def test_a_part_for_a_lost_session_says_that_the_session_is_gone(
    api: Api, film: Media, trouble: Trouble
) -> None:
    youtube = small_parts()
    receipt = await youtube.open(api, CONTENT, film)
    trouble({"status": 404}, method="PUT")

    with pytest.raises(SessionGoneError):
        await send_one(youtube, api, receipt, film)


@pytest.mark.parametrize("status", [404, 410])
async def test_a_session_lost_before_its_last_part_left_nothing_behind(
    api: Api, film: Media, trouble: Trouble, status: int
) -> None:
    youtube = small_parts()
    receipt = await send_one(youtube, api, await youtube.open(api, CONTENT, film), film)
    trouble({"status": status}, method="PUT")

    sighting = await youtube.look(api, receipt)

    assert sighting.seen is Seen.GONE


async def test_a_video_whose_session_is_lost_is_found_by_its_marker(
    sandbox: RunningSandbox, api: Api, film: Media, trouble: Trouble
) -> None:
    youtube = YouTube()
    await upload(youtube, api, CONTENT, film)
    receipt = await youtube.open(api, CONTENT, film)
    trouble({"lost_answer": True}, method="PUT")
    trouble({"status": 404}, method="PUT", skip=1)
    with pytest.raises(TransientError):
        await send_one(youtube, api, receipt, film)

    sighting = await youtube.look(api, receipt)

    assert sighting.receipt.post_id == posts_in(sandbox)[-1]["id"]
    assert sighting.receipt.part_size == 0


async def test_a_video_that_is_not_found_may_still_exist(
    api: Api, film: Media, trouble: Trouble
) -> None:
    youtube = YouTube()
    receipt = await youtube.open(api, CONTENT, film)
    trouble({"status": 404}, method="PUT")

    sighting = await youtube.look(api, receipt)

    assert sighting.seen is Seen.ABSENT
