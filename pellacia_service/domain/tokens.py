"""What an account's sign-in consists of. Never printed, logged, or put into a job."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pellacia_service.domain.json import Json

INSTANTS = ("expires_at", "refresh_ends_at", "issued_at", "signed_in_at")


@dataclass(frozen=True)
class Tokens:
    """
    The secrets of one account.

    Args:
        access_token: goes into the Authorization header.
        refresh_token: buys the next access token; empty where the platform gives none.
        expires_at: end of the access token's life; None for one that does not end.
        scopes: what the person agreed to.
        refresh_ends_at: end of the refresh token's life, where the platform named one.
        issued_at: when the access token was handed out. signed_in_at: when the person agreed.
            None in a sign-in that was stored before these were kept.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    expires_at: dt.datetime | None = None
    scopes: tuple[str, ...] = ()
    refresh_ends_at: dt.datetime | None = None
    issued_at: dt.datetime | None = None
    signed_in_at: dt.datetime | None = None

    def renewed(self, newer: "Tokens") -> "Tokens":
        """Return the newer tokens; a refresh token that was not sent again stays good."""
        return replace(
            newer,
            refresh_token=newer.refresh_token or self.refresh_token,
            scopes=newer.scopes or self.scopes,
            refresh_ends_at=newer.refresh_ends_at or self.refresh_ends_at,
            signed_in_at=self.signed_in_at,
        )

    def to_json(self) -> dict[str, Json]:
        """Return the shape that the vault seals."""
        return {
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "scopes": list(self.scopes),
            **{name: _text(getattr(self, name)) for name in INSTANTS},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> "Tokens":
        """Read what `to_json` wrote."""
        scopes = value.get("scopes")
        return cls(
            access_token=str(value["access_token"]),
            refresh_token=str(value.get("refresh_token") or ""),
            scopes=tuple(str(scope) for scope in scopes) if isinstance(scopes, list) else (),
            **{name: _instant(value.get(name)) for name in INSTANTS},
        )


def _text(instant: dt.datetime | None) -> Json:
    return instant.isoformat() if instant else None


def _instant(text: Json) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if isinstance(text, str) else None
