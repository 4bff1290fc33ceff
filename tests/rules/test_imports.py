"""Nobody pays for what they do not use: what each command may load, seen in a fresh process."""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from pellacia_service import facade, repositories
from pellacia_service.repositories import session, tables

REPORT = """
import json, sys
from pellacia_service.cli.main import main
sys.argv[1:] = json.loads(sys.argv[1])
try:
    main()
except SystemExit:
    pass
print("MODULES " + json.dumps(sorted(sys.modules)))
"""

HEAVY = {
    "textual",
    "sqlmodel",
    "sqlalchemy",
    "alembic",
    "httpx",
    "authlib",
    "av",
    "fastapi",
    "apscheduler",
}

MAY_LOAD = {
    ("--help",): set[str](),
    ("upload", "--help"): set[str](),
    ("--version",): set[str](),
    ("queue", "status"): {"sqlmodel", "sqlalchemy"},
    ("queue", "list"): {"sqlmodel", "sqlalchemy"},
    ("upload", "--platform", "youtube", "--file", "none.mp4"): {
        "sqlmodel",
        "sqlalchemy",
        "httpx",
        "av",
    },
}


@pytest.mark.parametrize("words", MAY_LOAD, ids=" ".join)
def test_a_command_loads_only_what_it_needs(words: tuple[str, ...], tmp_path: Path) -> None:
    home = {**os.environ, "PELLACIA_HOME": str(tmp_path)}
    _run(("queue", "status"), home)

    loaded = {name.partition(".")[0] for name in _run(words, home)}

    assert loaded & HEAVY <= MAY_LOAD[words]


def test_the_state_of_the_queue_loads_the_tables_it_reads_and_no_others(tmp_path: Path) -> None:
    home = {**os.environ, "PELLACIA_HOME": str(tmp_path)}
    _run(("queue", "status"), home)

    loaded = _run(("queue", "status"), home)

    tables_of_ours = f"{tables.__name__}."
    assert {
        name.removeprefix(tables_of_ours) for name in loaded if name.startswith(tables_of_ours)
    } <= {"base", "deliveries", "posts", "accounts", "credentials", "marks"}
    assert "sqlalchemy.dialects.postgresql" not in loaded


def test_every_table_is_in_the_catalogue_that_the_migrations_see() -> None:
    code = f"import sys, {tables.__name__}.all_tables; print(*sorted(sys.modules))"

    loaded = _printed_by(code)

    assert {
        f"{tables.__name__}.{file.stem}"
        for file in Path(tables.__file__).parent.glob("*.py")
        if file.stem != "__init__"
    } <= loaded


def _run(words: tuple[str, ...], environment: dict[str, str]) -> set[str]:
    ended = subprocess.run(
        [sys.executable, "-c", REPORT, json.dumps(words)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(one for one in ended.stdout.splitlines() if one.startswith("MODULES "))
    return set(json.loads(line.removeprefix("MODULES ")))


def test_the_door_itself_is_light() -> None:
    loaded = _printed_by("import sys, pellacia_service.facade; print(*sorted(sys.modules))")

    assert {name.partition(".")[0] for name in loaded} & HEAVY == set()
    assert {name for name in loaded if name.startswith("pellacia_service.")} == {
        "pellacia_service.clock",
        "pellacia_service.facade",
    }


@pytest.mark.parametrize("name", facade.__all__)
def test_every_name_at_the_door_is_there(name: str) -> None:
    assert getattr(facade, name) is not None


def test_the_door_leads_to_no_name_that_it_does_not_offer() -> None:
    words = " ".join(facade.PLACES.values()).split()

    assert {word.partition("=")[0] for word in words} <= set(facade.__all__)
    assert not hasattr(facade, "no_such_name")


@pytest.mark.parametrize(("module", "kind"), session.Transaction.__annotations__.items())
def test_every_repository_of_a_transaction_is_there(module: str, kind: str) -> None:
    assert isinstance(getattr(import_module(f"{repositories.__name__}.{module}"), kind), type)


def _printed_by(code: str) -> set[str]:
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(ended.stdout.split())
