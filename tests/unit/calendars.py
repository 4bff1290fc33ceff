"""Calendars to begin a test with."""

import datetime as dt
import uuid
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from pellacia_service.domain.account import Account
from pellacia_service.domain.calendar_best import History
from pellacia_service.domain.calendar_board import Plans
from pellacia_service.domain.calendar_choice import Chooser
from pellacia_service.domain.calendar_rules import Clip, Entry, Rules
from pellacia_service.domain.calendar_slots import Slot

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
"""A Sunday."""

BERLIN = "Europe/Berlin"
X = Account(uuid.UUID(int=1), "x")
YOUTUBE = Account(uuid.UUID(int=2), "youtube")
INSTAGRAM = Account(uuid.UUID(int=3), "instagram")
CLIP = Clip(Path("/clips/new.mp4"), 10, "aa" * 32)


def at(text: str) -> dt.datetime:
    """Read a time in Berlin."""
    local = dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN))
    return local.astimezone(dt.UTC)


def entry(
    when: dt.datetime, account: Account = X, clip: Clip | None = None, title: str = "Other"
) -> Entry:
    """A post that is planned; its clip is one of its own."""
    post_id = uuid.uuid4()
    clip = clip or Clip(Path(f"/clips/{post_id}.mp4"), 10, post_id.hex * 2)
    return Entry(account.id, account.platform, when, clip, post_id, title)


def plans(
    *entries: Entry,
    rules: Rules | None = None,
    slots: dict[uuid.UUID, list[Slot]] | None = None,
    histories: dict[uuid.UUID, History] | None = None,
) -> Plans:
    """What is planned on three accounts that follow the same rules."""
    own = replace(rules or Rules(), zone=BERLIN)
    return Plans(
        rules={account.id: own for account in (X, YOUTUBE, INSTAGRAM)},
        entries=list(entries),
        slots=slots or {},
        histories=histories or {},
    )


def chooser(planned: Plans, *accounts: Account, clip: Clip = CLIP) -> Chooser:
    """Choose for a post that goes to some accounts, at noon UTC of a Sunday."""
    return Chooser(planned, accounts or (X,), clip, NOW, BERLIN)
