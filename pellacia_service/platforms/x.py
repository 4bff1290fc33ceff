"""
X: a video in numbered segments, then one post that carries it.

The upload's `media_key` is known before a byte is sent and comes back in the author's timeline:
by it a post is found whose create call was never answered. Asking for the timeline cannot prove
that a post does not exist, for it lags.
"""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from pellacia_service.domain.budget import LOOKS, OPENS, QUARTER, SENDS, Budget, Call, Day, Scope
from pellacia_service.domain.json import Json
from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Content
from pellacia_service.domain.problem import Problem
from pellacia_service.domain.receipt import ASKED, Receipt
from pellacia_service.domain.sighting import Seen, Sighting
from pellacia_service.errors import RefusedError
from pellacia_service.platform_kit import rules
from pellacia_service.platform_kit.facts import Facts, Limits, SignIn, Source, Trouble, codes
from pellacia_service.platform_kit.http import LAST_PART_ANSWER_SECONDS, Api
from pellacia_service.platform_kit.multipart import multipart
from pellacia_service.platform_kit.protocol import Identity, Part
from pellacia_service.platform_kit.renamed import get_renamed
from pellacia_service.platform_kit.text import clean_problem, paragraphs, weighted_length
from pellacia_service.platform_kit.trouble import (
    ADVICE,
    ERRORS,
    dict_at,
    json_body,
    list_at,
    needed_at,
    refused,
    value_at,
)

PROBLEM_TYPES = codes(
    {
        Trouble.LOGIN: "unsupported-authentication",
        Trouble.RATE_LIMIT: "rate-limit-exceeded",
        # By the day or by the month; the answer to a try after a day costs nothing.
        Trouble.DAY_LIMIT: "usage-capped",
        Trouble.RETRY: "internal-error conflict resource-unavailable",
        Trouble.SESSION_GONE: "resource-not-found",
        Trouble.REFUSED: "invalid-request client-forbidden client-not-enrolled "
        "not-authorized-for-resource disallowed-resource credits credits-depleted",
    }
)
"""Last segments of a problem's `type` (response codes page and OpenAPI document, read 2026-11-22)."""

PROBLEM_ROOTS = ("https://api.x.com/2/problems/", "https://api.twitter.com/2/problems/")

NUMBERS = codes(
    {
        # Codes of version 1.1, which version 2 still gives now and then.
        Trouble.RATE_LIMIT: "88 429",
        Trouble.DAY_LIMIT: "185",
        Trouble.UNCERTAIN: "187",
        # A problem that is "about:blank" is told by its status. Each of these came before any effect.
        Trouble.LOGIN: "401",
        Trouble.REFUSED: "64 186 226 324 325 326 400 402 403",
    }
)

TROUBLE = {
    **{f"{root}{name}": PROBLEM_TYPES[name] for root in PROBLEM_ROOTS for name in PROBLEM_TYPES},
    **NUMBERS,
}

