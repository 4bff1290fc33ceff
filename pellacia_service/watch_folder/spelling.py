"""What a person has written, and may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches

LONGEST = 60
"""Characters of somebody's own word that a message repeats."""


def quoted(word: str) -> str:
    """Return a word in quotes, with nothing in it that a terminal would obey, and not too long."""
    return repr(word if len(word) <= LONGEST else f"{word[:LONGEST]}…")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "Did you mean …?", or the list of what there is where nothing comes near."""
    words = list(known)
    close = get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    if close:
        return f'Did you mean "{close[0]}"?'
    return f"Choose from: {', '.join(words)}."
