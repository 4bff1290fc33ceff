"""Sign-ins are renewed once for all who need them, survive lost answers, and are missed in time."""

import contextlib
import datetime as dt
import json
import logging
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from pellacia_service.clock import HurriedClock
from pellacia_service.domain.account import Account
from pellacia_service.domain.standing import Health, Standing
from pellacia_service.domain.tokens import Tokens
from pellacia_service.facade import (
    Draft,
    ErrorKind,
    LoginNeededError,
    Pellacia,
    PlatformError,
    PostView,
    Status,
    Wish,
    open_pellacia,
)
from pellacia_service.platform_kit.lives import outlook
from pellacia_service.platforms import PLATFORMS
from pellacia_service.publishing.crash_points import CrashPlan
from pellacia_service.publishing.refreshing import LEASE, REST
from pellacia_service.sandbox.server import RunningSandbox, running_sandbox
from pellacia_service.settings import Settings
from pellacia_service.wiring.network import open_vault
from pellacia_service.wiring.records import open_records
from pellacia_service.wiring.renewing import make_sign_ins
from tests.clocks import HeldClock
from tests.flows.publishing import publish_on, work
from tests.flows.refresh_hammer import lines_of, one_round
from tests.trouble import make_trouble, posts_in, requests_in

LIFE = dt.timedelta(hours=2)
DAY = dt.timedelta(days=1)
TOKEN_CALLS = {"x": "/2/oauth2/token", "youtube": "/token", "linkedin": "/oauth/v2/accessToken"}
PATIENCE = 60.0


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    """A sandbox of this test's own: its clock is moved by months."""
    with running_sandbox(seed=3, pace=0.1) as running:
        yield running


async def connect(settings: Settings, platform: str, *, life: dt.timedelta = LIFE) -> Account:
    """Leave what a sign-in leaves, with a refresh token, and a clock that shows the real hour."""
    now = dt.datetime.now(dt.UTC)
    async with (
        open_records(settings, HurriedClock(1)) as records,
        httpx.AsyncClient(verify=False, trust_env=False, base_url=settings.sandbox_url) as http,
    ):
        given = (await http.post("/_sandbox/accounts", json={"platform": platform})).json()
        ids = {key: value for key, value in given["ids"].items() if key != "page_access_token"}
        ids.pop("organization_urn", None)
        tokens = Tokens(
            given["ids"].get("page_access_token") or given["access_token"],
            refresh_token=given["refresh_token"],
            expires_at=now + life,
            issued_at=now,
            signed_in_at=now,
        )
        vault = await open_vault(settings, records.database)
        async with records.database.write() as tx:
            account = Account(uuid.uuid4(), platform, "default", given["account"], ids)
            account = await tx.accounts.add_or_update(account, now=now)
            await tx.credentials.put(
                account,
                partial(vault.seal, tokens, account),
                updated_at=now,
                outlook=outlook(platform, tokens),
            )
    return account


def renewals(sandbox: RunningSandbox, platform: str = "x") -> int:
    """How often the platform was asked for tokens."""
    paths = [call["path"] for call in requests_in(sandbox, platform)]
    return sum(path.endswith(TOKEN_CALLS[platform]) for path in paths)


def advance(sandbox: RunningSandbox, by: dt.timedelta) -> None:
    order = {"advance": by.total_seconds()}
    httpx.post(f"{sandbox.url}/_sandbox/clock", json=order, verify=False).raise_for_status()


async def ask(
    settings: Settings, account: Account, *, ahead: dt.timedelta, callers: int = 1, plan: str = ""
) -> dict[str, Any]:
    """Ask for a line in this process, whose clock goes ahead."""
    clock = HurriedClock(1000.0, ahead.total_seconds())
    async with (
        open_records(settings, clock) as records,
        httpx.AsyncClient(verify=False, trust_env=False) as http,
    ):
        return await one_round(lines_of(records, http, CrashPlan(plan)), account, callers)


async def standing_of(settings: Settings, address: str, *, ahead: dt.timedelta) -> Standing:
    clock = HurriedClock(1, ahead.total_seconds())
    async with open_records(settings, clock) as records:
        found = await make_sign_ins(records, CrashPlan()).all()
    [one] = [one for one in found if one.account.address == address]
    return one


