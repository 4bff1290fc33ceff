"""The calendar: what is planned, by which rules, and what puts posts into it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellacia_service.use_cases.schedule import Schedule
from pellacia_service.use_cases.schedule_rules import CalendarRules
from pellacia_service.wiring.records import Records

if TYPE_CHECKING:
    from pellacia_service.publishing.staging import Stage
    from pellacia_service.use_cases.schedule_posts import Planner


@dataclass(frozen=True)
class Calendar:
    """What is planned, and the rules it follows."""

    schedule: Schedule
    rules: CalendarRules
    _records: Records

    def planner(self) -> "Planner":
        """Return what puts posts into the calendar."""
        # Deferred: it reads videos and knows the platforms' rules, which costs half a second.
        from pellacia_service.wiring.planner import make_planner  # noqa: PLC0415

        return make_planner(self._records, self.schedule)


def make_calendar(records: Records) -> Calendar:
    """Put the calendar together on open records."""
    database, timezone = records.database, records.settings.timezone

    def stage() -> "Stage":
        # Deferred, as below.
        from pellacia_service.wiring.staging import make_stage  # noqa: PLC0415

        return make_stage(records.settings)

    return Calendar(
        schedule=Schedule(database=database, clock=records.clock, timezone=timezone, stage=stage),
        rules=CalendarRules(database=database, accounts=records.accounts, timezone=timezone),
        _records=records,
    )
