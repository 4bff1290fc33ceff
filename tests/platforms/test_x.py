"""X: segments that may come again, a create call that must not, and a timeline that proves nothing."""

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Content
from pellacia_service.domain.receipt import ASKED, Receipt
from pellacia_service.domain.sighting import Seen
from pellacia_service.errors import (
    LoginNeededError,
    PlatformError,
    RateLimitedError,
    RefusedError,
    SessionGoneError,
    TransientError,
    UnknownOutcomeError,
)
from pellacia_service.platform_kit.http import Api
from pellacia_service.platforms.x import SEGMENT, X
from pellacia_service.sandbox.server import RunningSandbox
from tests.lines import ApiFor, look_until, next_part, send_all, upload
from tests.trouble import make_trouble, posts_in, requests_in

PLATFORM = X()
WORDS = Content(title="A walk", description="Along the river.", hashtags=("river", "walk"))
CREATE = r"api\.x\.com/2/tweets$"
PROBLEM = "https://api.x.com/2/problems/"

Trouble = Callable[..., None]
Ready = Callable[..., Awaitable[Receipt]]


@pytest.fixture
def trouble(sandbox: RunningSandbox) -> Trouble:
    """Order trouble for the call that creates the post, or for those on another path."""
    return partial(make_trouble, sandbox, platform="x", path=CREATE)


@pytest.fixture
def api(api_for: ApiFor, request: pytest.FixtureRequest) -> Api:
    return api_for("x", label=request.node.name)


