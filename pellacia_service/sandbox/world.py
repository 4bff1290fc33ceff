"""
What exists in the sandbox: accounts, videos on their way, posts, and the time.

One `World` is shared by the six platform files. A platform file offers
`routes(world) -> list[Route]`, keeps its own upload sessions in its own dataclasses, and comes
here for what all six have in common: who a token belongs to, what exists, when processing ends.
"""

import datetime as dt
import random
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

PostState = Literal["public", "unlisted", "private", "draft", "scheduled", "processing"]
SharedT = TypeVar("SharedT")


class WorldClock:
    """The sandbox's time: the machine's, plus whatever was advanced."""

    def __init__(self) -> None:
        self._ahead = dt.timedelta()

    def now(self) -> dt.datetime:
        """Return the sandbox's instant, aware, in UTC."""
        return dt.datetime.now(dt.UTC) + self._ahead

    def advance(self, seconds: float) -> None:
        """Move time forward."""
        self._ahead += dt.timedelta(seconds=seconds)

    def reset(self) -> None:
        """Go back to the machine's time."""
        self._ahead = dt.timedelta()


@dataclass
class Token:
    """One access token: whose, for what, until when."""

    value: str
    account: "SandboxAccount"
    scopes: frozenset[str]
    expires_at: dt.datetime
    kind: str = "user"
    revoked: bool = False


@dataclass
class RefreshToken:
    """What an application trades for a new access token. `retired` once it was rotated away."""

    value: str
    account: "SandboxAccount"
    scopes: frozenset[str]
    expires_at: dt.datetime
    retired: bool = False


@dataclass
class SandboxAccount:
    """An account on one platform. `ids` holds what that platform's calls need."""

    platform: str
    label: str
    name: str
    ids: dict[str, str]

    @property
    def address(self) -> str:
        """The word the control calls use: `platform:label`."""
        return f"{self.platform}:{self.label}"


@dataclass
class SandboxPost:
    """
    Something that exists on a platform, public or not.

    Args:
        media_key: the platform's handle of the video in it, where listings show one.
        processing_until: until then the state reads "processing".
        processing: the same with its outcome, kept up by `World.change_processing`; a post whose
            processing failed reads "draft": it exists, and nobody but its owner can see it.
        publish_at: a "scheduled" post turns public at this instant.
        visible_from: listings do not show it before (`listing_lag`).
    """

    platform: str
    account: SandboxAccount
    id: str
    state: PostState
    title: str
    text: str
    bytes: int
    sha256: str
    created_at: dt.datetime
    url: str
    media_key: str = ""
    processing_until: dt.datetime | None = None
    processing: "Processing | None" = None
    publish_at: dt.datetime | None = None
    visible_from: dt.datetime | None = None
    extra: dict[str, object] = field(default_factory=dict)


@dataclass
class Processing:
    """How long the platform is busy with a video, and how that ends ("" is well)."""

    until: dt.datetime
    failure: str = ""


