"""The six platforms by name, and how people write them."""

from pellacia_service.domain.account import DEFAULT_LABEL
from pellacia_service.errors import BadInputError

PLATFORM_NAMES = ("youtube", "instagram", "tiktok", "x", "linkedin", "facebook")

ALIASES = {"twitter": "x"}

ALL = "all"
"""Every platform with a connected account."""


def platform_name(word: str) -> str:
    """
    Read a platform's name.

    Raises:
        BadInputError: there is no such platform; the message lists the six.
    """
    name = word.strip().lower()
    name = ALIASES.get(name, name)
    if name not in PLATFORM_NAMES:
        raise BadInputError(
            f"There is no platform called {word!r}. Choose from: {', '.join(PLATFORM_NAMES)}."
        )
    return name


def split_address(word: str) -> tuple[str, str]:
    """Read `platform` or `platform:label` as (platform, label)."""
    platform, _, label = word.strip().partition(":")
    return platform_name(platform), label.strip() or DEFAULT_LABEL
