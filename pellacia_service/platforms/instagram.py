"""
Instagram: a container that is filled, processed, and then published as a Reel.

Nothing is public before `media_publish`, and one container makes at most one post; a container
that goes wrong is thrown away. Instagram takes bytes only from apps that sign in through Facebook,
so the token is that of the Page the account belongs to.
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pellacia_service.domain.budget import ASKS, DAY_LONG, HOUR, OPENS, PUBLISHES, Budget
from pellacia_service.domain.json import Json
from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Content
from pellacia_service.domain.problem import Problem
from pellacia_service.domain.receipt import ASKED, Receipt
from pellacia_service.domain.sighting import NONE_SINCE_INTENT, Seen, Sighting
from pellacia_service.errors import PlatformError
from pellacia_service.platform_kit import graph, rules
from pellacia_service.platform_kit.facts import Facts, Limits, Source, Trouble
from pellacia_service.platform_kit.graph import GRAPH
from pellacia_service.platform_kit.http import Api
from pellacia_service.platform_kit.protocol import Identity, Part
from pellacia_service.platform_kit.quota import QuotaCall
from pellacia_service.platform_kit.text import (
    caption,
    clean_problem,
    count_hashtags,
    count_mentions,
)
from pellacia_service.platform_kit.trouble import json_body, value_at

TROUBLE = {
    **graph.TROUBLE,
    **{
        code: meaning
        for meaning, codes in {
            # 9007 and 2207027: published too early, or already published; a look tells which.
            Trouble.RETRY: "2207001 2207032 9007 2207027",
            # "Action blocked", and the post can be live (gitroomhq/postiz-app#1681, read 2026-11-22).
            Trouble.UNCERTAIN: "2207051",
            Trouble.DAY_LIMIT: "9 2207042 368",
            Trouble.SESSION_GONE: "24 2207003 2207006 2207008 2207020 2207053",
            Trouble.REFUSED: "25 352 9004 36000 36001 36003 36004 2207004 2207005 2207009 2207010 "
            "2207023 2207026 2207028 2207035 2207036 2207037 2207040 2207050 2207052 2207057",
        }.items()
        for code in codes.split()
    },
}
"""Error codes page (updated 2026-06-02), read 2026-11-22. Sub-codes are looked up first."""

# content_publishing_limit reference, read 2026-11-22: what every app together has published.
QUOTA = QuotaCall(
    url=f"{GRAPH}/{{ig_user_id}}/content_publishing_limit",
    query={"fields": "config,quota_usage"},
    budget="posts",
    used_at="data.0.quota_usage",
    most_at="data.0.config.quota_total",
)

FACTS = Facts(
    name="instagram",
    title="Instagram",
    source=Source(
        "https://developers.facebook.com/docs/instagram-platform/content-publishing",
        dt.date(2026, 11, 22),
    ),
    hosts=graph.HOSTS,
    sign_in=graph.SIGN_IN,
    # IG User media reference, "Reels specifications". It says 300 MB, so the smaller megabyte counts.
    limits=Limits(
        containers=frozenset({"mp4", "mov"}),
        video_codecs=frozenset({"h264", "hevc"}),
        audio_codecs=frozenset({"aac"}),
        size=300 * 10**6,
        duration=(3, 15 * 60),
        frame_rate=(23, 60),
        aspect_ratio=(0.01, 10),
        bit_rate=25_000_000,
    ),
    error_codes_at=graph.ERROR_CODES_AT,
    error_message_at=graph.ERROR_MESSAGE_AT,
    trouble=TROUBLE,
    # Content publishing guide: 100 posts (a note in it still says 50) and 400 containers. Rate
    # limiting page: 4,800 calls for each impression of a day, which nobody tells: 200 an hour is ours.
    budgets=(
        Budget("posts", 100, DAY_LONG, PUBLISHES),
        Budget("containers", 400, DAY_LONG, OPENS),
        Budget("calls", 200, HOUR, ASKS),
    ),
    quota=QUOTA,
    app_limits=frozenset({"4"}),
    unnamed_wait=dt.timedelta(hours=1),
    # Containers expire after 24 hours (IG Container reference, read 2026-11-22).
    stage_ahead=dt.timedelta(hours=20),
)

CAPTION_CHARACTERS, HASHTAGS, MENTIONS = 2_200, 30, 20
WIDTH_PIXELS = 1_920
AUDIO_HERTZ, AUDIO_CHANNELS = 48_000, 2

FRESH_CONTAINER_HELPS = frozenset(
    {"2207001", "2207003", "2207020", "2207032", "2207053"}
    | {"2207076", "2207077", "2207082", "2207085"}
)
"""Failures of a container that another one often does not have; the last four are undocumented."""

CLOCK_SLACK = dt.timedelta(seconds=60)
"""The hosts that answer and the ones that write timestamps need not agree to the second."""


@dataclass(frozen=True)
class Instagram:
    """Reels on Instagram. A thumbnail file cannot be sent: `thumb_offset` chooses a frame instead."""

    facts: Facts = FACTS

    def problems(self, content: Content, media: Media) -> list[Problem]:
        """Say everything for which this post would be turned down. No network."""
        return [
            *_text_problems(caption(content)),
            *_thumb_offset_problem(content, media),
            *rules.privacy_problem(content, FACTS),
            *rules.media_problems(media, FACTS),
            *_media_problems(media),
        ]

    async def open(self, api: Api, content: Content, media: Media) -> Receipt:
        """Make a container. It lives for 24 hours, and nobody sees it."""
        text = caption(content)
        share = "share_to_feed" not in content.options or content.option_is_on("share_to_feed")
        form = {
            "media_type": "REELS",
            "upload_type": "resumable",
            "caption": text,
            "share_to_feed": "true" if share else "false",
        }
        if "thumb_offset" in content.options:
            form["thumb_offset"] = content.options["thumb_offset"]
        answer = await api.call("POST", f"{GRAPH}/{_user(api)}/media", form=form)
        container = graph.require(answer, FACTS, "id")
        given = value_at(json_body(answer, FACTS), "uri")
        data: dict[str, Json] = {
            "container": container,
            "uri": given or _upload_address(container),
            "caption": text,
            "opened_at": graph.answered_at(answer, api).isoformat(),
        }
        return Receipt(total=media.size, part_size=media.size, data=data)

    async def send(self, api: Api, receipt: Receipt, part: Part) -> Receipt:
        """Send everything that is missing, in one request. A broken one is kept as far as it came."""
        await graph.rupload(api, receipt.text("uri"), part)
        return receipt.advanced(receipt.total, 0)

    async def look(self, api: Api, receipt: Receipt) -> Sighting:
        """Ask the container, until there is a post; then find out where people can see it."""
        if receipt.post_id:
            return Sighting(Seen.LIVE, await _with_url(api, receipt))
        answer = await api.call(
            "GET",
            f"{GRAPH}/{receipt.text('container')}",
            params={"fields": "id,status,status_code,video_status"},
        )
        body = json_body(answer, FACTS)
        if value_at(body, "status_code") == "PUBLISHED":
            return await _find_post(api, receipt)
        sighting = _unpublished(receipt, body)
        if value_at(body, "status_code") == "EXPIRED" and receipt.text(ASKED):
            return await _with_usage(api, sighting)
        return sighting

    async def publish(self, api: Api, receipt: Receipt) -> Receipt:
        """Make the container a post. The post's id is another than the container's."""
        answer = await api.call(
            "POST",
            f"{GRAPH}/{_user(api)}/media_publish",
            form={"creation_id": receipt.text("container")},
        )
        return replace(receipt, post_id=graph.require(answer, FACTS, "id"))

    async def who(self, api: Api) -> Identity:
        """Ask which Instagram accounts belong to the Pages that were chosen at sign-in."""
        found = [
            Identity(
                name=page.instagram_name,
                ids={"page_id": page.id, "ig_user_id": page.instagram_id},
                token=page.token,
                key=page.instagram_id,
            )
            for page in await graph.pages(api)
            if page.instagram_id
        ]
        lacking = (
            "None of the Pages that were chosen has an Instagram professional account. "
            "Link one in the Page's settings, then connect again."
        )
        return graph.one_of(found, api, lacking)


def _user(api: Api) -> str:
    return api.account.ids["ig_user_id"]


def _upload_address(container: str) -> str:
    return f"https://rupload.facebook.com/ig-api-upload/{graph.VERSION}/{container}"


def _unpublished(receipt: Receipt, body: Json) -> Sighting:
    """Read a container that is not a post yet. Where it failed, the code stands in words only."""
    status, said = value_at(body, "status_code"), value_at(body, "status") or ""
    evidence: dict[str, Json] = {"container": status, "status": said}
    whole = receipt.advanced(receipt.total, 0)
    match status:
        case "FINISHED":
            return Sighting(Seen.READY, whole, evidence=evidence)
        case "EXPIRED":
            return Sighting(Seen.GONE, receipt, evidence=evidence)
        case "ERROR":
            found = re.search(r"\b\d{7}\b", said)
            code = found.group() if found else ""
            seen = Seen.GONE if code in FRESH_CONTAINER_HELPS else Seen.REJECTED
            return Sighting(seen, receipt, said, code, evidence)
    if rest := graph.still_missing(receipt, body, at="video_status"):
        return Sighting(Seen.RECEIVING, rest, evidence=evidence)
    return Sighting(Seen.PROCESSING, whole, evidence=evidence)


async def _with_usage(api: Api, sighting: Sighting) -> Sighting:
    """Add whether anything was published since we asked for it; nothing is proof of nothing ours."""
    since = dt.datetime.fromisoformat(sighting.receipt.text(ASKED)) - CLOCK_SLACK
    query = {"fields": "quota_usage", "since": str(int(since.timestamp()))}
    try:
        answer = await api.call("GET", QUOTA.url.format_map(api.account.ids), params=query)
    except PlatformError:
        return sighting  # what was seen stays true; after a day Instagram does not tell any more
    used = value_at(json_body(answer, FACTS), QUOTA.used_at)
    evidence = {**sighting.evidence, "published_since": used, NONE_SINCE_INTENT: used == "0"}
    return replace(sighting, evidence=evidence)


async def _with_url(api: Api, receipt: Receipt) -> Receipt:
    """Add the post's address, if it can be had. The post is out: nothing here may raise doubts."""
    if receipt.url:
        return receipt
    try:
        answer = await api.call(
            "GET", f"{GRAPH}/{receipt.post_id}", params={"fields": "id,permalink"}
        )
        return replace(receipt, url=value_at(json_body(answer, FACTS), "permalink") or "")
    except PlatformError:
        return receipt


