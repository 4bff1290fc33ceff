"""One limit of a platform as people see it."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """
    What is left of one budget, or a pause that a platform has asked for.

    Args:
        account: the account's label; empty for what all accounts of our application share.
        kind: the budget's name ("uploads"), or, for a pause alone, the kind of call that waits.
        calls: the kinds of calls that use it up.
        limit: most units in a window; None where the platform names none.
        window: how long that is, in words.
        used, left: units; of an even budget, those that may be used at once.
        resets_at: when units come back next; None: nothing was used.
        blocked_until: the platform asked for no call before.
    """

    platform: str
    account: str
    kind: str
    calls: tuple[str, ...]
    limit: int | None = None
    window: str = ""
    used: int | None = None
    left: int | None = None
    resets_at: dt.datetime | None = None
    blocked_until: dt.datetime | None = None
