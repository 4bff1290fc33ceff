"""Reading a JSON object key by key, with a sentence for whoever sent a wrong one."""

from collections.abc import Mapping


class Fields:
    """
    A JSON object whose values are checked as they are read.

    Args:
        name: how messages call the object.

    Raises:
        ValueError: from every method, with a sentence that names the key.
    """

    def __init__(self, body: object, *, name: str = "the body") -> None:
        if not isinstance(body, dict):
            raise ValueError(f"{name} must be a JSON object")
        self._values: dict[str, object] = body

    @property
    def names(self) -> list[str]:
        """The keys that were sent."""
        return list(self._values)

    def allow_only(self, *names: str) -> None:
        """Refuse a key that nobody reads: it is most likely misspelt."""
        for name in self._values:
            if name not in names:
                raise ValueError(f"{name} is not known here; known: {', '.join(names)}")

    def get(self, name: str, default: object = None) -> object:
        """Return a value of any kind."""
        return self._values.get(name, default)

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text; without a default it must be there and not be empty."""
        value = self._values.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or (default is None and not value):
            raise ValueError(f"{name} must be a text")
        return value

    def number(
        self,
        name: str,
        default: float | None = None,
        *,
        least: float | None = None,
        most: float | None = None,
    ) -> float:
        """Return a number from `least` to `most`; without a default it must be there."""
        value = self._values.get(name, default)
        if value is None:
            value = default
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{name} must be a number")
        if least is not None and value < least:
            raise ValueError(f"{name} must be at least {least}")
        if most is not None and value > most:
            raise ValueError(f"{name} must be at most {most}")
        return value

    def whole(
        self, name: str, default: int | None = None, *, least: int = 0, most: int | None = None
    ) -> int:
        """Return a whole number from `least` to `most`."""
        value = self.number(name, default, least=least, most=most)
        if value != int(value):
            raise ValueError(f"{name} must be a whole number")
        return int(value)

    def must_be_true(self, name: str) -> None:
        """Refuse anything but true."""
        if self._values.get(name) is not True:
            raise ValueError(f"{name} must be true")

    def mapping(self, name: str) -> Mapping[str, object]:
        """Return an object; {} where it is missing."""
        value = self._values.get(name) or {}
        if not isinstance(value, dict):
            raise ValueError(f"{name} must be an object")
        return value
