"""
YouTube: a resumable upload that stays private, then one videos.update that opens it.

The last byte makes the video exist, private whatever was asked; `publish` changes the privacy of
an id that we hold, so that repeating it is harmless. An upload whose last answer was lost is asked
for by its session, and where the session is gone, looked for by its marker tag.
"""

import datetime as dt
import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace

import httpx

from pellacia_service.domain.budget import OPENS, Budget, Call, Day, Scope
from pellacia_service.domain.json import Json
from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Content, Privacy
from pellacia_service.domain.problem import Problem
from pellacia_service.domain.receipt import Receipt
from pellacia_service.domain.sighting import Seen, Sighting
from pellacia_service.errors import SessionGoneError
from pellacia_service.platform_kit import rules
from pellacia_service.platform_kit.facts import Facts, Limits, SignIn, Source, Trouble, codes
from pellacia_service.platform_kit.http import ANSWER_SECONDS, LAST_PART_ANSWER_SECONDS, Api
from pellacia_service.platform_kit.protocol import Identity, Part
from pellacia_service.platform_kit.text import clean_problem
from pellacia_service.platform_kit.thumbnail import ThumbnailCall
from pellacia_service.platform_kit.trouble import json_body, list_at, needed_at, refused, value_at

TROUBLE = codes(
    {
        Trouble.LOGIN: "authError authorizationRequired insufficientPermissions UNAUTHENTICATED",
        Trouble.RATE_LIMIT: "rateLimitExceeded userRateLimitExceeded uploadRateLimitExceeded",
        # uploadLimitExceeded is the channel's own ceiling, rolling, about a day long.
        Trouble.DAY_LIMIT: "quotaExceeded dailyLimitExceeded uploadLimitExceeded",
        Trouble.RETRY: "backendError internalError SERVICE_UNAVAILABLE",
        Trouble.REFUSED: "invalidTitle invalidDescription invalidTags invalidCategoryId "
        "invalidFilename invalidVideoMetadata mediaBodyRequired missingRequiredParameter "
        "unexpectedParameter incompatibleParameters badRequest forbiddenPrivacySetting forbidden "
        "forbiddenLicenseSetting accessNotConfigured channelClosed channelSuspended "
        "authenticatedUserAccountClosed authenticatedUserAccountSuspended youtubeSignupRequired "
        "videoNotFound channelNotFound playlistNotFound",
    }
)
"""Reasons on the Data API's errors page and on those of its methods, read 2026-11-22."""

PACIFIC = Day("America/Los_Angeles")  # of a project's quotas (quota page, read 2026-11-22)