FACTS = Facts(
    name="x",
    title="X",
    source=Source(
        "https://docs.x.com/x-api/media/quickstart/best-practices", dt.date(2026, 11, 22)
    ),
    hosts=frozenset({"api.x.com"}),
    sign_in=SignIn(
        authorize_url="https://x.com/i/oauth2/authorize",
        token_url="https://api.x.com/2/oauth2/token",
        revoke_url="https://api.x.com/2/oauth2/revoke",
        token_auth="client_secret_basic",
    ),
    # Media best practices, read 2026-11-22: 1280x1024 without a subscription, else 1080p, let through.
    limits=Limits(
        containers=frozenset({"mp4", "mov"}),
        video_codecs=frozenset({"h264"}),
        audio_codecs=frozenset({"aac"}),
        size=512 * 10**6,
        duration=(0.5, 140),
        frame_rate=(0, 60),
        aspect_ratio=(1 / 3, 3),
        long_side=(32, 1920),
        short_side=(32, 1200),
    ),
    error_codes_at=("type", "errors.0.code", "code", "status"),
    error_message_at=("errors.0.message", "detail", "message", "title"),
    trouble=TROUBLE,
    can_prove_absence=False,
    stage_ahead=dt.timedelta(hours=20),  # media ids live a day once final (expires_after_secs)
    # Rate limits page: a user's calls in 15 minutes. Pricing page: a post costs 15 mills (tenths of a
    # cent), one with a link 200. Both read 2026-11-22. The 10 dollars a day are a limit of our own.
    budgets=(
        Budget("posts", 100, QUARTER, {Call.PUBLISH: 1}),
        Budget("mills", 10_000, Day("UTC"), {Call.PUBLISH: 15}, Scope.APP, link_cost=185),
        Budget("uploads", 1_875, QUARTER, OPENS),
        Budget("segments", 1_875, QUARTER, SENDS),
        Budget("looks", 900, QUARTER, LOOKS),
    ),
    app_limits=frozenset(f"{root}usage-capped" for root in PROBLEM_ROOTS),
    # A 429 may come while the quarter hour has calls left: then the day's window is the full one.
    reset_headers=(
        ("x-rate-limit-remaining", "x-rate-limit-reset"),
        ("x-app-limit-24hour-remaining", "x-app-limit-24hour-reset"),
        ("x-user-limit-24hour-remaining", "x-user-limit-24hour-reset"),
    ),
)

API = "https://api.x.com/2"
UPLOAD = f"{API}/media/upload"

SEGMENT = 2 * rules.MIB
"""No page gives a number. 5 MB were refused with 413 and with 431 (trypostit/trypost#31,
abraham/twitteroauth#1257, read 2026-11-22); 2 MiB pass, and 512 MB fit into 1,000 segments."""

WEIGHT, PREMIUM_WEIGHT = 280, 25_000
"""Characters as X counts them (counting characters page and changelog of August 2024)."""

MEDIA_TYPES = {"mp4": "video/mp4", "mov": "video/quicktime"}
REPLY_SETTINGS = frozenset({"following", "mentionedUsers", "subscribers", "verified"})
DISCLOSURES = ("made_with_ai", "paid_partnership")

CASHTAG = re.compile(r"(?<![\w$])\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?(?!\w)")
REFUSED_CHARACTERS = frozenset("\ufffe\uffff\ufeff")
"""Byte order marks and what is no character (twitter-text, invalid characters)."""

CLOCK_SLACK = dt.timedelta(seconds=60)
"""So much may X's clock be behind ours."""

LONGEST_POLL = 60.0
OUT_OF_CREDITS = frozenset({"402", "credits", "credits-depleted"})

WITHOUT_A_CODE: Mapping[str, Trouble] = {
    # The first of the two may be the one whose answer was lost. X does not name it.
    "duplicate content": Trouble.UNCERTAIN,
    # Among others 24 hours after finalize.
    "media ids are invalid": Trouble.SESSION_GONE,
    "badrequest: not found": Trouble.SESSION_GONE,
}
"""Words of refusals that no code tells apart from others, lower case."""


