"""
UNSURE: a call that cannot be taken back was made, and nobody knows how it ended.

The only way out is evidence. Seeing the post counts at once. Not seeing it counts only where the
platform can prove it (`Facts.can_prove_absence`), and only after it has gone on being said for
`settle`; everywhere else the delivery is held for a person.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from pellacia_service.domain.delivery import DeliveryError, Step
from pellacia_service.domain.json import Json
from pellacia_service.domain.receipt import ASKED
from pellacia_service.domain.sighting import NONE_SINCE_INTENT, Seen, Sighting
from pellacia_service.errors import ErrorKind, LoginNeededError, PlatformError, RateLimitedError
from pellacia_service.publishing.looking import look, open_again, rejected
from pellacia_service.publishing.publish import done, held_error, polls
from pellacia_service.publishing.quarantine import was_rewound
from pellacia_service.publishing.trip import Trip

MOST_VOIDS = 3
"""Calls that were proved not to have happened, after which the next one would not either."""

MOST_EVIDENCE = 50
"""Looks that are kept with the delivery; the journal has them all."""


async def reconcile(trip: Trip) -> None:
    """Look until the outcome is known, or until looking longer would teach nothing."""
    since = trip.delivery.intent_at or trip.tools.clock.now()
    settled_at = since + trip.tools.settle
    for pause in polls():
        try:
            sighting = await look(trip)
        except (RateLimitedError, LoginNeededError):
            raise  # a new token may help; where none can be had, it is held all the same
        except PlatformError as error:
            await hold(trip, f"looking for it failed: {error}")
            return
        note_evidence(trip, sighting)
        over = trip.tools.clock.now() >= settled_at
        if await _concluded(trip, sighting, settled=over):
            return
        trip.tools.board.moved(trip.delivery.id, Step.UNSURE, f"looking for it on {trip.title}")
        await trip.tools.clock.sleep(sighting.again_in or pause)


async def _concluded(trip: Trip, sighting: Sighting, *, settled: bool) -> bool:
    """Act on what was seen. False where it is too early to tell."""
    facts = trip.platform.facts
    match sighting.seen:
        case Seen.LIVE:
            await done(trip, sighting.receipt, "found on the platform after an unknown outcome")
        case Seen.REJECTED:
            await rejected(trip, sighting)
        case Seen.RECEIVING:
            await _void(trip, Step.SEND, sighting, "the platform still waits for bytes")
        case Seen.READY if facts.publish_is_repeatable or trip.delivery.intent_at is None:
            await _void(trip, Step.READY, sighting, "repeating the call makes no second post")
        case Seen.READY if settled and facts.can_prove_absence:
            await _void(trip, Step.READY, sighting, "unpublished since the call, long enough")
        case Seen.GONE if facts.last_part_publishes and not was_rewound(trip.delivery):
            await open_again(trip, "the upload ended without a post")
        case Seen.GONE if settled and _is_proved_absent(trip, sighting):
            await open_again(trip, "it ran out, and nothing was published since the call")
        case Seen.PROCESSING:
            return False
        case _ if settled or sighting.evidence.get("blind"):
            await hold(trip, _what_was_seen(sighting))
        case _:
            return False
    return True


def _is_proved_absent(trip: Trip, sighting: Sighting) -> bool:
    """Say whether the account has published nothing since the intent. A forgotten one proves nothing."""
    return sighting.evidence.get(NONE_SINCE_INTENT) is True and not was_rewound(trip.delivery)


async def _void(trip: Trip, step: Step, sighting: Sighting, because: str) -> None:
    """Take the intent back: the platform showed that it was not carried out."""
    trip.voids += 1
    if trip.voids > MOST_VOIDS:
        error = DeliveryError(
            kind=ErrorKind.PLATFORM,
            code="never_taken",
            message=f"{trip.title} was asked {trip.voids} times and showed each time that it did not "
            f"do it. Try again later: pellacia-dist queue retry --id {trip.delivery.id}",
        )
        await trip.finish(Step.FAILED, "asked often enough", error)
        return
    receipt = sighting.receipt.with_data(**{ASKED: ""})
    await trip.save(
        replace(trip.delivery, step=step, receipt=receipt, intent_at=None, error=None),
        because,
        sighting.evidence,
    )


async def hold(trip: Trip, why: str) -> None:
    """Leave the decision to a person, who is told what the platform said last."""
    said = trip.delivery.error.message if trip.delivery.error else ""
    await trip.finish(Step.HELD, why, held_error(trip, f"{said} Then: {why}" if said else why))


def note_evidence(trip: Trip, sighting: Sighting) -> None:
    """Keep what was seen with the delivery, for the person who may have to decide."""
    seen: Mapping[str, Json] = {
        "at": trip.tools.clock.now().astimezone(dt.UTC).isoformat(),
        "seen": str(sighting.seen),
        **sighting.evidence,
    }
    evidence = (*trip.delivery.evidence, seen)[-MOST_EVIDENCE:]
    trip.delivery = replace(trip.delivery, evidence=evidence, receipt=sighting.receipt)


def _what_was_seen(sighting: Sighting) -> str:
    if sighting.evidence.get("blind"):
        return "the platform lets no app look."
    return f"it was looked for, last seen: {sighting.seen}."
