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
from collections.abc import Awaitable, Collection, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import SplitResult, parse_qs, urlencode, urlsplit

import httpx

from pellacia_service.clock import Clock
from pellacia_service.domain.json import Json
from pellacia_service.domain.tokens import Tokens
from pellacia_service.errors import LoginNeededError, TransientError
from pellacia_service.platform_kit.facts import Facts
from pellacia_service.platform_kit.scopes import Scope, scopes_for
from pellacia_service.platform_kit.trouble import list_at, value_at

with warnings.catch_warnings():
    # Authlib says at import that it would rather have httpx's successor, and insists on being heard.
    from authlib.deprecate import AuthlibDeprecationWarning

    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.common.urls import add_params_to_qs
    from authlib.integrations.base_client import OAuthError
    from authlib.integrations.httpx_client import AsyncOAuth2Client


NAMED_CLIENT = "named_client"
"""Our word, to Authlib, for a client id that goes by another name."""

NOTHING_KEPT = "nothing was connected"

DENIALS = frozenset({"access_denied", "user_cancelled_login", "user_cancelled_authorize"})
"""What the platforms call it when a person says no."""


@dataclass(frozen=True)
class SignInRequest:
    """One attempt to sign in: the page to open, what it asks for, and what its answer must carry."""

    url: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str
    scopes: tuple[Scope, ...]


