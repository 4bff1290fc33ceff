"""
How long a user waits for the first word, against `python -c pass`.

Method: each command as a fresh process, in turn with `python -c pass`, wall time from start to exit,
the median of RUNS after one warm-up each. Targets: `--help` at most 8 times, `queue status` on a
small database at most 35 times `python -c pass`.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = str(Path(sys.executable).with_name("pellacia-dist"))

COMMANDS = (
    [PROGRAM, "--help"],
    [PROGRAM, "upload", "--help"],
    [PROGRAM, "--version"],
    [PROGRAM, "queue", "status"],
    [PROGRAM, "queue", "list", "--json"],
)


def main() -> None:
    """Print each command's time and how often `python -c pass` fits into it."""
    options = argparse.ArgumentParser()
    options.add_argument("--runs", type=int, default=15)
    runs = options.parse_args().runs
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "PELLACIA_HOME": home}
        for command in COMMANDS:
            pairs = [_pair(command, environment) for _ in range(runs + 1)][1:]
            ours = statistics.median(pair[0] for pair in pairs)
            ratio = statistics.median(pair[0] / pair[1] for pair in pairs)
            words = " ".join(command[1:])
            print(f"{words:20} {ours * 1e3:6.0f} ms  {ratio:5.1f} x python -c pass", flush=True)


def _pair(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    return _seconds(command, environment), _seconds([sys.executable, "-c", "pass"], environment)


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
