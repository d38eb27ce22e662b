"""Ten million rows of 25 features from a Parquet file into counts: time and memory.

    python benchmarks/parquet.py [--rows 10000000] [--keep FILE]

20 float64 columns and 5 of words are written a batch at a time, then counted under a reference
of 10,000 rows in a process of its own, whose largest resident size is printed, less what it was
after its imports too. Needs pyarrow: pip install -e '.[parquet]'.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import describe

WORDS = np.array(["red", "green", "blue", "white", "black"])
BATCH = 100_000


def write(path: Path, rows: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    writer = None
    for start in range(0, rows, BATCH):
        count = min(BATCH, rows - start)
        columns = {f"n{i}": rng.normal(size=count) for i in range(20)}
        words = {f"c{i}": WORDS[rng.integers(0, 5, size=count)] for i in range(5)}
        table = pa.table({**columns, **words})
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def count(path: Path) -> None:
    from modeltap.analysis.detectors.drift import judge
    from modeltap.analysis.model.reference import fit
    from modeltap.analysis.parquet import batches, count_parquet

    columns, rows = next(batches(path, 10_000))
    reference = fit(columns, rows, model="m")
    before = largest_mib()
    started = time.perf_counter()
    counted = count_parquet(path, reference)
    seconds = time.perf_counter() - started
    judge(reference, counted.counts)
    print(json.dumps([counted.rows, seconds, before, largest_mib()]))


def largest_mib() -> float:
    """As /proc has it: `getrusage` counts what the parent had before this program was loaded."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--count", type=Path, help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.count:
        count(said.count)
        return
    print(describe("numpy", "pyarrow"))
    with tempfile.TemporaryDirectory() as folder:
        path = said.keep or Path(folder) / "rows.parquet"
        if not path.exists():
            write(path, said.rows)
        command = [sys.executable, __file__, "--count", str(path)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        rows, seconds, before, after = json.loads(done.stdout)
        print(
            f"{rows:,} rows, {path.stat().st_size / 2**20:,.0f} MiB of Parquet: {seconds:.1f} s, "
            f"{rows / seconds:,.0f} rows a second"
        )
        print(
            f"largest resident size {after:.0f} MiB; after imports and the reference {before:.0f}"
        )


if __name__ == "__main__":
    main()
