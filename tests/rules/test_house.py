"""Rules of the house that no linter knows."""

import ast
import re
from pathlib import Path

import pytest

from pellacia_service import facade
from pellacia_service.platforms import PLATFORMS

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for folder in ("pellacia_service", "pellacia_tui")
    for path in (ROOT / folder).rglob("*.py")
]


def _relative(paths: list[Path]) -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for path in paths)


def test_database_dialects_are_named_in_one_place_only() -> None:
    naming = [path for path in SOURCES if re.search(r"sqlite|postgres", path.read_text(), re.I)]

    assert _relative(naming) == [
        "pellacia_service/repositories/dialect.py",
        "pellacia_service/settings.py",
    ]


def test_only_the_clock_sleeps() -> None:
    sleeping = [
        path
        for path in SOURCES
        if re.search(r"(asyncio|time)\.sleep", path.read_text()) and "sandbox" not in path.parts
    ]

    assert _relative(sleeping) == ["pellacia_service/clock.py"]


def test_no_file_is_longer_than_400_lines() -> None:
    long = [path for path in SOURCES if len(path.read_text().splitlines()) > 400]

    assert _relative(long) == []


def test_the_door_has_no_logic_and_stays_short() -> None:
    lines = (ROOT / "pellacia_service/facade.py").read_text().splitlines()

    assert len(lines) <= 260


def test_nine_functions_in_ten_fit_on_a_screen() -> None:
    lengths = [
        (node.end_lineno or node.lineno) - node.lineno + 1 - _docstring_lines(node)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]

    short = sum(length <= 25 for length in lengths)

    assert short / len(lengths) >= 0.9


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        return (first.end_lineno or first.lineno) - first.lineno + 1
    return 0


@pytest.mark.parametrize("name", PLATFORMS)
def test_every_platforms_facts_say_where_and_when_they_were_read(name: str) -> None:
    facts = PLATFORMS[name].facts

    assert facts.name == name
    assert facts.source.page.startswith("https://")
    assert facts.source.read_on.year >= 2026


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_platform_file_is_short_enough_to_be_read(name: str) -> None:
    lines = (ROOT / f"pellacia_service/platforms/{name}.py").read_text().splitlines()

    assert 150 <= len(lines) <= 350


def test_every_name_of_the_door_exists() -> None:
    typing_only = {
        "AccountCalendar",
        "CalendarRules",
        "Choice",
        "DrillScore",
        "Planned",
        "Press",
        "Progress",
        "ProgressBoard",
        "Schema",
        "Settings",
        "SignIn",
    }

    assert [
        name for name in facade.__all__ if name not in typing_only and not hasattr(facade, name)
    ] == []
