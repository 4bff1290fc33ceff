"""LinkedIn: ranges and their ETags in order, posts found by their video, members nobody may read."""

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
from pellacia_service.platforms.linkedin import LinkedIn
from pellacia_service.sandbox.server import RunningSandbox
from tests.lines import ApiFor, look_until, next_part, send_all, upload
from tests.trouble import make_trouble, posts_in

PLATFORM = LinkedIn()
WORDS = Content(title="A walk", description="Along the river (1).", hashtags=("river",))
AS_MEMBER = replace(WORDS, options={"author": "person"})
CREATE = r"api\.linkedin\.com/rest/posts$"
VIDEOS = r"api\.linkedin\.com/rest/videos$"
RANGE = 4 << 20

Trouble = Callable[..., None]
Ready = Callable[..., Awaitable[Receipt]]


@pytest.fixture
def trouble(sandbox: RunningSandbox) -> Trouble:
    """Order trouble for the call that creates the post, or for those on another path."""
    return partial(make_trouble, sandbox, platform="linkedin", path=CREATE)


@pytest.fixture
def api(api_for: ApiFor, request: pytest.FixtureRequest) -> Api:
    return api_for("linkedin", label=request.node.name)


@pytest.fixture
def film(tmp_path: Path, clip: Path, clip_media: Media) -> Media:
    """A file of two and a half ranges that begins like an MP4."""
    path = tmp_path / "film.mp4"
    path.write_bytes(clip.read_bytes().ljust(RANGE * 5 // 2, b"\0"))
    return replace(clip_media, path=path, size=path.stat().st_size)


@pytest.fixture
def ready(api: Api, clip_media: Media, trouble: Trouble) -> Ready:
    """Upload, and mark the receipt like one whose intent to publish is written down."""
    trouble({"processing_seconds": 0}, path=VIDEOS, times=9)

    async def upload_and_mark(content: Content = WORDS) -> Receipt:
        receipt = await upload(PLATFORM, api, content, clip_media)
        sighting = await look_until(PLATFORM, api, receipt, Seen.READY)
        return sighting.receipt.with_data(**{ASKED: api.clock.now().isoformat()})

    return upload_and_mark


@pytest.fixture
def unsent(api: Api) -> Receipt:
    """A receipt for calls that the sandbox answers without reading them."""
    data = {"video": "urn:li:video:1", "author": "urn:li:person:1", "commentary": "Hi"}
    return Receipt(total=1, confirmed=1, data=dict(data))


async def test_a_page_shows_the_whole_text_under_the_title(
    ready: Ready, api: Api, sandbox: RunningSandbox
) -> None:
    receipt = await PLATFORM.publish(api, await ready())

    [post] = posts_in(sandbox, "linkedin")
    assert (post["title"], post["text"]) == ("A walk", "A walk\n\nAlong the river (1).\n\n#river")
    assert (post["id"], post["url"]) == (receipt.post_id, receipt.url)
    assert receipt.text("author") == api.account.ids["organization_urn"]


async def test_a_member_posts_in_their_own_name_when_asked_to(ready: Ready, api: Api) -> None:
    receipt = await PLATFORM.publish(api, await ready(AS_MEMBER))

    assert receipt.text("author") == api.account.ids["person_urn"]
    assert receipt.url.startswith("https://www.linkedin.com/feed/update/urn:li:")


async def test_an_account_without_a_page_posts_as_its_member(api: Api, clip_media: Media) -> None:
    person = {"person_urn": api.account.ids["person_urn"]}
    member = replace(api, account=replace(api.account, ids=person))

    receipt = await PLATFORM.open(member, WORDS, clip_media)

    assert receipt.text("author") == person["person_urn"]


async def test_an_upload_goes_on_at_the_range_that_was_not_answered(
    api: Api, film: Media, trouble: Trouble
) -> None:
    opened = await PLATFORM.open(api, WORDS, film)
    first = await PLATFORM.send(api, opened, next_part(film.path, opened))
    trouble({"reset_after_bytes": 100_000}, path="dms-uploads")
    with pytest.raises(TransientError):
        await PLATFORM.send(api, first, next_part(film.path, first))

    rest = await PLATFORM.look(api, first)
    sent = await send_all(PLATFORM, api, rest.receipt, film.path)

    assert (rest.seen, rest.receipt.confirmed) == (Seen.RECEIVING, RANGE)
    assert (await look_until(PLATFORM, api, sent, Seen.READY)).seen is Seen.READY


async def test_parts_are_named_in_the_order_of_the_instructions_whatever_came_again(
    api: Api, film: Media, trouble: Trouble
) -> None:
    trouble({"processing_seconds": 0}, path=VIDEOS, times=9)
    opened = await PLATFORM.open(api, WORDS, film)
    first = await PLATFORM.send(api, opened, next_part(film.path, opened))
    second = await PLATFORM.send(api, first, next_part(film.path, first))

    again = await PLATFORM.send(api, second, next_part(film.path, opened))
    sent = await send_all(PLATFORM, api, again, film.path)

    # The sandbox fails a video whose parts are out of order or go by old names.
    assert (await PLATFORM.look(api, sent)).seen is Seen.READY


async def test_an_etag_loses_its_quotes_and_nothing_else(
    api: Api, clip_media: Media, trouble: Trouble
) -> None:
    opened = await PLATFORM.open(api, WORDS, clip_media)
    headers = {"ETag": '"/ambry-video/"signed"/1.bin"'}
    trouble({"status": 200, "headers": headers, "body": ""}, path="dms-uploads")

    whole = await PLATFORM.send(api, opened, next_part(clip_media.path, opened))

    assert whole.data["etags"] == {"0": '/ambry-video/"signed"/1.bin'}
    assert whole.closing


async def test_a_last_range_that_reaches_behind_the_file_is_clipped(
    api: Api, clip_media: Media, trouble: Trouble
) -> None:
    place = {"uploadUrl": "https://www.linkedin.com/dms", "firstByte": 0, "lastByte": RANGE - 1}
    value = {"video": "urn:li:video:1", "uploadToken": "", "uploadInstructions": [place]}
    trouble({"status": 200, "body": {"value": value}}, path=VIDEOS)

    receipt = await PLATFORM.open(api, WORDS, clip_media)

    assert receipt.part_size == clip_media.size < RANGE


async def test_a_finalize_that_took_effect_unheard_is_not_sent_again(
    api: Api, clip_media: Media, trouble: Trouble
) -> None:
    opened = await PLATFORM.open(api, WORDS, clip_media)
    whole = await PLATFORM.send(api, opened, next_part(clip_media.path, opened))
    before = await PLATFORM.look(api, whole)
    trouble({"lost_answer": True}, path=VIDEOS)
    with pytest.raises(TransientError):
        await PLATFORM.send(api, whole, next_part(clip_media.path, whole))

    after = await PLATFORM.look(api, whole)

    assert (before.seen, before.receipt.closing) == (Seen.RECEIVING, True)
    assert after.seen in {Seen.PROCESSING, Seen.READY}
    assert not after.receipt.wants_more


async def test_a_video_that_goes_on_waiting_for_bytes_is_uploaded_anew(
    unsent: Receipt, api: Api, trouble: Trouble
) -> None:
    trouble({"status": 200, "body": {"status": "WAITING_UPLOAD"}}, path="/rest/videos/", times=2)

    once = await PLATFORM.look(api, unsent.with_data(finalizes=1))
    twice = await PLATFORM.look(api, unsent.with_data(finalizes=2))

    assert (once.seen, once.receipt.closing) == (Seen.RECEIVING, True)
    assert twice.seen is Seen.GONE


async def test_a_video_that_fails_in_processing_is_rejected_with_its_reason(
    unsent: Receipt, api: Api, trouble: Trouble
) -> None:
    video = {"status": "PROCESSING_FAILED", "processingFailureReason": "Not a video"}
    trouble({"status": 200, "body": video}, path="/rest/videos/")

    sighting = await PLATFORM.look(api, unsent)

    assert (sighting.seen, sighting.reason) == (Seen.REJECTED, "Not a video")


async def test_a_video_that_is_forbidden_for_a_moment_is_asked_for_again(
    unsent: Receipt, api: Api, trouble: Trouble
) -> None:
    message = "Accessing this video resource is forbidden. Please check your permissions."
    trouble({"status": 403, "body": {"message": message, "status": 403}}, path="/rest/videos/")

    with pytest.raises(TransientError):
        await PLATFORM.look(api, unsent)


@pytest.mark.parametrize("status", [403, 410])
async def test_an_upload_address_that_has_run_out_asks_for_a_new_upload(
    api: Api, clip_media: Media, trouble: Trouble, status: int
) -> None:
    opened = await PLATFORM.open(api, WORDS, clip_media)
    trouble({"status": status, "body": "The upload URL has expired"}, path="dms-uploads")

    with pytest.raises(SessionGoneError):
        await PLATFORM.send(api, opened, next_part(clip_media.path, opened))


async def test_a_pages_post_whose_create_answer_was_lost_is_found_by_its_video(
    ready: Ready, api: Api, sandbox: RunningSandbox, trouble: Trouble
) -> None:
    await PLATFORM.publish(api, await ready(replace(WORDS, description="Another")))
    receipt = await ready()
    trouble({"lost_answer": True})
    with pytest.raises(TransientError):
        await PLATFORM.publish(api, receipt)

    sighting = await PLATFORM.look(api, receipt)

    ours = next(post for post in posts_in(sandbox, "linkedin") if "river (1)" in post["text"])
    assert sighting.seen is Seen.LIVE
    assert (sighting.receipt.post_id, sighting.receipt.url) == (ours["id"], ours["url"])


async def test_a_pages_post_that_is_not_listed_is_absent_and_that_proves_nothing(
    ready: Ready, api: Api
) -> None:
    receipt = await ready()

    sighting = await PLATFORM.look(api, receipt)

    assert (sighting.seen, sighting.evidence["listed"]) == (Seen.ABSENT, 0)
    assert not PLATFORM.facts.can_prove_absence


async def test_a_members_post_is_absent_at_once_because_nobody_may_look(
    ready: Ready, api: Api, trouble: Trouble
) -> None:
    receipt = await ready(AS_MEMBER)
    trouble({"lost_answer": True})
    with pytest.raises(TransientError):
        await PLATFORM.publish(api, receipt)

    sighting = await PLATFORM.look(api, receipt)

    assert sighting.seen is Seen.ABSENT
    assert "no app" in str(sighting.evidence["blind"])


async def test_a_duplicate_may_be_our_own_post(ready: Ready, api: Api) -> None:
    await PLATFORM.publish(api, await ready())
    again = await ready()

    with pytest.raises(UnknownOutcomeError, match="urn:li:ugcPost:") as error:
        await PLATFORM.publish(api, again)

    assert not error.value.not_done


def body_of(status: int, code: str, **more: object) -> dict[str, object]:
    return {"status": status, "code": code, "message": "No.", **more}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, body_of(401, "EXPIRED_ACCESS_TOKEN", serviceErrorCode=65602), LoginNeededError),
        (401, {"status": 401, "serviceErrorCode": 65600, "message": "No."}, LoginNeededError),
        (403, body_of(403, "ACCESS_DENIED", serviceErrorCode=100), LoginNeededError),
        (400, {"status": 400, "message": "Parameter 'author' is invalid"}, RefusedError),
        (422, body_of(422, "UNPROCESSABLE_ENTITY"), RefusedError),
        (426, body_of(426, "NONEXISTENT_VERSION"), RefusedError),
        (429, body_of(429, "TOO_MANY_REQUESTS", serviceErrorCode=101), RateLimitedError),
    ],
)
async def test_a_clear_no_to_a_create_call_proves_that_nothing_was_posted(
    unsent: Receipt,
    api: Api,
    trouble: Trouble,
    status: int,
    body: object,
    kind: type[PlatformError],
) -> None:
    trouble({"status": status, "body": body})

    with pytest.raises(kind) as error:
        await PLATFORM.publish(api, unsent)

    assert error.value.not_done


