"""Words for a post: put together, counted the way each platform counts, and checked for what cannot be sent."""

import re
import unicodedata
from collections.abc import Iterator

from pellacia_service.domain.post import Content
from pellacia_service.domain.problem import Problem

HASHTAG = re.compile(r"(?<![\w#])#(\w+)")
MENTION = re.compile(r"(?<![\w@])@\w[\w.]*")
"""The look-behind keeps e-mail addresses and "##" out."""

ENDLESS_HOST = re.compile(r"(?:[^\s/.]{1,63}\.){20,}")
"""More labels in a row than any host name in use has (at most 255 octets: RFC 1035, 2.3.4)."""

LONE_SURROGATE = re.compile("[\ud800-\udfff]")
"""Half of a UTF-16 pair, as broken programs write it; it has no form in UTF-8."""

LINE_MARKS = frozenset("\n\r\t")
"""The only control characters that every platform takes."""


def caption(content: Content, *, with_title: bool = True) -> str:
    """
    Put title, description and hashtags together, with an empty line between them.

    Empty parts leave no empty lines. A hashtag that stands in the title or the description already
    is not written again, whatever its case.
    """
    written = [content.title.strip()] if with_title else []
    return paragraphs(*written, content.description.strip(), hashtags=content.hashtags)


def paragraphs(*texts: str, hashtags: tuple[str, ...]) -> str:
    """Join texts and a last line of hashtags with empty lines; see `caption`."""
    parts = [text for text in texts if text]
    there = {tag.casefold() for text in parts for tag in HASHTAG.findall(text)}
    missing = [f"#{tag}" for tag in hashtags if tag.casefold() not in there]
    return "\n\n".join([*parts, " ".join(missing)] if missing else parts)


def utf16_length(text: str) -> int:
    """Count UTF-16 code units, as JavaScript and Java do: most emoji are 2."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def weighted_length(text: str) -> int:
    """
    Count as X does: most scripts of Europe 1, emoji and the rest 2, a URL 23, after NFC.

    Source: twitter-text, configuration version 3 ("Counting characters" guide, read 2026-11-22).
    """
    # Its regular expressions take a quarter of a second to build; only posts to X need them.
    from twitter_text import parse_tweet  # noqa: PLC0415

    readable = LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
    # Its search for host names takes a time that grows with the square of "a.a.a.a…".
    readable = ENDLESS_HOST.sub(lambda run: run.group().replace(".", ","), readable)
    return int(parse_tweet(readable).weightedLength)


def count_hashtags(text: str) -> int:
    """Count the hashtags written in a text, repeated ones too."""
    return len(HASHTAG.findall(text))


def count_mentions(text: str) -> int:
    """Count the @names written in a text; e-mail addresses are none."""
    return len(MENTION.findall(text))


def clean_problem(
    field: str, text: str, platform_title: str, *, refused: frozenset[str] = frozenset()
) -> Iterator[Problem]:
    """
    Yield one problem for each character that cannot be sent: control characters, halves of pairs.

    Args:
        refused: characters that this platform turns down beside them.
    """
    unwanted = (one for one in text if one in refused or not _can_be_sent(one))
    for character in dict.fromkeys(unwanted):
        code_point = f"U+{ord(character):04X}"
        yield Problem(
            field=field,
            rule="characters",
            limit="no control characters but line breaks and tabs, no broken emoji",
            actual=code_point,
            message=f"The {field} for {platform_title} holds {code_point}, which cannot be sent.",
            fix=f"Take it out of the {field}: character {text.index(character) + 1}.",
        )


def _can_be_sent(character: str) -> bool:
    return character in LINE_MARKS or unicodedata.category(character) not in {"Cc", "Cs"}
