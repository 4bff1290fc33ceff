"""
`python -m tests.drill.mutants`: take each guard away in turn, and see which suite notices.

Works on copies of the program in a temporary folder. A suite must pass on the untouched copy and
fail on the one without its guard; a guard whose absence nobody notices is printed, and the exit
code is 1. Words behind the command choose guards: `python -m tests.drill.mutants epoch`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPIED = ("pellacia_service", "pellacia_tui", "migrations", "tests", "pyproject.toml")
SECONDS = 600

PUBLISHING = "pellacia_service/publishing"
PYTEST = ("pytest", "-q", "-x", "-p", "no:cacheprovider", "-n", "0")


@dataclass(frozen=True)
class Edit:
    """One place in the code, and what stands there without the guard."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutant:
    """
    The program without one guard.

    Args:
        suite: what must notice: the words behind `python -m`.
    """

    guard: str
    edits: tuple[Edit, ...]
    suite: tuple[str, ...]


MUTANTS = (
    Mutant(
        "epoch check of every write",
        (
            Edit(
                "pellacia_service/repositories/deliveries.py",
                "col(DeliveryRow.id) == delivery.id, col(DeliveryRow.epoch) == expected_epoch)",
                "col(DeliveryRow.id) == delivery.id)",
            ),
        ),
        (*PYTEST, "tests/repositories/test_claims.py", "-k", "sqlite"),
    ),
    Mutant(
        "commit of the intent to publish",
        (
            Edit(
                f"{PUBLISHING}/publish.py",
                "    await trip.save(\n"
                "        replace(trip.delivery, step=Step.PUBLISH, intent_at=now, receipt=receipt, "
                "error=None),\n"
                '        "about to publish",\n'
                "        reserve=Call.PUBLISH,\n"
                "    )\n",
                "    trip.delivery = replace(\n"
                "        trip.delivery, step=Step.PUBLISH, intent_at=now, receipt=receipt\n"
                "    )\n",
            ),
        ),
        (*PYTEST, "tests/flows/test_upload.py", "-k", "sqlite"),
    ),
    Mutant(
        "commit before the last bytes",
        (
            Edit(
                f"{PUBLISHING}/sending.py",
                "    await trip.save(\n"
                "        replace(trip.delivery, step=Step.LAST_PART, "
                "intent_at=trip.tools.clock.now()),\n"
                '        "the last bytes make the video exist",\n'
                "        reserve=Call.SEND,\n"
                "    )\n",
                "",
            ),
        ),
        (*PYTEST, "tests/flows/test_upload.py", "-k", "sqlite"),
    ),
    Mutant(
        "check that the intent is committed, and its commit",
        (
            Edit(
                f"{PUBLISHING}/invariants.py",
                "    if not announced or committed.epoch != delivery.epoch:\n",
                "    if False and announced:\n",
            ),
            Edit(
                f"{PUBLISHING}/publish.py",
                "    await trip.save(\n"
                "        replace(trip.delivery, step=Step.PUBLISH, intent_at=now, receipt=receipt, "
                "error=None),\n"
                '        "about to publish",\n'
                "        reserve=Call.PUBLISH,\n"
                "    )\n",
                "",
            ),
        ),
        ("pellacia_service", "drill", "--plan", "x: after the publish call"),
    ),
    Mutant(
        "evidence for every way out of doubt",
        (
            Edit(
                f"{PUBLISHING}/invariants.py",
                "    if in_doubt and ",
                "    if False and in_doubt and ",
            ),
        ),
        (*PYTEST, "tests/unit/test_invariants.py"),
    ),
    Mutant(
        "quiet period",
        (
            Edit(
                f"{PUBLISHING}/reconcile.py",
                "over = trip.tools.clock.now() >= settled_at",
                "over = bool(settled_at)",
            ),
        ),
        (*PYTEST, "tests/flows/test_unknown_outcomes.py", "-k", "lags and sqlite"),
    ),
    Mutant(
        "one intent for each account",
        (
            Edit(
                "pellacia_service/repositories/tables/deliveries.py",
                '"account_id", where=IS_GUARDED, unique=True',
                '"account_id", where=IS_GUARDED, unique=False',
            ),
            Edit(
                "migrations/versions/0001_first_tables.py",
                '        "ix_deliveries_one_intent_per_account",\n        "deliveries",\n'
                '        ["account_id"],\n        unique=True,',
                '        "ix_deliveries_one_intent_per_account",\n        "deliveries",\n'
                '        ["account_id"],\n        unique=False,',
            ),
        ),
        (*PYTEST, "tests/repositories/test_claims.py", "-k", "sqlite"),
    ),
    Mutant(
        "holding what cannot be found out",
        (
            Edit(
                f"{PUBLISHING}/reconcile.py",
                "            await hold(trip, _what_was_seen(sighting))",
                '            await _void(trip, Step.READY, sighting, "it was not seen")',
            ),
        ),
        (*PYTEST, "tests/flows/test_unknown_outcomes.py", "-k", "person_decides and sqlite"),
    ),
    Mutant(
        "holding what cannot be found out, as the platforms see it",
        (
            Edit(
                f"{PUBLISHING}/reconcile.py",
                "            await hold(trip, _what_was_seen(sighting))",
                '            await _void(trip, Step.READY, sighting, "it was not seen")',
            ),
        ),
        ("pellacia_service", "drill", "--plan", "linkedin: after the publish call"),
    ),
    Mutant(
        "doubt after taking over at the call",
        (
            Edit(
                f"{PUBLISHING}/machine.py",
                'Step.UNSURE, "a publisher stopped at the call that cannot be taken back"',
                'Step.READY, "a publisher stopped at the call that cannot be taken back"',
            ),
            Edit(
                f"{PUBLISHING}/invariants.py",
                "    if claimed.step in INTENT and ",
                "    if False and claimed.step in INTENT and ",
            ),
        ),
        (*PYTEST, "tests/flows/test_crashes.py", "-k", "right_before and sqlite"),
    ),
)