@dataclass(frozen=True)
class X:
    """Posts with one video on X. X takes no thumbnail, no title and no schedule."""

    facts: Facts = FACTS

    def problems(self, content: Content, media: Media) -> list[Problem]:
        """Say everything for which this post would be turned down. No network."""
        return [
            *_text_problems(content),
            *_option_problems(content),
            *rules.privacy_problem(content, FACTS),
            *rules.media_problems(media, FACTS),
        ]

    async def open(self, api: Api, content: Content, media: Media) -> Receipt:
        """Ask for a media id and its key. An id that is never used expires by itself."""
        body: Json = {
            "media_type": MEDIA_TYPES.get(media.container, MEDIA_TYPES["mp4"]),
            "media_category": "tweet_video",
            "total_bytes": media.size,
        }
        with _plainly():
            answer = json_body(await api.call("POST", f"{UPLOAD}/initialize", json=body), FACTS)
        data: dict[str, Json] = {
            "media_id": needed_at(answer, "data.id", FACTS),
            "media_key": needed_at(answer, "data.media_key", FACTS),
            "opened_at": api.clock.now().isoformat(),
            "post": _post_of(content),
        }
        return Receipt(total=media.size, part_size=min(SEGMENT, media.size), data=data)

    async def send(self, api: Api, receipt: Receipt, part: Part) -> Receipt:
        """Append one segment, or finalize. A segment that comes again replaces itself."""
        upload = f"{UPLOAD}/{receipt.text('media_id')}"
        if part.size == 0:
            # An empty body is answered 400 since July 2026 (trypostit/trypost#202).
            with _plainly():
                await api.call(
                    "POST", f"{upload}/finalize", json={}, answer_seconds=LAST_PART_ANSWER_SECONDS
                )
            return receipt.advanced(receipt.total, 0)
        fields = {"segment_index": str(part.start // SEGMENT)}
        headers, body = multipart(fields, name="media", filename="video.mp4", part=part)
        with _plainly():
            await api.call("POST", f"{upload}/append", content=body, headers=headers)
        # X cannot be asked how much it holds: what it answered well is confirmed.
        left = receipt.total - part.end - 1
        return receipt.advanced(part.end + 1, min(SEGMENT, left), closing=left == 0)

    async def look(self, api: Api, receipt: Receipt) -> Sighting:
        """Ask for the processing of the video or, once it was asked to publish, for the post."""
        if receipt.post_id:
            return Sighting(Seen.LIVE, receipt, evidence={"post": receipt.post_id})
        if receipt.wants_more:
            return Sighting(Seen.RECEIVING, receipt)
        if asked := receipt.text(ASKED):
            return await _find_post(api, receipt, dt.datetime.fromisoformat(asked))
        query = {"command": "STATUS", "media_id": receipt.text("media_id")}
        with _plainly():
            answer = await api.call("GET", UPLOAD, params=query)
        return _processing(receipt, dict_at(json_body(answer, FACTS), "data.processing_info"))

    async def publish(self, api: Api, receipt: Receipt) -> Receipt:
        """
        Create the post.

        Raises:
            UnknownOutcomeError: X calls the text a duplicate: of another post, or of this one.
        """
        post = dict_at(dict(receipt.data), "post")
        body: Json = {**post, "media": {"media_ids": [receipt.text("media_id")]}}
        with _plainly():
            answer = await api.call("POST", f"{API}/tweets", json=body)
        return _published(api, receipt, needed_at(json_body(answer, FACTS), "data.id", FACTS))

    async def who(self, api: Api) -> Identity:
        """Ask whose token this is."""
        with _plainly():
            answer = json_body(await api.call("GET", f"{API}/users/me"), FACTS)
        username = needed_at(answer, "data.username", FACTS)
        ids = {"user_id": needed_at(answer, "data.id", FACTS), "username": username}
        return Identity(f"@{username}", ids)


def text_of(content: Content) -> str:
    """
    Return what X shows: the title, or the description where there is none, and the hashtags.

    280 characters rarely hold both; the option `with_description` puts both in.
    """
    title, description = content.title.strip(), content.description.strip()
    if content.option_is_on("with_description"):
        return paragraphs(title, description, hashtags=content.hashtags)
    return paragraphs(title or description, hashtags=content.hashtags)


def _post_of(content: Content) -> dict[str, Json]:
    post: dict[str, Json] = {"text": text_of(content)}
    post |= {name: True for name in DISCLOSURES if content.option_is_on(name)}
    replies = content.options.get("reply_settings")
    return {**post, "reply_settings": replies} if replies else post


def _text_problems(content: Content) -> Iterator[Problem]:
    text, name = text_of(content), FACTS.title
    yield from clean_problem("text", text, name, refused=REFUSED_CHARACTERS)
    yield from rules.length_problem(
        "text",
        actual=weighted_length(text),
        most=PREMIUM_WEIGHT if content.option_is_on("premium") else WEIGHT,
        unit="characters as X counts them",
        platform=name,
    )
    cashtags = CASHTAG.findall(text)
    if len(cashtags) > 1:
        message = f"The text has the cashtags {', '.join(cashtags)}; X takes one."
        fix = f"Keep {cashtags[0]} and write the others without the dollar sign."
        yield Problem("text", "max_cashtags", "1", str(len(cashtags)), message, fix)


def _option_problems(content: Content) -> Iterator[Problem]:
    replies = content.options.get("reply_settings", "")
    if not replies or replies in REPLY_SETTINGS:
        return
    allowed = ", ".join(sorted(REPLY_SETTINGS))
    message = f"X knows no reply setting {replies!r}."
    fix = f"Choose one of {allowed}, or leave it out to let everyone reply."
    yield Problem("reply_settings", "unsupported", allowed, replies, message, fix)


@contextmanager
def _plainly() -> Iterator[None]:
    """Turn the refusals that X's codes do not tell apart into what they mean."""
    try:
        yield
    except RefusedError as error:
        if error.code.rpartition("/")[2] in OUT_OF_CREDITS:
            message = "The X developer account has no credits left; nothing was done. Buy some in "
            help_ = "the X developer console, then: pellacia-dist queue retry"
            raise refused(message + help_, error.code, FACTS) from error
        said = str(error).removesuffix(ADVICE[Trouble.REFUSED])
        meanings = (WITHOUT_A_CODE[words] for words in WITHOUT_A_CODE if words in said.lower())
        trouble = next(meanings, None)
        if trouble is None:
            raise
        sure = trouble is not Trouble.UNCERTAIN
        message = said + ADVICE[trouble]
        raise ERRORS[trouble](
            message, platform=FACTS.name, code=error.code, not_done=sure
        ) from error


def _processing(receipt: Receipt, progress: Mapping[str, Json]) -> Sighting:
    """Read `processing_info`; a video without one is ready. Each key of its error may be missing."""
    match progress.get("state", "succeeded"):
        case "succeeded":
            return Sighting(Seen.READY, receipt)
        case "failed":
            error = dict_at(dict(progress), "error")
            reason = value_at(error, "message") or "X could not process the file"
            code = value_at(error, "name") or value_at(error, "code") or "failed"
            return Sighting(Seen.REJECTED, receipt, reason=reason, code=code)
    asked_for = float(value_at(dict(progress), "check_after_secs") or 0)
    return Sighting(Seen.PROCESSING, receipt, again_in=min(asked_for, LONGEST_POLL))


async def _find_post(api: Api, receipt: Receipt, asked: dt.datetime) -> Sighting:
    """Look for the post that carries our video among those made since `asked`."""
    since = (asked - CLOCK_SLACK).astimezone(dt.UTC)
    query = {
        "start_time": f"{since:%Y-%m-%dT%H:%M:%SZ}",
        "exclude": "retweets,replies",
        "max_results": "100",
    }
    url = f"{API}/users/{api.account.ids['user_id']}/tweets"
    answer = await get_renamed(api, url, query, ("post.fields", "tweet.fields"), "attachments")
    body = json_body(answer, FACTS)
    posts = list_at(body, "data")
    evidence: dict[str, Json] = {
        "listed": len(posts),
        "newest_id": value_at(body, "meta.newest_id"),
        "error": value_at(body, "errors.0.detail"),
        "media_key": receipt.text("media_key"),
    }
    for post in posts:
        if receipt.text("media_key") in list_at(post, "attachments.media_keys"):
            found = _published(api, receipt, needed_at(post, "id", FACTS))
            return Sighting(Seen.LIVE, found, evidence=evidence)
    return Sighting(Seen.ABSENT, receipt, evidence=evidence)


def _published(api: Api, receipt: Receipt, post_id: str) -> Receipt:
    username = api.account.ids.get("username", "i")  # "i" stands for any: X goes by the number
    return replace(receipt, post_id=post_id, url=f"https://x.com/{username}/status/{post_id}")
