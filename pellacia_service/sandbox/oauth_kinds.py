"""
How the platforms let people sign in, as data: addresses, lifetimes, answers and errors.

Sources, all read 2026-11-22: Google's OAuth guide for installed apps, Meta's manual login flow and
long-lived token guides, TikTok's login kit for desktop and token management, LinkedIn's
authorization code flow, X's OAuth 2.0 authorization code flow with PKCE.
"""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pellacia_service.sandbox.world import Refusal, SandboxAccount


class Mistake(enum.Enum):
    """What can be wrong with a call of the token endpoint."""

    CLIENT = enum.auto()
    CODE = enum.auto()
    VERIFIER = enum.auto()
    REDIRECT = enum.auto()
    REFRESH = enum.auto()
    GRANT_TYPE = enum.auto()


@dataclass(frozen=True)
class Granted:
    """What a token endpoint hands out. `time_limited`: Google names the refresh token's end then."""

    account: SandboxAccount
    access_token: str
    expires_in: int
    scopes: frozenset[str]
    refresh_token: str = ""
    refresh_expires_in: int = 0
    time_limited: bool = False


@dataclass(frozen=True)
class SignInKind:
    """
    How one platform signs people in.

    Args:
        authorize, token, revoke: paths in the sandbox's form.
        answer: the body of a granted token. error: the refusal for a fault.
        code_seconds: life of a code.
        separator: between two scopes.
        hex_challenge: True where the PKCE challenge is hexadecimal.
        needs_challenge: True where there is no sign-in without PKCE.
        needs_secret: False where a client may be public.
        rotates: True where a refresh token works once.
        refresh_scope: the scope that brings a refresh token; "" needs none.
        denied: what the redirect of a person who said no carries.
        title: how its pages call it.
        granular: True where a person may untick scopes.
        unknown_scope: the word for a scope that there is not; "" where a page says so instead.
        kills_family: True where showing a rotated refresh token ends all that came after it.
        issuer: what the redirect names as `iss` (RFC 9207); "" names none.
        partner_refresh_seconds: life of the refresh token that only partners' apps are given.
        plain_redirect: True where a redirect address may carry no query.
    """

    platform: str
    authorize: tuple[str, ...]
    token: tuple[str, ...]
    revoke: tuple[str, ...]
    answer: Callable[[Granted], dict[str, object]]
    error: Callable[[Mistake], Refusal]
    code_seconds: float = 600
    separator: str = " "
    hex_challenge: bool = False
    needs_challenge: bool = False
    needs_secret: bool = True
    rotates: bool = False
    refresh_scope: str = ""
    client_id_name: str = "client_id"
    scopes_name: str = "scope"
    denied: Mapping[str, str] = field(default_factory=lambda: {"error": "access_denied"})
    title: str = ""
    granular: bool = False
    unknown_scope: str = "invalid_scope"
    kills_family: bool = False
    issuer: str = ""
    partner_refresh_seconds: float = 0
    plain_redirect: bool = False


FlatErrors = Mapping[Mistake, tuple[int, str, str]]


def _flat(errors: FlatErrors) -> Callable[[Mistake], Refusal]:
    """Make refusals of OAuth's own shape: `{"error", "error_description"}`."""

    def refuse(fault: Mistake) -> Refusal:
        status, error, description = errors[fault]
        return Refusal(status, {"error": error, "error_description": description})

    return refuse


def _refuse_meta(fault: Mistake) -> Refusal:
    code, subcode, message = META_ERRORS[fault]
    error: dict[str, object] = {
        "message": message,
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": "A0sandbox",
    }
    if subcode:
        error["error_subcode"] = subcode
    return Refusal(400, {"error": error})


def _answer_google(granted: Granted) -> dict[str, object]:
    body: dict[str, object] = {
        "access_token": granted.access_token,
        "expires_in": granted.expires_in,
        "scope": " ".join(sorted(granted.scopes)),
        "token_type": "Bearer",
    }
    if granted.time_limited:
        body["refresh_token_expires_in"] = granted.refresh_expires_in
    return body | ({"refresh_token": granted.refresh_token} if granted.refresh_token else {})


