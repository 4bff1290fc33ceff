"""What tells how much of the platforms' limits is left."""

from pellacia_service.platforms import PLATFORMS
from pellacia_service.publishing.pacing import Plan, plan
from pellacia_service.settings import Settings
from pellacia_service.use_cases.limits import Limits
from pellacia_service.wiring.records import Records


def make_limits(records: Records) -> Limits:
    """Make the use case; it reads the database that is open already."""
    return Limits(database=records.database, clock=records.clock, plan=make_plan(records.settings))


def make_plan(settings: Settings) -> Plan:
    """
    Return the platforms' budgets with the operator's own amounts.

    Raises:
        SettingError: PELLACIA_LIMITS names a budget that there is not.
    """
    return plan([platform.facts for platform in PLATFORMS.values()], settings.limits)
