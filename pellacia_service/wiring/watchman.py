"""What a publisher makes sure of before it takes anything on."""

import hashlib
from collections.abc import Sequence
from urllib.parse import urlsplit

from pellacia_service.clock import SystemClock
from pellacia_service.publishing.high_water import HighWater
from pellacia_service.publishing.timekeeping import SteadyClock
from pellacia_service.publishing.watchman import Notices, Watchman
from pellacia_service.settings import Settings
from pellacia_service.use_cases.zone_rules import follow_zone_rules
from pellacia_service.wiring.records import Records


def make_high_water(settings: Settings) -> HighWater:
    """Return the mark beside the database; it is known by its address, without the password."""
    address = urlsplit(settings.database)
    known = f"{address.hostname}:{address.port}{address.path}#{settings.database_schema}"
    return HighWater(settings.home, hashlib.sha256(known.encode()).hexdigest()[:16])


def make_watchman(
    records: Records, high_water: HighWater, clock: SteadyClock, notices: Notices
) -> Watchman:
    """Return the watchman of one publisher."""

    async def follow() -> Sequence[str]:
        return [moved.text for moved in await follow_zone_rules(records.database, clock)]

    return Watchman(
        database=records.database,
        high_water=high_water,
        clock=clock,
        machine=SystemClock(),
        has_server=bool(records.settings.server),
        outage_pause=records.settings.outage_pause,
        notices=notices,
        at_start=follow,
    )
