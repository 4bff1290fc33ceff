"""
Six uploads in one process against six curls at once, and the event loop's lag meanwhile.

Method: one 2 GiB MP4 in the page cache, one sink in C on loopback; six accounts of ours in one
process, then six curl processes at once, in turn, the median of RUNS pairs. One interpreter stands
against six processes. Lag: a 5 ms ticker in the same loop. Targets: at least 0.35 of the sum of six
curls; lag p99 at most 20 ms.
"""

import argparse
import asyncio
import statistics
import time
from pathlib import Path

from pellacia_service.cli.running import loop_for_bytes
from tests.benchmarks.sinks import Sink, curl, running_sink
from tests.benchmarks.uploads import big_clip, measure_uploads

AT_ONCE = 6


def main() -> None:
    """Print both, their ratio, and the lag."""
    options = argparse.ArgumentParser()
    options.add_argument("--gib", type=float, default=2)
    options.add_argument("--runs", type=int, default=3)
    given = options.parse_args()
    with big_clip(int(given.gib * (1 << 30))) as path:
        for tls in (False, True):
            with running_sink(tls=tls) as sink:
                _compare(sink, path, given.runs)


def _compare(sink: Sink, path: Path, runs: int) -> None:
    ours, lags, peers = [], [], []
    for _ in range(runs):
        with asyncio.Runner(loop_factory=loop_for_bytes) as runner:
            measured = runner.run(measure_uploads(sink, path, accounts=AT_ONCE))
        ours.append(measured.speed)
        lags.append(measured.lag_p99)
        peers.append(_six_curls(sink, path))
    ratios = [mine / peer for mine, peer in zip(ours, peers, strict=True)]
    kind = "TLS" if sink.certificate else "plain"
    print(
        f"{kind:6} ours {statistics.median(ours) / 1e6:7,.0f} MB/s"
        f"  six curls {statistics.median(peers) / 1e6:7,.0f} MB/s"
        f"  ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        f"  loop lag p99 {statistics.median(lags) * 1e3:.1f} ms",
        flush=True,
    )


def _six_curls(sink: Sink, path: Path) -> float:
    began = time.perf_counter()
    for process in [curl(path, sink) for _ in range(AT_ONCE)]:
        process.communicate()
    return path.stat().st_size * AT_ONCE / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
