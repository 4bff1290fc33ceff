"""A sign-in as it is stored, and what is written down of its use. Neither holds a token."""

import datetime as dt
import enum
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from pellacia_service.domain.json import Json


@dataclass(frozen=True)
class Outlook:
    """
    How long a sign-in lasts, as far as can be said without opening it.

    Args:
        expires_at: end of the access token; None for one that does not end.
        reconnect_by: when the person must have signed in again; None where they need not.
        why: what forces them to, as half a sentence.
    """

    expires_at: dt.datetime | None = None
    reconnect_by: dt.datetime | None = None
    why: str = ""


@dataclass(frozen=True)
class Ending:
    """The end of one account's sign-in: foreseen, or come already where `refused` says why."""

    address: str
    outlook: Outlook
    refused: str = ""


@dataclass(frozen=True)
class StoredCredential:
    """
    What is kept of one account's sign-in.

    Args:
        address: "youtube", or "youtube:label" beside the default.
        account_id: of the account that has this address, whatever the stored row itself says.
        sealed: what only the vault opens.
        version: which of the account's sign-ins it is, as the stored row says; 0: sealed as plain
            text of Fernet, before rows were bound to their account.
        mark: the highest version the account has ever had; it stands with the account, and grows
            with every sign-in, renewal, rotation and sign-out.
        refused: why the platform renews it no more; "" where it does.
        refreshing_by: who is renewing it; "" where nobody is.
    """

    address: str
    account_id: uuid.UUID
    sealed: Mapping[str, Json] = field(repr=False)
    version: int
    mark: int
    updated_at: dt.datetime
    outlook: Outlook = Outlook()
    refused: str = ""
    refreshing_by: str = ""

    @property
    def platform(self) -> str:
        """The platform's name."""
        return self.address.partition(":")[0]


class Purpose(enum.StrEnum):
    """What a sign-in is opened or changed for."""

    OPEN = "open"
    SEND = "send"
    LOOK = "look"
    PUBLISH = "publish"
    REFRESH = "refresh"
    SIGN_IN = "sign-in"
    ROTATE = "rotate"
    LOGOUT = "logout"


@dataclass(frozen=True)
class CredentialUse:
    """
    One use of one account's sign-in.

    Args:
        account: the account's address.
        process: which process used it, as "machine/process id".
        outcome: "done", or in a few words why not. Never a token.
    """

    at: dt.datetime
    account: str
    purpose: str
    process: str
    outcome: str = "done"


def sign_in_command(address: str) -> str:
    """Return what a person types to sign an account in again."""
    platform, _, label = address.partition(":")
    return f"pellacia-dist auth login {platform}" + (f" --label {label}" if label else "")
