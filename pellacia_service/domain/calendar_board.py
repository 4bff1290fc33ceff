"""Several calendars side by side, and the free times that suit all of them."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pellacia_service.domain.account import Account
from pellacia_service.domain.calendar_best import History
from pellacia_service.domain.calendar_rules import AccountPlan, Clip, Collision, Entry, Rules
from pellacia_service.domain.calendar_slots import Slot

HORIZON = dt.timedelta(days=35)
"""How far from a wish a free time is looked for."""

MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class Board:
    """The calendars of the accounts that one post goes to: its time must suit all of them at once."""

    plans: Sequence[AccountPlan]

    def collisions(self, at: dt.datetime, clip: Clip) -> list[Collision]:
        """Return every rule of every account that a post would break."""
        return [one for plan in self.plans for one in plan.collisions(at, clip)]

    def next_free(self, wish: dt.datetime, clip: Clip) -> dt.datetime | None:
        """
        Return the first free time from a wish on; None: there is none within the horizon.

        It is never earlier than the wish: a post that comes late is a pity, one that comes before
        its hour may break a promise.
        """
        later = {_minute_from(edge) for edge in self._edges(wish, clip)}
        return self.first_free([wish, *sorted(edge for edge in later if edge > wish)], clip)

    def last_free(self, wish: dt.datetime, clip: Clip, *, after: dt.datetime) -> dt.datetime | None:
        """Return the last free time between `after` and a wish; None: there is none."""
        earlier = {_minute_to(edge) for edge in self._edges(wish, clip)}
        between = sorted((edge for edge in earlier if after < edge < wish), reverse=True)
        return self.first_free(between, clip)

    def first_free(self, times: Iterable[dt.datetime], clip: Clip) -> dt.datetime | None:
        """Return the first of some instants at which no rule of any account is broken."""
        return next((at for at in times if not self.collisions(at, clip)), None)

    def _edges(self, wish: dt.datetime, clip: Clip) -> set[dt.datetime]:
        begin, end = wish - HORIZON, wish + HORIZON
        edges = (edge for plan in self.plans for edge in plan.edges(clip, begin, end))
        return {edge for edge in edges if begin <= edge <= end}


@dataclass(frozen=True)
class Plans:
    """
    Everything that is planned, and the rules it follows.

    Posts that are planned in one go are added one after the other, so that they cannot collide with
    each other either.

    Args:
        rules: of each account, by its id; the zone is filled in.
        slots: recurring ones of each account, by its id; empty for an account that has none.
        histories: what is known of each account's hours, by its id; missing where nothing is.
    """

    rules: Mapping[uuid.UUID, Rules]
    entries: list[Entry]
    slots: Mapping[uuid.UUID, Sequence[Slot]] = field(default_factory=dict)
    histories: Mapping[uuid.UUID, History] = field(default_factory=dict)

    def add(self, accounts: Iterable[Account], at: dt.datetime, clip: Clip, title: str) -> None:
        """Plan one more post."""
        post_id = uuid.uuid4()
        self.entries.extend(
            Entry(account.id, account.platform, at, clip, post_id, title) for account in accounts
        )

    def board(self, accounts: Sequence[Account], besides: uuid.UUID | None = None) -> Board:
        """Lay the calendars of some accounts side by side, one post left out."""
        others = [entry for entry in self.entries if entry.post_id != besides]
        return Board(
            [
                AccountPlan(
                    account=account,
                    rules=self.rules[account.id],
                    entries=[one for one in others if one.account_id == account.id],
                    platform_entries=[one for one in others if one.platform == account.platform],
                )
                for account in accounts
            ]
        )


def _minute_from(at: dt.datetime) -> dt.datetime:
    """Return the first whole minute at or after an instant."""
    whole = _minute_to(at)
    return whole if whole == at else whole + MINUTE


def _minute_to(at: dt.datetime) -> dt.datetime:
    """Return the last whole minute at or before an instant."""
    return at.replace(second=0, microsecond=0)
