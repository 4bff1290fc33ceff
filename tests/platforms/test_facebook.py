"""Facebook's oddities, against the sandbox: two kinds of video, windows, and a finish that only begins."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Content, Privacy
from pellacia_service.domain.sighting import Seen
from pellacia_service.errors import (
    PlatformError,
    RateLimitedError,
    RefusedError,
    SessionGoneError,
    TransientError,
    UnknownOutcomeError,
)
from pellacia_service.platform_kit.http import Api
from pellacia_service.platforms.facebook import Facebook, is_reel
from pellacia_service.sandbox.server import RunningSandbox
from tests.lines import ApiFor, look_until, next_part, send_all, upload

FACEBOOK = Facebook()
WORDS = Content(title="A walk", description="Along the river.", hashtags=("river",))
DESCRIPTION = "Along the river.\n\n#river"

PADDING = 2_500_000

Trouble = Callable[..., None]
Public = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def public(sandbox: RunningSandbox) -> Public:
    def posts() -> list[dict[str, Any]]:
        answer = httpx.get(f"{sandbox.url}/_sandbox/posts")
        return [post for post in answer.json() if post["state"] == "public"]

    return posts


@pytest.fixture
def trouble(sandbox: RunningSandbox) -> Trouble:
    def order(method: str, path: str, *, skip: int = 0, **do: object) -> None:
        fault = {"platform": "facebook", "method": method, "path": path, "skip": skip, "do": do}
        httpx.post(f"{sandbox.url}/_sandbox/faults", json=fault).raise_for_status()

    return order


@pytest.fixture
def api(api_for: ApiFor) -> Api:
    return api_for("facebook")


@pytest.fixture
def landscape(clip_media: Media, tmp_path: Path) -> Media:
    """The clip, described as lying on its side and padded to more than one window."""
    path = tmp_path / "landscape.mp4"
    padding = (8 + PADDING).to_bytes(4) + b"free" + bytes(PADDING)
    size = path.write_bytes(clip_media.path.read_bytes() + padding)
    return replace(clip_media, path=path, size=size, width=1920, height=1080)


@pytest.fixture(params=["reel", "page video"])
def either(request: pytest.FixtureRequest, clip_media: Media, landscape: Media) -> Media:
    """One video for each of the two flows."""
    return clip_media if request.param == "reel" else landscape


def wrong_offset(window: object) -> dict[str, object]:
    error = {"message": "no", "code": 6001, "error_subcode": 1363037, "error_data": window}
    return {"status": 400, "body": {"error": error}}


async def test_a_short_upright_clip_becomes_a_reel(
    api: Api, clip_media: Media, public: Public
) -> None:
    receipt = await upload(FACEBOOK, api, WORDS, clip_media)
    ready = await look_until(FACEBOOK, api, receipt, Seen.READY)

    published = await FACEBOOK.publish(api, ready.receipt)
    live = await look_until(FACEBOOK, api, published, Seen.LIVE)

    [post] = public()
    assert receipt.text("flow") == "video_reels"
    assert (post["text"], post["bytes"]) == (DESCRIPTION, clip_media.size)
    assert live.receipt.post_id == receipt.text("video_id")
    assert live.receipt.url.startswith("https://www.facebook.com/")


async def test_a_landscape_video_goes_out_in_the_windows_that_facebook_names(
    api: Api, landscape: Media, public: Public
) -> None:
    receipt = await FACEBOOK.open(api, WORDS, landscape)
    first_window = receipt.part_size

    sent = await send_all(FACEBOOK, api, receipt, landscape.path)
    ready = await look_until(FACEBOOK, api, sent, Seen.READY)
    published = await FACEBOOK.publish(api, ready.receipt)
    await look_until(FACEBOOK, api, published, Seen.LIVE)

    [post] = public()
    assert receipt.text("flow") == "videos"
    assert 0 < first_window < landscape.size
    assert (post["title"], post["bytes"]) == ("A walk", landscape.size)


async def test_a_broken_reel_goes_on_at_the_byte_that_facebook_holds(
    api: Api, clip_media: Media, public: Public, trouble: Trouble
) -> None:
    receipt = await FACEBOOK.open(api, WORDS, clip_media)
    trouble("POST", "rupload.facebook.com", reset_after_bytes=10_000)
    with pytest.raises(TransientError):
        await FACEBOOK.send(api, receipt, next_part(clip_media.path, receipt))

    rest = await FACEBOOK.look(api, receipt)
    sent = await send_all(FACEBOOK, api, rest.receipt, clip_media.path)
    ready = await look_until(FACEBOOK, api, sent, Seen.READY)
    await look_until(FACEBOOK, api, await FACEBOOK.publish(api, ready.receipt), Seen.LIVE)

    assert rest.seen is Seen.RECEIVING
    assert 0 < rest.receipt.confirmed <= 10_000
    assert public()[0]["bytes"] == clip_media.size


async def test_a_window_whose_answer_was_lost_is_not_sent_twice(
    api: Api, landscape: Media, public: Public, trouble: Trouble
) -> None:
    receipt = await FACEBOOK.open(api, WORDS, landscape)
    trouble("POST", "/videos$", lost_answer=True)
    with pytest.raises(TransientError):
        await FACEBOOK.send(api, receipt, next_part(landscape.path, receipt))

    stored = (await FACEBOOK.look(api, receipt)).receipt
    corrected = await FACEBOOK.send(api, stored, next_part(landscape.path, stored))
    sent = await send_all(FACEBOOK, api, corrected, landscape.path)
    await look_until(FACEBOOK, api, await FACEBOOK.publish(api, sent), Seen.LIVE)

    assert stored == receipt
    assert corrected.confirmed == receipt.part_size
    assert public()[0]["bytes"] == landscape.size


@pytest.mark.parametrize("write", [dict, json.dumps], ids=["object", "text"])
async def test_a_wrong_offset_is_put_right_as_facebook_says(
    api: Api, landscape: Media, trouble: Trouble, write: Callable[[dict[str, str]], object]
) -> None:
    receipt = await FACEBOOK.open(api, WORDS, landscape)
    window = write({"start_offset": "700", "end_offset": "1000"})
    trouble("POST", "/videos$", **wrong_offset(window))

    corrected = await FACEBOOK.send(api, receipt, next_part(landscape.path, receipt))

    assert (corrected.confirmed, corrected.part_size) == (700, 300)


@pytest.mark.parametrize("window", [None, "no JSON", {"start_offset": "0"}])
async def test_a_wrong_offset_without_the_right_one_is_passing_trouble(
    api: Api, landscape: Media, trouble: Trouble, window: object
) -> None:
    receipt = await FACEBOOK.open(api, WORDS, landscape)
    trouble("POST", "/videos$", **wrong_offset(window))

    with pytest.raises(TransientError):
        await FACEBOOK.send(api, receipt, next_part(landscape.path, receipt))


async def test_naming_the_same_window_again_is_passing_trouble(
    api: Api, landscape: Media, trouble: Trouble
) -> None:
    receipt = await FACEBOOK.open(api, WORDS, landscape)
    same = {"start_offset": "0", "end_offset": str(receipt.part_size)}
    trouble("POST", "/videos$", **wrong_offset(same))

    with pytest.raises(TransientError):
        await FACEBOOK.send(api, receipt, next_part(landscape.path, receipt))


async def test_a_lost_answer_to_the_finish_is_found_to_be_live(
    api: Api, either: Media, public: Public, trouble: Trouble
) -> None:
    receipt = await upload(FACEBOOK, api, WORDS, either)
    ready = (await look_until(FACEBOOK, api, receipt, Seen.READY)).receipt
    trouble("POST", f"/{receipt.text('flow')}$", lost_answer=True)
    with pytest.raises(TransientError) as lost:
        await FACEBOOK.publish(api, ready)

    live = await look_until(FACEBOOK, api, ready, Seen.LIVE)

    assert not lost.value.not_done
    assert live.receipt.post_id == receipt.text("video_id")
    assert len(public()) == 1


async def test_nothing_is_public_before_the_finish(api: Api, either: Media, public: Public) -> None:
    receipt = await upload(FACEBOOK, api, WORDS, either)

    await look_until(FACEBOOK, api, receipt, Seen.READY)

    assert public() == []


async def test_a_finish_that_was_taken_is_waited_for(
    api: Api, either: Media, trouble: Trouble
) -> None:
    receipt = await upload(FACEBOOK, api, WORDS, either)
    trouble("POST", f"/{receipt.text('flow')}$", processing_seconds=60)

    published = await FACEBOOK.publish(api, receipt)

    assert (await FACEBOOK.look(api, published)).seen is Seen.PROCESSING


async def test_a_finish_whose_answer_was_lost_is_not_repeated_while_the_video_is_processed(
    api: Api, clip_media: Media, trouble: Trouble
) -> None:
    receipt = await upload(FACEBOOK, api, WORDS, clip_media)
    asked = receipt.with_data(asked_to_publish="2026-11-22T12:00:00+00:00")
    status = {
        "video_status": "processing",
        "uploading_phase": {"status": "complete"},
        "processing_phase": {"status": "in_progress"},
        "publishing_phase": {"status": "not_started"},
    }
    trouble("GET", receipt.text("video_id"), status=200, body={"status": status})

    assert (await FACEBOOK.look(api, asked)).seen is Seen.PROCESSING


FAILURES: Mapping[str, Mapping[str, object]] = {
    "1363127": {"processing_phase": {"status": "error", "errors": [{"code": 1363127}]}},
    "error": {"processing_phase": {"status": "not_started", "error": {"message": "Too small."}}},
    "1363040": {"publishing_phase": {"errors": [{"code": 1363040, "message": "Aspect."}]}},
    "draft": {"publishing_phase": {"status": "complete", "publish_status": "draft"}},
}


@pytest.mark.parametrize(("code", "phases"), FAILURES.items(), ids=FAILURES)
async def test_a_failure_is_seen_in_whichever_phase_it_stands(
    api: Api, clip_media: Media, trouble: Trouble, code: str, phases: Mapping[str, object]
) -> None:
    receipt = await FACEBOOK.open(api, WORDS, clip_media)
    body = {"id": receipt.text("video_id"), "status": {"video_status": "processing", **phases}}
    trouble("GET", receipt.text("video_id"), status=200, body=body)

    sighting = await FACEBOOK.look(api, receipt)

    assert (sighting.seen, sighting.code) == (Seen.REJECTED, code)
    assert sighting.reason


async def test_an_upload_of_yesterday_is_gone(
    api: Api, clip_media: Media, sandbox: RunningSandbox
) -> None:
    receipt = await FACEBOOK.open(api, WORDS, clip_media)
    await api.http.post(f"{sandbox.url}/_sandbox/clock", json={"advance": 25 * 3600})

    assert (await FACEBOOK.look(api, receipt)).seen is Seen.GONE


async def test_both_spellings_of_transferred_bytes_are_read(
    api: Api, clip_media: Media, trouble: Trouble
) -> None:
    receipt = await FACEBOOK.open(api, WORDS, clip_media)
    phase = {"status": "in_progress", "bytes_transfered": 4321}
    trouble(
        "GET", receipt.text("video_id"), status=200, body={"status": {"uploading_phase": phase}}
    )

    rest = await FACEBOOK.look(api, receipt)

    assert (rest.seen, rest.receipt.confirmed) == (Seen.RECEIVING, 4321)


@pytest.mark.parametrize(
    ("code", "subcode", "kind", "not_done"),
    [
        (506, None, UnknownOutcomeError, False),
        (368, 1390008, RateLimitedError, True),
        (1390008, None, RateLimitedError, True),
        (368, None, RefusedError, True),
        (6000, None, SessionGoneError, False),
        (100, 33, TransientError, False),
        (2, None, TransientError, False),
    ],
)
async def test_an_error_at_the_finish_is_a_no_only_where_it_proves_one(
    api: Api,
    clip_media: Media,
    trouble: Trouble,
    code: int,
    subcode: int | None,
    kind: type[PlatformError],
    not_done: bool,
) -> None:
    receipt = await FACEBOOK.open(api, WORDS, clip_media)
    error = {"message": "", "code": code, "error_subcode": subcode}
    trouble("POST", "video_reels", status=400, body={"error": error})

    with pytest.raises(kind) as said:
        await FACEBOOK.publish(api, receipt)

    assert said.value.not_done is not_done


async def test_a_lost_word_of_success_is_an_unknown_outcome(
    api: Api, clip_media: Media, trouble: Trouble
) -> None:
    receipt = await FACEBOOK.open(api, WORDS, clip_media)
    trouble("POST", "video_reels", status=200, body={"success": False})

    with pytest.raises(UnknownOutcomeError):
        await FACEBOOK.publish(api, receipt)


async def test_the_token_tells_the_page(api: Api) -> None:
    identity = await FACEBOOK.who(api)

    assert identity.ids == {"page_id": api.account.ids["page_id"]}


@pytest.mark.parametrize(
    ("change", "reel"),
    [
        ({}, True),
        ({"duration": 2.9}, False),
        ({"duration": 3.0}, True),
        ({"duration": 90.0}, True),
        ({"duration": 90.1}, False),
        ({"width": 540, "height": 960}, True),
        ({"width": 538, "height": 958}, False),
        ({"width": 608, "height": 1080}, True),
        ({"width": 620, "height": 1080}, False),
        ({"frame_rate": 23.9}, False),
        ({"frame_rate": 24.0}, True),
        ({"frame_rate": 60.0}, True),
        ({"frame_rate": 60.1}, False),
    ],
)
def test_a_reel_is_upright_short_and_sharp(
    clip_media: Media, change: Mapping[str, Any], reel: bool
) -> None:
    assert is_reel(replace(clip_media, **change)) is reel


@pytest.mark.parametrize(
    ("content", "broken"),
    [
        (Content(title="a" * 254), []),
        (Content(title="a" * 255), []),
        (Content(title="a" * 256), ["max_length"]),
        (Content(description="a" * 63_205), []),
        (Content(description="a" * 63_206), []),
        (Content(description="a" * 63_207), ["max_length"]),
        (Content(title="nothing\x00"), ["characters"]),
        (Content(privacy=Privacy.UNLISTED), ["unsupported"]),
    ],
)
def test_words_are_held_to_facebooks_limits(
    clip_media: Media, content: Content, broken: list[str]
) -> None:
    assert [problem.rule for problem in FACEBOOK.problems(content, clip_media)] == broken


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({"duration": 0.9}, ["min_duration"]),
        ({"duration": 1.0}, []),
        ({"duration": 2_400.0}, []),
        ({"duration": 2_400.1}, ["max_duration"]),
        ({"size": 1_023}, ["min_size"]),
        ({"size": 1_024}, []),
        ({"size": 2 * 10**9}, []),
        ({"size": 2 * 10**9 + 1}, ["max_size"]),
        ({"width": 1920, "height": 1080}, []),
        ({"width": 2560, "height": 1080}, ["max_aspect_ratio"]),
        ({"width": 500, "height": 1080}, ["min_aspect_ratio"]),
    ],
)
def test_a_file_is_held_to_facebooks_limits(
    clip_media: Media, change: Mapping[str, Any], broken: list[str]
) -> None:
    media = replace(clip_media, **change)

    assert [problem.rule for problem in FACEBOOK.problems(WORDS, media)] == broken
