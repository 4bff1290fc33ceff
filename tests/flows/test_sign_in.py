"""Connecting accounts by the door: each platform's own way, and every attack refused in words."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from pellacia_service.clock import SystemClock
from pellacia_service.domain.account import AccountChoice, SignedIn
from pellacia_service.domain.names import PLATFORM_NAMES
from pellacia_service.domain.tokens import Tokens
from pellacia_service.errors import (
    BadInputError,
    LoginNeededError,
    NotConnectedError,
    PellaciaError,
    SetupError,
)
from pellacia_service.facade import Pellacia, open_pellacia
from pellacia_service.platform_kit.oauth import OAuth, SignInRequest
from pellacia_service.platform_kit.scopes import SCOPES
from pellacia_service.platforms import PLATFORMS
from pellacia_service.sandbox.server import RunningSandbox
from pellacia_service.settings import Settings
from pellacia_service.use_cases.sign_in import SignIn
from pellacia_service.wiring.network import make_oauth, make_vault
from pellacia_service.wiring.records import make_database

EACH = pytest.mark.parametrize("platform", PLATFORM_NAMES)
GOOGLE = "https://www.googleapis.com/auth"


@pytest.fixture
def settings(tmp_path: Path, sandbox: RunningSandbox) -> Settings:
    """A file as the database, which makes no difference here, and a free port for the answers."""
    return Settings(home=tmp_path / "home", sandbox_url=sandbox.url, redirect_port=0)


@pytest.fixture
async def pellacia(settings: Settings) -> AsyncIterator[Pellacia]:
    """The program on its first day: no account is connected."""
    async with open_pellacia(settings) as opened:
        yield opened


@pytest.fixture
async def sign_in(pellacia: Pellacia) -> AsyncIterator[SignIn]:
    async with pellacia.sign_in() as opened:
        yield opened


class Person:
    """Somebody with a browser, who fills in the form of the consent page."""

    def __init__(self, sign_in: SignIn, platform: str) -> None:
        self.sign_in = sign_in
        self.platform = platform

    def begin(self, address: str = "", **more: Any) -> SignInRequest:
        return self.sign_in.begin(self.platform, redirect_uri=address, **more)

    async def decide(self, request: SignInRequest, **form: Any) -> str:
        """Send the form of the page; return where the browser is sent."""
        ticked = {"scope": [scope.name for scope in SCOPES[self.platform]], "page": ["default"]}
        async with httpx.AsyncClient(trust_env=False) as browser:
            sent = await browser.post(request.url, data={"decision": "approve", **ticked, **form})
        return str(sent.headers["location"])

    async def connect(
        self, label: str = "default", *, features: Sequence[str] = (), form: Any = None, **more: Any
    ) -> SignedIn:
        """Sign in as a person does: by the page, and the browser's way back to the loopback."""
        async with self.sign_in.listen(self.platform) as loopback:
            request = self.sign_in.begin(
                self.platform, label, redirect_uri=loopback.address, features=features
            )
            await show(await self.decide(request, **(form or {})))
            answer = await loopback.answer()
        return await self.sign_in.complete(self.platform, label, request, answer, **more)

    async def paste(self, request: SignInRequest, answer: str) -> SignedIn:
        return await self.sign_in.complete(self.platform, "default", request, answer)


