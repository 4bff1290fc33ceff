"""
LinkedIn: a video in the ranges that LinkedIn hands out, then one post that carries it.

The video's URN is known before a byte is sent and comes back in the posts of an organisation: by
it a post is found whose create call was never answered. A member's posts may be read by no app
(`r_member_social` is closed to newcomers), so there a lost answer is left to the member.
"""

import datetime as dt
import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import quote

import httpx

from pellacia_service.domain.budget import Budget, Call, Day
from pellacia_service.domain.json import Json
from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Content
from pellacia_service.domain.problem import Problem
from pellacia_service.domain.receipt import ASKED, Receipt
from pellacia_service.domain.sighting import Seen, Sighting
from pellacia_service.errors import RefusedError, SessionGoneError, TransientError
from pellacia_service.platform_kit import rules
from pellacia_service.platform_kit.facts import Facts, Limits, SignIn, Source, Trouble, codes
from pellacia_service.platform_kit.http import LAST_PART_ANSWER_SECONDS, Api
from pellacia_service.platform_kit.protocol import Identity, Part
from pellacia_service.platform_kit.text import caption, clean_problem, utf16_length
from pellacia_service.platform_kit.trouble import (
    dict_at,
    json_body,
    json_or_none,
    list_at,
    needed_at,
    refused,
    value_at,
)

TROUBLE = codes(
    {
        # A 401 or 403 with LinkedIn's own body came before any effect. ACCESS_DENIED (100): a scope,
        # or the role on the page, is missing.
        Trouble.LOGIN: "INVALID_ACCESS_TOKEN EXPIRED_ACCESS_TOKEN REVOKED_ACCESS_TOKEN "
        "EMPTY_ACCESS_TOKEN ACCESS_DENIED 65600 65601 65602 100 401",
        Trouble.RATE_LIMIT: "TOO_MANY_REQUESTS 101 429",
        Trouble.RETRY: "INTERNAL_SERVER_ERROR SERVICE_UNAVAILABLE CONFLICT 409",
        Trouble.SESSION_GONE: "EXPIRED_UPLOAD_URL",
        # Its message names the post that is there already; that one may be ours.
        Trouble.UNCERTAIN: "DUPLICATE_POST",
        Trouble.REFUSED: "MISSING_FIELD INVALID_VALUE_FOR_FIELD INVALID_VALUE_BLANK_FIELD "
        "INVALID_URN_TYPE INVALID_URN_ID INVALID_VIDEO_ID FIELD_LENGTH_TOO_LONG NOT_FOUND "
        "UNPROCESSABLE_ENTITY UPDATING_ASSET_FAILED MEDIA_ASSET_WAITING_UPLOAD "
        "MEDIA_ASSET_PROCESSING_FAILED VERSION_MISSING NONEXISTENT_VERSION 400 403 404 411 422 426",
    }
)
"""Error handling page and the tables of the Videos and Posts APIs, read 2026-11-22."""

FACTS = Facts(
    name="linkedin",
    title="LinkedIn",
    source=Source(
        "https://learn.microsoft.com/linkedin/marketing/community-management/shares/videos-api",
        dt.date(2026, 11, 22),
    ),
    # Parts go to addresses on other hosts, which are told no token.
    hosts=frozenset({"api.linkedin.com"}),
    # What an app gets by itself; an organisation's page needs the Community Management product with
    # w_organization_social, r_organization_social and r_organization_admin.
    sign_in=SignIn(
        authorize_url="https://www.linkedin.com/oauth/v2/authorization",
        token_url="https://www.linkedin.com/oauth/v2/accessToken",
        revoke_url="https://www.linkedin.com/oauth/v2/revoke",
    ),
    # Videos API, read 2026-11-22. It names MP4 and no codecs: those that MP4 carries are let
    # through, and a file that LinkedIn cannot read is turned down before anything is public.
    limits=Limits(
        containers=frozenset({"mp4"}),
        video_codecs=frozenset({"h264", "hevc", "mpeg4", "vp9", "av1"}),
        audio_codecs=frozenset({"aac", "mp3", "ac3", "opus"}),
        smallest=75_000,
        size=500 * 10**6,
        duration=(3, 30 * 60),
    ),
    error_codes_at=("errorDetails.inputErrors.0.code", "code", "serviceErrorCode", "status"),
    error_message_at=("message", "errorDetails.inputErrors.0.description"),
    trouble=TROUBLE,
    day_ends="UTC",  # quotas are counted by the day and return at midnight (rate limiting page)
    day_limit_words=("day limit",),
    # A member's 150 requests of the product "Share on LinkedIn"; opening takes two of them.
    budgets=(Budget("calls", 150, Day("UTC"), {Call.OPEN: 2, Call.LOOK: 1, Call.PUBLISH: 1}),),
    can_prove_absence=False,
    stage_ahead=dt.timedelta(hours=20),  # no page says; its upload addresses live for weeks
)

