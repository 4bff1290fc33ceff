"""What a platform answered, kept between two calls."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pellacia_service.domain.json import Json

ASKED = "asked_to_publish"
"""The key of `Receipt.data` that holds the instant of the intent to publish, for looks at listings."""

OPENED = "session_opened_at"
"""The key of `Receipt.data` that holds when the upload session was opened: it does not live for ever."""


@dataclass(frozen=True)
class Receipt:
    """
    The state of one upload as the platform confirmed it. Stored after every call.

    Args:
        total: bytes of the whole file.
        confirmed: bytes, from the first, that the platform says it holds. Never arithmetic.
        part_size: bytes the next part must have; 0 when nothing is left to send.
        closing: all bytes are there, and the platform wants to be told so: `send` is called once
            more, with an empty part.
        data: small JSON that only the platform's own file reads: session URL, container id …
        post_id: the platform's id of the post, once known. It may be known before the post is public.
        url: where people can see the post, once known.
    """

    total: int
    confirmed: int = 0
    part_size: int = 0
    closing: bool = False
    data: Mapping[str, Json] = field(default_factory=dict)
    post_id: str = ""
    url: str = ""

    @property
    def is_last_part(self) -> bool:
        """True where the next part reaches the end of the file."""
        return self.part_size > 0 and self.confirmed + self.part_size >= self.total

    def text(self, key: str) -> str:
        """Read one value of `data` as text; missing is empty."""
        value = self.data.get(key, "")
        return value if isinstance(value, str) else str(value)

    @property
    def wants_more(self) -> bool:
        """True while `send` has something left to do."""
        return self.part_size > 0 or self.closing

    def advanced(self, confirmed: int, part_size: int, *, closing: bool = False) -> "Receipt":
        """Return the receipt after the platform confirmed bytes up to `confirmed`."""
        return replace(self, confirmed=confirmed, part_size=part_size, closing=closing)

    def with_data(self, **changes: Json) -> "Receipt":
        """Return the receipt with some of `data` replaced."""
        return replace(self, data={**self.data, **changes})
