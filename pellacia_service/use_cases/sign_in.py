"""Connecting an account: from the consent page to sealed tokens and a name."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace

import httpx

from pellacia_service.clock import Clock
from pellacia_service.domain.account import DEFAULT_LABEL, Account
from pellacia_service.errors import BadInputError, SetupError
from pellacia_service.platform_kit.facts import Facts
from pellacia_service.platform_kit.http import Api
from pellacia_service.platform_kit.oauth import OAuth, SignInRequest
from pellacia_service.platform_kit.protocol import Platform
from pellacia_service.repositories.session import Database
from pellacia_service.vault import Vault

REDIRECT = "http://127.0.0.1:8765/callback/{platform}"
"""One redirect path for each platform, so that an answer can never be taken for another's."""


class SignIn:
    """Connects accounts."""

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
    ) -> None:
        self._database = database
        self._vault = vault
        self._platforms = platforms
        self._oauth = oauth
        self._http = http
        self._clock = clock
        self._sandbox_url = sandbox_url

    def begin(self, platform: str, label: str = DEFAULT_LABEL) -> SignInRequest:
        """
        Make the address of the consent page.

        Raises:
            SetupError: no OAuth app is set up for this platform.
        """
        oauth = self._oauth(self._platforms[platform].facts)
        if not oauth.client_id:
            raise SetupError(
                f"No OAuth app is set up for {oauth.facts.title}. Put its id and secret into "
                f"PELLACIA_{platform.upper()}_CLIENT_ID and PELLACIA_{platform.upper()}_CLIENT_SECRET, "
                "or try everything in the sandbox: pellacia-dist demo"
            )
        extra = {"login_hint": label} if self._sandbox_url else {}
        return oauth.begin(REDIRECT.format(platform=platform), extra=extra)

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
        self, platform: str, label: str, request: SignInRequest, answer_url: str
    ) -> Account:
        """
        Buy the tokens, ask whose they are, and keep both.

        Args:
            answer_url: the address that the browser was sent back to.
        """
        protocol = self._platforms[platform]
        oauth = self._oauth(protocol.facts)
        tokens = await oauth.exchange(oauth.code_of(answer_url, request), request)
        account = Account(id=uuid.uuid4(), platform=platform, label=label)
        identity = await protocol.who(
            Api(
                http=self._http,
                facts=protocol.facts,
                account=account,
                token=tokens.access_token,
                clock=self._clock,
                sandbox_url=self._sandbox_url,
            )
        )
        if identity.token:
            # A Page's token does not end and is not renewed (long-lived tokens, read 2026-11-22).
            tokens = replace(tokens, access_token=identity.token, expires_at=None)
        now = self._clock.now()
        account = replace(account, name=identity.name, ids=identity.ids)
        async with self._database.write() as tx:
            account = await tx.accounts.add_or_update(account, now=now)
            await tx.credentials.put(account, self._vault.seal(tokens), updated_at=now)
        return account