API = "https://api.linkedin.com"

VERSION = "202607"
"""Answered until 2027-07-15, then with 426 (versioning page, read 2026-11-22)."""

HEADERS = {"LinkedIn-Version": VERSION, "X-Restli-Protocol-Version": "2.0.0"}
"""For all calls under /rest."""

COMMENTARY_UNITS = 3_000
"""Posts API. It does not say whether backslashes count: here they do, and an emoji counts 2."""

LITTLE_TEXT = re.compile(r"(?<!\w)#[^\W_]+|[\\|{}@\[\]()<>#*_~]")
"""A hashtag as it may stand, or a reserved character (little text format page, read 2026-11-22)."""

MOST_FINALIZES = 2  # a video that still waits for bytes lacks some, and nobody says which


@dataclass(frozen=True)
class LinkedIn:
    """Videos in the feed of a member or of an organisation's page."""

    facts: Facts = FACTS

    def problems(self, content: Content, media: Media) -> list[Problem]:
        """Say everything for which this post would be turned down. No network."""
        text, name = caption(content), FACTS.title
        return [
            *clean_problem("commentary", text, name),
            *rules.length_problem(
                "commentary",
                actual=utf16_length(little_text(text)),
                most=COMMENTARY_UNITS,
                unit="characters, escapes included",
                platform=name,
            ),
            *rules.privacy_problem(content, FACTS),
            *rules.media_problems(media, FACTS),
        ]

    async def open(self, api: Api, content: Content, media: Media) -> Receipt:
        """Ask for a video URN and an address for each range. Its owner must be the post's author."""
        author = author_of(api, content)
        request: Json = {
            "owner": author,
            "fileSizeBytes": media.size,
            "uploadCaptions": False,
            "uploadThumbnail": False,
        }
        answer = json_body(await _act(api, "initializeUpload", request), FACTS)
        data: dict[str, Json] = {
            "author": author,
            "video": needed_at(answer, "value.video", FACTS),
            "token": value_at(answer, "value.uploadToken") or "",
            "ranges": _ranges(answer, media.size),
            "etags": {},
            "commentary": little_text(caption(content)),
            "title": content.title,
        }
        return _advanced(Receipt(total=media.size, data=data), 0)

    async def send(self, api: Api, receipt: Receipt, part: Part) -> Receipt:
        """Put one range, or finalize. A range that is put again counts with its newest ETag."""
        if part.size == 0:
            return await _finalize(api, receipt)
        _, url = _range_at(receipt, part.start)
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(part.size)}
        expired = HTTPStatus.FORBIDDEN
        answer = await api.call(
            "PUT", url, content=part.stream(), headers=headers, scheme="", accept={expired}
        )
        if answer.status_code == expired:
            message = "LinkedIn no longer takes bytes at the addresses it gave."
            raise SessionGoneError(message, platform=FACTS.name, code="expired", not_done=True)
        etag = needed_at({**answer.headers}, "etag", FACTS)
        known = dict_at(dict(receipt.data), "etags")
        etags = {**known, str(part.start): etag.removeprefix('"').removesuffix('"')}
        return _advanced(receipt.with_data(etags=etags), part.end + 1)

    async def look(self, api: Api, receipt: Receipt) -> Sighting:
        """Ask for the video or, once it was asked to publish, for the organisation's posts."""
        if receipt.post_id:
            return Sighting(Seen.LIVE, receipt, evidence={"post": receipt.post_id})
        if receipt.part_size:
            return Sighting(Seen.RECEIVING, receipt)
        if receipt.text(ASKED):
            return await _find_post(api, receipt)
        return await _look_at_video(api, receipt)

    async def publish(self, api: Api, receipt: Receipt) -> Receipt:
        """
        Create the post.

        Raises:
            UnknownOutcomeError: the answer names no post, or calls it a duplicate of one that is there.
        """
        video: dict[str, Json] = {"id": receipt.text("video")}
        if title := receipt.text("title"):
            video["title"] = title
        body: Json = {
            "author": receipt.text("author"),
            "commentary": receipt.text("commentary"),
            "visibility": "PUBLIC",
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            "content": {"media": video},
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": False,
        }
        answer = await api.call("POST", f"{API}/rest/posts", json=body, headers=HEADERS)
        return _published(receipt, needed_at({**answer.headers}, "x-restli-id", FACTS))

    async def who(self, api: Api) -> Identity:
        """Ask whose token this is: the member's, who may also post as each page he administers."""
        user = json_body(await api.call("GET", f"{API}/v2/userinfo"), FACTS)
        ids = {"person_urn": f"urn:li:person:{needed_at(user, 'sub', FACTS)}"}
        name = value_at(user, "name") or ids["person_urn"]
        url = f"{API}/rest/organizationAcls?q=roleAssignee&role=ADMINISTRATOR&state=APPROVED"
        # 403: an app without pages. Its users post as themselves.
        answer = await api.call("GET", url, headers=HEADERS, accept={HTTPStatus.FORBIDDEN})
        roles = list_at(json_or_none(answer), "elements")
        keys = ("organization", "organizationTarget")  # it goes by two names
        pages = {urn for role in roles for key in keys if (urn := value_at(role, key))}
        others = [
            Identity(f"page {key} of {name}", {**ids, "organization_urn": urn}, key=key)
            for urn in sorted(pages)
            if (key := urn.rpartition(":")[2])
        ]
        return Identity(name, ids, key="member", others=tuple(others))