async def _find_post(api: Api, receipt: Receipt) -> Sighting:
    """
    Find the post that the container became, when the answer that named it was lost.

    The container does not tell, and the newest post need not be ours: a single row must fit. The
    container has been published either way.
    """
    answer = await api.call(
        "GET",
        f"{GRAPH}/{_user(api)}/media",
        params={"fields": "id,caption,timestamp,permalink,media_product_type", "limit": "25"},
    )
    listed = graph.rows(json_body(answer, FACTS))
    ours = [row for row in listed if _is_ours(row, receipt)]
    evidence: dict[str, Json] = {
        "container": "PUBLISHED",
        "listed": len(listed),
        "like ours": len(ours),
    }
    if len(ours) == 1:
        receipt = replace(
            receipt,
            post_id=value_at(ours[0], "id") or "",
            url=value_at(ours[0], "permalink") or "",
        )
    return Sighting(Seen.LIVE, receipt, evidence=evidence)


def _is_ours(row: Json, receipt: Receipt) -> bool:
    written = value_at(row, "timestamp")
    if written is None or value_at(row, "media_product_type") != "REELS":
        return False
    since = dt.datetime.fromisoformat(receipt.text("opened_at")) - CLOCK_SLACK
    same_words = (value_at(row, "caption") or "").strip() == receipt.text("caption").strip()
    return same_words and dt.datetime.fromisoformat(written) >= since


