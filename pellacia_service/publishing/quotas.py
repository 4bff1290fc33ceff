"""
What a platform has counted itself, asked before an upload is begun and before it is published.

We know only of our own posts; the platform counts those of every other app as well, and may allow
less than it says in public. No answer stops a post: then our own count holds.
"""

import datetime as dt

from pellacia_service.domain.budget import Call
from pellacia_service.errors import PlatformError
from pellacia_service.platform_kit.quota import QuotaCall
from pellacia_service.platform_kit.trouble import json_body, value_at
from pellacia_service.publishing.trip import Trip

ASK_EVERY = dt.timedelta(minutes=5)
"""All publishers of an account together ask no more often."""

ANSWER_SECONDS = 10.0
"""No post is to be late for the sake of this answer."""


async def learn_quota(trip: Trip) -> None:
    """Ask how much of a budget is left, where the platform tells and was not asked just now."""
    call, pacer = trip.platform.facts.quota, trip.tools.pacer
    if call is None or not await pacer.may_be_told(trip.account, trip.platform.facts, ASK_EVERY):
        return
    try:
        used, most = await _ask(trip, call)
    except (PlatformError, ValueError):
        used, most = 0, None
    trip.tools.crash.reached("before counting a call")
    await pacer.told(trip.account, trip.platform.facts, used=used, most=most)
    trip.tools.crash.reached("after counting a call")


async def _ask(trip: Trip, call: QuotaCall) -> tuple[int, int | None]:
    """Return how many units are used, and how many the platform grants; None: it does not say."""
    facts = trip.platform.facts
    await trip.pace(Call.LOOK)
    api = await trip.line(Call.LOOK)
    trip.tools.crash.reached("before a look call")
    answer = await api.call(
        "GET",
        call.url.format_map(trip.account.ids),
        params=call.query,
        answer_seconds=ANSWER_SECONDS,
    )
    trip.tools.crash.reached("after a look call")
    body = json_body(answer, facts)
    most = value_at(body, call.most_at)
    return int(value_at(body, call.used_at) or 0), None if most is None else int(most)