class Refusal(Exception):
    """Raised by a platform file to answer with that platform's own error body."""

    def __init__(self, status: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


class World:
    """
    Everything the six platforms know.

    Args:
        seed: makes ids and figures repeatable.
        url: the sandbox's own address, from which handed-out URLs are built.
        pace: how long videos are processed, as a part of what is usual here (a second or so).
    """

    def __init__(self, *, seed: int = 0, url: str = "", pace: float = 1.0) -> None:
        self.clock = WorldClock()
        self.random = random.Random(seed)  # noqa: S311 - repeatable, protects nothing
        self.url = url
        self.pace = pace
        self.accounts: list[SandboxAccount] = []
        self.tokens: dict[str, Token] = {}
        self.refresh_tokens: dict[str, RefreshToken] = {}
        self.posts: list[SandboxPost] = []
        self._processing_seconds: dict[str, float] = {}
        self._processing_failure: dict[str, str] = {}
        self._under_way: dict[str, list[Processing]] = {}
        self._counts: dict[tuple[str, str], list[dt.datetime]] = {}
        self._forgetters: list[Callable[[], None]] = []
        self._shared: dict[type, object] = {}

    def address(self, host: str, path: str) -> str:
        """Return the sandbox's form of a real URL: `{url}/{host}{path}`."""
        return f"{self.url}/{host}{path}"

    def number(self, digits: int) -> str:
        """Return a fresh number as text, never with a leading zero."""
        return str(self.random.randrange(10 ** (digits - 1), 10**digits))

    def word(self, length: int) -> str:
        """Return a fresh URL-safe id."""
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
        return "".join(self.random.choice(alphabet) for _ in range(length))

    def issue_token(
        self,
        account: SandboxAccount,
        *,
        scopes: frozenset[str],
        seconds: float,
        prefix: str = "",
        kind: str = "user",
    ) -> Token:
        """Make an access token that lives `seconds` on the sandbox's clock."""
        value = prefix + secrets.token_urlsafe(24)
        expires_at = self.clock.now() + dt.timedelta(seconds=seconds)
        token = Token(value, account, scopes, expires_at, kind)
        self.tokens[value] = token
        return token

    def token(self, value: str, platform: str) -> Token | None:
        """Return a living token of this platform, or None."""
        token = self.tokens.get(value)
        if token is None or token.account.platform != platform or token.revoked:
            return None
        return token if token.expires_at > self.clock.now() else None

    def issue_refresh_token(
        self,
        account: SandboxAccount,
        *,
        scopes: frozenset[str],
        seconds: float,
        prefix: str = "",
    ) -> RefreshToken:
        """Make a refresh token that lives `seconds` on the sandbox's clock."""
        value = prefix + secrets.token_urlsafe(24)
        expires_at = self.clock.now() + dt.timedelta(seconds=seconds)
        token = RefreshToken(value, account, scopes, expires_at)
        self.refresh_tokens[value] = token
        return token

    def begin_processing(self, platform: str, default_seconds: float) -> Processing:
        """Start processing a video; the faults processing_seconds and processing_fails apply."""
        seconds = self._processing_seconds.pop(platform, default_seconds * self.pace)
        failure = self._processing_failure.pop(platform, "")
        until = self.clock.now() + dt.timedelta(seconds=seconds)
        processing = Processing(until, failure)
        self._under_way.setdefault(platform, []).append(processing)
        return processing

    def change_processing(
        self, platform: str, *, seconds: float | None = None, failure: str | None = None
    ) -> None:
        """Make the video now being processed, else the next one, take longer or fail."""
        now = self.clock.now()
        busy = [one for one in self._under_way.get(platform, []) if one.until > now]
        if seconds is not None:
            if busy:
                busy[-1].until = now + dt.timedelta(seconds=seconds)
            else:
                self._processing_seconds[platform] = seconds
        if failure is not None:
            if busy:
                busy[-1].failure = failure
            else:
                self._processing_failure[platform] = failure

    def state_of(self, post: SandboxPost) -> PostState:
        """Return a post's state at this moment."""
        now = self.clock.now()
        if post.processing and post.processing.until > now:
            return "processing"
        if post.processing and post.processing.failure:
            return "draft"
        if post.state == "scheduled" and post.publish_at and post.publish_at <= now:
            return "public"
        if post.processing_until and post.processing_until > now:
            return "processing"
        return post.state

    def listed(
        self, platform: str, account: SandboxAccount, *, lag: float
    ) -> Iterator[SandboxPost]:
        """Yield an account's posts newest first, as a listing that lags `lag` seconds shows them."""
        horizon = self.clock.now() - dt.timedelta(seconds=lag)
        for post in reversed(self.posts):
            if post.platform == platform and post.account is account and post.created_at <= horizon:
                yield post

    def count(self, key: tuple[str, str], *, window: float, most: int) -> bool:
        """Count one call in a rolling window of seconds; False, uncounted, where it is full."""
        now = self.clock.now()
        since = now - dt.timedelta(seconds=window)
        times = [time for time in self._counts.get(key, []) if time > since]
        allowed = len(times) < most
        self._counts[key] = [*times, now] if allowed else times
        return allowed

    def used(self, key: tuple[str, str], *, window: float) -> int:
        """Return how many calls of the last `window` seconds were counted."""
        since = self.clock.now() - dt.timedelta(seconds=window)
        return sum(time > since for time in self._counts.get(key, []))

    def shared(self, kind: type[SharedT], make: Callable[[], SharedT]) -> SharedT:
        """Return this world's one object of a kind: what several platform files have in common."""
        one = self._shared.get(kind)
        if not isinstance(one, kind):
            one = self._shared[kind] = make()
        return one

    def on_reset(self, forget: Callable[[], None]) -> None:
        """Have `forget` called at every reset: a platform file drops its upload sessions there."""
        self._forgetters.append(forget)

    def reset(self) -> None:
        """Forget everything but the accounts and their tokens; time is the machine's again."""
        self.clock.reset()
        self.posts.clear()
        self._processing_seconds.clear()
        self._processing_failure.clear()
        self._under_way.clear()
        self._counts.clear()
        for forget in self._forgetters:
            forget()
