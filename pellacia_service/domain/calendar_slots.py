"""Recurring slots: the weekdays and times at which an account likes to publish."""

import datetime as dt
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pellacia_service.domain.calendar import Moment, daily
from pellacia_service.errors import BadInputError

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

DAY_WORDS: Mapping[str, tuple[int, ...]] = {
    "daily": tuple(range(7)),
    "weekdays": tuple(range(5)),
    "weekends": (5, 6),
}

TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")

WEEKS_AHEAD = 8


@dataclass(frozen=True, order=True)
class Slot:
    """
    One time of the week.

    Args:
        weekday: 0 is Monday.
        time: on the clocks of the account's zone.
    """

    weekday: int
    time: dt.time

    def __str__(self) -> str:
        return f"{WEEKDAYS[self.weekday]} {self.time:%H:%M}"


USUAL_TIMES = (dt.time(9), dt.time(12), dt.time(15), dt.time(18), dt.time(20))

USUAL_SLOTS = tuple(Slot(weekday, time) for weekday in range(7) for time in USUAL_TIMES)
"""Five times of every day, for accounts that have no slots of their own."""


def upcoming(slots: Collection[Slot], zone: str, after: dt.datetime) -> Iterator[Moment]:
    """Return the moments of some slots after an instant, earliest first, for eight weeks."""
    date = after.astimezone(dt.UTC).date() - dt.timedelta(days=1)
    dates = [date + dt.timedelta(days=day) for day in range(7 * WEEKS_AHEAD + 2)]
    moments = {
        moment.at: moment
        for slot in slots
        for moment in daily(
            slot.time, zone, (one for one in dates if one.weekday() == slot.weekday)
        )
        if moment.at > after
    }
    return (moments[at] for at in sorted(moments))


def in_common(streams: Sequence[Iterable[Moment]]) -> list[Moment]:
    """Return the moments of the first stream whose instants all the others have too."""
    first, *others = streams
    instants = [{moment.at for moment in other} for other in others]
    return [moment for moment in first if all(moment.at in one for one in instants)]


def read_days(text: str) -> tuple[int, ...]:
    """
    Read weekdays: `mon,wed`, `friday`, `daily`, `weekdays`, `weekends`.

    Raises:
        BadInputError: a word is none of these.
    """
    found: set[int] = set()
    for word in _words(text):
        if word in DAY_WORDS:
            found.update(DAY_WORDS[word])
        elif len(word) >= 3 and word[:3] in WEEKDAYS:
            found.add(WEEKDAYS.index(word[:3]))
        else:
            raise BadInputError(
                f"{word!r} is no day. Write {', '.join(WEEKDAYS)}, or {', '.join(DAY_WORDS)}."
            )
    return tuple(sorted(found))


def read_times(text: str) -> tuple[dt.time, ...]:
    """
    Read times of the day: `09:00,18:30`.

    Raises:
        BadInputError: a word is no time.
    """
    return tuple(sorted({read_time(word) for word in _words(text)}))


def read_time(text: str) -> dt.time:
    """
    Read one time of the day, from 0:00 to 23:59.

    Raises:
        BadInputError: it is none.
    """
    found = TIME.fullmatch(text.strip())
    if found is None:
        raise BadInputError(f"{text!r} is no time of the day. Write it as 09:00 or 18:30.")
    return dt.time(int(found[1]), int(found[2]))


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\s,]+", text.lower()) if word]
