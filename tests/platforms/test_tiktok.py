"""TikTok: the right pieces, the status of an upload read carefully, and never a second post."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Content, Privacy
from pellacia_service.domain.receipt import Receipt
from pellacia_service.domain.sighting import Seen
from pellacia_service.errors import (
    LoginNeededError,
    PlatformError,
    RateLimitedError,
    RefusedError,
    SessionGoneError,
    TransientError,
)
from pellacia_service.platform_kit.http import Api
from pellacia_service.platforms.tiktok import TikTok, chunks_of
from pellacia_service.sandbox.server import RunningSandbox
from tests.clocks import HeldClock
from tests.lines import ApiFor, look_until, next_part, send_all, upload
from tests.trouble import make_trouble, posts_in

MIB = 1 << 20

CONTENT = Content(title="A walk", description="In the hills", hashtags=("hills",))
TIKTOK = TikTok()

Trouble = Callable[..., None]
FilmOf = Callable[[int], Media]


@pytest.fixture
def trouble(sandbox: RunningSandbox) -> Trouble:
    """Order trouble for the next call, or for the next one on a path."""
    return partial(make_trouble, sandbox, platform="tiktok", path="")


@pytest.fixture
def api(api_for: ApiFor, clock: HeldClock) -> Api:
    return replace(api_for("tiktok"), clock=clock)


@pytest.fixture
def film_of(tmp_path: Path, clip_media: Media) -> FilmOf:
    """Make a file of so many bytes that begins like an MP4."""

    def make(size: int) -> Media:
        path = tmp_path / "film.mp4"
        with path.open("wb") as file:
            file.write(b"\0\0\0\x18ftypmp42")
            file.truncate(size)
        return replace(clip_media, path=path, size=size)

    return make


@pytest.fixture
def film(film_of: FilmOf) -> Media:
    """A small file: one piece."""
    return film_of(2 * MIB + 7)


def under_way(clock: HeldClock, *, total: int, confirmed: int = 0) -> Receipt:
    """The receipt of an upload of which `confirmed` bytes were confirmed."""
    chunks = chunks_of(total)
    return Receipt(
        total=total,
        confirmed=confirmed,
        part_size=chunks.wanted_at(confirmed),
        data={
            "publish_id": "v_pub_file~v2-1.7",
            "upload_url": "https://open-upload.tiktokapis.com/video/?upload_id=1&upload_token=2",
            "chunk_size": chunks.size,
            "mime_type": "video/mp4",
            "opened_at": clock.now().isoformat(),
            "privacy": "public",
            "username": "anna",
        },
    )


def says(status: str, **fields: object) -> dict[str, object]:
    """A status answer, as a thing for the sandbox to do."""
    ok = {"code": "ok", "message": "", "log_id": "1"}
    return {"status": 200, "body": {"data": {"status": status, **fields}, "error": ok}}


def refuses(status: int, code: str) -> dict[str, object]:
    error = {"code": code, "message": "No.", "log_id": "1"}
    return {"status": status, "body": {"data": {}, "error": error}}


# --- sending ------------------------------------------------------------------------------------


@pytest.mark.parametrize("last_byte", [10 * MIB - 1, 10 * MIB])
async def test_a_count_and_a_last_byte_mean_the_same_piece(
    api: Api, clock: HeldClock, trouble: Trouble, film_of: FilmOf, last_byte: int
) -> None:
    media = film_of(70 * MIB)
    receipt = under_way(clock, total=media.size)
    header = {"Content-Range": f"bytes 0-{last_byte}/{media.size}"}
    trouble({"status": 206, "headers": header}, method="PUT")

    receipt = await TIKTOK.send(api, receipt, next_part(media.path, receipt))

    assert (receipt.confirmed, receipt.part_size) == (10 * MIB, 10 * MIB)


@pytest.mark.parametrize(
    ("status", "error"),
    [(403, SessionGoneError), (404, SessionGoneError), (416, TransientError)],
)
async def test_a_piece_that_is_not_taken_leads_to_a_look(
    api: Api,
    clock: HeldClock,
    film: Media,
    trouble: Trouble,
    status: int,
    error: type[PlatformError],
) -> None:
    receipt = under_way(clock, total=film.size)
    trouble({"status": status}, method="PUT")

    with pytest.raises(error) as caught:
        await TIKTOK.send(api, receipt, next_part(film.path, receipt))

    assert not caught.value.not_done


# --- what a look makes of a status -------------------------------------------------------------


@pytest.mark.parametrize(
    ("uploaded", "seen", "confirmed"),
    [
        (0, Seen.RECEIVING, 0),
        (10 * MIB - 1, Seen.RECEIVING, 0),
        (10 * MIB, Seen.RECEIVING, 10 * MIB),
        (69 * MIB, Seen.RECEIVING, 50 * MIB),
        (64 * MIB + 9, Seen.RECEIVING, 50 * MIB),
        (69 * MIB + 1, Seen.PROCESSING, 69 * MIB + 1),
    ],
)
async def test_an_upload_goes_on_at_the_border_of_a_piece(
    api: Api, clock: HeldClock, trouble: Trouble, uploaded: int, seen: Seen, confirmed: int
) -> None:
    trouble(says("PROCESSING_UPLOAD", uploaded_bytes=uploaded))

    sighting = await TIKTOK.look(api, under_way(clock, total=69 * MIB + 1))

    assert (sighting.seen, sighting.receipt.confirmed) == (seen, confirmed)


@pytest.mark.parametrize(
    ("confirmed", "minutes", "seen"),
    [
        (0, 59, Seen.RECEIVING),
        (0, 60, Seen.GONE),
        (50 * MIB, 60, Seen.PROCESSING),
        (50 * MIB, 70, Seen.GONE),
    ],
)
async def test_an_unfinished_upload_is_given_up_after_its_hour_and_a_last_piece_a_little_later(
    api: Api, clock: HeldClock, trouble: Trouble, confirmed: int, minutes: int, seen: Seen
) -> None:
    receipt = under_way(clock, total=69 * MIB, confirmed=confirmed)
    trouble(says("PROCESSING_UPLOAD", uploaded_bytes=confirmed))
    clock.advance(minutes * 60)

    sighting = await TIKTOK.look(api, receipt)

    assert sighting.seen is seen


@pytest.mark.parametrize(
    "ids", [[7300000000000000001], ["7300000000000000001"], 7300000000000000001]
)
async def test_a_public_post_is_named_whatever_form_its_id_has(
    api: Api, clock: HeldClock, trouble: Trouble, ids: object
) -> None:
    trouble(says("PUBLISH_COMPLETE", publicaly_available_post_id=ids))

    sighting = await TIKTOK.look(api, under_way(clock, total=7))

    assert sighting.seen is Seen.LIVE
    assert sighting.receipt.url == "https://www.tiktok.com/@anna/video/7300000000000000001"


async def test_a_private_post_has_no_link_and_its_publish_id_stands_for_it(
    api: Api, clock: HeldClock, trouble: Trouble
) -> None:
    receipt = under_way(clock, total=7).with_data(privacy="private")
    trouble(says("PUBLISH_COMPLETE", publicaly_available_post_id=[]))

    sighting = await TIKTOK.look(api, receipt)

    assert (sighting.seen, sighting.receipt.url) == (Seen.LIVE, "")
    assert sighting.receipt.post_id == "v_pub_file~v2-1.7"


async def test_a_public_post_waits_two_minutes_for_its_link_and_no_longer(
    api: Api, clock: HeldClock, trouble: Trouble
) -> None:
    trouble(says("PUBLISH_COMPLETE"))
    first = await TIKTOK.look(api, under_way(clock, total=7))
    clock.advance(120)
    trouble(says("PUBLISH_COMPLETE"))

    second = await TIKTOK.look(api, first.receipt)

    assert (first.seen, second.seen) == (Seen.PROCESSING, Seen.LIVE)


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (says("PROCESSING_DOWNLOAD"), Seen.PROCESSING),
        (says("SEND_TO_USER_INBOX"), Seen.PROCESSING),
        (says("SOMETHING_NEW"), Seen.PROCESSING),
        (says("FAILED", fail_reason="frame_rate_check_failed"), Seen.REJECTED),
        (says("FAILED", fail_reason="spam_risk"), Seen.REJECTED),
        (says("FAILED", fail_reason="internal"), Seen.GONE),
        (says("FAILED", fail_reason="auth_removed"), Seen.GONE),
        (refuses(400, "invalid_publish_id"), Seen.ABSENT),
    ],
)
async def test_a_status_is_taken_for_no_more_than_it_says(
    api: Api, clock: HeldClock, trouble: Trouble, answer: dict[str, Any], seen: Seen
) -> None:
    trouble(answer)

    sighting = await TIKTOK.look(api, under_way(clock, total=7))

    assert sighting.seen is seen


async def test_an_upload_that_tiktok_forgot_before_its_last_piece_left_nothing(
    api: Api, clock: HeldClock, trouble: Trouble
) -> None:
    trouble(refuses(400, "invalid_publish_id"))

    sighting = await TIKTOK.look(api, under_way(clock, total=69 * MIB))

    assert sighting.seen is Seen.GONE


# --- what TikTok refuses -----------------------------------------------------------------------


def creator(**fields: object) -> dict[str, object]:
    """A creator_info answer, as a thing for the sandbox to do."""
    info = {
        "creator_username": "anna",
        "privacy_level_options": ["FOLLOWER_OF_CREATOR", "SELF_ONLY"],
        "max_video_post_duration_sec": 600,
    }
    ok = {"code": "ok", "message": "", "log_id": "1"}
    return {"status": 200, "body": {"data": {**info, **fields}, "error": ok}}


async def test_an_account_that_cannot_post_publicly_is_told_what_it_can(
    api: Api, film: Media, trouble: Trouble
) -> None:
    trouble(creator(), path="creator_info")

    with pytest.raises(RefusedError, match="FOLLOWER_OF_CREATOR, SELF_ONLY"):
        await TIKTOK.open(api, CONTENT, film)


async def test_a_video_longer_than_the_account_may_post_is_refused_before_a_byte(
    api: Api, film: Media, trouble: Trouble
) -> None:
    trouble(creator(max_video_post_duration_sec=60), path="creator_info")
    private = replace(CONTENT, privacy=Privacy.PRIVATE)

    with pytest.raises(RefusedError, match="60 s"):
        await TIKTOK.open(api, private, replace(film, duration=60.5))


async def test_a_refusal_that_comes_with_status_200_is_a_refusal(
    api: Api, clock: HeldClock, film: Media, trouble: Trouble
) -> None:
    trouble(refuses(200, "spam_risk_too_many_posts"))

    with pytest.raises(RateLimitedError) as error:
        await TIKTOK.open(api, CONTENT, film)

    assert error.value.retry_at == clock.now() + dt.timedelta(hours=24)


async def test_a_missing_scope_asks_for_a_new_sign_in(
    api: Api, film: Media, trouble: Trouble
) -> None:
    trouble(refuses(401, "scope_not_authorized"))

    with pytest.raises(LoginNeededError):
        await TIKTOK.open(api, CONTENT, film)


# --- the whole way -----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [2 * MIB + 7, 64 * MIB + 1])
async def test_a_public_post_is_public_with_its_last_piece(
    sandbox: RunningSandbox, api: Api, film_of: FilmOf, size: int
) -> None:
    media = film_of(size)

    receipt = await upload(TIKTOK, api, CONTENT, media)
    sighting = await look_until(TIKTOK, api, receipt, Seen.LIVE)

    [post] = posts_in(sandbox)
    assert (post["state"], post["bytes"]) == ("public", size)
    assert sighting.receipt.url.endswith(f"/video/{post['id']}")


async def test_a_lost_answer_to_the_last_piece_leads_to_the_one_post(
    sandbox: RunningSandbox, api: Api, film: Media, trouble: Trouble
) -> None:
    receipt = await TIKTOK.open(api, CONTENT, film)
    trouble({"lost_answer": True}, method="PUT")
    with pytest.raises(TransientError) as error:
        await TIKTOK.send(api, receipt, next_part(film.path, receipt))

    await look_until(TIKTOK, api, receipt, Seen.LIVE)

    assert not error.value.not_done
    assert len(posts_in(sandbox)) == 1


async def test_a_broken_piece_is_sent_again_whole(
    sandbox: RunningSandbox, api: Api, film_of: FilmOf, trouble: Trouble
) -> None:
    media = film_of(64 * MIB + 1)
    receipt = await TIKTOK.open(api, CONTENT, media)
    receipt = await TIKTOK.send(api, receipt, next_part(media.path, receipt))
    trouble({"reset_after_bytes": 3 * MIB}, method="PUT")
    with pytest.raises(TransientError):
        await TIKTOK.send(api, receipt, next_part(media.path, receipt))

    sighting = await TIKTOK.look(api, receipt)
    await send_all(TIKTOK, api, sighting.receipt, media.path)

    assert (sighting.seen, sighting.receipt.confirmed) == (Seen.RECEIVING, 10 * MIB)
    assert [post["bytes"] for post in posts_in(sandbox)] == [media.size]


async def test_the_token_is_never_sent_to_an_upload_address(
    api: Api, clock: HeldClock, film: Media, trouble: Trouble
) -> None:
    receipt = under_way(clock, total=film.size)
    sent: list[httpx.Request] = []

    async def note(request: httpx.Request) -> None:
        sent.append(request)

    api.http.event_hooks["request"] = [note]
    trouble({"status": 201}, method="PUT")

    await TIKTOK.send(api, receipt, next_part(film.path, receipt))

    assert "authorization" not in sent[0].headers


async def test_a_token_tells_its_account(api: Api) -> None:
    identity = await TIKTOK.who(api)

    assert identity.ids["open_id"] == api.account.ids["open_id"]