def _answer_linkedin(granted: Granted) -> dict[str, object]:
    body = _answer_google(granted)
    renewable = {"refresh_token_expires_in": granted.refresh_expires_in}
    return body | (renewable if granted.refresh_token else {})


def _answer_x(granted: Granted) -> dict[str, object]:
    return _answer_google(granted) | {"token_type": "bearer"}


def _answer_meta(granted: Granted) -> dict[str, object]:
    return {
        "access_token": granted.access_token,
        "token_type": "bearer",
        "expires_in": granted.expires_in,
    }


def _answer_tiktok(granted: Granted) -> dict[str, object]:
    return {
        "access_token": granted.access_token,
        "expires_in": granted.expires_in,
        "refresh_token": granted.refresh_token,
        "refresh_expires_in": granted.refresh_expires_in,
        "open_id": granted.account.ids["open_id"],
        "scope": ",".join(sorted(granted.scopes)),
        "token_type": "Bearer",
    }


GOOGLE_ERRORS: FlatErrors = {
    Mistake.CLIENT: (401, "invalid_client", "The OAuth client was not found."),
    Mistake.CODE: (400, "invalid_grant", "Malformed auth code."),
    Mistake.VERIFIER: (400, "invalid_grant", "Invalid code verifier."),
    Mistake.REDIRECT: (400, "redirect_uri_mismatch", "Bad Request"),
    Mistake.REFRESH: (400, "invalid_grant", "Token has been expired or revoked."),
    Mistake.GRANT_TYPE: (400, "unsupported_grant_type", "Invalid grant_type"),
}

# TikTok sends these with HTTP 200: only the key "error" tells.
TIKTOK_ERRORS: FlatErrors = {
    Mistake.CLIENT: (200, "invalid_client", "Client key or secret is incorrect."),
    Mistake.CODE: (200, "invalid_grant", "Authorization code is expired."),
    Mistake.VERIFIER: (200, "invalid_request", "Code verifier or code challenge is invalid."),
    Mistake.REDIRECT: (
        200,
        "invalid_grant",
        "Redirect_uri is not matched with the uri of the code.",
    ),
    Mistake.REFRESH: (200, "invalid_grant", "Refresh token is invalid or expired."),
    Mistake.GRANT_TYPE: (200, "unsupported_grant_type", "The grant type is not supported."),
}

_LINKEDIN_MISMATCH = (
    "Unable to retrieve access token: appid/redirect uri/code verifier does not match "
    "authorization code. Or authorization code expired. Or external member binding exists"
)
LINKEDIN_ERRORS: FlatErrors = {
    Mistake.CLIENT: (401, "invalid_client", "Client authentication failed"),
    Mistake.CODE: (400, "invalid_request", _LINKEDIN_MISMATCH),
    Mistake.VERIFIER: (400, "invalid_request", _LINKEDIN_MISMATCH),
    Mistake.REDIRECT: (400, "invalid_request", _LINKEDIN_MISMATCH),
    Mistake.REFRESH: (400, "invalid_request", "The provided refresh token is invalid"),
    Mistake.GRANT_TYPE: (400, "unsupported_grant_type", "The grant type is not supported"),
}

X_ERRORS: FlatErrors = {
    Mistake.CLIENT: (401, "unauthorized_client", "Missing valid authorization header"),
    Mistake.CODE: (
        400,
        "invalid_request",
        "Value passed for the authorization code was invalid.",
    ),
    Mistake.VERIFIER: (400, "invalid_request", "Value passed for the code verifier was invalid."),
    Mistake.REDIRECT: (400, "invalid_request", "Value passed for the redirect uri did not match."),
    Mistake.REFRESH: (400, "invalid_request", "Value passed for the token was invalid."),
    Mistake.GRANT_TYPE: (400, "unsupported_grant_type", "The grant type is not supported."),
}

