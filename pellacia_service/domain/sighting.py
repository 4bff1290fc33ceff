"""What a look at the platform found."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from pellacia_service.domain.json import Json
from pellacia_service.domain.receipt import Receipt

NONE_SINCE_INTENT = "none_since_intent"
"""Evidence that is true where the account has published nothing since the intent, says the platform."""


class Seen(enum.StrEnum):
    """The seven things a look can find."""

    RECEIVING = "receiving"
    """The platform still waits for bytes; the sighting's receipt says from where."""

    PROCESSING = "processing"
    """It has everything and is busy with it."""

    READY = "ready"
    """It waits for the word to publish. Nothing is public."""

    LIVE = "live"
    """It is published, or is what the post asked for: private, scheduled, draft."""

    REJECTED = "rejected"
    """It was turned down for good. Nothing is public, and nothing will be."""

    GONE = "gone"
    """The session or container has run out and left nothing behind."""

    ABSENT = "absent"
    """The platform was asked for the post and did not show it. That proves nothing."""


@dataclass(frozen=True)
class Sighting:
    """
    What a look found.

    Args:
        receipt: the receipt with all that was learnt (confirmed bytes, post id, url).
        reason: for REJECTED: the platform's own words.
        code: for REJECTED: the platform's own code.
        evidence: what was asked and what was seen, small, for a person to read later.
        again_in: seconds after which the platform asks to be looked at again; 0: no wish.
    """

    seen: Seen
    receipt: Receipt
    reason: str = ""
    code: str = ""
    evidence: Mapping[str, Json] = field(default_factory=dict)
    again_in: float = 0
