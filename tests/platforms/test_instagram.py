"""Instagram's oddities, against the sandbox: containers, broken uploads, and answers that get lost."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Content, Privacy
from pellacia_service.domain.receipt import ASKED
from pellacia_service.domain.sighting import NONE_SINCE_INTENT, Seen
from pellacia_service.errors import (
    PlatformError,
    RateLimitedError,
    RefusedError,
    TransientError,
    UnknownOutcomeError,
)
from pellacia_service.platform_kit.http import Api
from pellacia_service.platforms.instagram import Instagram
from pellacia_service.sandbox.server import RunningSandbox
from tests.lines import ApiFor, look_until, next_part, send_all, upload

INSTAGRAM = Instagram()
WORDS = Content(title="A walk", description="Along the river.", hashtags=("river", "walk"))
CAPTION = "A walk\n\nAlong the river.\n\n#river #walk"

Trouble = Callable[..., None]


@dataclass(frozen=True)
class Public:
    """What the sandbox shows as public."""

    url: str

    def posts(self) -> list[dict[str, Any]]:
        answer = httpx.get(f"{self.url}/_sandbox/posts")
        return [post for post in answer.json() if post["state"] == "public"]


@pytest.fixture
def public(sandbox: RunningSandbox) -> Public:
    return Public(sandbox.url)


@pytest.fixture
def trouble(sandbox: RunningSandbox) -> Trouble:
    def order(method: str, path: str, **do: object) -> None:
        fault = {"platform": "instagram", "method": method, "path": path, "do": do}
        httpx.post(f"{sandbox.url}/_sandbox/faults", json=fault).raise_for_status()

    return order


@pytest.fixture
def api(api_for: ApiFor) -> Api:
    return api_for("instagram")


def rules_broken(content: Content, media: Media) -> list[str]:
    return [problem.rule for problem in INSTAGRAM.problems(content, media)]


async def test_a_clip_becomes_a_public_reel_with_our_words(
    api: Api, clip_media: Media, public: Public
) -> None:
    receipt = await upload(INSTAGRAM, api, WORDS, clip_media)
    ready = await look_until(INSTAGRAM, api, receipt, Seen.READY)

    published = await INSTAGRAM.publish(api, ready.receipt)
    live = await INSTAGRAM.look(api, published)

    [post] = public.posts()
    assert live.seen is Seen.LIVE
    assert (post["id"], post["url"]) == (live.receipt.post_id, live.receipt.url)
    assert (post["text"], post["bytes"]) == (CAPTION, clip_media.size)


async def test_the_post_has_another_id_than_its_container(api: Api, clip_media: Media) -> None:
    receipt = await upload(INSTAGRAM, api, WORDS, clip_media)
    ready = await look_until(INSTAGRAM, api, receipt, Seen.READY)

    published = await INSTAGRAM.publish(api, ready.receipt)

    assert published.post_id != published.text("container")


async def test_a_broken_upload_goes_on_at_the_byte_that_instagram_holds(
    api: Api, clip_media: Media, public: Public, trouble: Trouble
) -> None:
    receipt = await INSTAGRAM.open(api, WORDS, clip_media)
    trouble("POST", "ig-api-upload", reset_after_bytes=10_000)
    with pytest.raises(TransientError):
        await INSTAGRAM.send(api, receipt, next_part(clip_media.path, receipt))

    rest = await INSTAGRAM.look(api, receipt)
    sent = await send_all(INSTAGRAM, api, rest.receipt, clip_media.path)
    ready = await look_until(INSTAGRAM, api, sent, Seen.READY)
    await INSTAGRAM.publish(api, ready.receipt)

    assert rest.seen is Seen.RECEIVING
    assert 0 < rest.receipt.confirmed <= 10_000
    assert rest.receipt.confirmed + rest.receipt.part_size == clip_media.size
    assert public.posts()[0]["bytes"] == clip_media.size


async def test_bytes_at_a_wrong_offset_are_passing_trouble(api: Api, clip_media: Media) -> None:
    receipt = await INSTAGRAM.open(api, WORDS, clip_media)
    ahead = receipt.advanced(5_000, clip_media.size - 5_000)

    with pytest.raises(TransientError):
        await INSTAGRAM.send(api, ahead, next_part(clip_media.path, ahead))

    assert (await INSTAGRAM.look(api, ahead)).receipt.confirmed == 0


async def test_a_lost_answer_to_publish_is_found_by_the_words_of_the_post(
    api: Api, clip_media: Media, public: Public, trouble: Trouble
) -> None:
    receipt = await upload(INSTAGRAM, api, WORDS, clip_media)
    ready = await look_until(INSTAGRAM, api, receipt, Seen.READY)
    trouble("POST", "media_publish", lost_answer=True)
    with pytest.raises(TransientError) as lost:
        await INSTAGRAM.publish(api, ready.receipt)

    found = await INSTAGRAM.look(api, ready.receipt)

    [post] = public.posts()
    assert not lost.value.not_done
    assert found.seen is Seen.LIVE
    assert (found.receipt.post_id, found.receipt.url) == (post["id"], post["url"])


async def test_between_two_posts_with_the_same_words_no_guess_is_made(
    api: Api, clip_media: Media, trouble: Trouble
) -> None:
    first, second = [await upload(INSTAGRAM, api, WORDS, clip_media) for _ in range(2)]
    first = (await look_until(INSTAGRAM, api, first, Seen.READY)).receipt
    second = (await look_until(INSTAGRAM, api, second, Seen.READY)).receipt
    await INSTAGRAM.publish(api, first)
    trouble("POST", "media_publish", lost_answer=True)
    with pytest.raises(TransientError):
        await INSTAGRAM.publish(api, second)

    found = await INSTAGRAM.look(api, second)

    assert (found.seen, found.receipt.post_id) == (Seen.LIVE, "")
    assert found.evidence["like ours"] == 2


async def test_a_permalink_that_cannot_be_had_raises_no_doubt(
    api: Api, clip_media: Media, trouble: Trouble
) -> None:
    receipt = await upload(INSTAGRAM, api, WORDS, clip_media)
    ready = await look_until(INSTAGRAM, api, receipt, Seen.READY)
    published = await INSTAGRAM.publish(api, ready.receipt)
    trouble("GET", published.post_id, status=500)

    live = await INSTAGRAM.look(api, published)

    assert (live.seen, live.receipt) == (Seen.LIVE, published)


async def test_a_container_that_is_published_too_early_is_not_refused(
    api: Api, clip_media: Media, trouble: Trouble
) -> None:
    trouble("POST", "ig-api-upload", processing_seconds=60)
    receipt = await upload(INSTAGRAM, api, WORDS, clip_media)

    with pytest.raises(TransientError) as early:
        await INSTAGRAM.publish(api, receipt)

    assert early.value.code == "2207027"
    assert (await INSTAGRAM.look(api, receipt)).seen is Seen.PROCESSING


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("2207026", Seen.REJECTED),
        ("2207010", Seen.REJECTED),
        ("2207003", Seen.GONE),
        ("2207020", Seen.GONE),
        ("2207053", Seen.GONE),
        ("2207076", Seen.GONE),
        ("2207085", Seen.GONE),
    ],
)
async def test_a_failed_container_is_given_up_or_replaced_by_its_code(
    api: Api, clip_media: Media, trouble: Trouble, code: str, seen: Seen
) -> None:
    trouble("POST", "ig-api-upload", processing_seconds=0.05)
    trouble("POST", "ig-api-upload", processing_fails=code)
    receipt = await upload(INSTAGRAM, api, WORDS, clip_media)

    failed = await look_until(INSTAGRAM, api, receipt, Seen.REJECTED, Seen.GONE)

    assert (failed.seen, failed.code) == (seen, code)


async def test_a_container_of_yesterday_is_gone(
    api: Api, clip_media: Media, sandbox: RunningSandbox
) -> None:
    receipt = await upload(INSTAGRAM, api, WORDS, clip_media)
    await api.http.post(f"{sandbox.url}/_sandbox/clock", json={"advance": 25 * 3600})

    sighting = await INSTAGRAM.look(api, receipt)

    assert sighting.seen is Seen.GONE


@pytest.mark.parametrize("others", [0, 1])
async def test_a_container_that_ran_out_after_the_intent_says_whether_anything_was_published(
    others: int, api: Api, clip_media: Media, sandbox: RunningSandbox
) -> None:
    receipt = await upload(INSTAGRAM, api, WORDS, clip_media)
    asked = dt.datetime.now(dt.UTC) + dt.timedelta(hours=24, minutes=30)
    await api.http.post(f"{sandbox.url}/_sandbox/clock", json={"advance": 25 * 3600})
    for _ in range(others):
        other = await upload(INSTAGRAM, api, WORDS, clip_media)
        await INSTAGRAM.publish(api, (await look_until(INSTAGRAM, api, other, Seen.READY)).receipt)

    sighting = await INSTAGRAM.look(api, receipt.with_data(**{ASKED: asked.isoformat()}))

    assert sighting.seen is Seen.GONE
    assert sighting.evidence["published_since"] == str(others)
    assert sighting.evidence[NONE_SINCE_INTENT] is (others == 0)


@dataclass(frozen=True)
class Refusal:
    """An answer of Graph's, and how it has to be read."""

    code: int
    subcode: int
    kind: type[PlatformError]
    not_done: bool


