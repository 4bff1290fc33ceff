"""An account on one platform."""

import datetime as dt
import enum
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

DEFAULT_LABEL = "default"


class Feature(enum.StrEnum):
    """What a person may let the program do with an account."""

    PUBLISH = "publish"
    STATISTICS = "statistics"
    PAGES = "pages"
    """Post as an organisation's page, not only as oneself."""


@dataclass(frozen=True)
class Account:
    """
    One account that posts can go to.

    Args:
        label: tells several accounts of one platform apart; "default" for the first.
        name: what the platform calls it: a channel's title, a Page's name, @handle.
        ids: what this platform's calls need, by the names that the platforms use: channel_id,
            page_id, ig_user_id, user_id, username, person_urn, organization_urn, open_id …
    """

    id: uuid.UUID
    platform: str
    label: str = DEFAULT_LABEL
    name: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The word people type: `platform`, or `platform:label` beside the default."""
        return self.platform if self.label == DEFAULT_LABEL else f"{self.platform}:{self.label}"


@dataclass(frozen=True)
class WaitingPost:
    """A post that still has to go out to an account."""

    id: uuid.UUID
    title: str
    due_at: dt.datetime


@dataclass(frozen=True)
class AccountChoice:
    """One of several accounts that a sign-in speaks for: a Page, an organisation, the member."""

    id: str
    name: str


@dataclass(frozen=True)
class SignedIn:
    """
    What a sign-in led to.

    Args:
        declined: what will not work because it was not allowed, each a sentence.
        ends_at: when the person must come back; None where the sign-in renews itself or has no end.
        before: the name of another account that had this label until now; "" where there was none.
    """

    account: Account
    declined: tuple[str, ...] = ()
    ends_at: dt.datetime | None = None
    before: str = ""