@pytest.fixture
def film(tmp_path: Path, clip: Path, clip_media: Media) -> Media:
    """A file of two and a half segments that begins like an MP4."""
    path = tmp_path / "film.mp4"
    path.write_bytes(clip.read_bytes().ljust(SEGMENT * 5 // 2, b"\0"))
    return replace(clip_media, path=path, size=path.stat().st_size)


@pytest.fixture
def ready(api: Api, clip_media: Media, trouble: Trouble) -> Ready:
    """Upload, and mark the receipt like one whose intent to publish is written down."""
    trouble({"processing_seconds": 0}, path="/finalize$", times=9)

    async def upload_and_mark(content: Content = WORDS) -> Receipt:
        receipt = await upload(PLATFORM, api, content, clip_media)
        sighting = await look_until(PLATFORM, api, receipt, Seen.READY)
        return sighting.receipt.with_data(**{ASKED: api.clock.now().isoformat()})

    return upload_and_mark


@pytest.fixture
def unsent(api: Api) -> Receipt:
    """A receipt for create calls that the sandbox answers without reading them."""
    asked = api.clock.now().isoformat()
    return Receipt(total=1, confirmed=1, data={"media_id": "1", "media_key": "7_1", ASKED: asked})


async def test_a_post_shows_title_and_hashtags_and_is_named_by_its_address(
    api: Api, ready: Ready, sandbox: RunningSandbox
) -> None:
    receipt = await PLATFORM.publish(api, await ready())

    [post] = posts_in(sandbox, "x")
    assert post["text"] == "A walk\n\n#river #walk"
    assert (post["id"], post["url"]) == (receipt.post_id, receipt.url)


async def test_an_upload_goes_on_at_the_segment_that_was_not_answered(
    api: Api, film: Media, sandbox: RunningSandbox, trouble: Trouble
) -> None:
    opened = await PLATFORM.open(api, WORDS, film)
    first = await PLATFORM.send(api, opened, next_part(film.path, opened))
    trouble({"reset_after_bytes": 100_000}, path="/append$")
    with pytest.raises(TransientError):
        await PLATFORM.send(api, first, next_part(film.path, first))

    rest = await PLATFORM.look(api, first)
    sent = await send_all(PLATFORM, api, rest.receipt, film.path)
    await look_until(PLATFORM, api, sent, Seen.READY)

    assert (rest.seen, rest.receipt.confirmed) == (Seen.RECEIVING, SEGMENT)
    appends = [call for call in requests_in(sandbox, "x") if call["path"].endswith("/append")]
    assert [call["status"] for call in appends].count(200) == 3


async def test_a_finalize_without_an_answer_is_sent_again(
    api: Api, clip_media: Media, trouble: Trouble
) -> None:
    opened = await PLATFORM.open(api, WORDS, clip_media)
    whole = await PLATFORM.send(api, opened, next_part(clip_media.path, opened))
    trouble({"lost_answer": True}, path="/finalize$")
    with pytest.raises(TransientError):
        await PLATFORM.send(api, whole, next_part(clip_media.path, whole))

    sent = await send_all(PLATFORM, api, (await PLATFORM.look(api, whole)).receipt, clip_media.path)

    assert whole.closing
    assert (await look_until(PLATFORM, api, sent, Seen.READY)).receipt == sent


async def test_processing_asks_to_be_looked_at_again_when_x_says(
    api: Api, clip_media: Media, trouble: Trouble
) -> None:
    trouble({"processing_seconds": 30}, path="/finalize$")
    sent = await upload(PLATFORM, api, WORDS, clip_media)

    sighting = await PLATFORM.look(api, sent)

    assert sighting.seen is Seen.PROCESSING
    assert 25 <= sighting.again_in <= 30


async def test_a_video_that_fails_in_processing_is_rejected_with_its_reason(
    api: Api, clip_media: Media, trouble: Trouble
) -> None:
    trouble({"processing_fails": "InvalidMedia"}, path="/finalize$")
    sent = await upload(PLATFORM, api, WORDS, clip_media)

    sighting = await look_until(PLATFORM, api, sent, Seen.REJECTED)

    assert (sighting.code, sighting.reason) == ("InvalidMedia", "file is invalid")


async def test_a_post_whose_create_answer_was_lost_is_found_by_its_media_key(
    api: Api, ready: Ready, sandbox: RunningSandbox, trouble: Trouble
) -> None:
    other = await ready(replace(WORDS, title="Another"))
    await PLATFORM.publish(api, other)
    receipt = await ready()
    trouble({"lost_answer": True})
    with pytest.raises(TransientError):
        await PLATFORM.publish(api, receipt)

    sighting = await PLATFORM.look(api, receipt)

    ours = next(post for post in posts_in(sandbox, "x") if post["text"].startswith("A walk"))
    assert sighting.seen is Seen.LIVE
    assert (sighting.receipt.post_id, sighting.receipt.url) == (ours["id"], ours["url"])


def timelines_asked(sandbox: RunningSandbox) -> int:
    return sum("/users/" in call["path"] for call in requests_in(sandbox, "x"))


def refusal(said: str) -> dict[str, object]:
    body = {"type": f"{PROBLEM}invalid-request", "errors": [{"message": said}], "status": 400}
    return {"status": 400, "body": body}


async def test_a_timeline_that_does_not_know_a_parameters_new_name_is_asked_by_the_old_one(
    api: Api, ready: Ready, sandbox: RunningSandbox, trouble: Trouble
) -> None:
    published = await PLATFORM.publish(api, await ready())
    said = "The query parameter [post.fields] is not one of [tweet.fields]"
    trouble(refusal(said), path=r"/2/users/\d+/tweets$")

    found = await PLATFORM.look(api, replace(published, post_id="", url=""))

    assert (found.seen, found.receipt.post_id) == (Seen.LIVE, published.post_id)
    assert timelines_asked(sandbox) == 2


async def test_a_timeline_that_refuses_something_else_is_not_asked_by_another_name(
    api: Api, ready: Ready, sandbox: RunningSandbox, trouble: Trouble
) -> None:
    trouble(refusal("The query parameter [exclude] is wrong"), path=r"/2/users/\d+/tweets$")

    with pytest.raises(RefusedError):
        await PLATFORM.look(api, await ready())

    assert timelines_asked(sandbox) == 1


async def test_a_post_that_the_timeline_does_not_show_is_absent_and_that_proves_nothing(
    api: Api, ready: Ready, trouble: Trouble
) -> None:
    receipt = await ready()
    trouble({"lost_answer": True})
    with pytest.raises(TransientError):
        await PLATFORM.publish(api, receipt)
    trouble({"listing_lag": 3600}, path=r"/2/users/\d+/tweets$")

    sighting = await PLATFORM.look(api, receipt)

    assert sighting.seen is Seen.ABSENT
    assert sighting.evidence["listed"] == 0
    assert not PLATFORM.facts.can_prove_absence


async def test_the_timeline_is_read_from_a_minute_before_the_intent(api: Api, ready: Ready) -> None:
    receipt = await PLATFORM.publish(api, await ready())
    unnamed = replace(receipt, post_id="", url="")
    late = (api.clock.now() + dt.timedelta(seconds=120)).isoformat()

    seen = (await PLATFORM.look(api, unnamed)).seen
    too_late = (await PLATFORM.look(api, unnamed.with_data(**{ASKED: late}))).seen

    assert (seen, too_late) == (Seen.LIVE, Seen.ABSENT)


async def test_a_duplicate_text_may_be_our_own_post(api: Api, ready: Ready) -> None:
    await PLATFORM.publish(api, await ready())
    again = await ready()

    with pytest.raises(UnknownOutcomeError) as error:
        await PLATFORM.publish(api, again)

    assert not error.value.not_done
    assert "queue retry" not in str(error.value)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"title": "Unauthorized", "type": "about:blank", "status": 401}, LoginNeededError),
        (402, {"title": "Payment Required", "type": f"{PROBLEM}credits-depleted"}, RefusedError),
        (402, {"title": "CreditsDepleted", "status": 402}, RefusedError),
        (403, {"detail": "No.", "type": "about:blank", "status": 403}, RefusedError),
        (403, {"type": "https://api.twitter.com/2/problems/client-forbidden"}, RefusedError),
        (429, {"title": "Too Many Requests", "status": 429}, RateLimitedError),
        (429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}, RateLimitedError),
        (429, {"type": f"{PROBLEM}usage-capped", "period": "Daily"}, RateLimitedError),
        (
            400,
            {"errors": [{"message": "Your media IDs are invalid."}], "status": 400},
            SessionGoneError,
        ),
    ],
)
async def test_a_clear_no_to_a_create_call_proves_that_nothing_was_posted(
    api: Api,
    unsent: Receipt,
    trouble: Trouble,
    status: int,
    body: object,
    kind: type[PlatformError],
) -> None:
    trouble({"status": status, "body": body})

    with pytest.raises(kind) as error:
        await PLATFORM.publish(api, unsent)

    assert error.value.not_done


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (503, {"title": "Service Unavailable", "status": 503}),
        (403, "<html>Attention required</html>"),
        (201, {"data": {}}),
        (201, ""),
        (403, {"errors": [{"code": 187, "message": "Status is a duplicate."}]}),
    ],
)
async def test_anything_else_that_a_create_call_is_answered_proves_nothing(
    api: Api, unsent: Receipt, trouble: Trouble, status: int, body: object
) -> None:
    trouble({"status": status, "body": body})

    with pytest.raises(PlatformError) as error:
        await PLATFORM.publish(api, unsent)

    assert not error.value.not_done


