"""When a post is meant to be public: an instant, or a date and time on the wall of some place."""

import datetime as dt
import re
from dataclasses import dataclass

from pellacia_service.domain.calendar import Moment, moment_at, resolve, zone_named
from pellacia_service.domain.diagnostic import Diagnostic
from pellacia_service.errors import BadInputError
from pellacia_service.watch_folder.codes import Code
from pellacia_service.watch_folder.metadata import Metadata
from pellacia_service.watch_folder.sheet import Sheet
from pellacia_service.watch_folder.spelling import LONGEST, quoted

WRITTEN = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII
)
"""RFC 3339, the offset and the seconds optional. Python itself reads more than people mean."""

HOW = 'Write "2026-12-27T14:00:00+01:00", or "2026-12-27 14:00" and a "timezone".'


@dataclass(frozen=True)
class When:
    """
    The time of a post.

    Args:
        moment: None: at once.
        diagnostics: what is wrong, or only odd, about the time.
        key: under which the time stands in the metadata.
    """

    moment: Moment | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    key: str = ""


def read_when(sheet: Sheet, metadata: Metadata, *, default_zone: str, now: dt.datetime) -> When:
    """
    Read the time from a metadata file.

    Args:
        default_zone: IANA name, for a local time without a `timezone`.
    """
    if metadata.scheduled_at is not None and metadata.at is not None:
        message = "there are two times: scheduled_at and at"
        return _wrong(sheet, "at", Code.TWO_TIMES, message, "Keep one of them.")
    key = "scheduled_at" if metadata.at is None else "at"
    written = metadata.scheduled_at if metadata.at is None else metadata.at
    if written is None:
        return _without_a_time(sheet, metadata)
    try:
        zone = zone_named((metadata.timezone or default_zone).strip()[:LONGEST]).key
    except BadInputError as trouble:
        message, _, fix = str(trouble).partition(". ")
        return _wrong(sheet, "timezone", Code.NO_ZONE, message, fix)
    moment = _moment(written.strip(), zone)
    if moment is None:
        return _wrong(sheet, key, Code.NO_TIME, f"{quoted(written)} is no date and time", HOW)
    if moment.at <= now:
        fix = "Give it a time to come, or leave the time out to publish now."
        return _wrong(sheet, key, Code.PAST_TIME, f"{moment.text} is over", fix)
    return When(moment, tuple(_oddities(sheet, key, moment)), key)


def _wrong(sheet: Sheet, key: str, code: Code, message: str, fix: str) -> When:
    return When(diagnostics=(sheet.error(sheet.located.place_of(key), code, message, fix),))


def _without_a_time(sheet: Sheet, metadata: Metadata) -> When:
    if metadata.timezone is not None:
        message, fix = "there is a time zone, but no time", 'Add "at", or take the zone out.'
        return _wrong(sheet, "timezone", Code.TWO_TIMES, message, fix)
    if metadata.on_conflict is not None:
        message = "on_conflict is about a time, and there is none"
        return _wrong(sheet, "on_conflict", Code.TWO_TIMES, message, 'Add "at", or take it out.')
    return When()


def _moment(written: str, zone: str) -> Moment | None:
    """Read a time; None where it is none."""
    if not WRITTEN.fullmatch(written):
        return None
    try:
        read = dt.datetime.fromisoformat(written.upper())
        return moment_at(read, zone) if read.tzinfo else resolve(read, zone)
    # Near the years 1 and 9999 a time may have no form in another zone.
    except (ValueError, OverflowError, BadInputError):
        return None


def _oddities(sheet: Sheet, key: str, moment: Moment) -> list[Diagnostic]:
    """Say it out loud where clocks are changed over this very time, with the instant chosen."""
    if not moment.note:
        return []
    fix = "Write the time with its offset to choose another."
    place = sheet.located.place_of(key)
    return [sheet.warning(place, Code.SHIFTED_TIME, moment.note, fix)]
