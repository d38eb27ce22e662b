"""Latency of an app at half load while an analysis runs: p99 with and without, in one run.

    python benchmarks/analysis_beside.py [--rows 1000000] [--rounds 3] [--seconds 2]

Needs `wrk` and `hey` (`apt install wrk hey`). A Starlette app under uvicorn, tapped into a store
that holds a million exchanges of 25 features that were never analysed. Each round begins with
the same file: slices at half of the load that saturates the app, first without an analysis, then
while the scheduler's child (`modeltap analyze --background`) works through the store, then without
again. Each request must be answered with 200 and be in the store.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import describe
from over_the_wire import CONNECTIONS, Server, saturate, write_requests
from rows_to_counts import fill

SLICES = 10


def slice_at(server: Server, rate: float, seconds: int, body: Path) -> list[float]:
    """Ask for `seconds`, at `rate` requests a second in all; return each answer's milliseconds."""
    completed = subprocess.run(
        [
            "hey",
            "-c",
            str(CONNECTIONS),
            "-q",
            f"{rate / CONNECTIONS:.2f}",
            "-z",
            f"{seconds}s",
            "-m",
            "POST",
            "-T",
            "application/json",
            "-D",
            str(body),
            "-o",
            "csv",
            server.url,
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = list(csv.DictReader(io.StringIO(completed.stdout)))
    wrong = [row["status-code"] for row in rows if row["status-code"] != "200"]
    if wrong or completed.stderr:
        raise SystemExit(
            f"{len(wrong)} requests failed: {sorted(set(wrong))} {completed.stderr[-300:]}"
        )
    return [float(row["response-time"]) * 1000 for row in rows]


def analysis(store: Path) -> subprocess.Popen[bytes]:
    """Start what the scheduler starts."""
    child = subprocess.Popen(
        [
            sys.executable,
            "-P",
            "-m",
            "modeltap",
            "analyze",
            "--store",
            str(store),
            "--background",
            "--no-deliver",
        ],
        stdin=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert child.stdin is not None
    child.stdin.write(b"{}")
    child.stdin.close()
    return child


def middle(slices: list[list[float]]) -> float:
    """Return the median of the slices' p99: a neighbour's hiccup is in one or two of them."""
    return statistics.median(statistics.quantiles(times, n=100)[98] for times in slices)


def play(server: Server, store: Path, args: argparse.Namespace, folder: Path) -> dict[str, float]:
    """Play one round; return both p99s, and how long the analysis took."""
    body = folder / "body.json"
    rate = saturate(server, 3, folder / "post.lua") / 2
    time.sleep(2)  # the writer catches up
    before = recorded(store)
    without = [slice_at(server, rate, args.seconds, body) for _ in range(SLICES)]
    started, beside = time.monotonic(), []
    child = analysis(store)
    while child.poll() is None:
        beside.append(slice_at(server, rate, args.seconds, body))
    took = time.monotonic() - started
    if child.returncode:
        raise SystemExit(f"the analysis failed: exit {child.returncode}")
    without += [slice_at(server, rate, args.seconds, body) for _ in range(SLICES)]
    asked = sum(map(len, without + beside))
    deadline = time.monotonic() + 20
    while recorded(store) - before < asked and time.monotonic() < deadline:
        time.sleep(0.2)
    return {
        "rate": rate,
        "without": middle(without),
        "beside": middle(beside),
        "seconds": took,
        "asked": asked,
        "recorded": recorded(store) - before,
    }


def recorded(store: Path) -> int:
    connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    try:
        found: int = connection.execute(
            "select count(*) from exchanges where model = 'bench'"
        ).fetchone()[0]
        return found
    finally:
        connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2)
    args = parser.parse_args()
    for tool in ("wrk", "hey"):
        if shutil.which(tool) is None:
            raise SystemExit(f"{tool} is not installed: apt install wrk hey")
    print(describe("starlette", "uvicorn"))
    print(f"{args.rows:,} stored exchanges; {args.rounds} rounds\n", flush=True)
    rounds = []
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        write_requests(folder)
        fill(folder / "full.db", args.rows)
        for turn in range(args.rounds):
            server = Server("modeltap", folder / f"round{turn}", store=folder / "full.db")
            try:
                one = play(server, folder / f"round{turn}" / "taps.db", args, folder)
            finally:
                server.stop()
            shutil.rmtree(folder / f"round{turn}")
            rounds.append(one)
            print(
                f"{one['rate']:7,.0f} req/s  p99 {one['without']:6.2f} ms without, "
                f"{one['beside']:6.2f} ms beside: {one['beside'] / one['without']:.2f}x; "
                f"{one['seconds']:.0f} s of analysis; {one['asked']:,} asked, "
                f"{one['asked'] - one['recorded']:,} not recorded",
                flush=True,
            )
    ratio = statistics.median(one["beside"] / one["without"] for one in rounds)
    print(f"\np99 beside an analysis: {ratio:.2f}x (median of {args.rounds} rounds)")


if __name__ == "__main__":
    os.environ.pop("MODELTAP_STORE", None)
    main()
