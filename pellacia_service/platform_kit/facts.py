"""A platform as data: limits, addresses, and what its error codes mean, each with its source."""

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from pellacia_service.domain.budget import Budget
from pellacia_service.platform_kit.quota import QuotaCall
from pellacia_service.platform_kit.thumbnail import ThumbnailCall


class Trouble(enum.Enum):
    """What one of a platform's error codes means for us."""

    RETRY = enum.auto()
    """A hiccup: the same call may well work in a moment. Says nothing about a publish."""

    RATE_LIMIT = enum.auto()
    """Too many calls just now, refused before anything was done."""

    DAY_LIMIT = enum.auto()
    """The day's quota is used up, refused before anything was done. `Facts.day_ends` says when it returns."""

    LOGIN = enum.auto()
    """The sign-in is no longer good, or lacks a scope. Refused before anything was done."""

    REFUSED = enum.auto()
    """Never as it is: the post, the file or the account must change."""

    SESSION_GONE = enum.auto()
    """The upload session or container has run out."""

    UNCERTAIN = enum.auto()
    """Reads like an answer, proves nothing: it may have been published (duplicates, "action blocked")."""


def codes(meanings: Mapping[Trouble, str]) -> Mapping[str, Trouble]:
    """Turn "meaning: the codes that have it, with spaces between" into "code: meaning"."""
    return {code: meaning for meaning, words in meanings.items() for code in words.split()}


@dataclass(frozen=True)
class Source:
    """The page a fact was read from, and the day."""

    page: str
    read_on: dt.date


@dataclass(frozen=True)
class SignIn:
    """
    How an account of this platform is connected.

    Args:
        separator: what stands between two scopes in the authorize URL.
        client_id_name: what this platform calls the client id.
        extra: further parameters of the authorize URL.
        token_auth: how the client proves itself at the token endpoint: "client_secret_post",
            "client_secret_basic". Where the id goes by another name it stands in the body.
        hex_challenge: True where the PKCE challenge is the hash in hex instead of base64url.
        long_lived_grant: the grant that turns the first, short-lived token into a long-lived one.
        permissions_url: where the granted scopes are read, for answers that do not name them.
        revoke_url: where a token is given back (RFC 7009); "" where only a person can, in the account's
            own settings.
        any_port: True where a redirect to this machine may use any port; False where one is registered.

    Which scopes are asked for stands in `scopes.py`.
    """

    authorize_url: str
    token_url: str
    separator: str = " "
    client_id_name: str = "client_id"
    extra: Mapping[str, str] = field(default_factory=dict)
    token_auth: str = "client_secret_post"
    hex_challenge: bool = False
    long_lived_grant: str = ""
    permissions_url: str = ""
    any_port: bool = False
    revoke_url: str = ""


@dataclass(frozen=True)
class Limits:
    """
    What a file may be. None: the platform sets no limit, or tells nobody.

    Args:
        size: most bytes. smallest: least bytes.
        duration: (shortest, longest), seconds.
        frame_rate: (lowest, highest), frames per second.
        aspect_ratio: (narrowest, widest), width over height.
        long_side, short_side: (least, most) pixels, whichever way the picture is turned.
        bit_rate: most bits per second.
    """

    containers: frozenset[str]
    video_codecs: frozenset[str]
    audio_codecs: frozenset[str]
    size: int
    duration: tuple[float, float]
    smallest: int = 1
    frame_rate: tuple[float, float] | None = None
    aspect_ratio: tuple[float, float] | None = None
    long_side: tuple[int, int] | None = None
    short_side: tuple[int, int] | None = None
    bit_rate: int | None = None


@dataclass(frozen=True)
class Facts:
    """
    What is known of a platform, as data.

    Args:
        name: the word in commands and tables. title: the word in sentences.
        hosts: every host that may be sent this account's token. A URL handed out by the platform
            that points elsewhere is refused.
        error_codes_at: where codes sit in an error body, most telling first. Dots go into objects,
            numbers into lists: "error.errors.0.reason".
        error_message_at: where the sentence for people sits, most telling first.
        trouble: what each code means. Codes are compared as text. A code that is not listed falls
            back to the HTTP status (`http.STATUS_TROUBLE`).
        envelope_ok: where a 2xx answer must hold "ok" for it to be a success; "" where the HTTP
            status says it all.
        day_ends: the zone whose midnight brings the day's quota back; "" for 24 hours from now.
        day_limit_words: words in the sentence for people, lower case, that make a day's limit of
            what the code alone calls "too many calls just now".
        reset_headers: (remaining, reset) headers of each window, reset in seconds since 1970; the
            latest reset of those that are used up is when another call makes sense.
        unnamed_wait: how long to wait after "too many calls" where nothing says how long.
        budgets: what the platform allows, and what we allow ourselves where it is silent.
        quota: where the platform tells what it has counted of a budget; None where it does not.
        app_limits: codes of limits that hold for all accounts of our application.
        stage_ahead: how long an upload may lie there before it is made public.
        thumbnail: how a picture is sent; None where the platform takes none.
        last_part_creates: True where the last byte makes the video exist, so that sending it is
            written down like an intent to publish.
        last_part_publishes: True where the last byte also makes it public and `publish` is never called.
        publish_is_repeatable: True where publishing the same receipt twice makes one post.
        can_prove_absence: True where a look can tell "not published" for certain once it has
            settled; False holds the delivery for a person.
        settle: how long "not published" must go on being said before it counts.
    """

    name: str
    title: str
    source: Source
    hosts: frozenset[str]
    sign_in: SignIn
    limits: Limits
    error_codes_at: tuple[str, ...]
    error_message_at: tuple[str, ...]
    trouble: Mapping[str, Trouble]
    privacies: frozenset[str] = frozenset({"public"})
    envelope_ok: str = ""
    day_ends: str = ""
    day_limit_words: tuple[str, ...] = ()
    reset_headers: tuple[tuple[str, str], ...] = ()
    unnamed_wait: dt.timedelta = dt.timedelta(minutes=1)
    budgets: tuple[Budget, ...] = ()
    quota: QuotaCall | None = None
    app_limits: frozenset[str] = frozenset()
    stage_ahead: dt.timedelta = dt.timedelta()
    thumbnail: ThumbnailCall | None = None
    last_part_creates: bool = False
    last_part_publishes: bool = False
    publish_is_repeatable: bool = False
    can_prove_absence: bool = True
    settle: dt.timedelta = dt.timedelta(seconds=125)