async def show(address: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as browser:
        return await browser.get(address)


def changed(address: str, **other: str) -> str:
    """The same address with other values in its query."""
    parts = urlsplit(address)
    return parts._replace(query=urlencode({**dict(parse_qsl(parts.query)), **other})).geturl()


@asynccontextmanager
async def refused(
    pellacia: Pellacia, words: str, error: type[PellaciaError] = LoginNeededError
) -> AsyncIterator[None]:
    """What is done in here is refused with these words, and connects nothing."""
    with pytest.raises(error, match=re.escape(words)):
        yield
    assert await pellacia.accounts.all() == []


async def stored(settings: Settings, address: str) -> Tokens:
    database = make_database(settings, SystemClock())
    async with database, database.read() as tx:
        return make_vault(settings).open(await tx.credentials.stored(address))


def oauth_of(settings: Settings, platform: str) -> OAuth:
    return make_oauth(settings, SystemClock())(PLATFORMS[platform].facts)


# Each platform's way


@EACH
async def test_the_browser_brings_the_answer_back_and_the_account_is_connected(
    sign_in: SignIn, pellacia: Pellacia, platform: str
) -> None:
    connected = await Person(sign_in, platform).connect()

    [account] = await pellacia.accounts.all()
    assert account == connected.account
    assert (account.platform, connected.declined) == (platform, ())
    assert "default" in account.name


@EACH
async def test_no_more_is_asked_for_than_publishing_needs(sign_in: SignIn, platform: str) -> None:
    request = Person(sign_in, platform).begin(features=["publish"])

    asked = parse_qs(urlsplit(request.url).query)["scope"][0].replace(",", " ").split()

    assert asked == [one.name for one in SCOPES[platform] if one.feature == "publish"]
    assert not [word for word in asked if "analytics" in word.lower() or "insights" in word]


async def test_google_is_asked_for_a_refresh_token_and_for_the_channel(sign_in: SignIn) -> None:
    query = dict(parse_qsl(urlsplit(Person(sign_in, "youtube").begin().url).query))

    assert query["access_type"] == "offline"
    assert query["prompt"].split() == ["consent", "select_account"]


async def test_tiktok_is_given_a_client_key_and_the_challenge_in_hex(sign_in: SignIn) -> None:
    query = dict(parse_qsl(urlsplit(Person(sign_in, "tiktok").begin().url).query))

    assert query["client_key"] == "sandbox-tiktok"
    assert "client_id" not in query
    assert re.fullmatch("[0-9a-f]{64}", query["code_challenge"])


@pytest.mark.parametrize("platform", ["facebook", "instagram"])
async def test_meta_ends_with_the_pages_own_token_which_has_no_end(
    sign_in: SignIn, settings: Settings, sandbox: RunningSandbox, platform: str
) -> None:
    connected = await Person(sign_in, platform).connect()

    tokens = await stored(settings, platform)
    assert sandbox.world.tokens[tokens.access_token].kind == "page"
    assert (tokens.expires_at, connected.ends_at) == (None, None)
    assert ("ig_user_id" in connected.account.ids) == (platform == "instagram")


async def test_x_trades_each_refresh_token_once(sign_in: SignIn, settings: Settings) -> None:
    await Person(sign_in, "x").connect()
    first = await stored(settings, "x")
    oauth = oauth_of(settings, "x")

    second = await oauth.refresh(first)

    assert second.refresh_token != first.refresh_token
    with pytest.raises(LoginNeededError, match="auth login x"):
        await oauth.refresh(first)


async def test_an_ordinary_app_of_linkedin_is_told_when_to_come_back(sign_in: SignIn) -> None:
    connected = await Person(sign_in, "linkedin").connect()

    assert connected.ends_at is not None
    assert (connected.ends_at - SystemClock().now()).days in {59, 60}


async def test_a_partners_app_of_linkedin_renews_itself(
    settings: Settings, sandbox: RunningSandbox
) -> None:
    partner = settings.model_copy(
        update={"linkedin_client_id": "firm-partner", "linkedin_client_secret": SecretStr("s")}
    )
    async with open_pellacia(partner) as pellacia, pellacia.sign_in() as sign_in:
        connected = await Person(sign_in, "linkedin").connect()

    tokens = await stored(settings, "linkedin")
    assert connected.ends_at is None
    assert (await oauth_of(partner, "linkedin").refresh(tokens)).access_token


# One of several accounts


@pytest.mark.parametrize("platform", ["facebook", "instagram"])
async def test_several_pages_without_a_choice_are_refused_with_the_list(
    sign_in: SignIn, pellacia: Pellacia, platform: str
) -> None:
    async with refused(pellacia, "speaks for 2 accounts. Say which with --as", BadInputError):
        await Person(sign_in, platform).connect(form={"page": ["one", "two"]})


@pytest.mark.parametrize("wanted", ["Sandbox TWO", "id"])
async def test_a_page_is_chosen_by_its_name_or_its_id(
    sign_in: SignIn, sandbox: RunningSandbox, wanted: str
) -> None:
    person = Person(sign_in, "facebook")
    await person.connect(form={"page": ["two"]})
    [two] = {one.ids["page_id"] for one in sandbox.world.accounts if one.address == "facebook:two"}

    chosen = await person.connect(
        form={"page": ["one", "two"]}, wanted=two if wanted == "id" else wanted
    )

    assert chosen.account.ids["page_id"] == two


async def test_a_page_that_there_is_not_is_refused_with_those_there_are(
    sign_in: SignIn, pellacia: Pellacia
) -> None:
    async with refused(pellacia, "No account is called 'three'. Choose from: ", BadInputError):
        await Person(sign_in, "facebook").connect(form={"page": ["one", "two"]}, wanted="three")


async def test_a_person_is_asked_which_page_and_pages_of_a_business_are_among_them(
    sign_in: SignIn,
) -> None:
    asked: list[str] = []

    async def choose(choices: Sequence[AccountChoice]) -> AccountChoice:
        asked.extend(one.name for one in choices)
        return choices[1]

    connected = await Person(sign_in, "facebook").connect(
        form={"page": ["one", "business shop"]}, choose=choose
    )

    assert asked == ["Sandbox one", "Sandbox business shop"]
    assert connected.account.name == "Sandbox business shop"


async def test_signing_in_again_takes_the_same_page_without_asking(sign_in: SignIn) -> None:
    person = Person(sign_in, "facebook")
    first = await person.connect(form={"page": ["two"]})

    again = await person.connect(form={"page": ["one", "two", "three"]})

    assert again.account == first.account
    assert again.before == ""


async def test_a_label_that_is_given_to_another_page_says_whose_it_was(sign_in: SignIn) -> None:
    person = Person(sign_in, "facebook")
    await person.connect(form={"page": ["one"]})

    assert (await person.connect(form={"page": ["two"]})).before == "Sandbox one"


@pytest.mark.parametrize("as_page", [False, True])
async def test_linkedin_is_connected_as_the_member_or_as_a_page(
    sign_in: SignIn, sandbox: RunningSandbox, as_page: bool
) -> None:
    person = Person(sign_in, "linkedin")
    await person.connect()
    [urn] = {
        one.ids["organization_urn"]
        for one in sandbox.world.accounts
        if one.address == "linkedin:default"
    }

    wanted = urn.rpartition(":")[2] if as_page else "member"
    connected = await person.connect(features=["pages"], wanted=wanted)

    assert connected.account.ids.get("organization_urn") == (urn if as_page else None)


async def test_the_first_account_is_what_the_platforms_name_means(
    sign_in: SignIn, pellacia: Pellacia
) -> None:
    person = Person(sign_in, "youtube")
    await person.connect("nina")
    await person.connect("bob")

    [meant] = await pellacia.accounts.named(["youtube"])

    assert meant.label == "nina"


async def test_a_platform_without_an_account_is_still_not_connected(
    sign_in: SignIn, pellacia: Pellacia
) -> None:
    await Person(sign_in, "youtube").connect("nina")

    with pytest.raises(NotConnectedError, match="auth login x"):
        await pellacia.accounts.named(["x"])


# Attacks


@EACH
async def test_a_wrong_state_is_refused(sign_in: SignIn, pellacia: Pellacia, platform: str) -> None:
    person = Person(sign_in, platform)
    request = person.begin()
    answer = changed(await person.decide(request), state="a stranger's ✗")

    async with refused(pellacia, "does not belong to this sign-in"):
        await person.paste(request, answer)


@EACH
async def test_a_replayed_code_is_refused(
    sign_in: SignIn, settings: Settings, platform: str
) -> None:
    person = Person(sign_in, platform)
    request = person.begin()
    oauth = oauth_of(settings, platform)
    code = oauth.code_of(await person.decide(request), request)
    await oauth.exchange(code, request)

    with pytest.raises(LoginNeededError, match=rf"\. Sign in again: .* auth login {platform}"):
        await oauth.exchange(code, request)


@EACH
async def test_an_answer_that_was_used_does_not_fit_the_next_sign_in(
    sign_in: SignIn, platform: str
) -> None:
    person = Person(sign_in, platform)
    first = person.begin()
    answer = await person.decide(first)
    await person.paste(first, answer)

    with pytest.raises(LoginNeededError, match="does not belong to this sign-in"):
        await person.paste(person.begin(), answer)


@pytest.mark.parametrize(
    ("platform", "other"),
    [("youtube", "tiktok"), ("x", "linkedin"), ("facebook", "instagram"), ("linkedin", "x")],
)
async def test_a_code_of_another_platform_is_refused(
    sign_in: SignIn, pellacia: Pellacia, platform: str, other: str
) -> None:
    person, stranger = Person(sign_in, platform), Person(sign_in, other)
    request, theirs = person.begin(), await stranger.decide(stranger.begin())
    code = parse_qs(urlsplit(theirs).query)["code"][0]
    answer = changed(await person.decide(request), code=code)

    async with refused(pellacia, f"Sign in again: pellacia-dist auth login {platform}"):
        await person.paste(request, answer)
    async with refused(pellacia, "not the address that the sign-in leads to"):
        await person.paste(request, theirs)


async def test_an_answer_of_another_issuer_is_refused(sign_in: SignIn, pellacia: Pellacia) -> None:
    person = Person(sign_in, "youtube")
    request = person.begin()
    answer = changed(await person.decide(request), iss="https://www.tiktok.com")

    async with refused(pellacia, "the answer comes from https://www.tiktok.com"):
        await person.paste(request, answer)


async def test_an_answer_with_two_codes_is_refused(sign_in: SignIn, pellacia: Pellacia) -> None:
    person = Person(sign_in, "youtube")
    request = person.begin()

    async with refused(pellacia, "says something twice"):
        await person.paste(request, await person.decide(request) + "&code=another")


@EACH
async def test_a_redirect_with_an_extra_path_is_refused(
    sign_in: SignIn, pellacia: Pellacia, platform: str
) -> None:
    person = Person(sign_in, platform)
    request = person.begin()
    answer = await person.decide(request)
    longer = answer.replace(f"/callback/{platform}?", f"/callback/{platform}/more?")

    async with refused(pellacia, "not the address that the sign-in leads to"):
        await person.paste(request, longer)


async def test_the_listener_turns_an_extra_path_away_and_goes_on_waiting(sign_in: SignIn) -> None:
    person = Person(sign_in, "youtube")
    async with sign_in.listen("youtube") as loopback:
        request = person.begin(loopback.address)
        answer = await person.decide(request)

        page = await show(answer.replace("/callback/youtube?", "/callback/youtube/more?"))
        await show(answer)

        assert page.status_code == 404
        assert "waits for its answer at /callback/youtube, not at" in page.text
        assert await loopback.answer() == answer


async def test_the_listener_takes_one_answer_and_is_closed(sign_in: SignIn) -> None:
    async with sign_in.listen("youtube") as loopback:
        page = await show(f"{loopback.address}?code=1&state=2")

        assert "You may close this window." in page.text
        assert page.headers["referrer-policy"] == "no-referrer"
        with pytest.raises(httpx.ConnectError):
            await show(f"{loopback.address}?code=evil&state=2")
        assert await loopback.answer() == f"{loopback.address}?code=1&state=2"


async def test_the_listener_is_on_loopback_alone_and_takes_gets_alone(sign_in: SignIn) -> None:
    async with sign_in.listen("x") as loopback, httpx.AsyncClient(trust_env=False) as stranger:
        sent = await stranger.post(f"{loopback.address}?code=1")

        assert urlsplit(loopback.address).hostname == "127.0.0.1"
        assert sent.status_code == 405


async def test_a_second_listener_on_the_port_is_refused_in_words(
    settings: Settings, sign_in: SignIn
) -> None:
    async with sign_in.listen("x") as first:
        port = urlsplit(first.address).port
        taken = settings.model_copy(update={"redirect_port": port})
        async with open_pellacia(taken) as other, other.sign_in() as second:
            words = f"Port {port} of this machine is taken .* PELLACIA_REDIRECT_PORT"
            with pytest.raises(SetupError, match=words):
                await second.listen("linkedin").__aenter__()


async def test_the_port_of_a_registered_address_is_the_one_of_the_settings(
    settings: Settings, sign_in: SignIn
) -> None:
    async with sign_in.listen("x") as free:
        port = urlsplit(free.address).port
    fixed = settings.model_copy(update={"redirect_port": port})

    async with (
        open_pellacia(fixed) as other,
        other.sign_in() as second,
        second.listen("x") as registered,
        second.listen("youtube") as any_port,
    ):
        assert registered.address == f"http://127.0.0.1:{port}/callback/x"
        assert urlsplit(any_port.address).port != port


@EACH
async def test_a_denied_consent_is_refused(
    sign_in: SignIn, pellacia: Pellacia, platform: str
) -> None:
    person = Person(sign_in, platform)
    request = person.begin()
    answer = await person.decide(request, decision="deny")

    async with refused(pellacia, "you did not agree, so nothing was connected. Sign in again"):
        await person.paste(request, answer)


@pytest.mark.parametrize(
    ("platform", "declined", "words"),
    [
        ("youtube", f"{GOOGLE}/youtube", "no video can be published"),
        ("tiktok", "video.publish", "no video can be published"),
        ("facebook", "pages_manage_posts", "no video can be published"),
        ("facebook", "pages_show_list", "your Pages cannot be found"),
        ("instagram", "instagram_content_publish", "no video can be published"),
        ("instagram", "instagram_basic", "your Instagram account cannot be found"),
    ],
)
async def test_a_needed_scope_that_was_unticked_is_named_with_what_it_is_for(
    sign_in: SignIn, pellacia: Pellacia, platform: str, declined: str, words: str
) -> None:
    kept = [scope.name for scope in SCOPES[platform] if scope.name != declined]

    async with refused(pellacia, f"without {declined} {words}"):
        await Person(sign_in, platform).connect(form={"scope": kept})


@pytest.mark.parametrize(
    ("platform", "declined", "words"),
    [
        ("youtube", f"{GOOGLE}/yt-analytics.readonly", "its figures cannot be fetched"),
        ("tiktok", "video.list", "its figures cannot be fetched"),
        ("facebook", "read_insights", "its figures cannot be fetched"),
        ("facebook", "business_management", "Pages of a business portfolio cannot be found"),
        ("instagram", "instagram_manage_insights", "its figures cannot be fetched"),
    ],
)
async def test_another_scope_that_was_unticked_is_named_and_the_rest_works(
    sign_in: SignIn, settings: Settings, platform: str, declined: str, words: str
) -> None:
    kept = [scope.name for scope in SCOPES[platform] if scope.name != declined]

    connected = await Person(sign_in, platform).connect(form={"scope": kept})

    [sentence] = connected.declined
    assert f"you did not allow {declined}, so {words}." in sentence
    assert declined not in (await stored(settings, platform)).scopes


def test_no_secret_of_a_sign_in_is_in_its_words(sign_in: SignIn) -> None:
    request = Person(sign_in, "youtube").begin()

    assert request.verifier not in repr(request)
    assert request.verifier not in request.url
