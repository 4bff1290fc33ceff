"""
Facebook Pages: a Reel for a short upright video, a Page video for any other.

Both have an id before a byte is sent, and are published by a finish on that id. They differ in how
the bytes travel: a Reel in one piece that is resumed from the byte Facebook holds, a Page video in
the windows that Facebook names, one after the other.
"""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus

import httpx

from pellacia_service.domain.budget import ASKS, DAY_LONG, HOUR, PUBLISHES, Budget
from pellacia_service.domain.json import Json
from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Content
from pellacia_service.domain.problem import Problem
from pellacia_service.domain.receipt import ASKED, Receipt
from pellacia_service.domain.sighting import Seen, Sighting
from pellacia_service.platform_kit import graph, rules
from pellacia_service.platform_kit.facts import Facts, Limits, Source, Trouble
from pellacia_service.platform_kit.graph import COMPLETE, GRAPH
from pellacia_service.platform_kit.http import ANSWER_SECONDS, LAST_PART_ANSWER_SECONDS, Api
from pellacia_service.platform_kit.multipart import multipart
from pellacia_service.platform_kit.protocol import Identity, Part
from pellacia_service.platform_kit.text import caption, clean_problem
from pellacia_service.platform_kit.trouble import error_of_answer, json_body, json_or_none, value_at

TROUBLE = {
    **graph.TROUBLE,
    **{
        code: meaning
        for meaning, codes in {
            Trouble.LOGIN: "1363042",
            # 6001 and 1363037: a wrong offset. 13630xx: the transfer broke off.
            Trouble.RETRY: "6001 1363037 1363019 1363021 1363030 1363033 1363047 1609010",
            # 6000 is also what a finish says when the session has no bytes.
            Trouble.SESSION_GONE: "6000 1363041 1363045 ProcessingFailedError",
            # Posting too fast; the Page is left alone for a day (seen 2026-09-27, message empty).
            Trouble.DAY_LIMIT: "1390008",
            # The same post twice in a row: the first may be the one whose answer was lost.
            Trouble.UNCERTAIN: "506",
            Trouble.REFUSED: "368 382 389 1500 3001 1346003 1363022 1363023 1363024 1363025 1363026 "
            "1363031 1363032 1363040 1363127 1363128 1363129 1404078 1404102 1404112 1609005 "
            "1609008 2061006 4854002",
        }.items()
        for code in codes.split()
    },
}
"""
Graph error handling, Video API error codes, Page videos, Reels publishing; read 2026-11-22.
A sub-code may come as the code, and the other way round.
"""

UPRIGHT = 9 / 16
TOLERANCE = 0.01
"""Encoders round to even pixels: 608×1080 is meant to be 9:16."""

FACTS = Facts(
    name="facebook",
    title="Facebook",
    source=Source(
        "https://developers.facebook.com/docs/video-api/guides/reels-publishing",
        dt.date(2026, 11, 22),
    ),
    hosts=graph.HOSTS,
    # video_insights asks for pages_manage_engagement.
    sign_in=graph.SIGN_IN,
    # Codecs: Reels publishing. Size and length of Page videos: Video API error codes (1363023 to
    # 1363026), whose KB and GB are read as the stricter ones. Aspect: 1363040.
    limits=Limits(
        containers=frozenset({"mp4", "mov"}),
        video_codecs=frozenset({"h264", "hevc", "vp9", "av1"}),
        audio_codecs=frozenset({"aac"}),
        smallest=rules.KIB,
        size=2 * 10**9,
        duration=(1, 40 * 60),
        aspect_ratio=(UPRIGHT * (1 - TOLERANCE), (1 + TOLERANCE) / UPRIGHT),
    ),
    error_codes_at=graph.ERROR_CODES_AT,
    error_message_at=graph.ERROR_MESSAGE_AT,
    trouble=TROUBLE,
    # Reels publishing; other videos are counted with the reels. The calls are a limit of our own.
    budgets=(Budget("reels", 30, DAY_LONG, PUBLISHES), Budget("calls", 200, HOUR, ASKS)),
    app_limits=frozenset({"4"}),
    unnamed_wait=dt.timedelta(hours=1),
    stage_ahead=dt.timedelta(hours=20),  # no page says how long: as Instagram's
)

TITLE_CHARACTERS, DESCRIPTION_CHARACTERS = 255, 63_206

REEL_SECONDS = (3, 90)
REEL_FRAME_RATE = (24, 60)
REEL_PIXELS = (540, 960)

REELS, VIDEOS = "video_reels", "videos"
"""The two flows, called by the Page's edge that each goes to."""

WRONG_OFFSET = "1363037"

UPLOAD_OVER = frozenset({"expired", "upload_failed"})

PHASES = ("uploading_phase", "processing_phase", "publishing_phase")

NOT_STARTED = "not_started"