META_ERRORS: Mapping[Mistake, tuple[int, int, str]] = {
    Mistake.CLIENT: (101, 0, "Missing client_id or client_secret parameter."),
    Mistake.CODE: (100, 36009, "This authorization code has been used or has expired."),
    Mistake.VERIFIER: (100, 0, "Invalid code_verifier parameter."),
    Mistake.REDIRECT: (
        100,
        36008,
        "Error validating verification code. Please make sure your redirect_uri is identical to "
        "the one you used in the OAuth dialog request",
    ),
    Mistake.REFRESH: (190, 463, "Error validating access token: the session has expired."),
    Mistake.GRANT_TYPE: (100, 0, "Unsupported grant_type."),
}
"""Mistake to (code, subcode, message)."""

META = SignInKind(
    # Instagram signs in by the same dialog; the scopes tell which of the two is meant.
    platform="facebook",
    authorize=(
        "/www.facebook.com/{version}/dialog/oauth",
        "/www.facebook.com/dialog/oauth",
    ),
    token=(
        "/graph.facebook.com/{version}/oauth/access_token",
        "/graph.facebook.com/oauth/access_token",
    ),
    revoke=(),
    answer=_answer_meta,
    error=_refuse_meta,
    separator=",",
    title="Facebook",
    granular=True,
    unknown_scope="",
    denied={
        "error": "access_denied",
        "error_code": "200",
        "error_description": "Permissions error",
        "error_reason": "user_denied",
    },
)

KINDS: tuple[SignInKind, ...] = (
    SignInKind(
        platform="youtube",
        authorize=(
            "/accounts.google.com/o/oauth2/v2/auth",
            "/accounts.google.com/o/oauth2/auth",
        ),
        token=("/oauth2.googleapis.com/token",),
        revoke=("/oauth2.googleapis.com/revoke",),
        answer=_answer_google,
        error=_flat(GOOGLE_ERRORS),
        title="Google",
        granular=True,
        unknown_scope="",
        issuer="https://accounts.google.com",
    ),
    SignInKind(
        platform="tiktok",
        authorize=("/www.tiktok.com/v2/auth/authorize/", "/www.tiktok.com/v2/auth/authorize"),
        token=("/open.tiktokapis.com/v2/oauth/token/",),
        revoke=("/open.tiktokapis.com/v2/oauth/revoke/",),
        answer=_answer_tiktok,
        error=_flat(TIKTOK_ERRORS),
        separator=",",
        hex_challenge=True,
        rotates=True,
        client_id_name="client_key",
        scopes_name="scopes",
        title="TikTok",
        granular=True,
        plain_redirect=True,
        denied={
            "error": "access_denied",
            "error_description": "User denied the authorization",
            "error_type": "user",
        },
    ),
    SignInKind(
        platform="linkedin",
        authorize=("/www.linkedin.com/oauth/v2/authorization",),
        token=("/www.linkedin.com/oauth/v2/accessToken",),
        revoke=("/www.linkedin.com/oauth/v2/revoke",),
        answer=_answer_linkedin,
        error=_flat(LINKEDIN_ERRORS),
        code_seconds=1800,
        title="LinkedIn",
        unknown_scope="unauthorized_scope_error",
        partner_refresh_seconds=365 * 86_400,
        denied={
            "error": "user_cancelled_authorize",
            "error_description": "The user cancelled the authorization",
        },
    ),
    SignInKind(
        platform="x",
        authorize=("/x.com/i/oauth2/authorize", "/twitter.com/i/oauth2/authorize"),
        token=("/api.x.com/2/oauth2/token", "/api.twitter.com/2/oauth2/token"),
        revoke=("/api.x.com/2/oauth2/revoke", "/api.twitter.com/2/oauth2/revoke"),
        answer=_answer_x,
        error=_flat(X_ERRORS),
        code_seconds=30,
        needs_challenge=True,
        needs_secret=False,
        rotates=True,
        refresh_scope="offline.access",
        title="X",
        kills_family=True,
    ),
    META,
)
