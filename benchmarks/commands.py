"""Processor time of commands, here and in other installations: start, import, analyze, export.

    python benchmarks/commands.py [--beside OLD/.venv/bin/python] [--rounds 3] [--rows 100000]

Each command runs in a process of its own; installations take turns in every round. Printed are
medians over rounds of the processor time of the command and its children, the largest memory that
one of its processes held, and how many times less time this installation takes than the others.

The rows: 13 columns of CSV, of which two are the prediction and its score, and one the time;
they are analysed in windows of `rows / 20`. One more window has 1,000 rows of 10 features, in a
store that has a reference and ten such windows; the start (`--version`) is subtracted from it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
from machine import describe

WINDOWS = 20
MORE_ROWS = 1000
START = np.datetime64("2024-01-01T00:00:00")


class Cost(NamedTuple):
    """Processor time in seconds, and memory in MiB."""

    seconds: float
    memory: float


def write_rows(path: Path, rows: int) -> None:
    """Write CSV of 13 columns: times, categories, numbers, the prediction and its score."""
    rng = np.random.default_rng(0)
    columns = {
        "time": np.datetime_as_string(START + 9 * np.arange(rows), unit="s"),
        "carrier": rng.choice(["AA", "UA", "DL", "B6"], rows),
        "origin": rng.choice(["JFK", "LGA", "EWR"], rows),
        "dest": [f"D{number}" for number in rng.integers(60, size=rows)],
        "distance": rng.integers(100, 3000, rows),
        "hour": rng.integers(24, size=rows),
        "temp": rng.normal(15, 8, rows).round(1),
        "wind": rng.exponential(10, rows).round(2),
        "humid": rng.uniform(0, 100, rows).round(1),
        "age": rng.integers(18, 90, rows),
        "fare": rng.lognormal(4, 0.5, rows).round(2),
        "prediction": rng.choice(["late", "on_time"], rows),
        "score": rng.uniform(size=rows).round(4),
    }
    _write(path, columns)


def write_windows(path: Path, first: int, count: int) -> None:
    """Write CSV of 10 numbers and their prediction, for `count` windows."""
    rng = np.random.default_rng(first)
    rows = MORE_ROWS * count
    start = START + 9 * MORE_ROWS * first
    columns: dict[str, object] = {
        "time": np.datetime_as_string(start + 9 * np.arange(rows), unit="s")
    }
    columns |= {f"x{place}": rng.normal(size=rows).round(4) for place in range(10)}
    columns["prediction"] = rng.normal(size=rows).round(4)
    _write(path, columns)


def _write(path: Path, columns: dict[str, object]) -> None:
    """Write line by line: a command's peak of memory counts from this process's."""
    lines = zip(*(map(str, values) for values in columns.values()), strict=True)  # type: ignore[call-overload]
    with path.open("w") as file:
        file.writelines(",".join(line) + "\n" for line in chain([tuple(columns)], lines))


class Installation:
    """One Python with modeltap, and its stores in a folder of its own."""

    def __init__(self, python: str, folder: Path, rows: Path, window_rows: int) -> None:
        self.python = python
        self._folder = folder
        self._rows = rows
        self._window = f"{window_rows} rows"
        self._windows = 0
        folder.mkdir()

    def prepare(self) -> None:
        """Make the store to which windows are added one by one."""
        self._add_windows(12)
        self._analyze_more()

    def run(self) -> dict[str, Cost]:
        """Return the cost of each command."""
        for path in self._folder.glob("rows.db*"):
            path.unlink()
        start = self._command("--version")
        reference = {"MODELTAP_REFERENCE": f"first {self._window}"}
        costs = {
            "start": start,
            "import": self._command("import", str(self._rows), "--model", "m", *self._store()),
            "analyze": self._command(
                "analyze", "--window", self._window, *self._store(), variables=reference
            ),
        }
        for kind in ("csv", "jsonl", "parquet"):
            target = str(self._folder / f"rows.{kind}")
            costs[f"export {kind}"] = self._command("export", "-o", target, *self._store())
        self._add_windows(1)
        more = self._analyze_more()
        costs["one more window"] = Cost(more.seconds - start.seconds, more.memory)
        return costs

    def _store(self, name: str = "rows") -> tuple[str, str]:
        return "--store", str(self._folder / f"{name}.db")

    def _add_windows(self, count: int) -> None:
        path = self._folder / "windows.csv"
        write_windows(path, self._windows, count)
        self._windows += count
        self._command("import", str(path), "--model", "m", *self._store("windows"))

    def _analyze_more(self) -> Cost:
        return self._command(
            "analyze",
            "--window",
            f"{MORE_ROWS} rows",
            *self._store("windows"),
            variables={"MODELTAP_REFERENCE": f"first {2 * MORE_ROWS} rows"},
        )

    def _command(self, *words: str, variables: dict[str, str] | None = None) -> Cost:
        process = subprocess.Popen(
            [self.python, "-m", "modeltap", *words],
            cwd=self._folder,
            env={**os.environ, **(variables or {})},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        messages = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"modeltap {' '.join(words)}: {messages}")
        return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def medians(rounds: list[dict[str, Cost]]) -> dict[str, Cost]:
    return {
        name: Cost(
            statistics.median(costs[name].seconds for costs in rounds),
            statistics.median(costs[name].memory for costs in rounds),
        )
        for name in rounds[0]
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--beside", nargs="*", default=[], metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=100_000)
    args = parser.parse_args()
    print(describe("numpy", "scipy"))
    print(f"{args.rows:,} rows, {args.rounds} rounds, medians\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = folder / "rows.csv"
        write_rows(rows, args.rows)
        installations = [
            Installation(python, folder / str(number), rows, args.rows // WINDOWS)
            for number, python in enumerate([sys.executable, *args.beside])
        ]
        for installation in installations:
            installation.prepare()
        rounds = [
            [installation.run() for installation in installations] for _ in range(args.rounds)
        ]
    mine, *others = (medians(list(each)) for each in zip(*rounds, strict=True))
    for name, cost in mine.items():
        line = f"{name:16} {cost.seconds:7.2f} s {cost.memory:5.0f} MiB"
        for other in others:
            line += (
                f"   {other[name].seconds:7.2f} s {other[name].memory:5.0f} MiB"
                f"  {other[name].seconds / cost.seconds:5.2f} times"
            )
        print(line)


if __name__ == "__main__":
    main()
