"""An account on one platform."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

DEFAULT_LABEL = "default"


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
