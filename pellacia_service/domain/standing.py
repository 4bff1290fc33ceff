"""How an account's sign-in stands."""

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from pellacia_service.domain.account import Account


class Health(enum.StrEnum):
    """How a sign-in stands, in one word. Scripts see these."""

    OK = "ok"
    EXPIRING = "expiring"
    NEEDS_LOGIN = "needs_login"
    UNKNOWN_KEY = "unknown_key"


@dataclass(frozen=True)
class Standing:
    """
    How an account's sign-in stands.

    Args:
        why: what ends it, or what is wrong with it; "" where there is nothing to say.
        missing: usual scopes that were not granted, and what does not work without each.
        expires_at: end of the access token; None for one that does not end.
        refreshable_until: end of the refresh token, where the platform named one.
        reconnect_by: when the person must have signed in again; None where they need not.
        last_used: when a token was last used or renewed.
        posts_after: posts that are to go out after `reconnect_by`.
    """

    account: Account
    health: Health = Health.OK
    why: str = ""
    scopes: tuple[str, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    expires_at: dt.datetime | None = None
    refreshable_until: dt.datetime | None = None
    reconnect_by: dt.datetime | None = None
    last_used: dt.datetime | None = None
    posts_after: int = 0
