"""Whatever happens around the call that cannot be taken back: never twice, and never a false "failed"."""

from pathlib import Path

import pytest

from pellacia_service.facade import PLATFORM_NAMES, ErrorKind, Pellacia, Status, Step
from pellacia_service.sandbox.server import RunningSandbox
from tests.flows.publishing import publish_on, work
from tests.publish_calls import PUBLISH_CALLS
from tests.trouble import make_trouble, posts_in

HANDLE = {"facebook": 1}
"""Facebook's path also opens the upload: its second call is the one that publishes."""

PROCESSING_FAILURES = {
    "youtube": "codec",
    "instagram": "2207026",
    "tiktok": "frame_rate_check_failed",
    "x": "InvalidMedia",
    "linkedin": "PROCESSING_FAILED",
    "facebook": "1363127",
}
"""A processing failure of each platform that no other try can mend."""

BLIND = ("linkedin",)
"""No app may read what a LinkedIn member has posted: only the member can tell."""

CANNOT_PROVE_ABSENCE = ("x", "linkedin")
CAN_PROVE_ABSENCE = tuple(name for name in PLATFORM_NAMES if name not in CANNOT_PROVE_ABSENCE)


def _trouble(sandbox: RunningSandbox, name: str, do: dict[str, object]) -> None:
    method, path = PUBLISH_CALLS[name]
    make_trouble(sandbox, do, platform=name, method=method, path=path, skip=HANDLE.get(name, 0))


@pytest.mark.parametrize("name", PLATFORM_NAMES)
async def test_a_lost_answer_never_publishes_twice(
    name: str, pellacia: Pellacia, clip: Path, sandbox: RunningSandbox
) -> None:
    _trouble(sandbox, name, {"lost_answer": True})

    delivery = await publish_on(pellacia, clip, name)

    assert delivery.status is (Status.HELD if name in BLIND else Status.COMPLETED)
    assert len(posts_in(sandbox, name)) == 1


@pytest.mark.parametrize("name", PLATFORM_NAMES)
async def test_half_an_answer_never_publishes_twice(
    name: str, pellacia: Pellacia, clip: Path, sandbox: RunningSandbox
) -> None:
    _trouble(sandbox, name, {"truncate_answer": 5})

    delivery = await publish_on(pellacia, clip, name)

    assert delivery.status is Status.COMPLETED
    assert len(posts_in(sandbox, name)) == 1


@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize("name", CAN_PROVE_ABSENCE)
async def test_a_server_error_is_tried_again_only_after_the_platform_showed_it_unpublished(
    name: str, status: int, pellacia: Pellacia, clip: Path, sandbox: RunningSandbox
) -> None:
    _trouble(sandbox, name, {"status": status, "body": {}})

    delivery = await publish_on(pellacia, clip, name)

    journal = [entry.to_step for entry in await pellacia.queue.journal(delivery.id)]
    assert delivery.status is Status.COMPLETED
    assert Step.UNSURE in journal
    assert len(posts_in(sandbox, name)) == 1


@pytest.mark.parametrize("name", CANNOT_PROVE_ABSENCE)
async def test_where_absence_cannot_be_proved_a_person_decides(
    name: str, pellacia: Pellacia, clip: Path, sandbox: RunningSandbox
) -> None:
    _trouble(sandbox, name, {"status": 503, "body": {}})

    delivery = await publish_on(pellacia, clip, name)

    assert delivery.status is Status.HELD
    assert delivery.evidence
    assert delivery.error is not None
    assert delivery.error.kind is ErrorKind.UNKNOWN_OUTCOME
    assert "queue resolve" in delivery.error.message
    assert posts_in(sandbox, name) == []


async def test_a_held_delivery_that_a_person_found_is_done(
    pellacia: Pellacia, clip: Path, sandbox: RunningSandbox
) -> None:
    _trouble(sandbox, "x", {"status": 503, "body": {}})
    held = await publish_on(pellacia, clip, "x")

    view = await pellacia.queue.resolve(held.id, published_at="https://x.com/me/status/1")

    assert view.status is Status.COMPLETED
    assert view.deliveries[0].url == "https://x.com/me/status/1"


async def test_a_held_delivery_that_a_person_did_not_find_is_published_once(
    pellacia: Pellacia, clip: Path, sandbox: RunningSandbox
) -> None:
    _trouble(sandbox, "x", {"status": 503, "body": {}})
    held = await publish_on(pellacia, clip, "x")

    await pellacia.queue.resolve(held.id, published_at=None)
    await work(pellacia)

    view = await pellacia.queue.show(held.id)
    assert view.status is Status.COMPLETED
    assert len(posts_in(sandbox, "x")) == 1


async def test_a_listing_that_lags_is_looked_at_again(
    pellacia: Pellacia, clip: Path, sandbox: RunningSandbox
) -> None:
    _trouble(sandbox, "x", {"lost_answer": True})
    make_trouble(sandbox, {"listing_lag": 3600}, platform="x", method="GET", path=r"/tweets$")

    delivery = await publish_on(pellacia, clip, "x")

    assert delivery.status is Status.COMPLETED
    assert len(posts_in(sandbox, "x")) == 1


@pytest.mark.parametrize(("name", "code"), PROCESSING_FAILURES.items())
async def test_a_platform_that_turns_the_video_down_has_failed_and_shows_nothing(
    name: str, code: str, pellacia: Pellacia, clip: Path, sandbox: RunningSandbox
) -> None:
    make_trouble(sandbox, {"processing_fails": code}, platform=name, path=".*")

    delivery = await publish_on(pellacia, clip, name)

    assert delivery.status is Status.FAILED
    assert delivery.error is not None
    assert delivery.error.kind is ErrorKind.PLATFORM
    assert [post for post in posts_in(sandbox, name) if post["state"] == "public"] == []


@pytest.mark.parametrize("name", PLATFORM_NAMES)
async def test_too_many_requests_puts_the_delivery_back_into_the_queue(
    name: str, pellacia: Pellacia, clip: Path, sandbox: RunningSandbox
) -> None:
    make_trouble(
        sandbox,
        {"status": 429, "headers": {"Retry-After": "3600"}, "body": {}},
        platform=name,
        path=".*",
        times=3,
    )

    delivery = await publish_on(pellacia, clip, name)

    assert delivery.status is Status.PENDING or delivery.status is Status.PROCESSING
    assert delivery.not_before is not None
    assert delivery.error is not None
    assert delivery.error.kind is ErrorKind.RATE_LIMIT
    assert delivery.error.retry_at is not None


@pytest.mark.parametrize("name", PLATFORM_NAMES)
async def test_a_revoked_sign_in_fails_with_the_way_to_sign_in_again(
    name: str, pellacia: Pellacia, clip: Path, sandbox: RunningSandbox
) -> None:
    make_trouble(sandbox, {"expire_token": True}, platform=name, path=".*")

    delivery = await publish_on(pellacia, clip, name)

    assert delivery.status is Status.FAILED
    assert delivery.error is not None
    assert delivery.error.kind is ErrorKind.AUTH
    assert f"auth login {name}" in delivery.error.message
