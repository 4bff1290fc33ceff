"""A metadata file as it was read: its values, where they stand, and everything wrong with them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pellacia_service.domain.diagnostic import Diagnostic, Level
from pellacia_service.domain.json import Json
from pellacia_service.domain.names import PLATFORM_NAMES
from pellacia_service.domain.post import Privacy
from pellacia_service.watch_folder.codes import MEANINGS, Code
from pellacia_service.watch_folder.located_json import (
    Finding,
    Keys,
    Located,
    Place,
    read_located,
)
from pellacia_service.watch_folder.metadata import WORDS_OF, Metadata
from pellacia_service.watch_folder.spelling import did_you_mean, quoted

MOST_BYTES = 1024 * 1024
"""Of a metadata file."""

MOST_DIAGNOSTICS = 100

BYTE_ORDER_MARK = "\ufeff"
WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")

WANTED: Mapping[str, str] = {
    "string_type": "a text",
    "list_type": "a list",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "model_type": "an object",
}
"""pydantic's word for a wrong type to what it wanted."""

KINDS: Mapping[type, str] = {
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
    type(None): "null",
}


@dataclass(frozen=True)
class Sheet:
    """
    One metadata file.

    Args:
        metadata: what it holds; where parts of it are wrong, the rest; None where nothing can be
            made of it.
        diagnostics: in the order of the file.
    """

    file: str
    metadata: Metadata | None = None
    located: Located = field(default_factory=Located)
    diagnostics: tuple[Diagnostic, ...] = ()

    def error(self, place: Place, code: str, message: str, fix: str = "") -> Diagnostic:
        """Make a diagnostic of a place in this file."""
        return Diagnostic(self.file, Level.ERROR, code, message, fix, place.line, place.column)

    def warning(self, place: Place, code: str, message: str, fix: str = "") -> Diagnostic:
        """Make a diagnostic that keeps nobody from taking the file."""
        return Diagnostic(self.file, Level.WARNING, code, message, fix, place.line, place.column)


def read_sheet(file: str, content: bytes) -> Sheet:
    """
    Read a metadata file.

    Args:
        file: its name, for diagnostics.
        content: at most `MOST_BYTES`.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as trouble:
        return Sheet(file, diagnostics=(_not_utf8(file, content, trouble),))
    marks: tuple[Diagnostic, ...] = ()
    if text.startswith(BYTE_ORDER_MARK):
        message, fix = "the file begins with a byte order mark", "Save it as UTF-8 without one."
        marks = (Diagnostic(file, Level.WARNING, Code.BYTE_ORDER_MARK, message, fix, 1, 1),)
    located = read_located(text.removeprefix(BYTE_ORDER_MARK))
    sheet = Sheet(file, located=located)
    found = [*(_of_finding(sheet, finding) for finding in located.findings)]
    if isinstance(located.value, dict):
        metadata, wrong = _validated(sheet, located.value)
        return Sheet(file, metadata, located, (*marks, *in_order([*found, *wrong])))
    if not found:
        message = f"the file holds {KINDS[type(located.value)]} instead of an object"
        found.append(sheet.error(Place(1, 1), Code.NO_OBJECT, message, 'Write {"platforms": …}.'))
    return Sheet(file, None, located, (*marks, *found))


def in_order(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Sort by place, each once. Of very many, the first are enough to begin with."""
    ordered = sorted(dict.fromkeys(diagnostics), key=lambda one: (one.line, one.column))
    return ordered[:MOST_DIAGNOSTICS]


def _not_utf8(file: str, content: bytes, trouble: UnicodeDecodeError) -> Diagnostic:
    before = content[: trouble.start].decode("utf-8", "replace")
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    wide = content.startswith(WIDE_MARKS)
    kind = "is UTF-16" if wide else f"is not UTF-8: byte 0x{content[trouble.start]:02X}"
    fix = "Save it as UTF-8."
    return Diagnostic(file, Level.ERROR, Code.NOT_UTF8, f"the file {kind}", fix, line, column)


