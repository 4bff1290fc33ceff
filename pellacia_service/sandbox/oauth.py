"""Signing in: the page that asks, the code, and the tokens it is traded for, on all platforms."""

import base64
import binascii
import datetime as dt
import hashlib
import html
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from pellacia_service.sandbox.accounts import (
    ACCOUNT_KINDS,
    find_or_make_account,
    issue_access_token,
    issue_refresh_token,
)
from pellacia_service.sandbox.oauth_kinds import KINDS, META, Granted, Mistake, SignInKind
from pellacia_service.sandbox.world import Refusal, SandboxAccount, Token, World

APPROVE_PARAMETER, APPROVE_HEADER = "auto_approve", "x-sandbox-approve"
META_SHORT_SECONDS = 3600

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Sandbox sign-in</title>
<h1>Sandbox: sign in to {platform}</h1>
<p>{client} asks for: {scopes}. The account is called {label}.</p>
<p><a href="{approve}">Approve</a> <a href="{deny}">Deny</a></p></html>
"""


@dataclass
class Code:
    """What a person has agreed to, waiting to be traded in. Good once."""

    account: SandboxAccount
    scopes: frozenset[str]
    redirect_uri: str
    challenge: str
    method: str
    expires_at: dt.datetime


def routes(world: World) -> list[Route]:
    """Return the sign-in calls of all platforms."""
    listed: list[Route] = []
    for kind in KINDS:
        door = Door(world, kind)
        listed += [Route(path, door.authorize, methods=["GET"]) for path in kind.authorize]
        listed += [Route(path, door.token, methods=["GET", "POST"]) for path in kind.token]
        listed += [Route(path, door.revoke, methods=["POST"]) for path in kind.revoke]
    return listed


class Door:
    """The sign-in of one platform."""

    def __init__(self, world: World, kind: SignInKind) -> None:
        self._world = world
        self._kind = kind
        self._codes: dict[str, Code] = {}
        world.on_reset(self._codes.clear)

    async def authorize(self, request: Request) -> Response:
        """Show the page that asks, or go straight back with a code where approval is automatic."""
        query = request.query_params
        self._check(query)
        approved = query.get(APPROVE_PARAMETER) == "1"
        if not approved and request.headers.get(APPROVE_HEADER, "").lower() != "yes":
            return HTMLResponse(self._page(query))
        scopes = self._scopes(query)
        label = query.get("login_hint") or "default"
        account = find_or_make_account(self._world, self._platform(scopes), label)
        value = self._world.word(40)
        life = dt.timedelta(seconds=self._kind.code_seconds)
        self._codes[value] = Code(
            account=account,
            scopes=scopes,
            redirect_uri=query["redirect_uri"],
            challenge=query.get("code_challenge", ""),
            method=query.get("code_challenge_method", "plain"),
            expires_at=self._world.clock.now() + life,
        )
        granted = self._kind.separator.join(sorted(scopes))
        return _back(query, {"code": value, self._kind.scopes_name: granted})

    async def token(self, request: Request) -> Response:
        """Trade a code, a refresh token or a short token for an access token."""
        given = await _given(request)
        self._check_client(given)
        match given.get("grant_type", "authorization_code"):
            case "authorization_code":
                granted = self._trade_code(given)
            case "refresh_token" if self._kind is not META:
                granted = self._trade_refresh_token(given)
            case "fb_exchange_token" if self._kind is META:
                granted = self._trade_short_token(given)
            case _:
                raise self._kind.error(Mistake.GRANT_TYPE)
        return JSONResponse(self._kind.answer(granted), headers={"Cache-Control": "no-store"})

    async def revoke(self, request: Request) -> Response:
        """End a token, and the refresh tokens of the account whose it is."""
        value = (await _given(request)).get("token", "")
        token = self._world.tokens.get(value) or self._world.refresh_tokens.get(value)
        if token is None or token.account.platform != self._kind.platform:
            body = {"error": "invalid_token", "error_description": "Token expired or revoked"}
            raise Refusal(400, body)
        for access in self._world.tokens.values():
            access.revoked = access.revoked or access.account is token.account
        self._retire_refresh_tokens(token.account)
        return Response(status_code=200)

    def _check(self, query: Mapping[str, str]) -> None:
        needed = [self._kind.client_id_name, "redirect_uri"]
        needed += ["state", "code_challenge"] if self._kind.needs_challenge else []
        missing = [name for name in needed if not query.get(name)]
        if missing:
            raise Refusal(400, f"Missing required parameter: {', '.join(missing)}")
        if query.get("response_type") != "code":
            raise Refusal(400, "Invalid response_type: only code is supported")
        if urlsplit(query["redirect_uri"]).scheme not in {"http", "https"}:
            raise Refusal(400, "Invalid parameter value for redirect_uri")

    def _scopes(self, query: Mapping[str, str]) -> frozenset[str]:
        return frozenset(query.get("scope", "").replace(",", " ").split())

    def _platform(self, scopes: frozenset[str]) -> str:
        if self._kind is META and any(scope.startswith("instagram_") for scope in scopes):
            return "instagram"
        return self._kind.platform

    def _page(self, query: Mapping[str, str]) -> str:
        scopes = self._scopes(query)
        return PAGE.format(
            platform=self._platform(scopes),
            client=html.escape(query[self._kind.client_id_name]),
            scopes=html.escape(", ".join(sorted(scopes))),
            label=html.escape(query.get("login_hint") or "default"),
            approve=html.escape("?" + urlencode({**query, APPROVE_PARAMETER: "1"})),
            deny=html.escape(_back_url(query, {"error": self._kind.denied})),
        )

    def _check_client(self, given: Mapping[str, str]) -> None:
        has_id = bool(given.get(self._kind.client_id_name))
        has_secret = bool(given.get("client_secret"))
        if not has_id or (self._kind.needs_secret and not has_secret):
            raise self._kind.error(Mistake.CLIENT)

    def _trade_code(self, given: Mapping[str, str]) -> Granted:
        code = self._codes.pop(given.get("code", ""), None)
        if code is None or code.expires_at <= self._world.clock.now():
            raise self._kind.error(Mistake.CODE)
        if code.redirect_uri != given.get("redirect_uri"):
            raise self._kind.error(Mistake.REDIRECT)
        if code.challenge and not self._fits(code, given.get("code_verifier", "")):
            raise self._kind.error(Mistake.VERIFIER)
        refresh = None
        if not self._kind.refresh_scope or self._kind.refresh_scope in code.scopes:
            refresh = issue_refresh_token(self._world, code.account, code.scopes)
        value = refresh.value if refresh else ""
        return self._grant(self._access_token(code.account, code.scopes), refresh_token=value)

    def _trade_refresh_token(self, given: Mapping[str, str]) -> Granted:
        old = self._world.refresh_tokens.get(given.get("refresh_token", ""))
        if old is None or old.account.platform != self._kind.platform:
            raise self._kind.error(Mistake.REFRESH)
        if old.retired or old.expires_at <= self._world.clock.now():
            if self._kind.rotates:
                # Whoever shows a token that was traded in before may have stolen it.
                self._retire_refresh_tokens(old.account)
            raise self._kind.error(Mistake.REFRESH)
        value = ""
        if self._kind.rotates:
            old.retired = True
            new = issue_refresh_token(self._world, old.account, old.scopes)
            value = new.value if new else ""
        return self._grant(self._access_token(old.account, old.scopes), refresh_token=value)

    def _trade_short_token(self, given: Mapping[str, str]) -> Granted:
        value = given.get("fb_exchange_token", "")
        for platform in ("facebook", "instagram"):
            short = self._world.token(value, platform)
            if short is not None:
                return self._grant(issue_access_token(self._world, short.account, short.scopes))
        raise self._kind.error(Mistake.REFRESH)

    def _access_token(self, account: SandboxAccount, scopes: frozenset[str]) -> Token:
        if self._kind is not META:
            return issue_access_token(self._world, account, scopes)
        prefix = ACCOUNT_KINDS[account.platform].access_prefix
        return self._world.issue_token(
            account, scopes=scopes, seconds=META_SHORT_SECONDS, prefix=prefix
        )

    def _grant(self, token: Token, *, refresh_token: str = "") -> Granted:
        left = token.expires_at - self._world.clock.now()
        return Granted(
            account=token.account,
            access_token=token.value,
            expires_in=round(left.total_seconds()),
            scopes=token.scopes,
            refresh_token=refresh_token,
            refresh_expires_in=int(ACCOUNT_KINDS[token.account.platform].refresh_seconds),
        )

    def _fits(self, code: Code, verifier: str) -> bool:
        if code.method != "S256":
            return code.challenge == verifier
        digest = hashlib.sha256(verifier.encode())
        if self._kind.hex_challenge:
            return code.challenge == digest.hexdigest()
        return code.challenge == base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()

    def _retire_refresh_tokens(self, account: SandboxAccount) -> None:
        for token in self._world.refresh_tokens.values():
            token.retired = token.retired or token.account is account


async def _given(request: Request) -> dict[str, str]:
    """Return a token call's parameters: query, form, and HTTP Basic for the client."""
    given = dict(request.query_params)
    form = await request.form()
    given.update({name: value for name, value in form.items() if isinstance(value, str)})
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            text = base64.b64decode(credentials, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return given
        client_id, _, secret = text.partition(":")
        given |= {"client_id": client_id, "client_secret": secret}
    return given


def _back(query: Mapping[str, str], answer: Mapping[str, str]) -> Response:
    return RedirectResponse(_back_url(query, answer), status_code=302)


def _back_url(query: Mapping[str, str], answer: Mapping[str, str]) -> str:
    uri = query["redirect_uri"]
    state = {"state": query["state"]} if "state" in query else {}
    return f"{uri}{'&' if urlsplit(uri).query else '?'}{urlencode({**answer, **state})}"