def author_of(api: Api, content: Content) -> str:
    """Return the URN to post as: the connected page; the member without one, or if `author` is "person"."""
    ids = api.account.ids
    as_member = content.options.get("author", "").strip().lower() == "person"
    return ids["person_urn"] if as_member else ids.get("organization_urn", ids["person_urn"])


def little_text(text: str) -> str:
    """
    Write a text as LinkedIn's "little text": hashtags stay, reserved characters get a backslash.

    Without it LinkedIn answers well and cuts the text there (n8n-io/n8n#10179, read 2026-11-22).
    """
    return LITTLE_TEXT.sub(lambda found: found[0] if found[0][1:] else f"\\{found[0]}", text)


async def _act(api: Api, action: str, request: Json) -> httpx.Response:
    return await api.call(
        "POST",
        f"{API}/rest/videos?action={action}",
        json={f"{action}Request": request},
        headers=HEADERS,
        answer_seconds=LAST_PART_ANSWER_SECONDS,
    )


def _ranges(answer: Json, size: int) -> list[Json]:
    """Read the instructions as [first byte, bytes, address]; `lastByte` may lie behind the file."""
    ranges: list[Json] = []
    for instruction in list_at(answer, "value.uploadInstructions"):
        first = int(needed_at(instruction, "firstByte", FACTS))
        last = min(int(needed_at(instruction, "lastByte", FACTS)), size - 1)
        ranges.append([first, last - first + 1, needed_at(instruction, "uploadUrl", FACTS)])
    return ranges


