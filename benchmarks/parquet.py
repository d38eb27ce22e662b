"""100,000 rows of 25 features from a Parquet file into a store: time and memory.

    python benchmarks/parquet.py [--rows 100000] [--keep FILE]

20 float64 columns and 5 of words are written a batch at a time, then imported by the command line,
whose largest resident size is printed, and that of an import of 1,000 rows. Needs pyarrow:
pip install -e '.[parquet]'.
"""

from __future__ import annotations

import argparse
import resource
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


def imported(path: Path, folder: Path) -> tuple[float, float]:
    """Import a file by the command line; return seconds and MiB of memory at most."""
    command = [sys.executable, "-m", "modeltap", "import", str(path), "--model", "m"]
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, cwd=folder, check=True)
    seconds = time.perf_counter() - started
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--keep", type=Path)
    args = parser.parse_args()
    print(describe("numpy", "pyarrow"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = args.keep.resolve() if args.keep else folder / "rows.parquet"
        if not path.exists():
            write(path, args.rows)
        few = folder / "few.parquet"
        write(few, 1000)
        _, before = imported(few, folder)
        seconds, most = imported(path, folder)
        print(
            f"{args.rows:,} rows, {path.stat().st_size / 2**20:,.0f} MiB of Parquet: "
            f"{seconds:.1f} s, {args.rows / seconds:,.0f} rows a second"
        )
        print(f"largest resident size {most:.0f} MiB; of an import of 1,000 rows {before:.0f}")


if __name__ == "__main__":
    main()