@dataclass(frozen=True)
class OAuth:
    """
    One OAuth app of ours on one platform.

    Args:
        sandbox_url: where the sandbox listens; empty for the real platform.
    """

    facts: Facts
    client_id: str
    client_secret: str = field(repr=False)
    clock: Clock
    sandbox_url: str = ""

    def begin(
        self,
        redirect_uri: str,
        *,
        features: Collection[str] = (),
        extra: Mapping[str, str] | None = None,
    ) -> SignInRequest:
        """
        Make the address of the consent page, with a fresh state and PKCE challenge.

        Args:
            features: what the person wants to use; see `scopes_for`.
        """
        sign_in = self.facts.sign_in
        scopes = scopes_for(self.facts.name, features)
        state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        query = {
            sign_in.client_id_name: self.client_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": sign_in.separator.join(scope.name for scope in scopes),
            "state": state,
            "code_challenge": self._challenge(verifier),
            "code_challenge_method": "S256",
            **sign_in.extra,
            **(extra or {}),
        }
        url = f"{self._address(sign_in.authorize_url)}?{urlencode(query)}"
        return SignInRequest(url, state, verifier, redirect_uri, scopes)

    def code_of(self, answer_url: str, request: SignInRequest) -> str:
        """
        Read the code out of the address the browser was sent back to.

        Raises:
            LoginNeededError: consent was denied, or the answer belongs to another request.
        """
        parts = urlsplit(answer_url.strip())
        if f"{parts.scheme}://{parts.netloc}{parts.path}" != request.redirect_uri:
            raise self._refused(
                "this is not the address that the sign-in leads to. It begins with "
                f"{request.redirect_uri} and ends behind the next question mark"
            )
        query = parse_qs(parts.query)
        if any(len(values) > 1 for values in query.values()):
            raise self._refused("the answer says something twice, so it was not believed")
        said = {key: values[0] for key, values in query.items()}
        # As bytes: compare_digest takes no text beyond ASCII, and this text is a stranger's.
        if not secrets.compare_digest(said.get("state", "").encode(), request.state.encode()):
            raise self._refused("the answer does not belong to this sign-in (its state differs)")
        if "iss" in said and not self._is_issuer(urlsplit(said["iss"])):
            raise self._refused(f"the answer comes from {said['iss']}, so it was not believed")
        if said.get("error") in DENIALS:
            raise self._refused("you did not agree, so nothing was connected")
        if "error" in said:
            reason = said.get("error_description") or said["error"]
            raise self._refused(f"the sign-in was not completed: {reason.rstrip('.')}")
        if "code" not in said:
            raise self._refused("the answer carries no code")
        return said["code"].removesuffix("#_")

    def declined(self, request: SignInRequest, tokens: Tokens) -> tuple[str, ...]:
        """
        Say what will not work because the person did not allow it, each a sentence.

        Raises:
            LoginNeededError: without it nothing works at all.
        """
        missing = [scope for scope in request.scopes if scope.name not in tokens.scopes]
        needed = [scope for scope in missing if scope.needed]
        if needed:
            said = "; ".join(f"without {one.name} {one.without}" for one in needed)
            raise self._refused(f"you did not allow all that is needed, so {NOTHING_KEPT}: {said}")
        return tuple(
            f"{self.facts.title}: you did not allow {one.name}, so {one.without}."
            for one in missing
        )

    def _is_issuer(self, issuer: SplitResult) -> bool:
        """True for an issuer at home where the consent page is: x.com, www.facebook.com (RFC 9207)."""
        own = urlsplit(self.facts.sign_in.authorize_url).hostname or ""
        return issuer.scheme == "https" and _domain(issuer.hostname or "") == _domain(own)

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
            tokens = self._read(answer)
            if grant:
                tokens = self._read(await self._exchanged(client, tokens))
            if self.facts.sign_in.permissions_url:
                granted = await self._permissions(client, tokens)
            elif "scope" in answer:
                granted = tokens.scopes
            else:
                # RFC 6749, 5.1: an answer that names no scope grants what was asked for.
                granted = tuple(scope.name for scope in request.scopes)
        return replace(tokens, scopes=granted)

    async def _exchanged(self, client: AsyncOAuth2Client, tokens: Tokens) -> Mapping[str, Json]:
        """Trade an access token for a long-lived one, where a platform does that."""
        grant = self.facts.sign_in.long_lived_grant
        return await self._asked(
            client.fetch_token(
                self._address(self.facts.sign_in.token_url),
                grant_type=grant,
                body=urlencode({grant: tokens.access_token}),
            )
        )

    async def _permissions(self, client: AsyncOAuth2Client, tokens: Tokens) -> tuple[str, ...]:
        """Ask what was granted, where the token's answer does not say (User, "permissions")."""
        url = self._address(self.facts.sign_in.permissions_url)
        bearer = {"Authorization": f"Bearer {tokens.access_token}"}
        try:
            answer = await client.request("GET", url, headers=bearer, withhold_token=True)
            body = answer.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise self._no_answer(error) from error
        rows = list_at(body, "data")
        granted = (row for row in rows if value_at(row, "status") == "granted")
        return tuple(name for row in granted if (name := value_at(row, "permission")))

    async def refresh(self, tokens: Tokens) -> Tokens:
        """
        Buy the next access token. The answer must be stored before it is used.

        Raises:
            LoginNeededError: refused; `code` is the platform's word for why.
            TransientError: nobody can tell whether a new token was handed out.
        """
        async with self._client() as client:
            client.token = {"access_token": tokens.access_token}
            if not tokens.refresh_token:
                return tokens.renewed(self._read(await self._exchanged(client, tokens)))
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
            raise self._refused(_said_by(error), code=_code_of(error)) from error
        except (httpx.HTTPError, ValueError) as error:
            raise self._no_answer(error) from error

    def _read(self, answer: Mapping[str, Json]) -> Tokens:
        """
        Read a token answer. A missing expires_in is a token that does not end.

        Raises:
            TransientError: there is no token in it, and no error either: a gateway's words.
        """
        if not answer.get("access_token"):
            raise self._no_answer(ValueError())
        now = self.clock.now()
        # Google and LinkedIn say the first, TikTok the second.
        left = answer.get("refresh_token_expires_in") or answer.get("refresh_expires_in")
        granted = str(answer.get("scope") or "")
        return Tokens(
            access_token=str(answer["access_token"]),
            refresh_token=str(answer.get("refresh_token") or ""),
            expires_at=_after(now, answer.get("expires_in")),
            scopes=tuple(granted.replace(",", " ").split()),
            refresh_ends_at=_after(now, left),
            issued_at=now,
            signed_in_at=now,
        )

    def _challenge(self, verifier: str) -> str:
        """Return the S256 challenge; TikTok wants it in hex (login kit for desktop, read 2026-11-22)."""
        digest = hashlib.sha256(verifier.encode())
        if self.facts.sign_in.hex_challenge:
            return digest.hexdigest()
        return base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()

    def _address(self, url: str) -> str:
        return f"{self.sandbox_url}/{url.removeprefix('https://')}" if self.sandbox_url else url

    def _refused(self, what: str, code: str = "sign_in") -> LoginNeededError:
        name = self.facts.name
        return LoginNeededError(
            f"{self.facts.title}: {what}. Sign in again: pellacia-dist auth login {name}",
            platform=name,
            code=code,
            not_done=True,
        )

    def _no_answer(self, error: Exception) -> TransientError:
        return TransientError(
            f"No answer from {self.facts.title}'s sign-in. Check the network and try again.",
            platform=self.facts.name,
            code=type(error).__name__,
        )


def _after(now: dt.datetime, seconds: Json) -> dt.datetime | None:
    return now + dt.timedelta(seconds=float(str(seconds))) if seconds else None


def _code_of(error: OAuthError) -> str:
    """Return a refusal's code. Meta's `error` is an object with the code in it."""
    code = value_at(error.error, "code") if isinstance(error.error, dict) else error.error
    return str(code or "sign_in")


def _said_by(error: OAuthError) -> str:
    """Return a refusal's sentence. Meta's `error` is an object with the sentence in it."""
    said = error.description or error.error
    if isinstance(said, dict):
        said = value_at(said, "message")
    return str(said or "the sign-in was refused").strip().rstrip(".")


def _domain(host: str) -> str:
    """Return the last two words of a host's name: www.facebook.com is facebook.com."""
    return ".".join(host.split(".")[-2:])
