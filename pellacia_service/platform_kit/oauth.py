"""
Signing in: authorization code with PKCE, fed by a platform's facts.

The protocol is Authlib's; what differs from platform to platform stands in `Facts.sign_in`.
Videos never travel through this client: it holds whole bodies in memory.
"""

import base64
import datetime as dt
import hashlib
import secrets
import warnings
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from pellacia_service.clock import Clock
from pellacia_service.domain.json import Json
from pellacia_service.domain.tokens import Tokens
from pellacia_service.errors import LoginNeededError, TransientError
from pellacia_service.platform_kit.facts import Facts

with warnings.catch_warnings():
    # Authlib says at import that it would rather have httpx's successor, and insists on being heard.
    from authlib.deprecate import AuthlibDeprecationWarning

    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.common.urls import add_params_to_qs
    from authlib.integrations.base_client import OAuthError
    from authlib.integrations.httpx_client import AsyncOAuth2Client


NAMED_CLIENT = "named_client"
"""Our word, to Authlib, for a client id that goes by another name."""


@dataclass(frozen=True)
class SignInRequest:
    """One attempt to sign in: the page to open, and what its answer must carry."""

    url: str
    state: str
    verifier: str
    redirect_uri: str


@dataclass(frozen=True)
class OAuth:
    """
    One OAuth app of ours on one platform.

    Args:
        sandbox_url: where the sandbox listens; empty for the real platform.
    """

    facts: Facts
    client_id: str
    client_secret: str
    clock: Clock
    sandbox_url: str = ""

    def begin(self, redirect_uri: str, *, extra: Mapping[str, str] | None = None) -> SignInRequest:
        """Make the address of the consent page, with a fresh state and PKCE challenge."""
        sign_in = self.facts.sign_in
        state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        query = {
            sign_in.client_id_name: self.client_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": sign_in.separator.join(sign_in.scopes),
            "state": state,
            "code_challenge": self._challenge(verifier),
            "code_challenge_method": "S256",
            **sign_in.extra,
            **(extra or {}),
        }
        url = f"{self._address(sign_in.authorize_url)}?{urlencode(query)}"
        return SignInRequest(url, state, verifier, redirect_uri)

    def code_of(self, answer_url: str, request: SignInRequest) -> str:
        """
        Read the code out of the address the browser was sent back to.

        Raises:
            LoginNeededError: consent was denied, or the answer belongs to another request.
        """
        query = {key: values[0] for key, values in parse_qs(urlsplit(answer_url).query).items()}
        if not secrets.compare_digest(query.get("state", ""), request.state):
            raise self._refused("the answer does not belong to this sign-in. Start it again.")
        if "error" in query:
            said = query.get("error_description") or query["error"]
            raise self._refused(f"the sign-in was not completed: {said}.")
        if "code" not in query:
            raise self._refused("the answer carries no code. Start the sign-in again.")
        return query["code"].removesuffix("#_")

    async def exchange(self, code: str, request: SignInRequest) -> Tokens:
        """Buy the tokens for a code. A code can be used once."""
        grant = self.facts.sign_in.long_lived_grant
        async with self._client() as client:
            answer = await self._asked(
                client.fetch_token(
                    self._address(self.facts.sign_in.token_url),
                    grant_type="authorization_code",
                    code=code,
                    redirect_uri=request.redirect_uri,
                    code_verifier=request.verifier,
                )
            )
            if grant:
                answer = await self._asked(
                    client.fetch_token(
                        self._address(self.facts.sign_in.token_url),
                        grant_type=grant,
                        body=urlencode({grant: answer["access_token"]}),
                    )
                )
        return self._read(answer)

    async def refresh(self, tokens: Tokens) -> Tokens:
        """Buy the next access token. The answer must be stored before it is used."""
        async with self._client() as client:
            client.token = {"access_token": tokens.access_token}
            answer = await self._asked(
                client.refresh_token(
                    self._address(self.facts.sign_in.token_url),
                    refresh_token=tokens.refresh_token,
                )
            )
        return tokens.renewed(self._read(answer))

    def _client(self) -> AsyncOAuth2Client:
        sign_in = self.facts.sign_in
        by_another_name = sign_in.client_id_name != "client_id"
        client = AsyncOAuth2Client(
            client_id=self.client_id,
            client_secret=self.client_secret,
            token_endpoint_auth_method=NAMED_CLIENT if by_another_name else sign_in.token_auth,
            trust_env=not self.sandbox_url,
        )
        client.register_client_auth_method((NAMED_CLIENT, self._name_the_client))
        return client

    def _name_the_client(
        self, client: object, method: str, uri: str, headers: httpx.Headers, body: bytes
    ) -> tuple[str, httpx.Headers, str]:
        """Put the client's id into the body under this platform's own name for it."""
        proof = [
            (self.facts.sign_in.client_id_name, self.client_id),
            ("client_secret", self.client_secret),
        ]
        return uri, headers, add_params_to_qs(body.decode(), proof)

    async def _asked(self, call: Awaitable[Mapping[str, Json]]) -> Mapping[str, Json]:
        """Await the token endpoint's answer; its errors become ours."""
        try:
            return await call
        except OAuthError as error:
            raise self._refused(f"{error.description or error.error}") from error
        except httpx.HTTPError as error:
            raise TransientError(
                f"No answer from {self.facts.title}'s sign-in. Check the network and try again.",
                platform=self.facts.name,
                code=type(error).__name__,
            ) from error

    def _read(self, answer: Mapping[str, Json]) -> Tokens:
        """Read a token answer. A missing expires_in is a token that does not end."""
        seconds = answer.get("expires_in")
        granted = str(answer.get("scope") or "")
        return Tokens(
            access_token=str(answer["access_token"]),
            refresh_token=str(answer.get("refresh_token") or ""),
            expires_at=self.clock.now() + dt.timedelta(seconds=float(str(seconds)))
            if seconds
            else None,
            scopes=tuple(granted.replace(",", " ").split()) or self.facts.sign_in.scopes,
        )

    def _challenge(self, verifier: str) -> str:
        """Return the S256 challenge; TikTok wants it in hex (login kit for desktop, read 2026-11-22)."""
        digest = hashlib.sha256(verifier.encode())
        if self.facts.sign_in.hex_challenge:
            return digest.hexdigest()
        return base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()

    def _address(self, url: str) -> str:
        return f"{self.sandbox_url}/{url.removeprefix('https://')}" if self.sandbox_url else url

    def _refused(self, what: str) -> LoginNeededError:
        return LoginNeededError(
            f"{self.facts.title}: {what}", platform=self.facts.name, code="sign_in", not_done=True
        )
