"""
TikTok: the last byte publishes, so sending it is the call that cannot be taken back.

Direct post of the Content Posting API: ask what the creator may do, ask for an upload, send the
pieces, look. A private post can be looked for by its publish_id only, which is therefore kept
before the first byte. Bytes that never become complete never become a post.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import httpx

from pellacia_service.domain.budget import DAY_LONG, LOOKS, MINUTE, OPENS, Budget, Even
from pellacia_service.domain.json import Json
from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Content, Privacy
from pellacia_service.domain.problem import Problem
from pellacia_service.domain.receipt import Receipt
from pellacia_service.domain.sighting import Seen, Sighting
from pellacia_service.errors import RefusedError, SessionGoneError, TransientError
from pellacia_service.platform_kit import rules
from pellacia_service.platform_kit.facts import Facts, Limits, SignIn, Source, Trouble, codes
from pellacia_service.platform_kit.http import ANSWER_SECONDS, LAST_PART_ANSWER_SECONDS, Api
from pellacia_service.platform_kit.protocol import Identity, Part
from pellacia_service.platform_kit.text import caption, clean_problem, utf16_length
from pellacia_service.platform_kit.trouble import json_body, list_at, needed_at, refused, value_at

TROUBLE = codes(
    {
        Trouble.LOGIN: "access_token_invalid scope_not_authorized scope_permission_missed",
        Trouble.RATE_LIMIT: "rate_limit_exceeded",
        # Caps on a creator's posts and on the users of an app in audit: 24 hours, rolling.
        Trouble.DAY_LIMIT: "spam_risk_too_many_posts reached_active_user_cap",
        Trouble.RETRY: "internal_error",
        # The pages write invalid_param, the wire says invalid_params.
        Trouble.REFUSED: "invalid_params invalid_param invalid_file_upload invalid_publish_id "
        "token_not_authorized_for_specified_publish_id privacy_level_option_mismatch "
        "unaudited_client_can_only_post_to_private_accounts spam_risk spam_risk_text "
        "spam_risk_user_banned_from_posting",
    }
)
"""Codes of the direct post, creator info and status pages, read 2026-11-22."""

PAGES = "https://developers.tiktok.com/doc/"
STATUS_READS = Budget("looks", 30, Even(60), LOOKS)

FACTS = Facts(
    name="tiktok",
    title="TikTok",
    source=Source(PAGES + "content-posting-api-reference-direct-post", dt.date(2026, 11, 22)),
    # The host of an upload address is not among them: its token stands in its query.
    hosts=frozenset({"open.tiktokapis.com"}),
    sign_in=SignIn(
        authorize_url="https://www.tiktok.com/v2/auth/authorize/",
        token_url="https://open.tiktokapis.com/v2/oauth/token/",
        revoke_url="https://open.tiktokapis.com/v2/oauth/revoke/",
        any_port=True,  # registered as http://127.0.0.1:*/callback/tiktok
        separator=",",
        client_id_name="client_key",
        extra={"disable_auto_auth": "1"},  # or it silently takes the browser's own account
        hex_challenge=True,
    ),
    # Media transfer guide, read 2026-11-22. It names no sound: what its containers carry is taken.
    limits=Limits(
        containers=frozenset({"mp4", "mov", "webm"}),
        video_codecs=frozenset({"h264", "hevc", "vp8", "vp9"}),
        audio_codecs=frozenset({"aac", "mp3", "opus", "vorbis", "ac3", "alac", "pcm_s16le"}),
        size=4 * rules.GIB,
        duration=(0, 600),
        frame_rate=(23, 60),
        long_side=(360, 4096),
        short_side=(360, 4096),
    ),
    error_codes_at=("error.code",),
    error_message_at=("error.message",),
    trouble=TROUBLE,
    privacies=frozenset({Privacy.PUBLIC, Privacy.PRIVATE}),
    # Pages of each call; "around 15" posts of a creator through all apps (content sharing guidelines).
    budgets=(Budget("inits", 6, MINUTE, OPENS), Budget("posts", 15, DAY_LONG, OPENS), STATUS_READS),
    envelope_ok="error.code",  # creator_info refuses with status 200
    last_part_creates=True,
    last_part_publishes=True,
    stage_ahead=dt.timedelta(minutes=50),  # upload URLs live an hour (Content Posting API)
)

API = "https://open.tiktokapis.com/v2"
CAPTION_UNITS = 2_200
ONE_PIECE, CHUNK = 64 * rules.MIB, 10 * rules.MIB
"""Files above the first go in pieces of the second; the last takes the rest along and stays under 20 MiB."""

SESSION_LIFE, LAST_PIECE_TIME = dt.timedelta(hours=1), dt.timedelta(minutes=10)
"""A last piece may have been on its way when the hour struck: so long its upload is not given up."""

MODERATION_TIME = dt.timedelta(minutes=2)
"""A public post gets its id after moderation, mostly within a minute; then it is done without."""

LEVELS: Mapping[str, str] = {"public": "PUBLIC_TO_EVERYONE", "private": "SELF_ONLY"}
COVER = "video_cover_timestamp_ms"
MIME_TYPES = {"mp4": "video/mp4", "mov": "video/quicktime", "webm": "video/webm"}
INTERACTIONS = ("comment", "duet", "stitch")
"""What the creator may have switched off for good, and `disable_…` switches off for one post."""

TOGGLES = ("brand_content_toggle", "brand_organic_toggle", "is_aigc")
"""Options under the names of the API: paid partnership, own business, made by a machine."""

NOT_TAKEN = {403: SessionGoneError, 404: SessionGoneError, 416: TransientError}
"""A piece came too late or is not the one that was expected: what TikTok holds must be asked."""

NOT_READABLE = frozenset({"invalid_publish_id", "token_not_authorized_for_specified_publish_id"})
ENDS_WITHOUT_BLAME = frozenset({"internal", "auth_removed"})
"""Reasons for FAILED that another upload may not meet, with a fresh sign-in where that was it."""


@dataclass(frozen=True)
class Chunks:
    """
    Pieces of `size` bytes, as many as fit; the last one takes the remainder along. A single piece
    must be as large as the file (media transfer guide, read 2026-11-22).
    """

    total: int
    size: int

    @property
    def count(self) -> int:
        """How many pieces there are."""
        return self.total // self.size

    def wanted_at(self, confirmed: int) -> int:
        """Return the bytes of the piece that starts at `confirmed`; 0 behind the last."""
        is_last = confirmed // self.size >= self.count - 1
        return self.total - confirmed if is_last else self.size

    def border(self, received: int) -> int:
        """Round bytes down to where a piece starts: one that is not whole must come again."""
        started = min(received // self.size, self.count - 1) * self.size
        return self.total if received >= self.total else started


def chunks_of(total: int) -> Chunks:
    """Cut a file of `total` bytes."""
    return Chunks(total, total if total <= ONE_PIECE else CHUNK)


@dataclass(frozen=True)
class TikTok:
    """The five promises for TikTok."""

    facts: Facts = FACTS

    def problems(self, content: Content, media: Media) -> list[Problem]:
        """Say everything for which this post would be turned down. No network."""
        text, name = caption(content), FACTS.title
        units = utf16_length(text)
        return [
            *clean_problem("caption", text, name),
            *rules.length_problem(
                "caption", actual=units, most=CAPTION_UNITS, unit="UTF-16 units", platform=name
            ),
            *rules.privacy_problem(content, FACTS),
            *_option_problems(content, media),
            *rules.media_problems(media, FACTS),
        ]

    async def open(self, api: Api, content: Content, media: Media) -> Receipt:
        """Ask what the creator may do, as TikTok demands before each post, then for an upload."""
        creator = await _post(api, "creator_info/query/", {})
        _check_creator(creator, content, media)
        chunks = chunks_of(media.size)
        opened_at = api.clock.now().isoformat()
        source: dict[str, Json] = {
            "source": "FILE_UPLOAD",
            "video_size": chunks.total,
            "chunk_size": chunks.size,
            "total_chunk_count": chunks.count,
        }
        body: dict[str, Json] = {"post_info": _post_info(creator, content), "source_info": source}
        given = await _post(api, "video/init/", body)
        data: dict[str, Json] = {
            "publish_id": needed_at(given, "publish_id", FACTS),
            "upload_url": needed_at(given, "upload_url", FACTS),
            "chunk_size": chunks.size,
            "mime_type": MIME_TYPES.get(media.container, MIME_TYPES["mp4"]),
            "opened_at": opened_at,
            "privacy": content.privacy,
            "username": needed_at(creator, "creator_username", FACTS),
        }
        return Receipt(total=media.size, part_size=chunks.wanted_at(0), data=data)

    async def send(self, api: Api, receipt: Receipt, part: Part) -> Receipt:
        """Send one piece; the last one publishes. See `NOT_TAKEN` for what else may come back."""
        answer = await api.call(
            "PUT",
            receipt.text("upload_url"),
            content=part.stream(),
            headers={
                "Content-Length": str(part.size),
                "Content-Range": part.content_range,
                "Content-Type": receipt.text("mime_type"),
            },
            scheme="",
            accept=NOT_TAKEN,
            answer_seconds=LAST_PART_ANSWER_SECONDS if receipt.is_last_part else ANSWER_SECONDS,
        )
        if error := NOT_TAKEN.get(answer.status_code):
            message = f"TikTok answered {answer.status_code} to a piece; it is asked what it holds."
            raise error(message, platform=FACTS.name, code=str(answer.status_code))
        whole = receipt.is_last_part and answer.status_code in {200, 201}
        return _advanced(receipt, receipt.total if whole else held_bytes(answer, part))

    async def look(self, api: Api, receipt: Receipt) -> Sighting:
        """Ask for the status of the upload. A status that is not known yet means: look again."""
        body: dict[str, Json] = {"publish_id": receipt.text("publish_id")}
        try:
            data = await _post(api, "status/fetch/", body)
        except RefusedError as error:
            if error.code not in NOT_READABLE:
                raise
            seen = Seen.ABSENT if _may_be_complete(receipt) else Seen.GONE
            return Sighting(seen, receipt, evidence={"status/fetch": error.code})
        now = api.clock.now()
        match data.get("status"):
            case "PROCESSING_UPLOAD":
                return _receiving(data, receipt, now)
            case "PUBLISH_COMPLETE":
                return _complete(data, receipt, now)
            case "FAILED":
                return _failed(data, receipt)
        return Sighting(Seen.PROCESSING, receipt, evidence=data)

    async def publish(self, api: Api, receipt: Receipt) -> Receipt:
        """Do nothing: the last piece has published (`Facts.last_part_publishes`)."""
        return receipt

    async def who(self, api: Api) -> Identity:
        """Ask whose token this is."""
        fields = {"fields": "open_id,username"}
        answer = json_body(await api.call("GET", f"{API}/user/info/", params=fields), FACTS)
        ids = {key: needed_at(answer, f"data.user.{key}", FACTS) for key in ("open_id", "username")}
        return Identity(f"@{ids['username']}", ids)


def held_bytes(answer: httpx.Response, part: Part) -> int:
    """Read n of "bytes 0-n/total". Last byte or count? The guide leaves it open: `border` evens it."""
    last = answer.headers.get("Content-Range", "").partition("/")[0].rpartition("-")[2]
    return int(last) + 1 if last.isdecimal() else part.end + 1


def post_id_of(value: Json) -> str:
    """Read the post's id: a list of int64 by the page; text, a number and nothing were seen too."""
    first = value[0] if isinstance(value, list) and value else value
    return str(first) if isinstance(first, str | int) and first else ""


