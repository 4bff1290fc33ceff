"""
One upload against `curl -T`: bytes per second and CPU seconds per GiB, plain and TLS.

Method: one 2 GiB MP4 in the page cache, one sink in C on loopback, ours and curl in turn (A B A B …),
each in a fresh process, the median of RUNS pairs. Ours is the way of the bytes, from the upload session
to the platform's word that it has the file, through step machine, YouTube client, SHA-256 and progress,
with every commit on the way. curl's time is its own `time_total`.
Target: at least 0.9 of curl.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
from pathlib import Path

from pellacia_service.cli.running import loop_for_bytes
from tests.benchmarks.sinks import Sink, curl, running_sink
from tests.benchmarks.uploads import big_clip, measure_uploads

GIB = 1 << 30


def main() -> None:
    """Print both, and their ratio."""
    options = argparse.ArgumentParser()
    options.add_argument("--gib", type=float, default=2)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--child", nargs=3, metavar=("URL", "CERTIFICATE", "FILE"))
    given = options.parse_args()
    if given.child:
        _child(*given.child)
        return
    with big_clip(int(given.gib * GIB)) as path:
        for tls in (False, True):
            with running_sink(tls=tls) as sink:
                _compare(sink, path, given.runs)


def _compare(sink: Sink, path: Path, runs: int) -> None:
    size = path.stat().st_size
    ours, cpu, peers, ratios = [], [], [], []
    for _ in range(runs):
        seconds, used = _ours(sink, path)
        peer = size / float(curl(path, sink).communicate()[0])
        ours.append(size / seconds)
        cpu.append(used / (size / GIB))
        peers.append(peer)
        ratios.append(ours[-1] / peer)
    kind = "TLS" if sink.certificate else "plain"
    print(
        f"{kind:6} ours {statistics.median(ours) / 1e6:7,.0f} MB/s"
        f"  curl {statistics.median(peers) / 1e6:7,.0f} MB/s"
        f"  ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        f"  CPU {statistics.median(cpu):.2f} s per GiB",
        flush=True,
    )


def _ours(sink: Sink, path: Path) -> tuple[float, float]:
    certificate = str(sink.certificate or "")
    words = [sys.executable, "-m", __spec__.name, "--child", sink.url, certificate, str(path)]
    ended = subprocess.run(words, check=True, capture_output=True, text=True)
    seconds, used = json.loads(ended.stdout)
    return float(seconds), float(used)


def _child(url: str, certificate: str, file: str) -> None:
    sink = Sink(url, Path(certificate) if certificate else None)
    # On the event loop that `upload` runs on.
    with asyncio.Runner(loop_factory=loop_for_bytes) as runner:
        measured = runner.run(measure_uploads(sink, Path(file), accounts=1))
    print(json.dumps([measured.seconds, measured.cpu]))


if __name__ == "__main__":
    main()
