"""
Gives tokens back, so that nobody can use them any more (RFC 7009, read 2026-11-22).

Source, per platform: Google's OAuth guide for installed apps, TikTok's user access token
management, X's OAuth 2.0 token page, all read 2026-11-22. LinkedIn's call is not in its guide; it is
the standard's. Meta ends a Page's token only where a person removes the app.
"""

import base64
from dataclasses import dataclass, field

import httpx

from pellacia_service.domain.tokens import Tokens
from pellacia_service.errors import TransientError
from pellacia_service.platform_kit.facts import Facts

DEAD = frozenset({"invalid_token", "invalid_grant", "access_token_invalid"})
"""What a platform says of a token that had ended before."""

SECONDS = 30.0


@dataclass(frozen=True)
class Revoker:
    """
    Gives tokens of one platform back.

    Args:
        sandbox_url: where the sandbox listens; empty for the real platform.
    """

    facts: Facts
    client_id: str
    client_secret: str = field(repr=False)
    http: httpx.AsyncClient
    sandbox_url: str = ""

    async def revoke(self, tokens: Tokens) -> None:
        """
        Give both tokens back: on most platforms one ends the other, on some it does not.

        Raises:
            TransientError: it cannot be told that they have ended.
        """
        for token in (tokens.access_token, tokens.refresh_token):
            if token:
                await self._revoke(token)

    async def _revoke(self, token: str) -> None:
        form, headers = {"token": token}, {}
        if self.facts.sign_in.token_auth == "client_secret_basic":
            proof = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
            headers["Authorization"] = f"Basic {proof}"
        else:
            form["client_secret"] = self.client_secret
        form[self.facts.sign_in.client_id_name] = self.client_id
        try:
            answer = await self.http.post(
                self._address(), data=form, headers=headers, timeout=SECONDS
            )
        except httpx.HTTPError as error:
            raise self._not_known(type(error).__name__) from error
        said = _error_of(answer)
        if said in DEAD or (answer.is_success and not said):
            return
        raise self._not_known(said or str(answer.status_code))

    def _address(self) -> str:
        url = self.facts.sign_in.revoke_url
        return f"{self.sandbox_url}/{url.removeprefix('https://')}" if self.sandbox_url else url

    def _not_known(self, code: str) -> TransientError:
        return TransientError(
            f"{self.facts.title} did not take the sign-in back ({code}).",
            platform=self.facts.name,
            code=code,
        )


def _error_of(answer: httpx.Response) -> str:
    """Return the answer's own word for an error; TikTok sends it with status 200."""
    try:
        body = answer.json()
    except ValueError:
        return ""
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        error = error.get("code")
    return str(error) if error and error != "ok" else ""