class Hammer:
    """Several processes that ask for the same line at the same time."""

    def __init__(self, settings: Settings, processes: int, crash: str = "") -> None:
        told = settings.model_dump(mode="json", include={"home", "database_url", "sandbox_url"})
        self.processes = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.flows.refresh_hammer", json.dumps(told)],
                env={**os.environ, "PELLACIA_CRASH_AT": crash},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                bufsize=1,
            )
            for _ in range(processes)
        ]

    def strike(self, address: str, ahead: float, callers: int) -> Sequence[dict[str, Any]]:
        """Give all of them the same order; return their answers."""
        order = json.dumps({"address": address, "ahead": ahead, "callers": callers})
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write(order + "\n")
        answers = []
        for process in self.processes:
            assert process.stdout is not None
            answers.append(json.loads(process.stdout.readline() or "{}"))
        return answers

    def end(self) -> list[int]:
        for process in self.processes:
            process.communicate(timeout=PATIENCE)
        return [process.returncode for process in self.processes]


@contextlib.contextmanager
def hammering(settings: Settings, processes: int, crash: str = "") -> Iterator[Hammer]:
    hammer = Hammer(settings, processes, crash)
    try:
        yield hammer
    finally:
        hammer.end()


# One at a time, over all processes


@pytest.mark.parametrize(
    ("processes", "rounds", "callers"),
    [(2, 5, 20), pytest.param(4, 100, 50, marks=pytest.mark.long)],
)
async def test_all_who_need_a_new_token_at_once_share_one_call_over_all_processes(
    settings: Settings, sandbox: RunningSandbox, processes: int, rounds: int, callers: int
) -> None:
    account = await connect(settings, "x")
    seen: set[str] = set()

    with hammering(settings, processes) as hammer:
        for number in range(1, rounds + 1):
            advance(sandbox, LIFE)
            answers = hammer.strike("x", number * LIFE.total_seconds(), callers)
            assert [answer["errors"] for answer in answers] == [{}] * processes
            [token] = {one for answer in answers for one in answer["tokens"]}
            seen.add(token)
            assert renewals(sandbox) == number

    assert len(seen) == rounds
    standing = await standing_of(settings, account.address, ahead=rounds * LIFE)
    assert standing.health is Health.OK


# Lost answers


