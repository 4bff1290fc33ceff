"""Connecting an account: from the consent page to sealed tokens and a name."""

import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial

import httpx

from pellacia_service.clock import Clock
from pellacia_service.domain.account import DEFAULT_LABEL, Account, AccountChoice, SignedIn
from pellacia_service.domain.credential import Purpose
from pellacia_service.domain.tokens import Tokens
from pellacia_service.errors import BadInputError, NotFoundError, SetupError
from pellacia_service.loopback import HOST, Loopback, listening
from pellacia_service.platform_kit.facts import Facts
from pellacia_service.platform_kit.http import Api
from pellacia_service.platform_kit.lives import outlook
from pellacia_service.platform_kit.oauth import OAuth, SignInRequest
from pellacia_service.platform_kit.protocol import Identity, Platform
from pellacia_service.publishing.uses import use_of
from pellacia_service.repositories.session import Database
from pellacia_service.vault import Vault

REDIRECT_PATH = "/callback/{platform}"
"""One redirect path for each platform, so that an answer can never be taken for another's."""

Choose = Callable[[Sequence[AccountChoice]], Awaitable[AccountChoice]]
"""Asks a person which of several accounts is meant."""


class SignIn:
    """
    Connects accounts.

    Args:
        redirect_port: where answers arrive on platforms that want the address registered; 0 takes a
            free one.
    """

    def __init__(
        self,
        *,
        database: Database,
        vault: Vault,
        platforms: Mapping[str, Platform],
        oauth: Callable[[Facts], OAuth],
        http: httpx.AsyncClient,
        clock: Clock,
        sandbox_url: str,
        redirect_port: int,
    ) -> None:
        self._database = database
        self._vault = vault
        self._platforms = platforms
        self._oauth = oauth
        self._http = http
        self._clock = clock
        self._sandbox_url = sandbox_url
        self._redirect_port = redirect_port

    def listen(self, platform: str) -> AbstractAsyncContextManager[Loopback]:
        """
        Listen for the browser's answer; closed after one.

        Raises:
            SetupError: the port is taken.
        """
        any_port = self._platforms[platform].facts.sign_in.any_port
        port = 0 if any_port else self._redirect_port
        return listening(port, REDIRECT_PATH.format(platform=platform))

    def begin(
        self,
        platform: str,
        label: str = DEFAULT_LABEL,
        *,
        features: Collection[str] = (),
        redirect_uri: str = "",
    ) -> SignInRequest:
        """
        Make the address of the consent page.

        Args:
            features: what the person wants to use beside publishing; empty: what is usual.
            redirect_uri: where somebody listens; empty where the answer will be pasted.

        Raises:
            SetupError: no OAuth app is set up for this platform.
            BadInputError: the platform has no such feature.
        """
        oauth = self._oauth(self._platforms[platform].facts)
        if not oauth.client_id:
            raise SetupError(
                f"No OAuth app is set up for {oauth.facts.title}. Put its id and secret into "
                f"PELLACIA_{platform.upper()}_CLIENT_ID and PELLACIA_{platform.upper()}_CLIENT_SECRET, "
                "or try everything in the sandbox: pellacia-dist demo"
            )
        path = REDIRECT_PATH.format(platform=platform)
        return oauth.begin(
            redirect_uri or f"http://{HOST}:{self._redirect_port}{path}",
            features=features,
            extra={"login_hint": label} if self._sandbox_url else {},
        )

    async def approve_in_sandbox(self, request: SignInRequest) -> str:
        """
        Play the browser and the person: approve, and return the address that follows.

        Raises:
            BadInputError: there is no sandbox; a real consent page needs a real person.
            SetupError: it does not answer.
        """
        if not self._sandbox_url:
            raise BadInputError("--yes works in the sandbox only: set PELLACIA_SANDBOX_URL.")
        try:
            answer = await self._http.get(request.url, headers={"X-Sandbox-Approve": "yes"})
        except httpx.HTTPError as error:
            raise SetupError(
                f"No sandbox answers at {self._sandbox_url}. Start one: pellacia-dist sandbox"
            ) from error
        return str(answer.headers.get("Location", ""))

    async def complete(
        self,
        platform: str,
        label: str,
        request: SignInRequest,
        answer_url: str,
        *,
        wanted: str = "",
        choose: Choose | None = None,
    ) -> SignedIn:
        """
        Buy the tokens, ask whose they are, and keep both.

        Args:
            answer_url: the address that the browser was sent back to.
            wanted: name or id of one of several accounts that the sign-in speaks for.
            choose: asks for it, where neither `wanted` nor an earlier sign-in says.

        Raises:
            BadInputError: it speaks for several accounts, and nobody says which; lists them.
            LoginNeededError: the answer cannot be used, or too little was allowed.
        """
        oauth = self._oauth(self._platforms[platform].facts)
        tokens = await oauth.exchange(oauth.code_of(answer_url, request), request)
        declined = oauth.declined(request, tokens)
        before = await self._before(platform, label)
        speaker = await self._who(platform, label, tokens)
        identity = await _chosen(speaker, before, label, wanted, choose)
        if identity.token:
            # A Page's token does not end and is not renewed (long-lived tokens, read 2026-11-22).
            tokens = replace(tokens, access_token=identity.token, expires_at=None)
        account = Account(uuid.uuid4(), platform, label, identity.name, identity.ids)
        now = self._clock.now()
        async with self._database.write() as tx:
            account = await tx.accounts.add_or_update(account, now=now)
            await tx.credentials.put(
                account,
                partial(self._vault.seal, tokens, account),
                updated_at=now,
                outlook=outlook(platform, tokens),
            )
            await tx.credential_uses.note(use_of(account, Purpose.SIGN_IN, now))
        return SignedIn(
            account=account,
            declined=declined,
            ends_at=None if tokens.refresh_token else tokens.expires_at,
            before=before.name if before and not _is_same(identity, before) else "",
        )

    async def _who(self, platform: str, label: str, tokens: Tokens) -> Identity:
        protocol = self._platforms[platform]
        return await protocol.who(
            Api(
                http=self._http,
                facts=protocol.facts,
                account=Account(id=uuid.uuid4(), platform=platform, label=label),
                token=tokens.access_token,
                clock=self._clock,
                sandbox_url=self._sandbox_url,
            )
        )

    async def _before(self, platform: str, label: str) -> Account | None:
        """Return the account that has this label already."""
        try:
            async with self._database.read() as tx:
                return await tx.accounts.find(platform, label)
        except NotFoundError:
            return None