async def _post(api: Api, path: str, body: dict[str, Json]) -> dict[str, Json]:
    headers = {"Content-Type": "application/json; charset=UTF-8"}
    answer = await api.call("POST", f"{API}/post/publish/{path}", json=body, headers=headers)
    data = json_body(answer, FACTS).get("data")
    return data if isinstance(data, dict) else {}


def _check_creator(creator: dict[str, Json], content: Content, media: Media) -> None:
    """Refuse what this account may not post right now: with this privacy, or of this length."""
    level, allowed = LEVELS[content.privacy], list_at(creator, "privacy_level_options")
    if level not in allowed:
        options = ", ".join(map(str, allowed)) or "nothing at all"
        message = f"This TikTok account cannot post with {level}, only with {options}. "
        help_ = "Change its privacy on TikTok, or: --set tiktok.privacy=private"
        raise refused(message + help_, "privacy_level_option_mismatch", FACTS)
    longest = value_at(creator, "max_video_post_duration_sec")
    if longest and media.duration > float(longest):
        message = f"It has {media.duration:.1f} s; this account may post {longest} s. Cut it."
        raise refused(message, "duration_check_failed", FACTS)


def _post_info(creator: dict[str, Json], content: Content) -> dict[str, Json]:
    info: dict[str, Json] = {
        "title": caption(content),
        "privacy_level": LEVELS[content.privacy],
        **{option: content.option_is_on(option) for option in TOGGLES},
    }
    for name in INTERACTIONS:
        off_for_good = creator.get(f"{name}_disabled") is True
        info[f"disable_{name}"] = off_for_good or content.option_is_on(f"disable_{name}")
    if COVER in content.options:
        info[COVER] = int(content.options[COVER])
    return info


