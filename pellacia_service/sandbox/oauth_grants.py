"""What people have agreed to: each grant with its app, its scopes, its Pages and its tokens."""

import datetime as dt
from dataclasses import dataclass, field

from pellacia_service.sandbox.world import RefreshToken, SandboxAccount, Token, World


@dataclass
class Grant:
    """
    One consent: who said yes, to which app, to what.

    Args:
        declined: scopes that were asked for and unticked.
        pages: Meta: the accounts whose Pages the person lets the app see.
        renewable_until: LinkedIn: end of the refresh token, which using it does not move.
    """

    client_id: str
    account: SandboxAccount
    scopes: frozenset[str]
    declined: frozenset[str] = frozenset()
    pages: tuple[SandboxAccount, ...] = ()
    renewable_until: dt.datetime | None = None
    tokens: list[Token] = field(default_factory=list)
    refresh_tokens: list[RefreshToken] = field(default_factory=list)
    page_tokens: dict[str, Token] = field(default_factory=dict)

    def end(self) -> None:
        """Revoke everything that came of it."""
        for token in (*self.tokens, *self.page_tokens.values()):
            token.revoked = True
        self.retire()

    def retire(self) -> None:
        """End its refresh tokens; access tokens live to their own end."""
        for refresh in self.refresh_tokens:
            refresh.retired = True


@dataclass
class Code:
    """A consent on its way to the application. Good once."""

    grant: Grant
    redirect_uri: str
    challenge: str
    method: str
    expires_at: dt.datetime


class Grants:
    """Finds the grant that a token came of. Like the tokens themselves, it outlives a reset."""

    def __init__(self) -> None:
        self._by_token: dict[str, Grant] = {}

    def of(self, value: str) -> Grant | None:
        """Return the grant of a token; None for one that was handed out without a consent."""
        return self._by_token.get(value)

    def add(self, grant: Grant, token: Token) -> Token:
        """Note an access token of a grant."""
        grant.tokens.append(token)
        self._by_token[token.value] = grant
        return token

    def add_refresh(self, grant: Grant, token: RefreshToken) -> RefreshToken:
        """Note a refresh token of a grant."""
        grant.refresh_tokens.append(token)
        self._by_token[token.value] = grant
        return token

    def add_page(self, grant: Grant, page: SandboxAccount, token: Token) -> Token:
        """Note the token of a Page that the grant lets the app see."""
        grant.page_tokens[page.ids["page_id"]] = token
        self._by_token[token.value] = grant
        return token


def grants_of(world: World) -> Grants:
    """Return the grants of a world."""
    return world.shared(Grants, Grants)


def end_sign_ins(world: World, account: SandboxAccount) -> None:
    """Revoke all tokens of an account, as a person does who throws an app out."""
    for token in world.tokens.values():
        token.revoked = token.revoked or token.account is account
    for refresh in world.refresh_tokens.values():
        refresh.retired = refresh.retired or refresh.account is account
