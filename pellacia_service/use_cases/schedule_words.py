"""
From what a person writes behind `--at` to a wall time or an instant.

Understood are dates (`2026-12-27 14:00`, also with an offset), and plain English read by dateparser
("tomorrow 9am", "in 2 hours", "friday 18:30"). dateparser guesses where it does not understand; a
guess is worth nothing here. So the time of day must be said, must be what came out, and dates that
mean two different days on two continents are not taken.
"""

import datetime as dt
import re

from pellacia_service.domain.calendar import Moment, moment_at, resolve, zone_named
from pellacia_service.errors import BadInputError

DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
CLOCK = re.compile(
    r"\b(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::\d{2})?\s*(?P<half>[ap]m)?\b"
    r"|\b(?P<full>\d{1,2})\s*(?P<full_half>[ap]m)\b|\b(?P<word>noon|midnight)\b"
)
ELAPSED = re.compile(r"(in\s+)?((\d+|an?)\s*(hours?|hrs?|h|minutes?|mins?|m)\b[\s,]*(and\s+)?)+")
"""A length of time that passes whatever the clocks do meanwhile."""

DAYS_AHEAD = re.compile(r"in\s+(\d+|an?)\s+(days?|weeks?)")
AMBIGUOUS = re.compile(r"\d{1,2}/\d{1,2}")
WORD_TIMES = {"noon": dt.time(12), "midnight": dt.time(0)}
WEEK = dt.timedelta(days=7)

EXAMPLES = (
    'Write "2026-12-27 14:00", "tomorrow 9am", "friday 18:30", "in 2 hours", next-slot or best.'
)


def read_at(text: str, zone: str, now: dt.datetime) -> Moment:
    """
    Read a time that is not `next-slot` or `best`. Whether it is past is not looked at.

    Args:
        zone: in which a time without an offset is meant, and in which days begin.

    Raises:
        BadInputError: it cannot be understood without guessing.
    """
    words = " ".join(text.lower().split())
    if DATE.match(words):
        return _read_date(text.strip(), zone)
    if AMBIGUOUS.search(words):
        raise BadInputError(
            f"{text!r} could mean two different days. Write the date as 2026-12-27."
        )
    if ELAPSED.fullmatch(words):
        in_utc = _parsed(words, now.astimezone(dt.UTC).replace(tzinfo=None))
        if in_utc is not None and in_utc.tzinfo is None:
            return moment_at(in_utc.replace(tzinfo=dt.UTC), zone)
        raise _not_understood(text)
    return _read_words(text, words, zone, now.astimezone(zone_named(zone)).replace(tzinfo=None))


def _read_date(text: str, zone: str) -> Moment:
    """Read a date and time of ISO 8601, or one with blanks and single digits."""
    date, _, time = re.sub(r"\s+", " ", text.upper().replace("T", " ", 1)).partition(" ")
    if not time:
        raise BadInputError(f"{text!r} is a whole day. Say the time as well: {date} 14:00")
    if re.match(r"\d:", time):
        time = f"0{time}"
    year, month, day = date.split("-")
    try:
        at = dt.datetime.fromisoformat(f"{year}-{month:0>2}-{day:0>2} {time.replace(' ', '')}")
    except ValueError as error:
        raise BadInputError(
            f"{text!r} is no date and time: {error}. Write it as 2026-12-27 14:00."
        ) from error
    return moment_at(at, zone) if at.tzinfo else resolve(at, zone)


def _read_words(text: str, words: str, zone: str, local_now: dt.datetime) -> Moment:
    clock = CLOCK.search(words)
    if clock is None and not DAYS_AHEAD.fullmatch(words):
        raise BadInputError(f"{text!r} does not say what time of day. {EXAMPLES}")
    time = local_now.time() if clock is None else _time_of(clock)
    found = None if time is None else _parsed(words, local_now)
    if found is None or (clock and found.time().replace(second=0, microsecond=0) != time):
        raise _not_understood(text)
    if found.tzinfo is not None:
        return moment_at(found, zone)
    return resolve(_today_if_meant(words, found, local_now).replace(microsecond=0), zone)


def _time_of(clock: re.Match[str]) -> dt.time | None:
    """Return the time of day that was written; None where there is no such time."""
    if clock["word"]:
        return WORD_TIMES[clock["word"]]
    hour, half = int(clock["hour"] or clock["full"]), clock["half"] or clock["full_half"]
    minute = int(clock["minute"] or 0)
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    return dt.time(hour, minute) if hour < 24 and minute < 60 else None


def _today_if_meant(words: str, found: dt.datetime, local_now: dt.datetime) -> dt.datetime:
    """On a Sunday morning, "sunday 20:00" means this evening, not the one in a week."""
    names_a_weekday = f"{found:%a}".lower() in words and "next" not in words
    earlier = found - WEEK
    return earlier if names_a_weekday and earlier > local_now else found


def _parsed(words: str, base: dt.datetime) -> dt.datetime | None:
    # Deferred: it takes a tenth of a second, and most times are written as dates.
    import dateparser  # noqa: PLC0415

    found: dt.datetime | None = dateparser.parse(
        words,
        languages=["en"],
        settings={
            "RELATIVE_BASE": base,
            "PREFER_DATES_FROM": "future",
            "DATE_ORDER": "DMY",
            "PARSERS": ["relative-time", "absolute-time"],
        },
    )
    return found


def _not_understood(text: str) -> BadInputError:
    return BadInputError(f"{text!r} is not understood. {EXAMPLES}")