def _advanced(receipt: Receipt, received: int) -> Receipt:
    chunks = Chunks(receipt.total, int(receipt.text("chunk_size")))
    confirmed = chunks.border(received)
    advanced = receipt.advanced(confirmed, chunks.wanted_at(confirmed))
    return advanced.with_data(may_be_complete=_may_be_complete(receipt))


def _may_be_complete(receipt: Receipt) -> bool:
    """Say whether the last piece was ever due; without it nothing is published. Statuses may lag."""
    is_due = receipt.confirmed + receipt.part_size >= receipt.total
    return is_due or receipt.data.get("may_be_complete") is True


def _receiving(data: dict[str, Json], receipt: Receipt, now: dt.datetime) -> Sighting:
    uploaded = value_at(data, "uploaded_bytes")
    late = LAST_PIECE_TIME if _may_be_complete(receipt) else dt.timedelta()
    receipt = _advanced(receipt, int(uploaded) if uploaded else receipt.confirmed)
    age = now - dt.datetime.fromisoformat(receipt.text("opened_at"))
    seen = Seen.PROCESSING
    if receipt.wants_more and age < SESSION_LIFE:
        seen = Seen.RECEIVING
    elif receipt.wants_more and age >= SESSION_LIFE + late:
        seen = Seen.GONE
    return Sighting(seen, receipt, evidence=data)


