"""Signing in, the half that applications see: tokens for a code, new tokens for old, and the end."""

import base64
import binascii
import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pellacia_service.sandbox.accounts import (
    ACCOUNT_KINDS,
    DAY,
    issue_access_token,
    issue_refresh_token,
)
from pellacia_service.sandbox.oauth_grants import Code, Grant, Grants, end_sign_ins, grants_of
from pellacia_service.sandbox.oauth_kinds import META, Granted, Mistake, SignInKind
from pellacia_service.sandbox.world import RefreshToken, Refusal, SandboxAccount, Token, World

META_SHORT_SECONDS = 3600

TESTING, TESTING_SECONDS = "-testing", 7 * DAY
"""A Google app whose client id ends so has its consent screen in "Testing": seven days, then again."""

PARTNER = "-partner"
"""A LinkedIn app whose client id ends so belongs to an approved partner, and is given refresh tokens."""


class TokenDoor:
    """The token and the revocation endpoint of one platform."""

    def __init__(self, world: World, kind: SignInKind, codes: dict[str, Code]) -> None:
        self._world = world
        self._kind = kind
        self._codes = codes

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
        """End a token, and everything else that came of the same consent."""
        value = (await _given(request)).get("token", "")
        token = self._world.tokens.get(value) or self._world.refresh_tokens.get(value)
        if token is None or token.account.platform != self._kind.platform:
            body = {"error": "invalid_token", "error_description": "Token expired or revoked"}
            raise Refusal(400, body)
        grant = self._grants.of(value)
        if grant is None:
            end_sign_ins(self._world, token.account)
        else:
            grant.end()
        return Response(status_code=200)

    @property
    def _grants(self) -> Grants:
        return grants_of(self._world)

    def _check_client(self, given: Mapping[str, str]) -> None:
        has_id = bool(given.get(self._kind.client_id_name))
        has_secret = bool(given.get("client_secret"))
        if not has_id or (self._kind.needs_secret and not has_secret):
            raise self._kind.error(Mistake.CLIENT)

    def _trade_code(self, given: Mapping[str, str]) -> Granted:
        code = self._codes.pop(given.get("code", ""), None)
        if code is None or code.expires_at <= self._world.clock.now():
            raise self._kind.error(Mistake.CODE)
        grant = code.grant
        if grant.client_id != given[self._kind.client_id_name]:
            raise self._kind.error(Mistake.CODE)
        if code.redirect_uri != given.get("redirect_uri"):
            raise self._kind.error(Mistake.REDIRECT)
        if code.challenge and not self._fits(code, given.get("code_verifier", "")):
            raise self._kind.error(Mistake.VERIFIER)
        refresh = None
        if not self._kind.refresh_scope or self._kind.refresh_scope in grant.scopes:
            refresh = self._first_refresh_token(grant)
        return self._granted(self._access_token(grant), refresh)

    def _first_refresh_token(self, grant: Grant) -> RefreshToken | None:
        account, scopes = grant.account, grant.scopes
        now = self._world.clock.now()
        token = issue_refresh_token(self._world, account, scopes)
        if self._kind.partner_refresh_seconds and grant.client_id.endswith(PARTNER):
            seconds = self._kind.partner_refresh_seconds
            token = self._world.issue_refresh_token(
                account, scopes=scopes, seconds=seconds, prefix="AQ"
            )
            grant.renewable_until = token.expires_at
        if token is None:
            return None
        if self._is_in_testing(grant):
            token.expires_at = now + dt.timedelta(seconds=TESTING_SECONDS)
        return self._grants.add_refresh(grant, token)

    def _trade_refresh_token(self, given: Mapping[str, str]) -> Granted:
        old = self._world.refresh_tokens.get(given.get("refresh_token", ""))
        if old is None or old.account.platform != self._kind.platform:
            raise self._kind.error(Mistake.REFRESH)
        grant = self._grants.of(old.value) or self._grant_by_hand(old, given)
        if grant.client_id != given[self._kind.client_id_name]:
            raise self._kind.error(Mistake.REFRESH)
        if old.retired or old.expires_at <= self._world.clock.now():
            if self._kind.kills_family:
                # Whoever shows a token that was traded in before may have stolen it.
                grant.retire()
            raise self._kind.error(Mistake.REFRESH)
        new = None
        if self._kind.rotates:
            old.retired = True
            new = issue_refresh_token(self._world, old.account, old.scopes)
        elif grant.renewable_until:
            new = old
        elif not self._is_in_testing(grant):
            # Google's dies when it was not used for six months, counted from each use.
            seconds = ACCOUNT_KINDS[old.account.platform].refresh_seconds
            old.expires_at = self._world.clock.now() + dt.timedelta(seconds=seconds)
        if new is not None and new is not old:
            self._grants.add_refresh(grant, new)
        return self._granted(self._access_token(grant), new)

    def _grant_by_hand(self, refresh: RefreshToken, given: Mapping[str, str]) -> Grant:
        """Make the grant of a refresh token that the control handed out without a consent."""
        grant = Grant(given[self._kind.client_id_name], refresh.account, refresh.scopes)
        self._grants.add_refresh(grant, refresh)
        return grant

    def _trade_short_token(self, given: Mapping[str, str]) -> Granted:
        value = given.get("fb_exchange_token", "")
        for platform in ("facebook", "instagram"):
            short = self._world.token(value, platform)
            if short is not None:
                long = issue_access_token(self._world, short.account, short.scopes)
                if grant := self._grants.of(value):
                    self._grants.add(grant, long)
                return self._granted(long)
        raise self._kind.error(Mistake.REFRESH)

    def _access_token(self, grant: Grant) -> Token:
        account: SandboxAccount = grant.account
        if self._kind is META:
            prefix = ACCOUNT_KINDS[account.platform].access_prefix
            token = self._world.issue_token(
                account, scopes=grant.scopes, seconds=META_SHORT_SECONDS, prefix=prefix
            )
        else:
            token = issue_access_token(self._world, account, grant.scopes)
        return self._grants.add(grant, token)

    def _granted(self, token: Token, refresh: RefreshToken | None = None) -> Granted:
        now = self._world.clock.now()
        grant = self._grants.of(token.value)
        return Granted(
            account=token.account,
            access_token=token.value,
            expires_in=round((token.expires_at - now).total_seconds()),
            scopes=token.scopes,
            refresh_token=refresh.value if refresh else "",
            refresh_expires_in=round((refresh.expires_at - now).total_seconds()) if refresh else 0,
            time_limited=grant is not None and self._is_in_testing(grant) and refresh is not None,
        )

    def _is_in_testing(self, grant: Grant) -> bool:
        return self._kind.platform == "youtube" and grant.client_id.endswith(TESTING)

    def _fits(self, code: Code, verifier: str) -> bool:
        if code.method != "S256":
            return secrets.compare_digest(code.challenge, verifier)
        digest = hashlib.sha256(verifier.encode())
        if self._kind.hex_challenge:
            return code.challenge == digest.hexdigest()
        return code.challenge == base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()


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
