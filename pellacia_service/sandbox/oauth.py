"""Signing in, the half that a person sees: the page that asks, and the way back with a code."""

import datetime as dt
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from pellacia_service.sandbox.accounts import ACCOUNT_KINDS, find_or_make_account
from pellacia_service.sandbox.consent import Choice, Consent, consent_page, error_page
from pellacia_service.sandbox.oauth_grants import Code, Grant
from pellacia_service.sandbox.oauth_kinds import KINDS, META, SignInKind
from pellacia_service.sandbox.oauth_tokens import TokenDoor
from pellacia_service.sandbox.world import SandboxAccount, World

APPROVE_PARAMETER, APPROVE_HEADER = "auto_approve", "x-sandbox-approve"
"""`?auto_approve=1`, or the header with "yes" or "deny", plays the person."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
MOST_CHOICES = 12
LONGEST_STATE = 500

ALSO_KNOWN = frozenset(
    {"openid", "email", "profile", "public_profile", "ads_read", "ads_management"}
)
"""Scopes that an app may ask for and that open nothing here."""


def routes(world: World) -> list[Route]:
    """Return the sign-in calls of all platforms."""
    listed: list[Route] = []
    for kind in KINDS:
        codes: dict[str, Code] = {}
        world.on_reset(codes.clear)
        door, tokens = ConsentDoor(world, kind, codes), TokenDoor(world, kind, codes)
        listed += [Route(path, door.authorize, methods=["GET"]) for path in kind.authorize]
        listed += [Route(path, door.decide, methods=["POST"]) for path in kind.authorize]
        listed += [Route(path, tokens.token, methods=["GET", "POST"]) for path in kind.token]
        listed += [Route(path, tokens.revoke, methods=["POST"]) for path in kind.revoke]
    return listed


class ConsentDoor:
    """The page of one platform, and what a person decides on it."""

    def __init__(self, world: World, kind: SignInKind, codes: dict[str, Code]) -> None:
        self._world = world
        self._kind = kind
        self._codes = codes

    async def authorize(self, request: Request) -> Response:
        """Show the page that asks, or decide at once where that is ordered."""
        query = request.query_params
        if trouble := self._trouble(query):
            return trouble
        ordered = request.headers.get(APPROVE_HEADER, "").lower()
        if ordered == "deny":
            return _back(query, self._kind.denied, 302)
        asked, hint = _words(query.get("scope", "")), query.get("login_hint") or "default"
        if query.get(APPROVE_PARAMETER) != "1" and ordered != "yes":
            return HTMLResponse(self._page(query, asked, hint))
        pages = tuple(query.get("pages", hint).split(","))
        return self._approve(query, asked, label=hint, pages=pages, status=302)

    async def decide(self, request: Request) -> Response:
        """Take the form of the page."""
        query = request.query_params
        if trouble := self._trouble(query):
            return trouble
        form = await request.form()
        if form.get("decision") != "approve":
            return _back(query, self._kind.denied, 303)
        asked, hint = _words(query.get("scope", "")), query.get("login_hint") or "default"
        scopes = asked & frozenset(_all(form, "scope")) if self._kind.granular else asked
        new = " ".join(str(form.get("new") or "").split())
        label = hint if self._kind is META else new or str(form.get("account") or hint)
        pages = tuple(dict.fromkeys([*_all(form, "page"), *([new] if new else [])]))
        return self._approve(query, scopes, label=label, pages=pages, status=303)

    def _approve(
        self,
        query: Mapping[str, str],
        scopes: frozenset[str],
        *,
        label: str,
        pages: tuple[str, ...],
        status: int,
    ) -> Response:
        asked = _words(query.get("scope", ""))
        platform = self._platform(asked)
        account = find_or_make_account(self._world, platform, label)
        seen = pages if self._kind is META else ()
        grant = Grant(
            client_id=query[self._kind.client_id_name],
            account=account,
            scopes=scopes,
            declined=asked - scopes,
            pages=tuple(find_or_make_account(self._world, platform, page) for page in seen),
        )
        value = self._world.word(40)
        self._codes[value] = Code(
            grant=grant,
            redirect_uri=query["redirect_uri"],
            challenge=query.get("code_challenge", ""),
            method=query.get("code_challenge_method", "plain"),
            expires_at=self._world.clock.now() + dt.timedelta(seconds=self._kind.code_seconds),
        )
        granted = self._kind.separator.join(sorted(scopes))
        return _back(query, {"code": value, self._kind.scopes_name: granted} | self._issuer, status)

    @property
    def _issuer(self) -> dict[str, str]:
        return {"iss": self._kind.issuer} if self._kind.issuer else {}

    def _trouble(self, query: Mapping[str, str]) -> Response | None:
        """Return the answer to a request that cannot be granted; None where it can."""
        if wrong := self._wrong_request(query):
            return HTMLResponse(error_page(self._kind.title, *wrong), status_code=400)
        asked = _words(query.get("scope", ""))
        unknown = sorted(asked - self._known(asked))
        if not unknown:
            return None
        said = f"Invalid scopes: {', '.join(unknown)}"
        if not self._kind.unknown_scope:
            return HTMLResponse(error_page(self._kind.title, "invalid_scope", said), 400)
        answer = {"error": self._kind.unknown_scope, "error_description": said}
        return _back(query, answer, 302)

    def _wrong_request(self, query: Mapping[str, str]) -> tuple[str, str] | None:
        """Say (code, sentence) of a fault that must not be told to the redirect address."""
        needed = [self._kind.client_id_name, "redirect_uri"]
        needed += ["state", "code_challenge"] if self._kind.needs_challenge else []
        if missing := [name for name in needed if not query.get(name)]:
            return "invalid_request", f"Missing required parameter: {', '.join(missing)}"
        if query.get("response_type") != "code":
            return "unsupported_response_type", "Invalid response_type: only code is supported"
        if not self._may_redirect(query["redirect_uri"]):
            return "redirect_uri_mismatch", "Invalid parameter value for redirect_uri"
        if len(query.get("state", "")) > LONGEST_STATE:
            return "invalid_request", "The state is too long"
        return None

    def _may_redirect(self, uri: str) -> bool:
        """True for https, and for http to this machine; never with a fragment."""
        parts = urlsplit(uri)
        if parts.fragment or (self._kind.plain_redirect and parts.query) or not parts.hostname:
            return False
        return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)

    def _known(self, asked: frozenset[str]) -> frozenset[str]:
        return ACCOUNT_KINDS[self._platform(asked)].scopes | ALSO_KNOWN

    def _platform(self, scopes: frozenset[str]) -> str:
        if self._kind is META and any(scope.startswith("instagram_") for scope in scopes):
            return "instagram"
        return self._kind.platform

    def _page(self, query: Mapping[str, str], asked: frozenset[str], hint: str) -> str:
        platform = self._platform(asked)
        find_or_make_account(self._world, platform, hint)
        accounts = [one for one in self._world.accounts if one.platform == platform]
        accounts.sort(key=lambda one: one.label != hint)
        return consent_page(
            Consent(
                platform=self._kind.title,
                app=query[self._kind.client_id_name],
                scopes=sorted(asked),
                scopes_can_be_unticked=self._kind.granular,
                choices=[_choice(one, hint) for one in accounts[:MOST_CHOICES]],
                several=self._kind is META,
            )
        )


def _choice(account: SandboxAccount, hint: str) -> Choice:
    return Choice(account.label, account.name, ticked=account.label == hint)


def _words(scope: str) -> frozenset[str]:
    return frozenset(scope.replace(",", " ").split())


def _all(form: FormData, name: str) -> list[str]:
    return [value for value in form.getlist(name) if isinstance(value, str)]


def _back(query: Mapping[str, str], answer: Mapping[str, str], status: int) -> Response:
    uri = query["redirect_uri"]
    state = {"state": query["state"]} if "state" in query else {}
    joint = "&" if urlsplit(uri).query else "?"
    address = f"{uri}{joint}{urlencode({**answer, **state})}"
    return RedirectResponse(address, status_code=status)
