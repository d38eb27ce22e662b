"""How many exchanges a second the writing takes, against plain `executemany` of ready rows.

    python benchmarks/writer_rate.py [--rounds 5] [--exchanges 40000]

Exchanges of 1.2 KB (1,072 B of JSON and its answer), packed as requests hand them over, go through
the writer's own code in batches of 512: unpacked, masked, made rows of, stored. Beside it the same
rows, ready-made, go into the same table by `executemany`. One core, without the app.
"""

from __future__ import annotations

import argparse
import marshal
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from capture_overhead import BODY
from machine import describe

from modeltap import config
from modeltap.store.connection import connect, writing
from modeltap.store.writer import insert_exchanges
from modeltap.tap.batch import BatchWriter
from modeltap.tap.exchange import Exchange
from modeltap.tap.record import Recording, origin_of, pack

BATCH = 512


def packed(count: int) -> list[bytes]:
    """Return exchanges as requests hand them over."""
    found = []
    for n in range(count):
        x = Exchange("asgi", "bench", "POST", "/predict", b"",
                     [(b"content-type", b"application/json"), (b"host", b"localhost")])  # fmt: skip
        x.add_request(BODY, 65_536)
        x.add_response(b'{"prediction": %d}' % n, 65_536)
        x.request_read, x.status, x.duration_ms, x.headers_ms = True, 200, 1.5, 1.4
        x.response_headers = [(b"content-type", b"application/json")]
        found.append(pack(0, x))
    return found


def batches(items: list[Any]) -> list[list[Any]]:
    return [items[start : start + BATCH] for start in range(0, len(items), BATCH)]


def write_all(origin: Any, exchanges: list[bytes], store: Path) -> float:
    writer = BatchWriter(store, lambda: True)
    writer.introduce(origin)
    writer.write([], {})
    start = time.perf_counter()
    for batch in batches(exchanges):
        if writer.write(batch, {}).written != len(batch):
            raise SystemExit("the writer lost exchanges")
    seconds = time.perf_counter() - start
    writer.close()
    return seconds


def by_executemany(rows: list[tuple[Any, ...]], store: Path) -> float:
    connection = connect(store)
    start = time.perf_counter()
    for batch in batches(rows):
        with writing(connection):
            insert_exchanges(connection, batch)
    seconds = time.perf_counter() - start
    connection.close()
    return seconds


def rows_of(origin: Any, exchanges: list[bytes]) -> list[tuple[Any, ...]]:
    recording = Recording(origin)
    return [recording.row(marshal.loads(one)) for one in exchanges]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--exchanges", type=int, default=40_000)
    said = parser.parse_args()
    os.sched_setaffinity(0, {0})
    print(describe("sqlite-utils"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = config.load({"store": str(folder / "x.db")}, environ={})
        origin = origin_of(settings, os.getpid(), "host")
        times: dict[str, list[float]] = {}
        for turn in range(said.rounds):
            exchanges = packed(said.exchanges)
            start = time.perf_counter()
            rows = rows_of(origin, exchanges)
            times.setdefault("making rows", []).append(time.perf_counter() - start)
            work: list[tuple[str, Callable[[Path], float]]] = [
                ("executemany of ready rows", partial(by_executemany, rows)),
                ("the writer, making rows and all", partial(write_all, origin, exchanges)),
            ]
            for what, run in work if turn % 2 == 0 else work[::-1]:
                store = folder / "taps.db"
                times.setdefault(what, []).append(run(store))
                for path in folder.glob("taps.db*"):
                    path.unlink()
    base = times["executemany of ready rows"]
    for kind, values in times.items():
        ratio = statistics.median(b / v for v, b in zip(values, base, strict=True))
        rate = said.exchanges / statistics.median(values)
        print(f"{kind:34} {rate:9,.0f} a second  {ratio:.0%}")


if __name__ == "__main__":
    main()