async def test_an_account_without_credits_is_told_to_buy_some(
    api: Api, clip_media: Media, trouble: Trouble
) -> None:
    body = {"detail": "credits depleted", "type": f"{PROBLEM}credits-depleted", "status": 402}
    trouble({"status": 402, "body": body}, path="/initialize$")

    with pytest.raises(RefusedError, match="credits"):
        await PLATFORM.open(api, WORDS, clip_media)


@pytest.mark.parametrize("status", [413, 431])
async def test_a_segment_that_is_too_large_for_x_is_refused(
    api: Api, clip_media: Media, trouble: Trouble, status: int
) -> None:
    receipt = await PLATFORM.open(api, WORDS, clip_media)
    trouble({"status": status, "body": ""}, path="/append$")

    with pytest.raises(RefusedError):
        await PLATFORM.send(api, receipt, next_part(clip_media.path, receipt))


async def test_an_upload_that_x_has_forgotten_must_begin_again(api: Api, clip_media: Media) -> None:
    sent = await upload(PLATFORM, api, WORDS, clip_media)

    with pytest.raises(SessionGoneError):
        await PLATFORM.look(api, sent.with_data(media_id="1"))


async def test_options_reach_the_post(api: Api, clip_media: Media) -> None:
    options = {"reply_settings": "following", "made_with_ai": "true", "paid_partnership": "no"}
    content = replace(WORDS, options=options)

    receipt = await PLATFORM.open(api, content, clip_media)

    assert receipt.data["post"] == {
        "text": "A walk\n\n#river #walk",
        "made_with_ai": True,
        "reply_settings": "following",
    }


async def test_the_account_is_known_by_its_handle(api: Api) -> None:
    identity = await PLATFORM.who(api)

    assert identity.name == f"@{identity.ids['username']}"
    assert identity.ids["user_id"] == api.account.ids["user_id"]
