"""Every promise of the protocol, kept by all six platforms against the sandbox."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Content, Privacy
from pellacia_service.domain.receipt import ASKED, Receipt
from pellacia_service.domain.sighting import Seen
from pellacia_service.errors import (
    LoginNeededError,
    PlatformError,
    RateLimitedError,
    TransientError,
)
from pellacia_service.platform_kit.http import Api
from pellacia_service.platform_kit.protocol import Platform
from pellacia_service.platforms import PLATFORMS
from pellacia_service.sandbox.server import RunningSandbox
from tests.lines import ApiFor, look_until, next_part, send_all, upload
from tests.publish_calls import PUBLISH_CALLS
from tests.trouble import make_trouble, posts_in

CONTENT = Content(title="Hello, world", description="A first clip.", hashtags=("hello", "clip"))

EACH = pytest.mark.parametrize("name", PLATFORMS)


@dataclass(frozen=True)
class Case:
    """One platform, signed in with an account of the test's own."""

    platform: Platform
    api: Api


@pytest.fixture
def case(name: str, api_for: ApiFor, request: pytest.FixtureRequest) -> Case:
    return Case(PLATFORMS[name], api_for(name, label=request.node.originalname))


async def _ready(case: Case, media: Media) -> Receipt:
    """Upload, and look until the platform waits for the word to publish (or needs none)."""
    receipt = await upload(case.platform, case.api, CONTENT, media)
    sighting = await look_until(case.platform, case.api, receipt, Seen.READY, Seen.LIVE)
    asked = case.api.clock.now().isoformat()
    return sighting.receipt.with_data(**{ASKED: asked})


async def _publish(case: Case, receipt: Receipt) -> Receipt:
    if case.platform.facts.last_part_publishes:
        return receipt
    return await case.platform.publish(case.api, receipt)


@EACH
async def test_opening_makes_nothing_public(
    case: Case, clip_media: Media, sandbox: RunningSandbox
) -> None:
    receipt = await case.platform.open(case.api, CONTENT, clip_media)

    assert receipt.confirmed == 0
    assert receipt.wants_more
    assert posts_in(sandbox) == []


@EACH
async def test_a_published_clip_is_there_once_with_its_own_hash(
    case: Case, clip_media: Media, sandbox: RunningSandbox, clip_sha256: str
) -> None:
    receipt = await _publish(case, await _ready(case, clip_media))

    sighting = await look_until(case.platform, case.api, receipt, Seen.LIVE)

    [post] = posts_in(sandbox)
    assert (post["state"], post["sha256"], post["bytes"]) == (
        "public",
        clip_sha256,
        clip_media.size,
    )
    assert sighting.receipt.post_id
    assert sighting.receipt.url.startswith("https://")
    assert "Hello, world" in f"{post['title']} {post['text']}"


@EACH
async def test_nothing_is_public_before_the_word_to_publish(
    case: Case, clip_media: Media, sandbox: RunningSandbox
) -> None:
    if case.platform.facts.last_part_publishes:
        assert case.platform.facts.last_part_creates
        return

    await _ready(case, clip_media)

    assert [post for post in posts_in(sandbox) if post["state"] == "public"] == []


@EACH
async def test_looking_changes_nothing(
    case: Case, clip_media: Media, sandbox: RunningSandbox
) -> None:
    receipt = await _ready(case, clip_media)
    before = posts_in(sandbox)

    first = await case.platform.look(case.api, receipt.with_data(**{ASKED: ""}))
    second = await case.platform.look(case.api, receipt.with_data(**{ASKED: ""}))

    assert first.seen is second.seen
    assert posts_in(sandbox) == before


@EACH
async def test_a_broken_part_goes_on_where_the_platform_says(
    case: Case, name: str, clip: Path, clip_media: Media, sandbox: RunningSandbox, clip_sha256: str
) -> None:
    receipt = await case.platform.open(case.api, CONTENT, clip_media)
    make_trouble(sandbox, {"reset_after_bytes": 50_000}, path=PART_CALLS[name])
    with pytest.raises(PlatformError):
        await send_all(case.platform, case.api, receipt, clip)

    sighting = await case.platform.look(case.api, receipt)
    assert sighting.seen is Seen.RECEIVING
    assert sighting.receipt.confirmed < clip_media.size
    receipt = await send_all(case.platform, case.api, sighting.receipt, clip)
    ready = await look_until(case.platform, case.api, receipt, Seen.READY, Seen.LIVE)
    await _publish(case, ready.receipt)

    assert [post["sha256"] for post in posts_in(sandbox)] == [clip_sha256]


