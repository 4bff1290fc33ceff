"""
Peak memory against the size of the file: `upload --platforms all`, and YouTube alone.

Method: the command itself in a fresh process, against the sandbox in another process; its peak
resident set as the operating system accounts it (ru_maxrss of the finished child). Target: a 280 MiB
file on all six platforms, and a 2 GiB file on one, within 48 MiB of a 16 MiB file.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.uploads import big_clip

MIB = 1 << 20

RUNS = (
    ("all", 16 * MIB),
    ("all", 280 * MIB),
    ("youtube", 16 * MIB),
    ("youtube", 2048 * MIB),
)

CHILD = """
import json, os, resource, subprocess, sys
ended = subprocess.run(sys.argv[1:], capture_output=True, text=True)
print(json.dumps([ended.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, ended.stdout]))
"""


def main() -> None:
    """Print the peak of each run."""
    words = [sys.executable, "-m", "pellacia_service", "sandbox"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as sandbox:
        try:
            line = sandbox.stdout.readline() if sandbox.stdout else ""
            _measure_all(json.loads(line)["url"])
        finally:
            sandbox.terminate()


def _measure_all(url: str) -> None:
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "PELLACIA_HOME": home, "PELLACIA_SANDBOX_URL": url}
        _run(["auth", "login", "all", "--yes"], environment)
        first: dict[str, int] = {}
        for platforms, size in RUNS:
            peak = _peak(platforms, size, environment)
            more = peak - first.setdefault(platforms, peak)
            print(
                f"{platforms:8} {size // MIB:5} MiB: peak {peak / 1024:6.1f} MiB ({more / 1024:+.1f})"
            )


def _peak(platforms: str, size: int, environment: dict[str, str]) -> int:
    """Return the peak resident set in KiB."""
    with big_clip(size) as path:
        words = [
            "upload",
            "--platforms",
            platforms,
            "--file",
            str(path),
            "--title",
            f"{size} bytes",
        ]
        code, peak, said = _run([*words, "--json"], environment)
    if code:
        raise SystemExit(f"The upload ended with {code}: {said}")
    return peak


def _run(words: list[str], environment: dict[str, str]) -> tuple[int, int, str]:
    command = [sys.executable, "-m", "pellacia_service", *words]
    ended = subprocess.run(
        [sys.executable, "-c", CHILD, *command],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        cwd=Path.cwd(),
    )
    code, peak, said = json.loads(ended.stdout)
    return int(code), int(peak), str(said)


if __name__ == "__main__":
    main()