REFUSALS = {
    "blocked, yet maybe live": Refusal(4, 2207051, UnknownOutcomeError, not_done=False),
    "not seen by this token": Refusal(100, 33, TransientError, not_done=False),
    "server error": Refusal(-1, 2207001, TransientError, not_done=False),
    "quota": Refusal(9, 2207042, RateLimitedError, not_done=True),
    "bad text": Refusal(36004, 2207010, RefusedError, not_done=True),
    "unknown sub-code": Refusal(100, 999, RefusedError, not_done=True),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
async def test_an_error_at_publish_is_a_no_only_where_it_proves_one(
    api: Api, clip_media: Media, trouble: Trouble, refusal: Refusal
) -> None:
    receipt = await INSTAGRAM.open(api, WORDS, clip_media)
    error = {"message": "no", "code": refusal.code, "error_subcode": refusal.subcode}
    trouble("POST", "media_publish", status=400, body={"error": error})

    with pytest.raises(refusal.kind) as said:
        await INSTAGRAM.publish(api, receipt)

    assert said.value.not_done is refusal.not_done


async def test_a_used_up_quota_comes_back_a_day_later(
    api: Api, clip_media: Media, trouble: Trouble
) -> None:
    receipt = await INSTAGRAM.open(api, WORDS, clip_media)
    error = {"message": "no", "code": 9, "error_subcode": 2207042}
    trouble("POST", "media_publish", status=400, body={"error": error})

    with pytest.raises(RateLimitedError) as full:
        await INSTAGRAM.publish(api, receipt)

    assert full.value.retry_at is not None
    assert full.value.retry_at - api.clock.now() > dt.timedelta(hours=23)


async def test_the_token_goes_to_no_unknown_host(
    api: Api, clip_media: Media, trouble: Trouble
) -> None:
    elsewhere = {"id": "1", "uri": "https://rupload.example.net/ig-api-upload/1"}
    trouble("POST", "/media$", status=200, body=elsewhere)
    receipt = await INSTAGRAM.open(api, WORDS, clip_media)

    with pytest.raises(RefusedError):
        await INSTAGRAM.send(outside_the_sandbox(api), receipt, next_part(clip_media.path, receipt))


def outside_the_sandbox(api: Api) -> Api:
    """The line as it is outside of the sandbox, where every host is a real one."""
    return replace(api, sandbox_url="")


async def test_the_token_tells_account_and_page(api: Api) -> None:
    identity = await INSTAGRAM.who(api)

    assert identity.ids == {key: api.account.ids[key] for key in ("page_id", "ig_user_id")}


def text_of(characters: int) -> Content:
    return Content(description="a" * characters)


def tags(count: int) -> Content:
    return Content(hashtags=tuple(f"tag{number}" for number in range(count)))


def mentions(count: int) -> Content:
    return Content(description=" ".join(f"@someone{number}" for number in range(count)))


@pytest.mark.parametrize(
    ("content", "broken"),
    [
        (text_of(2_199), []),
        (text_of(2_200), []),
        (text_of(2_201), ["max_length"]),
        (tags(29), []),
        (tags(30), []),
        (tags(31), ["max_length"]),
        (mentions(19), []),
        (mentions(20), []),
        (mentions(21), ["max_length"]),
        (Content(description="half \ud83c"), ["characters"]),
        (Content(privacy=Privacy.PRIVATE), ["unsupported"]),
        (Content(options={"thumb_offset": "3000"}), []),
        (Content(options={"thumb_offset": "-1"}), ["range"]),
        (Content(options={"thumb_offset": "soon"}), ["range"]),
    ],
)
def test_words_are_held_to_instagrams_limits(
    clip_media: Media, content: Content, broken: list[str]
) -> None:
    assert rules_broken(content, clip_media) == broken


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({"duration": 2.99}, ["min_duration"]),
        ({"duration": 3.0}, []),
        ({"duration": 900.0}, []),
        ({"duration": 900.1}, ["max_duration"]),
        ({"size": 300_000_000}, []),
        ({"size": 300_000_001}, ["max_size"]),
        ({"frame_rate": 22.9}, ["min_frame_rate"]),
        ({"frame_rate": 23.0}, []),
        ({"frame_rate": 60.0}, []),
        ({"frame_rate": 60.1}, ["max_frame_rate"]),
        ({"width": 1_920, "height": 3_414}, []),
        ({"width": 1_921, "height": 3_414}, ["max_width"]),
        ({"video_codec": "hevc"}, []),
        ({"video_codec": "vp9"}, ["unsupported"]),
        ({"audio_codec": "opus"}, ["unsupported"]),
        ({"audio_sample_rate": 48_000}, []),
        ({"audio_sample_rate": 48_001}, ["max_sample_rate"]),
        ({"audio_channels": 2}, []),
        ({"audio_channels": 3}, ["max_channels"]),
        ({"faststart": False}, ["faststart"]),
    ],
)
def test_a_file_is_held_to_instagrams_limits(
    clip_media: Media, change: Mapping[str, Any], broken: list[str]
) -> None:
    assert rules_broken(WORDS, replace(clip_media, **change)) == broken


def test_a_file_with_its_index_at_the_end_comes_with_the_command_that_mends_it(
    clip_media: Media,
) -> None:
    [problem] = INSTAGRAM.problems(WORDS, replace(clip_media, faststart=False))

    assert "-movflags +faststart" in problem.fix