@EACH
async def test_sending_the_same_part_twice_is_harmless(
    case: Case, name: str, clip: Path, clip_media: Media, sandbox: RunningSandbox, clip_sha256: str
) -> None:
    opened = await case.platform.open(case.api, CONTENT, clip_media)
    make_trouble(sandbox, {"lost_answer": True}, path=PART_CALLS[name])
    with pytest.raises(TransientError):
        await case.platform.send(case.api, opened, next_part(clip, opened))

    sighting = await case.platform.look(case.api, opened)
    receipt = sighting.receipt
    if sighting.seen is Seen.RECEIVING:
        receipt = await send_all(case.platform, case.api, receipt, clip)
    ready = await look_until(case.platform, case.api, receipt, Seen.READY, Seen.LIVE)
    await _publish(case, ready.receipt)

    assert [post["sha256"] for post in posts_in(sandbox)] == [clip_sha256]


@EACH
async def test_a_lost_answer_to_the_publish_call_is_found_by_looking(
    case: Case, name: str, clip_media: Media, sandbox: RunningSandbox
) -> None:
    if case.platform.facts.last_part_publishes:
        return  # its publish call is the last part: the test above
    receipt = await _ready(case, clip_media)
    method, path = PUBLISH_CALLS[name]
    make_trouble(sandbox, {"lost_answer": True}, method=method, path=path)

    with pytest.raises(TransientError) as trouble:
        await case.platform.publish(case.api, receipt)
    sighting = await look_until(case.platform, case.api, receipt, Seen.LIVE)

    assert not trouble.value.not_done
    assert sighting.receipt.post_id
    assert len(posts_in(sandbox)) == 1


@EACH
async def test_a_dead_token_asks_for_a_sign_in_and_did_nothing(
    case: Case, clip_media: Media, sandbox: RunningSandbox
) -> None:
    make_trouble(sandbox, {"expire_token": True}, path=".*")

    with pytest.raises(LoginNeededError) as trouble:
        await case.platform.open(case.api, CONTENT, clip_media)

    assert trouble.value.not_done
    assert "auth login" in str(trouble.value)


@EACH
async def test_too_many_requests_waits_as_long_as_it_is_told(
    case: Case, clip_media: Media, sandbox: RunningSandbox
) -> None:
    make_trouble(sandbox, {"status": 429, "headers": {"Retry-After": "40"}, "body": {}}, path=".*")
    before = case.api.clock.now()

    with pytest.raises(RateLimitedError) as trouble:
        await case.platform.open(case.api, CONTENT, clip_media)

    assert trouble.value.retry_at is not None
    assert 35 <= (trouble.value.retry_at - before).total_seconds() <= 60


@EACH
@pytest.mark.parametrize(
    "body", [{}, "<html>Bad gateway</html>", ""], ids=["json", "html", "empty"]
)
async def test_a_bad_gateway_proves_nothing(
    case: Case, body: Mapping[str, str] | str, clip_media: Media, sandbox: RunningSandbox
) -> None:
    make_trouble(sandbox, {"status": 502, "body": body}, path=".*")

    with pytest.raises(TransientError) as trouble:
        await case.platform.open(case.api, CONTENT, clip_media)

    assert not trouble.value.not_done


@EACH
async def test_no_token_ever_stands_in_an_address(case: Case, clip_media: Media) -> None:
    addresses: list[str] = []

    async def note(request: httpx.Request) -> None:
        addresses.append(str(request.url))

    case.api.http.event_hooks["request"].append(note)
    receipt = await _publish(case, await _ready(case, clip_media))
    await look_until(case.platform, case.api, receipt, Seen.LIVE)

    assert len(addresses) >= 3
    assert [one for one in addresses if case.api.token in one] == []


@EACH
async def test_it_knows_whose_token_it_is(case: Case) -> None:
    identity = await case.platform.who(case.api)

    assert identity.name
    assert identity.ids.items() <= {**case.api.account.ids, **identity.ids}.items()


@EACH
def test_a_clip_that_keeps_the_rules_has_no_problems(name: str, clip_media: Media) -> None:
    assert PLATFORMS[name].problems(CONTENT, clip_media) == []


@EACH
def test_a_post_is_never_shown_to_more_people_than_asked(name: str, clip_media: Media) -> None:
    platform = PLATFORMS[name]
    secret = Content(title="Secret", privacy=Privacy.PRIVATE)

    fields = {problem.field for problem in platform.problems(secret, clip_media)}

    assert ("privacy" in fields) == ("private" not in platform.facts.privacies)


PART_CALLS = {
    "youtube": r"www\.googleapis\.com/upload/youtube/v3/videos$",
    "instagram": r"rupload\.facebook\.com/ig-api-upload",
    "tiktok": r"open-upload\.tiktokapis\.com",
    "x": r"/append$",
    "linkedin": r"www\.linkedin\.com/dms-uploads",
    "facebook": r"rupload\.facebook\.com/video-upload",
}
"""Host and path of the calls that carry bytes."""