def _text_problems(text: str) -> Iterator[Problem]:
    yield from clean_problem("caption", text, FACTS.title)
    for actual, most, unit in (
        (len(text), CAPTION_CHARACTERS, "characters"),
        (count_hashtags(text), HASHTAGS, "hashtags"),
        (count_mentions(text), MENTIONS, "mentions"),
    ):
        yield from rules.length_problem(
            "caption", actual=actual, most=most, unit=unit, platform=FACTS.title
        )


def _thumb_offset_problem(content: Content, media: Media) -> Iterator[Problem]:
    """Yield a problem where the cover's frame, in milliseconds, lies outside the video."""
    offset = content.options.get("thumb_offset", "0")
    milliseconds = int(media.duration * 1000)
    if not (offset.isdecimal() and int(offset) < milliseconds):
        limit = f"a whole number from 0 to {milliseconds - 1}"
        yield _problem("thumb_offset", "range", limit, offset, "Choose a moment inside the video.")


def _media_problems(media: Media) -> Iterator[Problem]:
    """Yield what Instagram alone asks of a file."""
    if media.width > WIDTH_PIXELS:
        most, fix = f"{WIDTH_PIXELS} px", "Scale the picture to 1080×1920."
        yield _problem("width", "max_width", f"at most {most}", f"{media.width} px", fix)
    if media.audio_sample_rate > AUDIO_HERTZ:
        limit, actual = f"at most {AUDIO_HERTZ} Hz", f"{media.audio_sample_rate} Hz"
        yield _problem("sound", "max_sample_rate", limit, actual, "Export the sound with 48 kHz.")
    if media.audio_channels > AUDIO_CHANNELS:
        limit, actual = "1 or 2 channels", f"{media.audio_channels} channels"
        yield _problem("sound", "max_channels", limit, actual, "Export the sound in stereo.")
    if not media.faststart:
        fix = "Move it, without a loss: ffmpeg -i in.mp4 -c copy -movflags +faststart out.mp4"
        yield _problem("index", "faststart", "the index first", "the pictures first", fix)


def _problem(field: str, rule: str, limit: str, actual: str, fix: str) -> Problem:
    message = f"The {field} has {actual}; {FACTS.title} wants {limit}."
    return Problem(field=field, rule=rule, limit=limit, actual=actual, message=message, fix=fix)
