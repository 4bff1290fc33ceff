"""
How long a sign-in lasts on each platform, how it is renewed, and what forces a person back: one table.

What a platform's own answer says (`expires_in`, `refresh_token_expires_in`) counts before this table.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from pellacia_service.domain.credential import Outlook
from pellacia_service.domain.tokens import Tokens
from pellacia_service.platform_kit.facts import Source

READ_ON = dt.date(2026, 11, 22)
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Life:
    """
    The life of a sign-in on one platform.

    Args:
        renewal: how it is renewed, as half a sentence.
        begins_anew: True where each renewal brings a whole new life, so that a sign-in that is
            renewed in time never ends; False where the end that was named first stays.
        exchange_after: how old a token without a refresh token must be to be exchanged for the next;
            None where that cannot be done.
        data_access: from a person's consent to the lapse of what they allowed; None: it never lapses.
        why: what forces the person back where there is an end, as half a sentence.
    """

    renewal: str
    why: str
    source: Source
    begins_anew: bool = False
    exchange_after: dt.timedelta | None = None
    data_access: dt.timedelta | None = None


_META_TOKENS = (
    "https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived"
)

LIVES: Mapping[str, Life] = {
    # An hour. The refresh token stays the same, and has an end only where its answer names one: an
    # app with its consent screen in "Testing", or a person who granted for a limited time. Else it
    # dies after six months without use, which renewing keeps away.
    "youtube": Life(
        renewal="a refresh token that stays the same",
        why="Google ends it: after seven days while the app's consent screen is in testing",
        source=Source("https://developers.google.com/identity/protocols/oauth2", READ_ON),
    ),
    # A Page's token has no end. What the instagram_ permissions allow lapses 90 days after the person
    # last used the app.
    "instagram": Life(
        renewal="the Page's own token, which has no end",
        why="Meta lets what you allowed lapse after 90 days",
        source=Source("https://developers.facebook.com/docs/facebook-login/auth-vs-data", READ_ON),
        exchange_after=DAY,
        data_access=90 * DAY,
    ),
    # Two hours, and 180 days for the refresh token; both begin anew with each renewal.
    "tiktok": Life(
        renewal="a refresh token that works once",
        why="TikTok ends a sign-in that was not renewed for 180 days",
        source=Source(
            "https://developers.tiktok.com/doc/oauth-user-access-token-management", READ_ON
        ),
        begins_anew=True,
    ),
    # Two hours. No page names the life of a refresh token, and an answer does not either.
    "x": Life(
        renewal="a refresh token that works once",
        why="it was signed in without offline.access",
        source=Source(
            "https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/authorization-code",
            READ_ON,
        ),
        begins_anew=True,
    ),
    # 60 days. Only approved partners are given a refresh token: a year from the consent, which using
    # it does not move.
    "linkedin": Life(
        renewal="a refresh token, for apps of approved partners only",
        why="LinkedIn ends it, 60 days after you signed in (a year for partners' apps)",
        source=Source(
            "https://learn.microsoft.com/linkedin/shared/authentication/programmatic-refresh-tokens",
            READ_ON,
        ),
    ),
    # As Instagram's, but the permissions of Pages are exempt from the lapse.
    "facebook": Life(
        renewal="the Page's own token, which has no end",
        why="Meta ends a person's token after 60 days",
        source=Source(_META_TOKENS, READ_ON),
        exchange_after=DAY,
    ),
}


def is_renewable(platform: str, tokens: Tokens, now: dt.datetime) -> bool:
    """True where another access token can be had without the person, as far as can be told here."""
    if tokens.refresh_token:
        return tokens.refresh_ends_at is None or now < tokens.refresh_ends_at
    after = LIVES[platform].exchange_after
    # What is expired cannot be exchanged, nor what is younger than a day (long-lived tokens).
    if after is None or tokens.expires_at is None or tokens.issued_at is None:
        return False
    return now < tokens.expires_at and now - tokens.issued_at >= after


def outlook(platform: str, tokens: Tokens) -> Outlook:
    """Say when the person must come back at the latest, and why; no instant where they need not."""
    life = LIVES[platform]
    ends: list[tuple[dt.datetime, str]] = []
    if not tokens.refresh_token and tokens.expires_at and not _is_exchanged(life, tokens):
        ends.append((tokens.expires_at, life.why))
    if tokens.refresh_token and tokens.refresh_ends_at and not life.begins_anew:
        ends.append((tokens.refresh_ends_at, life.why))
    if life.data_access and tokens.signed_in_at:
        ends.append((tokens.signed_in_at + life.data_access, life.why))
    by, why = min(ends, default=(None, ""))
    return Outlook(tokens.expires_at, by, why)


def _is_exchanged(life: Life, tokens: Tokens) -> bool:
    return life.exchange_after is not None and tokens.issued_at is not None
