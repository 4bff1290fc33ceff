"""
What is done to one delivery on its way: where its publishers die, and what else goes wrong.

A plan is written as it is printed and read again: `platform [weather] [frozen]: place, place, …`.
A place is what `CrashPlan` reads: `after publish`, `before a send call#2`, `#7`.
"""

import enum
from dataclasses import dataclass

from pellacia_service.domain.names import platform_name
from pellacia_service.errors import BadInputError


class Weather(enum.StrEnum):
    """What goes wrong outside while the publishers die."""

    FAIR = "fair"
    """Nothing: the platform answers every call."""

    LOST = "lost-answer"
    """The call that publishes has its effect, and its answer never arrives."""

    REFUSED = "refused"
    """The platform finds after the upload that it cannot use the video."""

    BUSY = "busy"
    """The platform says "too many" to the first call."""

    OLD_TOKEN = "old-token"
    """The sign-in has run out and must be renewed first."""

    DEAD_TOKEN = "dead-token"
    """The sign-in has run out, and the platform does not renew it any more."""

    NO_RENEWAL = "no-renewal"
    """The sign-in has nearly run out, and the platform's sign-in service is away."""

    LATE = "late"
    """Nothing ran when it was due, ten minutes ago: it is published late."""

    MISSED = "missed"
    """Nothing ran when it was due, an hour ago: it is left to a person."""

    STAGED = "staged"
    """It is scheduled, and uploaded ahead of its time: that is when they die."""

    DUE = "due"
    """It is scheduled, and was uploaded ahead of its time: they die when that has come."""


SCHEDULED = (Weather.STAGED, Weather.DUE)
"""Nothing goes wrong outside, but it is to be public at its minute and not before."""


@dataclass(frozen=True)
class Plan:
    """
    One delivery's fate.

    Args:
        kills: where its publishers die, one after the other. The first place is met by the publisher
            that begins the delivery, every further one by the next that takes it up.
        frozen: at the only place the publisher is stopped instead, until another one has finished
            its work; then it goes on.
    """

    platform: str
    kills: tuple[str, ...] = ()
    weather: Weather = Weather.FAIR
    frozen: bool = False

    def __str__(self) -> str:
        """Write the plan down."""
        words = [self.platform]
        words += [self.weather] if self.weather is not Weather.FAIR else []
        words += ["frozen"] if self.frozen else []
        return f"{' '.join(words)}: {', '.join(self.kills)}"


def read_plan(text: str) -> Plan:
    """
    Read a plan that was printed.

    Raises:
        BadInputError: it is no plan; the sentence shows one.
    """
    head, colon, tail = text.partition(":")
    platform, *words = head.split() or [""]
    frozen = "frozen" in words
    weathers = [word for word in words if word != "frozen"]
    kills = tuple(place for place in map(str.strip, tail.split(",")) if place)
    unknown = [word for word in weathers if word not in set(Weather)]
    if not colon or unknown or len(weathers) > 1 or (frozen and len(kills) != 1):
        raise BadInputError(
            f"{text!r} is no plan of a drill. Write it as the drill prints it: "
            '"instagram lost-answer: after publish, #3".'
        )
    weather = Weather(weathers[0]) if weathers else Weather.FAIR
    return Plan(platform_name(platform), kills, weather, frozen)