@dataclass(frozen=True)
class Facebook:
    """Reels and videos on a Facebook Page. A thumbnail is not sent: Facebook chooses a frame."""

    facts: Facts = FACTS

    def problems(self, content: Content, media: Media) -> list[Problem]:
        """Say everything for which this post would be turned down. No network."""
        return [
            *_text_problems(content),
            *rules.privacy_problem(content, FACTS),
            *rules.media_problems(media, FACTS),
        ]

    async def open(self, api: Api, content: Content, media: Media) -> Receipt:
        """Start a session on the edge that suits the video. The video's id is known from here on."""
        flow = REELS if is_reel(media) else VIDEOS
        form = {"upload_phase": "start"}
        if flow == VIDEOS:
            form["file_size"] = str(media.size)
        answer = await api.call("POST", _edge(api, flow), form=form)
        data: dict[str, Json] = {
            "flow": flow,
            "video_id": graph.require(answer, FACTS, "video_id"),
            "title": content.title,
            "description": caption(content, with_title=False),
        }
        if flow == REELS:
            data["upload_url"] = graph.require(answer, FACTS, "upload_url")
            return Receipt(total=media.size, part_size=media.size, data=data)
        data["session"] = graph.require(answer, FACTS, "upload_session_id")
        return _next_window(Receipt(total=media.size, data=data), answer)

    async def send(self, api: Api, receipt: Receipt, part: Part) -> Receipt:
        """Send the rest of a Reel, or the next window of a Page video."""
        if receipt.text("flow") == REELS:
            await graph.rupload(api, receipt.text("upload_url"), part)
            return receipt.advanced(receipt.total, 0)
        return await _transfer(api, receipt, part)

    async def look(self, api: Api, receipt: Receipt) -> Sighting:
        """
        Ask the video. It cannot say whether a finish was sent, only what came of it.

        The windows of a Page video cannot be asked for: a window that is sent again is answered
        with the right one.
        """
        if receipt.text("flow") == VIDEOS and receipt.wants_more:
            return Sighting(Seen.RECEIVING, receipt)
        answer = await api.call(
            "GET",
            f"{GRAPH}/{receipt.text('video_id')}",
            params={"fields": "status,permalink_url,published,post_id"},
        )
        return _sighting(receipt, json_body(answer, FACTS))

    async def publish(self, api: Api, receipt: Receipt) -> Receipt:
        """Finish the upload as a public post. Facebook acknowledges; publishing goes on by itself."""
        form = {
            "upload_phase": "finish",
            "title": receipt.text("title"),
            "description": receipt.text("description"),
        }
        flow, video_id = receipt.text("flow"), receipt.text("video_id")
        if flow == REELS:
            form |= {"video_id": video_id, "video_state": "PUBLISHED"}
        else:
            form |= {"upload_session_id": receipt.text("session"), "published": "true"}
        graph.require_success(await api.call("POST", _edge(api, flow), form=form), FACTS)
        return replace(receipt, post_id=video_id)

    async def who(self, api: Api) -> Identity:
        """Ask which Pages were chosen at sign-in."""
        found = [
            Identity(name=page.name, ids={"page_id": page.id}, token=page.token, key=page.id)
            for page in await graph.pages(api)
        ]
        lacking = "No Page was chosen on which you may publish. Connect again and choose one."
        return graph.one_of(found, api, lacking)


def is_reel(media: Media) -> bool:
    """
    Say whether a video goes out as a Reel: upright 9:16, 3 to 90 s, 540×960 or more, 24 to 60 fps.

    An upright short one sent as a Page video stays a draft, although the call succeeds
    (gitroomhq/postiz-app#1740, read 2026-11-22).
    """
    return (
        abs(media.aspect_ratio / UPRIGHT - 1) <= TOLERANCE
        and REEL_SECONDS[0] <= media.duration <= REEL_SECONDS[1]
        and REEL_FRAME_RATE[0] <= media.frame_rate <= REEL_FRAME_RATE[1]
        and media.width >= REEL_PIXELS[0]
        and media.height >= REEL_PIXELS[1]
    )


def _edge(api: Api, flow: str) -> str:
    return f"{GRAPH}/{api.account.ids['page_id']}/{flow}"


async def _transfer(api: Api, receipt: Receipt, part: Part) -> Receipt:
    """
    Send one window of a Page video.

    Raises:
        TransientError: Facebook names the very window again that it was given.
    """
    fields = {
        "upload_phase": "transfer",
        "upload_session_id": receipt.text("session"),
        "start_offset": str(part.start),
    }
    headers, body = multipart(fields, name="video_file_chunk", filename="video.mp4", part=part)
    answer = await api.call(
        "POST",
        _edge(api, VIDEOS),
        content=body,
        headers=headers,
        accept={HTTPStatus.BAD_REQUEST},
        answer_seconds=LAST_PART_ANSWER_SECONDS if receipt.is_last_part else ANSWER_SECONDS,
    )
    if answer.is_success:
        return _next_window(receipt, answer)
    corrected = _corrected(receipt, answer)
    if corrected == receipt:
        error = error_of_answer(answer, FACTS, (), now=api.clock.now())
        assert error is not None  # the answer is a 400
        raise error
    return corrected