async def test_a_lost_answer_costs_the_account_where_a_refresh_token_works_once(
    settings: Settings, sandbox: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    account = await connect(settings, "x")
    make_trouble(sandbox, {"lost_answer": True}, path=r"oauth2/token")
    advance(sandbox, LIFE)

    with caplog.at_level(logging.ERROR):
        answer = await ask(settings, account, ahead=LIFE, callers=5)

    [sentence] = answer["errors"]
    assert "The sign-in of x (sandbox_default) is not renewed any more" in sentence
    assert "pellacia-dist auth login x" in sentence
    assert "The sign-in of x" in caplog.text
    standing = await standing_of(settings, "x", ahead=LIFE)
    assert (standing.health, standing.scopes, standing.expires_at is None) == (
        Health.NEEDS_LOGIN,
        (),
        False,
    )
    before = renewals(sandbox)
    assert (await ask(settings, account, ahead=2 * LIFE))["errors"]
    assert renewals(sandbox) == before  # a dead token is not shown again and again


async def test_a_lost_answer_costs_nothing_where_the_refresh_token_stays(
    settings: Settings, sandbox: RunningSandbox
) -> None:
    account = await connect(settings, "youtube")
    make_trouble(sandbox, {"lost_answer": True}, path="/token")
    advance(sandbox, LIFE)

    answer = await ask(settings, account, ahead=LIFE)

    assert (answer["errors"], renewals(sandbox, "youtube")) == ({}, 2)


@pytest.mark.parametrize("do", [{"reset_before": True}, {"status": 503}, {"status": 429}])
async def test_trouble_on_the_way_is_no_reason_to_sign_in_again(
    settings: Settings, sandbox: RunningSandbox, do: dict[str, object]
) -> None:
    account = await connect(settings, "x")
    make_trouble(sandbox, do, path=r"oauth2/token", times=2)
    advance(sandbox, LIFE)

    [sentence] = (await ask(settings, account, ahead=LIFE))["errors"]
    assert "could not be renewed just now" in sentence

    assert (await ask(settings, account, ahead=LIFE + REST))["errors"] == {}
    assert (await standing_of(settings, "x", ahead=LIFE)).health is Health.OK


async def test_a_token_that_still_lives_is_used_while_another_cannot_be_had(
    settings: Settings, sandbox: RunningSandbox
) -> None:
    account = await connect(settings, "x")
    make_trouble(sandbox, {"reset_before": True}, path=r"oauth2/token", times=9)

    answer = await ask(settings, account, ahead=LIFE - dt.timedelta(minutes=3))

    assert (answer["errors"], len(answer["tokens"])) == ({}, 1)


async def test_an_app_that_is_refused_is_not_the_accounts_fault(
    settings: Settings, sandbox: RunningSandbox
) -> None:
    account = await connect(settings, "x")
    body = {"error": "unauthorized_client", "error_description": "Missing valid authorization"}
    make_trouble(sandbox, {"status": 401, "body": body}, path=r"oauth2/token")
    advance(sandbox, LIFE)

    [sentence] = (await ask(settings, account, ahead=LIFE))["errors"]

    assert "could not be renewed just now" in sentence
    assert (await standing_of(settings, "x", ahead=LIFE)).health is Health.OK


# Deaths


@pytest.mark.parametrize(
    ("point", "platform", "lives"),
    [
        ("before a lock on a sign-in", "x", True),
        ("after a lock on a sign-in", "x", True),
        ("before the renewal call", "x", True),
        ("after the renewal call", "x", False),
        ("before new tokens", "x", False),
        ("before new tokens", "youtube", True),
        ("after new tokens", "x", True),
    ],
)
async def test_a_holder_that_died_keeps_nobody_from_renewing(
    settings: Settings, sandbox: RunningSandbox, point: str, platform: str, lives: bool
) -> None:
    account = await connect(settings, platform)
    advance(sandbox, LIFE)
    hammer = Hammer(settings, 1, crash=point)
    hammer.strike(platform, LIFE.total_seconds(), 3)
    assert hammer.end() == [-signal.SIGKILL]

    answer = await ask(settings, account, ahead=LIFE + LEASE)

    assert (answer["errors"] == {}) is lives
    standing = await standing_of(settings, platform, ahead=LIFE + LEASE)
    assert standing.health is (Health.OK if lives else Health.NEEDS_LOGIN)


# Uploads that outlive their token


@pytest.fixture
async def pellacia(settings: Settings) -> AsyncIterator[Pellacia]:
    async with open_pellacia(settings, HurriedClock(10)) as opened:
        yield opened


@pytest.mark.parametrize("when", ["send", "look", "publish"])
@pytest.mark.parametrize(
    "platform",
    [
        "youtube",
        "x",
        *(pytest.param(name, marks=pytest.mark.long) for name in ("tiktok", "linkedin")),
    ],
)
async def test_an_upload_that_outlives_its_token_goes_on_with_the_next_one(
    settings: Settings,
    sandbox: RunningSandbox,
    clip: Path,
    clip_sha256: str,
    platform: str,
    when: str,
) -> None:
    partner = {"linkedin_client_id": "firm-partner", "linkedin_client_secret": SecretStr("s")}
    settings = settings.model_copy(update=partner)
    async with open_pellacia(settings, HurriedClock(10)) as pellacia:
        async with pellacia.sign_in() as sign_in:
            request = sign_in.begin(platform)
            answer = await sign_in.approve_in_sandbox(request)
            await sign_in.complete(platform, "default", request, answer)
        method, path = WHEN[platform, when]
        skip = 1 if (platform, when) == ("linkedin", "send") else 0  # the one that ends the upload
        make_trouble(
            sandbox,
            {"expire_token": True},
            path=path,
            method=method,
            platform=platform,
            skip=skip,
        )

        delivery = await publish_on(pellacia, clip, platform)

    assert (delivery.status, delivery.error) == (Status.COMPLETED, None)
    [post] = posts_in(sandbox, platform)
    assert post["sha256"] == clip_sha256
    calls = [call for call in requests_in(sandbox, platform) if call["method"] == "POST"]
    assert 401 in [call["status"] for call in requests_in(sandbox, platform)]
    opened = [
        one for one in calls if one["path"].endswith(OPENING[platform]) and one["status"] < 400
    ]
    assert len(opened) == OPENED[platform]


OPENING = {
    "youtube": "/upload/youtube/v3/videos",
    "tiktok": "/v2/post/publish/video/init/",
    "x": "/2/media/upload/initialize",
    "linkedin": "/rest/videos",
}
OPENED = {"youtube": 1, "tiktok": 1, "x": 1, "linkedin": 2}
"""LinkedIn opens and ends an upload at the same address."""

WHEN = {
    ("youtube", "send"): ("PUT", "upload/youtube"),
    ("youtube", "look"): ("GET", "youtube/v3/videos"),
    ("youtube", "publish"): ("PUT", "/youtube/v3/videos$"),
    ("tiktok", "send"): ("POST", "status/fetch"),
    ("tiktok", "look"): ("POST", "status/fetch"),
    ("tiktok", "publish"): ("POST", "video/init"),
    ("x", "send"): ("POST", "append"),
    ("x", "look"): ("GET", "2/media/upload"),
    ("x", "publish"): ("POST", "2/tweets"),
    ("linkedin", "send"): ("POST", r"rest/videos"),
    ("linkedin", "look"): ("GET", "rest/videos"),
    ("linkedin", "publish"): ("POST", "rest/posts"),
}


@pytest.mark.parametrize("platform", ["instagram", "facebook"])
async def test_where_no_other_token_can_be_had_signing_in_again_goes_on_from_there(
    settings: Settings, sandbox: RunningSandbox, clip: Path, clip_sha256: str, platform: str
) -> None:
    async with open_pellacia(settings, HurriedClock(10)) as pellacia:
        await connect(settings, platform, life=DAY)
        make_trouble(sandbox, {"expire_token": True}, path="", method="GET", platform=platform)
        stopped = await publish_on(pellacia, clip, platform)
        assert stopped.error is not None
        assert (stopped.status, stopped.error.kind) == (Status.FAILED, ErrorKind.AUTH)

        await connect(settings, platform, life=DAY)
        await pellacia.queue.retry(stopped.id)
        await work(pellacia)
        view = await pellacia.queue.show(stopped.id)

    assert view.status is Status.COMPLETED
    [post] = posts_in(sandbox, platform)
    assert post["sha256"] == clip_sha256
    assert view.deliveries[0].bytes_sent == clip.stat().st_size


# Ahead of time, and too late


async def schedule(pellacia: Pellacia, clip: Path, address: str, at: dt.datetime) -> PostView:
    wish = Wish(at.strftime("%Y-%m-%d %H:%M"), "UTC")
    draft = Draft(file=clip, addresses=(address,), title="Later", description="", hashtags=())
    return (await pellacia.calendar().planner().add(draft, wish)).view


async def test_sixty_one_days_later_linkedin_must_sign_in_and_what_waits_says_so(
    settings: Settings, sandbox: RunningSandbox, clip: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = HeldClock(dt.datetime.now(dt.UTC))
    async with open_pellacia(settings, clock) as pellacia:
        await sign_in_to(pellacia, "linkedin")
        soon = await schedule(pellacia, clip, "linkedin", clock.now() + 30 * DAY)
        late = await schedule(pellacia, clip, "linkedin", clock.now() + 70 * DAY)
        [one] = await standings(pellacia)

        assert soon.warnings == {}
        [warning] = late.warnings.values()
        assert f"ends on {one.reconnect_by:%Y-%m-%d}: sign in again before that" in warning
        assert "pellacia-dist auth login linkedin" in warning
        assert (one.health, one.posts_after) == (Health.OK, 1)
        page = await pellacia.calendar().schedule.page()
        assert [bool(view.warnings) for view in page.posts] == [False, True]
        assert await pellacia.queue.endangered() == 1

        move(clock, sandbox, 55 * DAY)
        with caplog.at_level(logging.WARNING):
            await renew_ahead(pellacia, times=2)
        assert caplog.text.count("The sign-in of linkedin") == 1
        assert "1 post is scheduled for after that" in caplog.text
        assert [one.health for one in await standings(pellacia)] == [Health.EXPIRING]

        move(clock, sandbox, 6 * DAY)
        assert [one.health for one in await standings(pellacia)] == [Health.NEEDS_LOGIN]

        await sign_in_to(pellacia, "linkedin")
        [one] = await standings(pellacia)
        assert (one.health, one.posts_after) == (Health.OK, 0)
        assert (await pellacia.queue.show(late.stored.id)).warnings == {}


@pytest.mark.parametrize(
    ("platform", "app", "days"),
    [
        ("youtube", "", None),
        ("youtube", "firm-testing", 7),
        ("instagram", "", 90),
        ("tiktok", "", None),
        ("x", "", None),
        ("linkedin", "", 60),
        ("linkedin", "firm-partner", 365),
        ("facebook", "", None),
    ],
)
async def test_when_a_person_must_come_back_is_known_from_the_first_day(
    settings: Settings, sandbox: RunningSandbox, platform: str, app: str, days: int | None
) -> None:
    if app:
        ours = {f"{platform}_client_id": app, f"{platform}_client_secret": SecretStr("s")}
        settings = settings.model_copy(update=ours)
    clock = HeldClock(dt.datetime.now(dt.UTC))
    async with open_pellacia(settings, clock) as pellacia:
        await sign_in_to(pellacia, platform)
        # The forecast does not move when the sign-in is renewed.
        move(clock, sandbox, dt.timedelta(hours=3))
        await renew_ahead(pellacia)
        [one] = await standings(pellacia)

    assert one.health is (Health.EXPIRING if days == 7 else Health.OK)
    left = one.reconnect_by - clock.now() if one.reconnect_by else None
    assert (left and round(left / DAY)) == days


async def test_what_is_not_used_for_weeks_is_kept_alive(
    settings: Settings, sandbox: RunningSandbox
) -> None:
    clock = HeldClock(dt.datetime.now(dt.UTC))
    async with open_pellacia(settings, clock) as pellacia:
        for platform in ("youtube", "tiktok", "x"):
            await sign_in_to(pellacia, platform)
        for _ in range(10):
            move(clock, sandbox, 30 * DAY)
            await renew_ahead(pellacia)
        found = await standings(pellacia)

    assert [one.health for one in found] == [Health.OK] * 3
    assert all(one.expires_at and one.expires_at > clock.now() for one in found)


async def test_a_sign_in_during_a_renewal_is_not_undone_by_it(
    settings: Settings, sandbox: RunningSandbox
) -> None:
    account = await connect(settings, "youtube")
    make_trouble(sandbox, {"delay": 1.0}, path="/token")
    advance(sandbox, LIFE)
    hammer = Hammer(settings, 1)
    assert hammer.processes[0].stdin is not None
    order = {"address": "youtube", "ahead": LIFE.total_seconds(), "callers": 1}
    hammer.processes[0].stdin.write(json.dumps(order) + "\n")
    while not renewals(sandbox, "youtube") and not await is_locked(settings):
        pass
    again = await connect(settings, "youtube", life=3 * LIFE)
    before = await stored_seal(settings)

    hammer.end()

    assert again.id == account.id
    assert await stored_seal(settings) == before


async def is_locked(settings: Settings) -> bool:
    async with open_records(settings, HurriedClock(1)) as records, records.database.read() as tx:
        return bool((await tx.credentials.stored("youtube")).refreshing_by)


async def stored_seal(settings: Settings) -> object:
    async with open_records(settings, HurriedClock(1)) as records, records.database.read() as tx:
        return (await tx.credentials.stored("youtube")).sealed


async def test_a_person_may_have_a_refused_sign_in_tried_again(
    settings: Settings, sandbox: RunningSandbox
) -> None:
    await connect(settings, "youtube")
    body = {"error": "invalid_grant", "error_description": "Bad Request"}
    make_trouble(sandbox, {"status": 400, "body": body}, path="/token")
    async with open_pellacia(settings, HurriedClock(1)) as pellacia:
        [account] = await pellacia.accounts.all()
        async with pellacia.keys() as keys:
            [(refused, error)] = await keys.sign_ins.refresh([account])
            [(renewed, nothing)] = await keys.sign_ins.refresh([account])

    assert (refused.health, type(error)) == (Health.NEEDS_LOGIN, LoginNeededError)
    assert (renewed.health, nothing) == (Health.OK, None)


def move(clock: HeldClock, sandbox: RunningSandbox, by: dt.timedelta) -> None:
    clock.advance(by.total_seconds())
    advance(sandbox, by)


async def sign_in_to(pellacia: Pellacia, platform: str) -> None:
    async with pellacia.sign_in() as sign_in:
        request = sign_in.begin(platform)
        answer = await sign_in.approve_in_sandbox(request)
        await sign_in.complete(platform, "default", request, answer)


async def standings(pellacia: Pellacia) -> list[Standing]:
    async with pellacia.keys() as keys:
        return await keys.sign_ins.all()


async def renew_ahead(pellacia: Pellacia, times: int = 1) -> None:
    async with pellacia.keys() as keys:
        for _ in range(times):
            await keys.sign_ins.renew_ahead()


def test_every_platform_says_how_its_sign_in_lives_and_who_says_so() -> None:
    from pellacia_service.platform_kit.lives import LIVES

    assert set(LIVES) == set(PLATFORMS)
    assert all(life.source.page.startswith("https://") for life in LIVES.values())
    assert issubclass(LoginNeededError, PlatformError)