def _range_at(receipt: Receipt, start: int) -> tuple[int, str]:
    """
    Return bytes and address of the range that begins at a byte.

    Raises:
        RefusedError: none begins there.
    """
    for given in list_at(dict(receipt.data), "ranges"):
        if value_at(given, "0") == str(start):
            return int(needed_at(given, "1", FACTS)), needed_at(given, "2", FACTS)
    raise refused(f"LinkedIn gave no address for the bytes from {start:,} on.", "no_range", FACTS)


def _advanced(receipt: Receipt, confirmed: int) -> Receipt:
    if confirmed >= receipt.total:
        return receipt.advanced(receipt.total, 0, closing=True)
    size, _ = _range_at(receipt, confirmed)
    return receipt.advanced(confirmed, size)


async def _finalize(api: Api, receipt: Receipt) -> Receipt:
    """Name the parts in the order of their instructions; any other order scrambles the video."""
    data = dict(receipt.data)
    starts = [needed_at(given, "0", FACTS) for given in list_at(data, "ranges")]
    etags = dict_at(data, "etags")
    request: Json = {
        "video": receipt.text("video"),
        "uploadToken": receipt.text("token"),
        "uploadedPartIds": [etags[start] for start in starts],
    }
    await _act(api, "finalizeUpload", request)
    finalizes = int(receipt.text("finalizes") or 0) + 1
    return receipt.advanced(receipt.total, 0).with_data(finalizes=finalizes)


async def _look_at_video(api: Api, receipt: Receipt) -> Sighting:
    url = f"{API}/rest/videos/{quote(receipt.text('video'), safe='')}"
    try:
        video = json_body(await api.call("GET", url, headers=HEADERS), FACTS)
    except RefusedError as error:
        # Said now and then of one's own video, and gone a moment later (gitroomhq/postiz-app).
        if "resource is forbidden" not in str(error):
            raise
        message = "LinkedIn does not show the video just now. It is asked again by itself."
        raise TransientError(message, platform=FACTS.name, code=error.code) from error
    whole = receipt.advanced(receipt.total, 0)
    match status := value_at(video, "status"):
        case "AVAILABLE":
            return Sighting(Seen.READY, whole)
        case "PROCESSING_FAILED":
            reason = value_at(video, "processingFailureReason") or "LinkedIn gave no reason"
            return Sighting(Seen.REJECTED, whole, reason=reason, code=status)
        case "WAITING_UPLOAD" if int(receipt.text("finalizes") or 0) < MOST_FINALIZES:
            return Sighting(Seen.RECEIVING, receipt.advanced(receipt.total, 0, closing=True))
        case "WAITING_UPLOAD":
            return Sighting(Seen.GONE, receipt)
    return Sighting(Seen.PROCESSING, whole)


async def _find_post(api: Api, receipt: Receipt) -> Sighting:
    """Look for the post that carries our video among the newest of the author."""
    author, video = receipt.text("author"), receipt.text("video")
    if not author.startswith("urn:li:organization:"):
        blind = "LinkedIn lets no app read a member's posts."
        return Sighting(Seen.ABSENT, receipt, evidence={"blind": blind})
    # Rest.li wants its own encoding: the URN whole, nothing else.
    query = f"q=author&author={quote(author, safe='')}&count=50&sortBy=CREATED"
    headers = {**HEADERS, "X-RestLi-Method": "FINDER"}
    body = json_body(await api.call("GET", f"{API}/rest/posts?{query}", headers=headers), FACTS)
    posts = list_at(body, "elements")
    evidence: dict[str, Json] = {
        "listed": len(posts),
        "newest_id": value_at(body, "elements.0.id"),
        "newest_created_at": value_at(body, "elements.0.createdAt"),
        "video": video,
    }
    for post in posts:
        if value_at(post, "content.media.id") == video:
            found = _published(receipt, needed_at(post, "id", FACTS))
            return Sighting(Seen.LIVE, found, evidence=evidence)
    return Sighting(Seen.ABSENT, receipt, evidence=evidence)


def _published(receipt: Receipt, urn: str) -> Receipt:
    return replace(receipt, post_id=urn, url=f"https://www.linkedin.com/feed/update/{urn}/")
