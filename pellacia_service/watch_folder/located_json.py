"""
JSON that remembers where each value stands, so that a message can name line and column.

Strict (RFC 8259), bounded in depth, and with two findings beside the values that most parsers keep
to themselves: a key that comes twice, and text that no database stores.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from json import JSONDecodeError, JSONDecoder
from json.scanner import NUMBER_RE
from typing import TypeAlias

from pellacia_service.domain.json import Json
from pellacia_service.watch_folder.codes import Code
from pellacia_service.watch_folder.spelling import quoted

Keys: TypeAlias = tuple[str | int, ...]
"""The way to a value: ("tiktok", "hashtags", 0)."""

DECODER = JSONDecoder()
"""Reads the texts: the standard library's own, escapes and all."""

DEEPEST = 32
LONGEST_NUMBER = 40
BLANK = re.compile(r"[ \t\n\r]*")
WORD = re.compile(r"\w+")
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
WORDS: Mapping[str, Json] = {"true": True, "false": False, "null": None}
HINTS: Mapping[str, tuple[str, str]] = {
    "'": ("a text stands in single quotes", 'Write "…".'),
    "/": ("JSON has no comments", "Take the comment out."),
    "#": ("JSON has no comments", "Take the comment out."),
    "“": ("a text stands in typographic quotes", 'Write "…".'),
}
"""First character of what is no JSON to what a person may have meant, and what helps."""


@dataclass(frozen=True)
class Place:
    """Where something stands; both counted from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True)
class Finding:
    """Something wrong with the JSON itself, and where."""

    place: Place
    code: Code
    message: str
    fix: str


@dataclass(frozen=True)
class Located:
    """
    A JSON text that was read.

    Args:
        value: what it holds; None where it is broken.
        findings: what is wrong with it.
    """

    value: Json = None
    findings: tuple[Finding, ...] = ()
    values: Mapping[Keys, Place] = field(default_factory=dict)
    keys: Mapping[Keys, Place] = field(default_factory=dict)

    def place_of(self, *keys: str | int) -> Place:
        """Return where a value stands, or else the nearest thing around it."""
        for end in range(len(keys), 0, -1):
            if keys[:end] in self.values:
                return self.values[keys[:end]]
        return self.values.get((), Place(1, 1))

    def place_of_key(self, *keys: str | int) -> Place:
        """Return where a key stands, or else its value."""
        return self.keys.get(keys) or self.place_of(*keys)


def read_located(text: str) -> Located:
    """Read a JSON text. What is wrong with it is a finding, never an exception."""
    reader = _Reader(text)
    value: Json = None
    try:
        value = reader.document()
    except _Broken as broken:
        reader.find(broken.at, broken.code, broken.message, broken.fix)
    places = {keys: reader.place(at) for keys, at in reader.values.items()}
    key_places = {keys: reader.place(at) for keys, at in reader.keys.items()}
    return Located(value, tuple(reader.findings), places, key_places)


class _Broken(Exception):
    """The text is no JSON from here on."""

    def __init__(self, at: int, code: Code, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.at, self.code, self.message, self.fix = at, code, message, fix


class _Reader:
    """Reads one text from front to back; `at` is the character it stands before."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.values: dict[Keys, int] = {}
        self.keys: dict[Keys, int] = {}
        self.findings: list[Finding] = []
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]

    def document(self) -> Json:
        value = self.value(())
        if self.peek():
            raise self.unexpected("the end of the file")
        return value

    def value(self, way: Keys) -> Json:
        sign = self.peek()
        self.values[way] = self.at
        if len(way) > DEEPEST:
            message = f"lists and objects stand more than {DEEPEST} deep in each other"
            raise _Broken(self.at, Code.TOO_DEEP, message, "Write it flat; see the schema.")
        match sign:
            case "{":
                return self.object(way)
            case "[":
                return self.array(way)
            case '"':
                return self.string()
        return self.number_or_word()

    def object(self, way: Keys) -> Json:
        members: dict[str, Json] = {}
        for _ in self.members("}"):
            if self.peek() != '"':
                raise self.unexpected('a key in double quotes or "}"')
            start, key = self.at, self.string()
            if key in members:
                message = f"the key {quoted(key)} stands here for the second time"
                self.find(start, Code.KEY_TWICE, message, "Keep one of them.")
            self.keys.setdefault((*way, key), start)
            self.expect(":", f"a colon after the key {quoted(key)}")
            members[key] = self.value((*way, key))
        return members

    def array(self, way: Keys) -> Json:
        return [self.value((*way, index)) for index in self.members("]")]

    def members(self, closing: str) -> Iterator[int]:
        """Step through the members of a list or object; the caller reads each."""
        self.at += 1
        index = 0
        while self.peek() != closing:
            comma = self.at
            if index:
                self.expect(",", f'a comma or "{closing}"')
            if self.peek() == closing:
                message = f'a comma stands before "{closing}"'
                raise _Broken(comma, Code.NOT_JSON, message, "Take the comma out.")
            yield index
            index += 1
        self.at += 1

    def string(self) -> str:
        start = self.at
        try:
            decoded, self.at = DECODER.raw_decode(self.text, start)
        except JSONDecodeError as trouble:
            if trouble.msg.startswith("Unterminated"):
                raise self.ends_early(start, "a text is not closed") from trouble
            message, fix = (
                f"{trouble.msg.removesuffix(' at')} in a text",
                'Write it as "\\n" or so.',
            )
            raise _Broken(trouble.pos, Code.NOT_JSON, message, fix) from trouble
        text = str(decoded)
        if UNSTORABLE.search(text):
            message = "the text holds NUL or half of a surrogate pair, which cannot be stored"
            self.find(start, Code.BROKEN_CHARACTER, message, "Take it out.")
        return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)

    def number_or_word(self) -> Json:
        if number := NUMBER_RE.match(self.text, self.at):
            if number.end() - self.at > LONGEST_NUMBER:
                raise _Broken(self.at, Code.LONG_NUMBER, "the number has too many digits")
            self.at = number.end()
            whole, fraction, exponent = number.groups()
            return float(number[0]) if fraction or exponent else int(whole)
        word = WORD.match(self.text, self.at)
        if word and word[0] in WORDS:
            self.at = word.end()
            return WORDS[word[0]]
        raise self.unexpected("a value")

    def peek(self) -> str:
        """Pass blanks, and return the next character; empty at the end."""
        blank = BLANK.match(self.text, self.at)
        self.at = blank.end() if blank else self.at
        return self.text[self.at : self.at + 1]

    def expect(self, sign: str, what: str) -> None:
        if self.peek() != sign:
            raise self.unexpected(what)
        self.at += 1

    def unexpected(self, wanted: str) -> _Broken:
        sign = self.peek()
        if not sign:
            return self.ends_early(self.at, f"the file ends where {wanted} should stand")
        if sign in HINTS:
            message, fix = HINTS[sign]
            return _Broken(self.at, Code.NOT_JSON, message, fix)
        word = WORD.match(self.text, self.at)
        found = (word[0] if word else sign)[:20]
        return _Broken(self.at, Code.NOT_JSON, f"{found!r} stands where {wanted} should")

    def ends_early(self, at: int, message: str) -> _Broken:
        return _Broken(at, Code.ENDS_EARLY, message, "Write the file again, whole.")

    def find(self, at: int, code: Code, message: str, fix: str) -> None:
        self.findings.append(Finding(self.place(at), code, message, fix))

    def place(self, at: int) -> Place:
        line = bisect_right(self._lines, at)
        return Place(line, at - self._lines[line - 1] + 1)
