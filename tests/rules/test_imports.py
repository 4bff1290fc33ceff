"""Nobody pays for what they do not use: what each command may load, seen in a fresh process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPORT = """
import json, sys
from pellacia_service.cli.main import main
sys.argv[1:] = json.loads(sys.argv[1])
try:
    main()
except SystemExit:
    pass
print("MODULES " + json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
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

    loaded = _run(words, home)

    assert loaded & HEAVY <= MAY_LOAD[words]


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
    code = "import sys, pellacia_service.facade; print(*sorted(sys.modules))"

    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()

    assert {name.partition(".")[0] for name in loaded} & HEAVY == set()
