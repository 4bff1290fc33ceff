"""Finds secrets where they do not belong, in every form that they may take there."""

import base64
import os
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

LEAST = 12
"""Shorter words would be found by chance."""


def forms(secret: str) -> Iterator[bytes]:
    """Yield what a secret looks like in a file: raw, percent-encoded, hex, UTF-16, base64."""
    raw = secret.encode()
    yield raw
    yield urllib.parse.quote(secret, safe="").encode()
    yield urllib.parse.quote(secret.replace("-", "%2D"), safe="").encode()
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield secret.encode("utf-16-le")
    yield secret.encode("utf-16-be")
    for shift in range(3):
        # Inside a longer text, base64 begins at any of three places; its edges depend on neighbours.
        whole = base64.b64encode(b"\0" * shift + raw)
        middle = whole[-(-shift * 8 // 6) + (shift > 0) : len(whole) - 4]
        yield middle
        yield middle.replace(b"+", b"-").replace(b"/", b"_")


def hits(places: Mapping[str, bytes], secrets: Iterable[str]) -> list[str]:
    """Return "place: start of the secret" for everything that is found."""
    found = []
    for secret in secrets:
        assert len(secret) >= LEAST, "too short to be told from anything else"
        looks = {form for form in forms(secret) if len(form) >= LEAST}
        found += [
            f"{place}: {secret[:6]}…"
            for place, content in places.items()
            if any(look in content for look in looks)
        ]
    return found


def files_under(folder: Path, *, but: Iterable[str] = ()) -> dict[str, bytes]:
    """Read every file of a folder, whatever it is, except those that are meant to hold secrets."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in set(but)
    }


def processes_below(pid: int) -> dict[str, bytes]:
    """Read what anybody may see of a process, and the environments of those that it has started."""
    seen = {f"{pid}/cmdline": _read(pid, "cmdline")}
    for child in _children(pid):
        seen[f"{child}/environ"] = _read(child, "environ")
        seen |= processes_below(child)
    return seen


def _children(pid: int) -> list[int]:
    try:
        return [
            int(word)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for word in (task / "children").read_text().split()
        ]
    except OSError:
        return []  # it has ended


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def can_see_children() -> bool:
    """Tell whether this system shows who has started whom."""
    return Path(f"/proc/self/task/{os.getpid()}/children").exists()
