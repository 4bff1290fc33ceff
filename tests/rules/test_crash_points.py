"""Every commit and every call of a publisher has a place to die before it and one behind it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from pellacia_service.domain.delivery import Step

PACKAGE = Path(__file__).parents[2] / "pellacia_service"
FILES = sorted((PACKAGE / "publishing").glob("*.py"))

CALLS = {
    "open": "the open call",
    "send": "a send call",
    "look": "a look call",
    "publish": "the publish call",
    "refresh": "the renewal call",
}
"""What goes out, and the name of the two points around it."""

ELSEWHERE = {
    "leases.py": "renewed from a thread of its own, so that deaths at all other points hit it anyhow",
    "pacing.py": "called by Trip.pace, Trip.heed and Trip.save only, between the points there",
}
"""Files whose commits have their points elsewhere, and why that is enough."""

NEVER_COMMITTED = {Step.CANCELLED}
"""No publisher writes this: it is a person's order."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions() -> Iterator[tuple[str, Function]]:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, Function):
                yield path.name, node


def _points(node: ast.AST) -> list[tuple[int, str]]:
    """(line, name) of every crash point; a name that holds the delivery's step ends in "{}"."""
    return sorted(
        (call.lineno, _text(call.args[0]))
        for call in ast.walk(node)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "reached"
    )


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
        )
    assert isinstance(node, ast.Constant), "the name of a crash point is written out"
    return str(node.value)


def _calls_out(node: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, method) of every call that goes out: to a platform, or to renew a sign-in."""
    for call in ast.walk(node):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        owner = ast.unparse(call.func.value)
        if call.func.attr in CALLS and ("platform" in owner or "oauth" in owner):
            yield call.lineno, call.func.attr


def _commits(node: ast.AST) -> Iterator[ast.AsyncWith]:
    for block in ast.walk(node):
        if isinstance(block, ast.AsyncWith) and "database.write()" in ast.unparse(block.items[0]):
            yield block


def names_in_the_code() -> set[str]:
    """Every crash point there is, the steps that publishers commit spelt out."""
    names = set()
    for path in [*FILES, PACKAGE / "drill" / "life.py"]:
        for _, name in _points(ast.parse(path.read_text())):
            steps = set(Step) - NEVER_COMMITTED if "{}" in name else {Step.CHECK}
            names |= {name.format(step) for step in steps}
    return names


def test_every_call_that_goes_out_stands_between_two_crash_points() -> None:
    found = set()
    for file, function in _functions():
        points = _points(function)
        for line, method in _calls_out(function):
            before = [name for at, name in points if at <= line]
            after = [name for at, name in points if at > line]
            assert before[-1:] == [f"before {CALLS[method]}"], (file, line)
            assert after[:1] == [f"after {CALLS[method]}"], (file, line)
            found.add(method)

    assert found == set(CALLS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_commit_stands_between_two_crash_points(path: Path) -> None:
    if path.name in ELSEWHERE:
        return

    for function in (node for name, node in _functions() if name == path.name):
        points = _points(function)
        for block in _commits(function):
            before = [name for at, name in points if at <= (block.end_lineno or 0)]
            after = [name for at, name in points if at > (block.end_lineno or 0)]
            assert before[-1:] and before[-1].startswith("before "), (path.name, block.lineno)
            assert after[:1] == [before[-1].replace("before ", "after ")], (path.name, block.lineno)


def test_every_crash_point_is_one_of_a_pair() -> None:
    names = names_in_the_code()

    pairs = {name.partition(" ")[2] for name in names}

    assert names == {f"{word} {name}" for word in ("before", "after") for name in pairs}


def test_deliveries_are_written_by_the_trip_alone_so_that_no_transition_is_without_its_points() -> (
    None
):
    writing = [path.name for path in FILES if "deliveries.save(" in path.read_text()]

    assert writing == ["trip.py"]