DUPLICATE = {"inputErrors": [{"code": "DUPLICATE_POST"}]}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (201, ""),
        (503, body_of(503, "SERVICE_UNAVAILABLE")),
        (500, ""),
        (403, "<html>Denied</html>"),
        (409, body_of(409, "CONFLICT")),
        (422, body_of(422, "UNPROCESSABLE_ENTITY", errorDetails=DUPLICATE)),
    ],
)
async def test_anything_else_that_a_create_call_is_answered_proves_nothing(
    unsent: Receipt, api: Api, trouble: Trouble, status: int, body: object
) -> None:
    trouble({"status": status, "body": body})

    with pytest.raises(PlatformError) as error:
        await PLATFORM.publish(api, unsent)

    assert not error.value.not_done


async def test_a_used_up_day_returns_at_midnight_utc(
    unsent: Receipt, api: Api, trouble: Trouble
) -> None:
    message = "Resource level throttle APPLICATION DAY limit for calls to this resource is reached."
    trouble(
        {"status": 429, "body": {"status": 429, "code": "TOO_MANY_REQUESTS", "message": message}}
    )

    with pytest.raises(RateLimitedError) as error:
        await PLATFORM.publish(api, unsent)

    assert error.value.retry_at is not None
    assert (error.value.retry_at.hour, error.value.retry_at.minute) == (0, 0)


PAGE, OTHER_PAGE = "urn:li:organization:1", "urn:li:organization:2"


@pytest.mark.parametrize(
    ("status", "elements", "pages"),
    [
        (200, [{"organization": PAGE}], [PAGE]),
        (200, [{"organizationTarget": PAGE}], [PAGE]),
        (200, [{"organization": PAGE}, {"organization": OTHER_PAGE}], [PAGE, OTHER_PAGE]),
        (200, [], []),
        (403, [], []),
    ],
)
async def test_a_sign_in_speaks_for_the_member_and_for_each_of_the_members_pages(
    api: Api,
    trouble: Trouble,
    status: int,
    elements: list[object],
    pages: list[str],
) -> None:
    trouble({"status": status, "body": {"elements": elements}}, path="organizationAcls")

    identity = await PLATFORM.who(api)

    assert identity.ids == {"person_urn": api.account.ids["person_urn"]}
    assert [one.ids["organization_urn"] for one in identity.others] == pages
    assert [one.key for one in identity.others] == [page.rpartition(":")[2] for page in pages]
