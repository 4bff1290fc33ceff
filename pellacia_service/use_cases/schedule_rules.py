"""What holds for an account's calendar: its rules, and its recurring slots."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pellacia_service.domain.account import Account
from pellacia_service.domain.calendar_rules import QuietHours, Rules
from pellacia_service.domain.calendar_slots import Slot, read_days, read_time, read_times
from pellacia_service.domain.calendar_wish import RuleWords
from pellacia_service.errors import BadInputError
from pellacia_service.repositories.session import Database
from pellacia_service.use_cases.accounts import Accounts
from pellacia_service.use_cases.schedule_plans import rules_of
from pellacia_service.use_cases.zones import default_zone


@dataclass(frozen=True)
class AccountCalendar:
    """What holds for one account: rules with their zone filled in, and its recurring slots."""

    account: Account
    rules: Rules
    slots: tuple[Slot, ...]


class CalendarRules:
    """
    The rules and slots of all accounts.

    Args:
        timezone: the default zone of the settings; empty: the machine's.
    """

    def __init__(self, *, database: Database, accounts: Accounts, timezone: str) -> None:
        self._database = database
        self._accounts = accounts
        self._timezone = timezone

    async def of(self, addresses: Sequence[str]) -> list[AccountCalendar]:
        """Return the rules and slots of some accounts."""
        accounts = await self._accounts.named(addresses)
        zone = default_zone(self._timezone)
        async with self._database.read() as tx:
            return [
                AccountCalendar(
                    account,
                    await rules_of(tx, account, zone),
                    tuple(await tx.calendar.slots(account.id)),
                )
                for account in accounts
            ]

    async def set_rules(self, addresses: Sequence[str], words: RuleWords) -> list[AccountCalendar]:
        """
        Change some of the rules of some accounts; what is not said stays as it is.

        Raises:
            BadInputError: the rules cannot be meant; none are changed.
        """
        accounts = await self._accounts.named(addresses)
        async with self._database.write() as tx:
            for account in accounts:
                rules = changed(await tx.calendar.rules(account.id), words)
                rules.check()
                await tx.calendar.set_rules(account.id, rules)
        return await self.of(addresses)

    async def reset_rules(self, addresses: Sequence[str]) -> list[AccountCalendar]:
        """Go back to the usual rules."""
        accounts = await self._accounts.named(addresses)
        async with self._database.write() as tx:
            for account in accounts:
                await tx.calendar.forget_rules(account.id)
        return await self.of(addresses)

    async def add_slots(
        self, addresses: Sequence[str], *, on: str, at: str
    ) -> list[AccountCalendar]:
        """
        Add recurring slots.

        Args:
            on: weekdays, such as `mon,wed`, `daily`, `weekdays`.
            at: times, such as `09:00,18:30`.

        Raises:
            BadInputError: a day or a time is not understood.
        """
        new = {Slot(weekday, time) for weekday in read_days(on) for time in read_times(at)}
        if not new:
            raise BadInputError("Say the days and the times: --on mon,wed --at 09:00,18:30")
        return await self._change_slots(addresses, lambda slots: slots | new)

    async def remove_slots(
        self, addresses: Sequence[str], *, on: str = "", at: str = ""
    ) -> list[AccountCalendar]:
        """
        Take slots away: those on these days and at these times; empty means any.

        Raises:
            BadInputError: a day or a time is not understood.
        """
        days, times = set(read_days(on)), set(read_times(at))

        def is_meant(slot: Slot) -> bool:
            return (not days or slot.weekday in days) and (not times or slot.time in times)

        return await self._change_slots(
            addresses, lambda slots: {slot for slot in slots if not is_meant(slot)}
        )

    async def _change_slots(
        self, addresses: Sequence[str], change: Callable[[set[Slot]], set[Slot]]
    ) -> list[AccountCalendar]:
        accounts = await self._accounts.named(addresses)
        async with self._database.write() as tx:
            for account in accounts:
                slots = change(set(await tx.calendar.slots(account.id)))
                await tx.calendar.set_slots(account.id, slots)
        return await self.of(addresses)


def changed(rules: Rules, words: RuleWords) -> Rules:
    """
    Return rules with what was said put in place of what was.

    Raises:
        BadInputError: quiet hours are not understood.
    """
    if words.minimum_gap_minutes is not None:
        gap = dt.timedelta(minutes=words.minimum_gap_minutes)
        rules = replace(rules, minimum_gap=gap)
    if words.daily_cap is not None:
        rules = replace(rules, daily_cap=words.daily_cap)
    if words.same_clip_hours is not None:
        rules = replace(rules, same_clip_within=dt.timedelta(hours=words.same_clip_hours))
    if words.quiet_hours is not None:
        rules = replace(rules, quiet=read_quiet_hours(words.quiet_hours))
    if words.timezone is not None:
        rules = replace(rules, zone=words.timezone)
    return rules


def read_quiet_hours(text: str) -> QuietHours | None:
    """
    Read `22:00-07:00`, or `none`.

    Raises:
        BadInputError: it is neither.
    """
    if text.strip().lower() == "none":
        return None
    begin, dash, end = text.replace("–", "-").partition("-")
    if not dash:
        raise BadInputError(f"{text!r} are no quiet hours. Write them as 22:00-07:00, or none.")
    return QuietHours(read_time(begin), read_time(end))
