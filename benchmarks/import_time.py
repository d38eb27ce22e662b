"""Time that `import modeltap; modeltap.watch` adds to the import of Starlette, in ms.

python benchmarks/import_time.py [--rounds 15]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

from machine import describe

CODE = "import time, starlette.applications; t = time.perf_counter(); {}; print(time.perf_counter() - t)"  # noqa: E501


def once(what: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(what)], capture_output=True, text=True, check=True
    )
    return float(done.stdout) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    print(describe("starlette", "msgspec"))
    once("import modeltap; modeltap.watch")
    for what in ("pass", "import modeltap; modeltap.watch"):
        times = [once(what) for _ in range(args.rounds)]
        print(f"{what:16} {statistics.median(times):6.1f} ms (median of {args.rounds})")


if __name__ == "__main__":
    main()