def main(words: list[str]) -> int:
    """Try all guards, or those whose names hold one of the words."""
    chosen = [one for one in MUTANTS if not words or any(word in one.guard for word in words)]
    with tempfile.TemporaryDirectory(prefix="pellacia-mutants-") as folder:
        untouched = _copy(Path(folder) / "untouched")
        for suite in dict.fromkeys(mutant.suite for mutant in chosen):
            if not _passes(suite, untouched):
                print(f"{' '.join(suite)} fails on the untouched program: it proves nothing.")
                return 1
        survivors = [mutant for mutant in chosen if not _is_caught(mutant, Path(folder))]
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} missing guards were noticed.")
    return 1 if survivors or not chosen else 0


def _is_caught(mutant: Mutant, folder: Path) -> bool:
    tree = _copy(folder / "mutant")
    for edit in mutant.edits:
        path = tree / edit.file
        text = path.read_text()
        if text.count(edit.old) != 1:
            raise SystemExit(f"{edit.file}: the guard {mutant.guard!r} is not where it was.")
        path.write_text(text.replace(edit.old, edit.new))
    caught = not _passes(mutant.suite, tree)
    word = "noticed  " if caught else "UNNOTICED"
    print(f"{word} {mutant.guard}: {' '.join(mutant.suite)}", flush=True)
    shutil.rmtree(tree)
    return caught


def _copy(to: Path) -> Path:
    to.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, to / name)
    return to


def _passes(suite: tuple[str, ...], tree: Path) -> bool:
    ended = subprocess.run(
        [sys.executable, "-m", *suite],
        cwd=tree,
        env={**os.environ, **dict(_environment(tree))},
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    return ended.returncode == 0


def _environment(tree: Path) -> Iterator[tuple[str, str]]:
    yield "PYTHONPATH", str(tree)
    yield "PYTHONDONTWRITEBYTECODE", "1"
    yield "PELLACIA_HOME", str(tree / "home")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