FACTS = Facts(
    name="youtube",
    title="YouTube",
    source=Source("https://developers.google.com/youtube/v3/docs/videos", dt.date(2026, 11, 22)),
    hosts=frozenset({"www.googleapis.com", "youtube.googleapis.com"})
    | {"youtubeanalytics.googleapis.com"},
    sign_in=SignIn(
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",
        revoke_url="https://oauth2.googleapis.com/revoke",
        any_port=True,  # for apps of the type "Desktop"
        # Without "consent" a second sign-in brings no refresh token; without "select_account" a
        # person with several channels is never asked which one.
        extra={"access_type": "offline", "prompt": "consent select_account"},
    ),
    # Kinds: help page "Supported YouTube file formats", which names no codecs: nothing that its
    # containers hold is turned down here. Size and duration: videos.insert, read 2026-11-22.
    limits=Limits(
        containers=frozenset({"mp4", "mov", "webm", "avi", "flv", "mpeg", "mpegts", "asf"})
        | {"3gp", "3g2", "matroska"},
        video_codecs=frozenset({"h264", "hevc", "vp8", "vp9", "av1", "prores", "dnxhd", "cfhd"})
        | {"mpeg4", "mpeg2video", "mpeg1video", "mjpeg", "wmv3", "vc1", "flv1", "h263"},
        audio_codecs=frozenset({"aac", "mp3", "mp2", "opus", "vorbis", "flac", "alac", "ac3"})
        | {"eac3", "wmav2", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_s16be", "pcm_f32le"},
        size=256 * rules.GIB,
        duration=(0, 12 * 60 * 60),
    ),
    error_codes_at=("error.errors.0.reason", "error.status"),
    error_message_at=("error.message",),
    trouble=TROUBLE,
    privacies=frozenset(Privacy),
    day_ends=PACIFIC.zone,
    budgets=(
        Budget("uploads", 100, PACIFIC, OPENS, Scope.APP),
        Budget("units", 10_000, PACIFIC, {Call.LOOK: 1, Call.PUBLISH: 50}, Scope.APP),
    ),
    app_limits=frozenset({"quotaExceeded", "dailyLimitExceeded", "rateLimitExceeded"}),
    # The daily upload bucket answers 429 rateLimitExceeded "… limit 'Video Uploads per day' …"
    # (googleapis/google-api-python-client#2753, 2026-05-27).
    day_limit_words=("per day",),
    # thumbnails.set; 50 MB since 2026-09-14 (revision history, read 2026-11-22).
    thumbnail=ThumbnailCall(
        url="https://www.googleapis.com/upload/youtube/v3/thumbnails/set",
        most_bytes=50 * rules.MIB,
        video_id_in="videoId",
    ),
    last_part_creates=True,
    publish_is_repeatable=True,
    stage_ahead=dt.timedelta(days=7),  # a private video stays; its session lives about a week
)

API = "https://www.googleapis.com/youtube/v3"
SEEN_PARTS, UPLOADS_AT = "status,processingDetails", "contentDetails.relatedPlaylists.uploads"
UPLOAD = "https://www.googleapis.com/upload/youtube/v3/videos"
TITLE_CHARACTERS, DESCRIPTION_BYTES, TAG_CHARACTERS = 100, 5_000, 500
SHORTS_SECONDS, PEOPLE_AND_BLOGS, KIND = 180, "22", "application/octet-stream"
MARKER, MARKER_HEX = "pellacia-", 8
RESUME_INCOMPLETE, SESSION_OVER = 308, frozenset({404, 410})

PART_SIZE = 512 * rules.MIB
"""A multiple of 262,144 (resumable guide, read 2026-11-22). Each part costs a round trip and a commit,
because the platform confirms each; a broken one only what had not yet arrived. So: few and large."""

REASONS = {"failed": "failureReason", "rejected": "rejectionReason", "deleted": "uploadStatus"}
"""The upload states that are an end without a video, and which field of `status` says why."""


@dataclass(frozen=True)
class YouTube:
    """The five promises for YouTube. `part_size`: bytes of every part but the last."""

    part_size: int = PART_SIZE
    facts: Facts = FACTS

    def problems(self, content: Content, media: Media) -> list[Problem]:
        """Say everything for which this post would be turned down. No network."""
        return [
            *_text_problems(_titled(content, media)),
            *rules.privacy_problem(content, FACTS),
            *rules.thumbnail_problem(content, FACTS),
            *rules.media_problems(media, FACTS),
        ]

    async def open(self, api: Api, content: Content, media: Media) -> Receipt:
        """Start a resumable session. Text that YouTube dislikes is refused here, before any byte."""
        content = _titled(content, media)
        opened_at = api.clock.now().isoformat()
        marker = marker_of(content, media, opened_at)
        video = _new_video(content, marker)
        answer = await api.call(
            "POST",
            UPLOAD,
            params={"uploadType": "resumable", "part": "snippet,status"},
            json=video,
            headers={"X-Upload-Content-Length": str(media.size), "X-Upload-Content-Type": KIND},
        )
        data: dict[str, Json] = {
            "session": needed_at(dict(answer.headers), "location", FACTS),
            "opened_at": opened_at,
            "marker": marker,
            "privacy": content.privacy,
            "status": video["status"],
            "is_short": media.aspect_ratio <= 1 and media.duration <= SHORTS_SECONDS,
        }
        return Receipt(total=media.size, part_size=min(self.part_size, media.size), data=data)

    async def send(self, api: Api, receipt: Receipt, part: Part) -> Receipt:
        """Send one part. YouTube says how much it has kept, which may be less than was sent."""
        answer = await _put(api, receipt, part.content_range, part.size, part.stream())
        if answer.status_code in SESSION_OVER:
            message, code = "YouTube has ended this upload session.", str(answer.status_code)
            raise SessionGoneError(message, platform=FACTS.name, code=code)
        return self._after(answer, receipt)

    async def look(self, api: Api, receipt: Receipt) -> Sighting:
        """Ask the session while there is no video yet, then the video."""
        if not receipt.post_id:
            return await self._look_at_session(api, receipt)
        videos = await _list(api, "videos", {"part": SEEN_PARTS, "id": receipt.post_id})
        if videos:
            return _sighting(videos[0], receipt)
        # Listings lag some seconds behind an upload: an id that is not shown was not deleted.
        return Sighting(Seen.PROCESSING, receipt, evidence={"videos.list": "not there yet"})

    async def publish(self, api: Api, receipt: Receipt) -> Receipt:
        """Give the video the asked privacy. videos.update erases what it is not given: all goes."""
        asked, status = receipt.text("privacy"), receipt.data["status"]
        changed = {**status, "privacyStatus": asked} if isinstance(status, dict) else {}
        body: dict[str, Json] = {"id": receipt.post_id, "status": changed}
        answer = await api.call("PUT", f"{API}/videos", params={"part": "status"}, json=body)
        if value_at(json_body(answer, FACTS), "status.privacyStatus") == asked:
            return receipt
        raise refused(f"YouTube did not make it {asked}. Look in YouTube Studio.", "privacy", FACTS)

    async def who(self, api: Api) -> Identity:
        """Ask which channel the person chose at sign-in; a token belongs to exactly one."""
        channel = await _own_channel(api)
        name = value_at(channel, "snippet.title") or "a channel without a name"
        return Identity(name=name, ids={"channel_id": needed_at(channel, "id", FACTS)})

    async def _look_at_session(self, api: Api, receipt: Receipt) -> Sighting:
        """Ask the session how much it holds. A finished one gives its video again, for a while."""
        answer = await _put(api, receipt, f"bytes */{receipt.total}", 0, b"")
        if answer.status_code not in SESSION_OVER:
            receipt = self._after(answer, receipt)
            return Sighting(Seen.RECEIVING if receipt.wants_more else Seen.PROCESSING, receipt)
        if receipt.confirmed + receipt.part_size >= receipt.total:
            return await _look_among_uploads(api, receipt)
        # The last part was never begun, and without it there is no video.
        return Sighting(Seen.GONE, receipt, evidence={"session": answer.status_code})

    def _after(self, answer: httpx.Response, receipt: Receipt) -> Receipt:
        """Read what YouTube confirmed: bytes so far (308), or the video (200, 201)."""
        if answer.status_code != RESUME_INCOMPLETE:
            return _with_video(json_body(answer, FACTS), receipt)
        confirmed = min(confirmed_bytes(answer.headers.get("Range", "")), receipt.total)
        session = answer.headers.get("Location") or receipt.text("session")
        part_size = min(self.part_size, receipt.total - confirmed)
        return receipt.advanced(confirmed, part_size).with_data(session=session)


def marker_of(content: Content, media: Media, opened_at: str) -> str:
    """Return the tag by which this one upload is found again, should its session be lost."""
    seed = f"{opened_at}\n{media.path}\n{media.size}\n{content.title}"
    return MARKER + hashlib.sha256(seed.encode("utf-8", "surrogateescape")).hexdigest()[:MARKER_HEX]


def confirmed_bytes(header: str) -> int:
    """Read "bytes=0-99" or "0-99" (both were seen) as 100; no header: nothing was kept."""
    last = header.rpartition("-")[2].strip()
    return int(last) + 1 if last.isdecimal() else 0


def tag_characters(tags: tuple[str, ...]) -> int:
    """Count tags as YouTube does: a comma between two, quotes around one that has a space."""
    return sum(len(tag) + 2 * (" " in tag) for tag in tags) + max(0, len(tags) - 1)


def _new_video(content: Content, marker: str) -> dict[str, Json]:
    """Write the video resource: private, with every mutable field of `status` as it is to stay."""
    return {
        "snippet": {
            "title": content.title,
            "description": content.description,
            "tags": [*content.hashtags, marker],
            "categoryId": content.options.get("category_id", PEOPLE_AND_BLOGS),
        },
        "status": {
            "privacyStatus": Privacy.PRIVATE,
            "selfDeclaredMadeForKids": content.option_is_on("made_for_kids"),
            "containsSyntheticMedia": content.option_is_on("synthetic_media"),
            "embeddable": True,
            "license": "youtube",
            "publicStatsViewable": True,
        },
    }


async def _put(
    api: Api, receipt: Receipt, content_range: str, size: int, body: AsyncIterator[bytes] | bytes
) -> httpx.Response:
    """Send bytes, or none to ask for the state, to the session."""
    return await api.call(
        "PUT",
        receipt.text("session"),
        content=body,
        headers={"Content-Length": str(size), "Content-Range": content_range},
        accept={RESUME_INCOMPLETE, *SESSION_OVER},
        answer_seconds=LAST_PART_ANSWER_SECONDS if receipt.is_last_part else ANSWER_SECONDS,
    )


async def _own_channel(api: Api) -> Json:
    channels = await _list(api, "channels", {"part": "id,snippet,contentDetails", "mine": "true"})
    if channels:
        return channels[0]
    raise refused("This Google account has no channel. Make one on youtube.com.", "channel", FACTS)


async def _look_among_uploads(api: Api, receipt: Receipt) -> Sighting:
    """
    Find the video of a session that is gone, by its marker among the 50 newest uploads.

    Three requests instead of one, and only here: the uploads list shows private videos and does
    not lag by hours as search.list does, but it leaves out the tags.
    """
    playlist = needed_at(await _own_channel(api), UPLOADS_AT, FACTS)
    wanted = {"part": "contentDetails", "playlistId": playlist, "maxResults": "50"}
    uploads = await _list(api, "playlistItems", wanted)
    ids = ",".join(needed_at(item, "contentDetails.videoId", FACTS) for item in uploads)
    wanted = {"part": f"snippet,{SEEN_PARTS}", "id": ids}
    videos = await _list(api, "videos", wanted) if ids else []
    ours = [video for video in videos if receipt.text("marker") in list_at(video, "snippet.tags")]
    if len(ours) == 1:
        return _sighting(ours[0], _with_video(ours[0], receipt))
    evidence: dict[str, Json] = {"newest uploads": len(videos), "with our marker": len(ours)}
    return Sighting(Seen.ABSENT, receipt, evidence=evidence)


def _with_video(video: Json, receipt: Receipt) -> Receipt:
    """Return the receipt of an upload that has become a video."""
    post_id = needed_at(video, "id", FACTS)
    page = "shorts/" if receipt.data.get("is_short") else "watch?v="
    url = f"https://www.youtube.com/{page}{post_id}"
    return replace(receipt.advanced(receipt.total, 0), post_id=post_id, url=url)


def _sighting(video: Json, receipt: Receipt) -> Sighting:
    """Read a video resource: `status` decides, `processingDetails` is told."""
    state = value_at(video, "status.uploadStatus") or ""
    privacy = value_at(video, "status.privacyStatus")
    processing = value_at(video, "processingDetails.processingStatus")
    evidence: dict[str, Json] = {"upload": state, "privacy": privacy, "processing": processing}
    if state in REASONS:
        code = value_at(video, f"status.{REASONS[state]}") or state
        return Sighting(Seen.REJECTED, receipt, f"the video is {state}: {code}", code, evidence)
    if state != "processed":
        return Sighting(Seen.PROCESSING, receipt, evidence=evidence)
    seen = Seen.LIVE if privacy == receipt.text("privacy") else Seen.READY
    return Sighting(seen, receipt, evidence=evidence)


async def _list(api: Api, resource: str, wanted: Mapping[str, str]) -> list[Json]:
    answer = await api.call("GET", f"{API}/{resource}", params=wanted)
    return list_at(json_body(answer, FACTS), "items")


def _titled(content: Content, media: Media) -> Content:
    """Give a video without a title its file's name, as YouTube's own upload page does."""
    return content if content.title.strip() else replace(content, title=media.path.stem)


def _text_problems(content: Content) -> Iterator[Problem]:
    """Hold the title, the description and the tags, our marker among them, against the limits."""
    name = FACTS.title
    tags = tag_characters((*content.hashtags, MARKER + "0" * MARKER_HEX))
    description_bytes = len(content.description.encode("utf-8", "surrogatepass"))
    if not content.title.strip():
        fix = "Give it one with --title."
        yield _problem("title", "required", "at least 1 character", "no characters", fix)
    for field, text, actual, most, unit in (
        ("title", content.title, len(content.title), TITLE_CHARACTERS, "characters"),
        ("description", content.description, description_bytes, DESCRIPTION_BYTES, "bytes"),
        ("hashtags", " ".join(content.hashtags), tags, TAG_CHARACTERS, "characters"),
    ):
        yield from clean_problem(field, text, name)
        yield from rules.length_problem(field, actual=actual, most=most, unit=unit, platform=name)
    for field, text in (("title", content.title), ("description", content.description)):
        if found := " ".join(sign for sign in "<>" if sign in text):
            fix = "Write it with other signs, such as ‹ and ›."
            yield _problem(field, "forbidden_characters", "no < and no >", found, fix)


def _problem(field: str, rule: str, limit: str, actual: str, fix: str) -> Problem:
    message = f"The {field} has {actual}; YouTube wants {limit}."
    return Problem(field=field, rule=rule, limit=limit, actual=actual, message=message, fix=fix)
