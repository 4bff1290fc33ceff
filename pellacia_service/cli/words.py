"""The words of a command line, before any command reads them."""

from collections.abc import Collection

from pellacia_service.cli.output import printable
from pellacia_service.facade import BadInputError

GLOBAL_FLAGS = frozenset({"--json", "--quiet", "--verbose", "--no-color"})
"""May stand before or behind the command."""


def split(words: list[str], flags: Collection[str]) -> tuple[frozenset[str], list[str]]:
    """
    Take the global flags out, wherever they stand; a word that is an option's value stays.

    Args:
        flags: every option that takes no value.

    Returns:
        The global flags that were there, and the other words.
    """
    found: set[str] = set()
    rest: list[str] = []
    takes_value = False
    for index, word in enumerate(words):
        if word == "--":
            rest += words[index:]
            break
        if word in GLOBAL_FLAGS and not takes_value:
            found.add(word)
            continue
        takes_value = word.startswith("--") and "=" not in word and word not in flags
        rest.append(word)
    return frozenset(found), rest


def refuse_what_is_no_text(words: list[str]) -> None:
    """
    Refuse bytes that are not UTF-8; Python hands them over as halves of surrogate pairs.

    Raises:
        BadInputError: names the option that holds them.
    """
    before = "The command line"
    for word in words:
        option, _, value = word.partition("=") if word.startswith("--") else (before, "", word)
        if not _is_text(value or option):
            raise BadInputError(
                f"{option if value else 'The command line'} holds bytes that are no UTF-8 text: "
                f"{printable(value or option)!r}. Write it in UTF-8; rename a file that is called so."
            )
        before = word if word.startswith("--") else before


def _is_text(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True