def _next_window(receipt: Receipt, answer: httpx.Response) -> Receipt:
    """Move on to the window that Facebook names; both its ends are equal when it has everything."""
    start = int(graph.require(answer, FACTS, "start_offset"))
    end = int(graph.require(answer, FACTS, "end_offset"))
    return receipt.advanced(start, end - start)


def _corrected(receipt: Receipt, refusal: httpx.Response) -> Receipt:
    """Read the right window out of a refusal; without one, return the receipt as it is."""
    body = json_or_none(refusal)
    codes = {value_at(body, "error.error_subcode"), value_at(body, "error.code")}
    window = _error_data(body)
    start, end = value_at(window, "start_offset"), value_at(window, "end_offset")
    if WRONG_OFFSET not in codes or start is None or end is None:
        return receipt
    return receipt.advanced(int(start), int(end) - int(start))


def _error_data(body: Json) -> Json:
    """Return what an error tells beside its code: an object, or an object written as text."""
    error = body.get("error") if isinstance(body, dict) else None
    told = error.get("error_data") if isinstance(error, dict) else None
    if not isinstance(told, str):
        return told
    try:
        parsed: Json = json.loads(told)
    except ValueError:
        return None
    return parsed


def _sighting(receipt: Receipt, body: Json) -> Sighting:
    """Read a video's three phases; `video_status` alone proves nothing."""
    summary = value_at(body, "status.video_status")
    evidence: dict[str, Json] = {
        "video": summary,
        **{phase: value_at(body, f"status.{phase}.status") for phase in PHASES},
    }
    whole = receipt.advanced(receipt.total, 0)
    if _is_published(body):
        live = replace(whole, post_id=receipt.text("video_id"), url=_url(body))
        return Sighting(Seen.LIVE, live, evidence=evidence)
    if summary in UPLOAD_OVER:
        return Sighting(Seen.GONE, receipt, evidence=evidence)
    if failure := _failure(body):
        code, reason = failure
        return Sighting(Seen.REJECTED, receipt, reason, code, evidence)
    rest = graph.still_missing(receipt, body, at="status")
    if rest and receipt.text("flow") == REELS:
        return Sighting(Seen.RECEIVING, rest, evidence=evidence)
    seen = Seen.PROCESSING if _may_be_publishing(receipt, body) else Seen.READY
    return Sighting(seen, whole, evidence=evidence)


def _is_published(body: Json) -> bool:
    phase = value_at(body, "status.publishing_phase.status")
    outcome = value_at(body, "status.publishing_phase.publish_status")
    return value_at(body, "published") == "True" or (phase in COMPLETE and outcome == "published")


def _may_be_publishing(receipt: Receipt, body: Json) -> bool:
    """
    Say whether to wait before calling a video unpublished.

    Publishing begins only when processing is over. So after a finish whose answer was lost,
    "not started" means something only then.
    """
    phase = value_at(body, "status.publishing_phase.status") or NOT_STARTED
    in_process = value_at(body, "status.processing_phase.status") == "in_progress"
    asked = receipt.text(ASKED) and in_process
    return bool(receipt.post_id or asked) or phase != NOT_STARTED


def _failure(body: Json) -> tuple[str, str] | None:
    """
    Return the code and the words of a failure.

    It can stand in any phase, beside a phase that is "not_started" and a video that is "processing".
    """
    for phase in PHASES:
        at = f"status.{phase}"
        code = value_at(body, f"{at}.errors.0.code") or value_at(body, f"{at}.error.code")
        said = value_at(body, f"{at}.errors.0.message") or value_at(body, f"{at}.error.message")
        if code or said or value_at(body, f"{at}.status") == "error":
            return code or "error", said or f"its {phase.replace('_', ' ')} failed"
    if value_at(body, "status.video_status") == "error":
        return "error", "Facebook gave no reason"
    if value_at(body, "status.publishing_phase.publish_status") == "draft":
        return "draft", "Facebook kept it as a draft; it can be published in Meta Business Suite"
    return None


def _url(body: Json) -> str:
    """Return the video's page; Facebook often gives its path only."""
    link = value_at(body, "permalink_url") or ""
    return f"https://www.facebook.com{link}" if link.startswith("/") else link


def _text_problems(content: Content) -> Iterator[Problem]:
    for field, text, most in (
        ("title", content.title, TITLE_CHARACTERS),
        ("description", caption(content, with_title=False), DESCRIPTION_CHARACTERS),
    ):
        yield from clean_problem(field, text, FACTS.title)
        yield from rules.length_problem(
            field, actual=len(text), most=most, unit="characters", platform=FACTS.title
        )
