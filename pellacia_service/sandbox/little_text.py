"""
LinkedIn's "little text": how a commentary is written, and what of it is shown.

Source: little text format page, read 2026-11-22. The service answers 201 to a commentary with a
reserved character that lacks its backslash, and shows the text up to there; that is done here too.
"""

import re

RESERVED = r"\\|{}@\[\]()<>#*_~"

ESCAPED = re.compile(rf"\\([{RESERVED}])")
MENTION = re.compile(rf"@\[((?:[^{RESERVED}]|\\[{RESERVED}])+)\]\(urn:li:\w+:[\w-]+\)")
HASHTAG_TEMPLATE = re.compile(rf"\{{hashtag\|\\?#\|((?:[^{RESERVED}]|\\[{RESERVED}]|_)+)\}}")
HASHTAG = re.compile(r"(#[^\W_]+)")
PLAIN = re.compile(rf"([^{RESERVED}]+)")

TOKENS = (
    (PLAIN, ""),
    (ESCAPED, ""),
    (HASHTAG, ""),
    (HASHTAG_TEMPLATE, "#"),
    (MENTION, ""),
)
"""What may come next, and what is shown before its first group."""


def kept(text: str) -> str:
    """Return the part of a little text before the first reserved character out of place."""
    return text[: sum(len(match[0]) for match, _ in _tokens(text))]


def shown(text: str) -> str:
    """Return what readers see of a little text."""
    return "".join(before + ESCAPED.sub(r"\1", match[1]) for match, before in _tokens(text))


def _tokens(text: str) -> list[tuple[re.Match[str], str]]:
    tokens: list[tuple[re.Match[str], str]] = []
    at = 0
    while at < len(text):
        found = next(
            ((match, before) for kind, before in TOKENS if (match := kind.match(text, at))), None
        )
        if found is None:
            break
        tokens.append(found)
        at = found[0].end()
    return tokens
