"""
X's text: how long it is, and how it comes back.

Source: twitter-text configuration v3, through X's counting rules as published, read 2026-11-22.
"""

import html
import re
import unicodedata

from twitter_text import extract_urls_with_indices, parse_tweet

SPACE = re.compile(r"\s+")


def weighted_length(text: str) -> int:
    """Return the length as X counts: most characters 1, East Asian ones and emoji 2, a URL 23."""
    return int(parse_tweet(text).weightedLength)


def has_forbidden_characters(text: str) -> bool:
    """Say whether a text of allowed length holds a character that X does not take."""
    return bool(text) and not parse_tweet(text).valid


def same_text_key(text: str) -> str:
    """Return what two texts have in common that X takes for duplicates."""
    return SPACE.sub(" ", unicodedata.normalize("NFC", text)).strip().casefold()


class AnsweredText:
    """
    A text as X answers it: URLs shortened, the medium's link at its end, escaped for HTML.

    Args:
        post_id: makes the short links; the same post answers the same ones.
        media_url: what the link at the end stands for; "" for a post without media.
    """

    def __init__(self, text: str, *, post_id: str, media_url: str) -> None:
        self.urls: list[dict[str, object]] = []
        pieces, at = [], 0
        for number, found in enumerate(extract_urls_with_indices(text)):
            start, end = found["indices"]
            short = self._shorten(f"{post_id}{number}", found["url"])
            pieces += [text[at:start], short]
            at = end
        pieces.append(text[at:])
        whole = "".join(pieces)
        if media_url:
            whole = f"{whole} {self._shorten(f'{post_id}m', media_url)}".strip()
        self.text = html.escape(whole, quote=False)

    def _shorten(self, key: str, url: str) -> str:
        expanded = url if "://" in url else f"http://{url}"
        short = f"https://t.co/{_base36(key)}"
        self.urls.append({"url": short, "expanded_url": expanded, "display_url": url})
        return short


def _base36(key: str) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    number, word = int.from_bytes(key.encode()[-8:], "big"), ""
    while number and len(word) < 10:
        number, rest = divmod(number, 36)
        word += digits[rest]
    return word
