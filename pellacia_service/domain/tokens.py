"""What an account's sign-in consists of. Never printed, logged, or put into a job."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pellacia_service.domain.json import Json


@dataclass(frozen=True)
class Tokens:
    """
    The secrets of one account.

    Args:
        access_token: goes into the Authorization header.
        refresh_token: buys the next access token; empty where the platform gives none.
        expires_at: end of the access token's life; None for one that does not end.
        scopes: what the person agreed to.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    expires_at: dt.datetime | None = None
    scopes: tuple[str, ...] = ()

    def needs_refresh(self, now: dt.datetime, ahead: dt.timedelta) -> bool:
        """True where the access token ends within `ahead`, and another can be had."""
        if self.expires_at is None or not self.refresh_token:
            return False
        return self.expires_at - now <= ahead

    def renewed(self, newer: "Tokens") -> "Tokens":
        """Return the newer tokens; a refresh token that was not sent again stays good."""
        return replace(
            newer,
            refresh_token=newer.refresh_token or self.refresh_token,
            scopes=newer.scopes or self.scopes,
        )

    def to_json(self) -> dict[str, Json]:
        """Return the shape that the vault seals."""
        return {
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "expires_at": self.expires_at.isoformat() if self.expires_at else None,
            "scopes": list(self.scopes),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> "Tokens":
        """Read what `to_json` wrote."""
        ends = value.get("expires_at")
        scopes = value.get("scopes")
        return cls(
            access_token=str(value["access_token"]),
            refresh_token=str(value.get("refresh_token") or ""),
            expires_at=dt.datetime.fromisoformat(ends) if isinstance(ends, str) else None,
            scopes=tuple(str(scope) for scope in scopes) if isinstance(scopes, list) else (),
        )