def _complete(data: dict[str, Json], receipt: Receipt, now: dt.datetime) -> Sighting:
    """Name the post. One that is not public never gets an id: its publish_id stands for it."""
    post_id = post_id_of(data.get("publicaly_available_post_id"))
    complete_since = receipt.text("complete_since") or now.isoformat()
    receipt = _advanced(receipt, receipt.total).with_data(complete_since=complete_since)
    if post_id:
        url = f"https://www.tiktok.com/@{receipt.text('username')}/video/{post_id}"
        return Sighting(Seen.LIVE, replace(receipt, post_id=post_id, url=url))
    waited = now - dt.datetime.fromisoformat(complete_since)
    if receipt.text("privacy") == Privacy.PUBLIC and waited < MODERATION_TIME:
        return Sighting(Seen.PROCESSING, receipt, evidence=data)
    return Sighting(Seen.LIVE, replace(receipt, post_id=receipt.text("publish_id")))


def _failed(data: dict[str, Json], receipt: Receipt) -> Sighting:
    reason = value_at(data, "fail_reason") or "no reason given"
    seen = Seen.GONE if reason in ENDS_WITHOUT_BLAME else Seen.REJECTED
    return Sighting(seen, receipt, reason=reason, code=reason, evidence=data)


def _option_problems(content: Content, media: Media) -> Iterator[Problem]:
    partner, private = "brand_content_toggle", content.privacy == Privacy.PRIVATE
    if private and content.option_is_on(partner):
        yield _problem(partner, "forbidden_privacy", "public posts only", "for a private one")
    cover, longest = content.options.get(COVER, "0"), int(media.duration * 1000)
    if not cover.isdecimal() or int(cover) > longest:
        yield _problem(COVER, "range", f"0 to {longest:,} ms of this video", cover)


def _problem(field: str, rule: str, limit: str, actual: str) -> Problem:
    message = f"The option {field} is {actual}; TikTok takes {limit}."
    fix = f"Change it, or leave it out: --set tiktok.{field}=…"
    return Problem(field=field, rule=rule, limit=limit, actual=actual, message=message, fix=fix)