def _of_finding(sheet: Sheet, finding: Finding) -> Diagnostic:
    return sheet.error(finding.place, finding.code, finding.message, finding.fix)


def _validated(sheet: Sheet, value: dict[str, Json]) -> tuple[Metadata | None, list[Diagnostic]]:
    """Hold the values against the schema; what is wrong is taken out, so that the rest is checked too."""
    try:
        return Metadata.model_validate(value), []
    except ValidationError as error:
        details = error.errors(include_url=False)
    wrong = [_of_detail(sheet, detail) for detail in details[:MOST_DIAGNOSTICS]]
    if len(details) > MOST_DIAGNOSTICS:
        return None, wrong
    rest = _without(value, [detail["loc"] for detail in details])
    try:
        return Metadata.model_validate(rest), wrong
    except ValidationError:
        return None, wrong


def _without(value: Json, ways: Sequence[Keys]) -> Json:
    """Copy a value without what stands at the end of these ways."""
    doomed = {way[0] for way in ways if len(way) == 1}

    def kept(key: str | int, inner: Json) -> Json:
        deeper = [way[1:] for way in ways if len(way) > 1 and way[0] == key]
        return _without(inner, deeper) if deeper else inner

    match value:
        case dict():
            return {key: kept(key, one) for key, one in value.items() if key not in doomed}
        case list():
            return [kept(index, one) for index, one in enumerate(value) if index not in doomed]
    return value


def _of_detail(sheet: Sheet, detail: ErrorDetails) -> Diagnostic:
    """Say in our words what pydantic found."""
    way, kind = detail["loc"], detail["type"]
    place = sheet.located.place_of(*way)
    if kind == "extra_forbidden":
        key = str(way[-1])
        fix = did_you_mean(key, _known_keys(way[:-1]))
        place = sheet.located.place_of_key(*way)
        return sheet.error(
            place, Code.UNKNOWN_KEY, f"there is no key called {quoted(key)} here", fix
        )
    if kind in MEANINGS:
        context = detail["ctx"]
        return sheet.error(place, kind, str(context["message"]), str(context["fix"]))
    name = ".".join(str(key) for key in way if isinstance(key, str))
    code, message, fix = _EXPLAIN.get(kind, _wrong_type)(name, detail)
    return sheet.error(place, code, message, fix)


def _known_keys(way: Keys) -> list[str]:
    model = WORDS_OF[str(way[0])] if way else Metadata
    return list(model.model_fields)


Explained: TypeAlias = tuple[Code, str, str]
"""Code, message, fix."""


def _wrong_type(name: str, detail: ErrorDetails) -> Explained:
    wanted = WANTED.get(detail["type"], "something else")
    found = KINDS.get(type(detail["input"]), "something else")
    return Code.WRONG_TYPE, f"{name} is {found} where {wanted} belongs", f"Write {wanted}."


def _no_platform(name: str, detail: ErrorDetails) -> Explained:
    fix = f'Add "platforms": ["youtube"], or "all". There are: {", ".join(PLATFORM_NAMES)}.'
    return Code.NO_PLATFORM, "no platform is named", fix


def _no_such_word(name: str, detail: ErrorDetails) -> Explained:
    word = str(detail["input"])
    return (
        Code.UNKNOWN_WORD,
        f"there is no {name} called {quoted(word)}",
        did_you_mean(word, Privacy),
    )


def _out_of_range(name: str, detail: ErrorDetails) -> Explained:
    message = f"{name} is {detail['input']}, which is less than 0"
    return Code.OUT_OF_RANGE, message, "Write a number from 0."


def _too_long(name: str, detail: ErrorDetails) -> Explained:
    length, most = len(str(detail["input"])), detail["ctx"]["max_length"]
    message = f"{name} has {length:,} characters; no platform takes more than {most:,}"
    return Code.OUT_OF_RANGE, message, "Shorten it."


_EXPLAIN: Mapping[str, Callable[[str, ErrorDetails], Explained]] = {
    "missing": _no_platform,
    "too_short": _no_platform,
    "enum": _no_such_word,
    "greater_than_equal": _out_of_range,
    "string_too_long": _too_long,
}
