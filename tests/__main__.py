"""
`python -m tests`: everything that must hold before a change lands, in one command.

Words behind it go to pytest: `python -m tests -k crash`, `python -m tests -m long`.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent

CHECKS = (
    (str(BIN / "ruff"), "format", "--check", "."),
    (str(BIN / "ruff"), "check", "."),
    (str(BIN / "mypy"),),
    (str(BIN / "lint-imports"),),
)


def main(words: list[str]) -> int:
    """Run the checks, then the tests; stop at the first that fails."""
    pytest = (sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", *words)
    for command in (*CHECKS, pytest):
        print(f"$ {Path(command[0]).name} {' '.join(command[1:])}", flush=True)
        ended = subprocess.run(command, cwd=ROOT, check=False)
        if ended.returncode:
            return ended.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