async def _chosen(
    speaker: Identity, before: Account | None, label: str, wanted: str, choose: Choose | None
) -> Identity:
    """Return the account that is meant: named, or alone, or the same as before, or asked for."""
    offered = [speaker, *speaker.others]
    if wanted:
        named = [one for one in offered if wanted.casefold() in _names(one)]
        if len(named) == 1:
            return named[0]
        what = "Several accounts are" if named else "No account is"
        raise BadInputError(f"{what} called {wanted!r}. {_listed(offered)}")
    same = [one for one in offered if before is not None and _is_same(one, before)]
    labelled = [one for one in offered if label.casefold() in _names(one)]
    for few in (offered, same, labelled):
        if len(few) == 1:
            return few[0]
    if choose is None:
        raise BadInputError(
            f"This sign-in speaks for {len(offered)} accounts. Say which with --as. {_listed(offered)}"
        )
    choice = await choose([AccountChoice(one.key, one.name) for one in offered])
    return next(one for one in offered if one.key == choice.id)


def _names(identity: Identity) -> set[str]:
    name = identity.name.casefold()
    return {name, name.removeprefix("@"), identity.key.casefold()} - {""}


def _is_same(identity: Identity, account: Account) -> bool:
    return dict(identity.ids) == dict(account.ids)


def _listed(offered: Sequence[Identity]) -> str:
    return (
        "Choose from: "
        + ", ".join(f"{one.key} ({one.name})" if one.key else one.name for one in offered)
        + "."
    )
