"""What is planned, read from the database as the rules of the calendar want to see it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from pellacia_service.domain.account import Account
from pellacia_service.domain.calendar_board import HORIZON, Plans
from pellacia_service.domain.calendar_rules import Rules
from pellacia_service.repositories.session import Transaction

AROUND = HORIZON + dt.timedelta(days=3)
"""A free time at the edge of the horizon must keep its distance from what lies behind it."""


async def load_plans(
    tx: Transaction,
    accounts: Sequence[Account],
    *,
    begin: dt.datetime,
    end: dt.datetime,
    default_zone: str,
) -> Plans:
    """
    Read the calendars of some accounts.

    Args:
        begin, end: the first and the last time that is wished for.
        default_zone: of accounts whose rules name none.
    """
    platforms = {account.platform for account in accounts}
    return Plans(
        rules={one.id: await rules_of(tx, one, default_zone) for one in accounts},
        entries=await tx.calendar.entries(platforms, begin - AROUND, end + AROUND),
        slots={one.id: await tx.calendar.slots(one.id) for one in accounts},
    )


async def rules_of(tx: Transaction, account: Account, default_zone: str) -> Rules:
    """Return an account's rules with their zone filled in."""
    rules = await tx.calendar.rules(account.id)
    return replace(rules, zone=rules.zone or default_zone)
