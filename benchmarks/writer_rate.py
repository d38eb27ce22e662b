"""Exchanges that the writer stores per second, against plain `executemany` of ready rows.

    python benchmarks/writer_rate.py [--rounds 9] [--exchanges 10000]

Exchanges of 1.2 KB (1,072 B of JSON and its answer), packed as requests hand them over, go through
the writer's own code in batches of 512, on one core: unpacked, masked, made rows of, stored. Beside
it the same rows, ready-made, go into the same table by `executemany`. Masking is on by default and
has no switch: here it is taken out, to see what it costs. The last line is the process itself, fed
through its pipe from the other core. Ratios are medians over rounds, against `executemany`.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
from machine import describe

from modeltap.config import sources
from modeltap.privacy.bodies.body_text import as_text
from modeltap.privacy.masker import Masker
from modeltap.store.connection import connect
from modeltap.store.exchanges import EXCHANGE_COLUMNS, ExchangeRow
from modeltap.tap.exchange import Exchange
from modeltap.tap.packing import pack
from modeltap.writer.batch_writer import BatchResult, BatchWriter
from modeltap.writer.process import WriterProcess
from modeltap.writer.protocol import EXCHANGE, ORIGIN, Frames, frame
from modeltap.writer.records import Origin, origin_of, unpack
from modeltap.writer.row_masker import RowMasker

BATCH = 512
BODY_BYTES = 1072
NOT_CLOSING = threading.Event()


def numbers(n: int) -> bytes:
    """Return a row of numbers: every body has other ones under the same names."""
    return _padded({f"f{i:02d}_value": round(n * 0.37 + i * 1.234567, 6) for i in range(40)})


def words(n: int) -> bytes:
    """Return a text: no two bodies are alike."""
    letters = random.Random(n).choices("bdfglmnrtuz    ", k=1000)
    return _padded({"text": "".join(letters)})


def named(n: int) -> bytes:
    """Return a row of numbers with a token in it, which must be masked."""
    row = {f"f{i:02d}_value": round(n * 0.37 + i * 1.234567, 6) for i in range(40)}
    return _padded({**row, "token": n})


def _padded(document: dict[str, Any]) -> bytes:
    text = json.dumps(document).encode()
    return text[:-1] + b" " * (BODY_BYTES - len(text)) + b"}"


def packed(body: Callable[[int], bytes], count: int) -> list[bytes]:
    """Return exchanges as requests hand them over."""
    found = []
    for n in range(count):
        x = Exchange(
            "asgi", "bench", "POST", "/predict", b"", [("content-type", b"application/json")]
        )
        x.add_request(body(n), 65_536)
        x.add_response(b'{"prediction": %d}' % n, 65_536)
        x.request_read, x.status, x.duration_ms, x.headers_ms = True, 200, 1.5, 1.4
        x.response_headers = [("content-type", b"application/json")]
        found.extend(payload for _, payload in Frames().split(pack(0, x)))
    return found


def batches(items: list[Any]) -> list[list[Any]]:
    """Return `items` in lists of `BATCH`."""
    return [items[start : start + BATCH] for start in range(0, len(items), BATCH)]


class StoringOnly(BatchWriter):
    """The writer without its first half: it is given rows."""

    def _rows(
        self, batch: Sequence[bytes], result: BatchResult
    ) -> tuple[list[Any], dict[str, Origin]]:
        return list(batch), {}


class NoMasks(Masker):
    """Keeps every body as it is."""

    def body(
        self, body: bytes | bytearray, encoding: str, content_type: str = ""
    ) -> tuple[str | bytes | None, str | None]:
        plain = bytes(body)
        text = as_text(plain)
        return (plain if text is None else text), None

    def text(self, text: str) -> str:
        return text

    def path(self, path: str, route: str = "") -> str:
        return path

    def line(self, text: str) -> str:
        return text


def by_executemany(rows: list[ExchangeRow], store: Path) -> float:
    """Return the seconds that SQLite alone takes."""
    names = [name for name in EXCHANGE_COLUMNS if getattr(rows[0], name) is not None]
    insert = f"insert into exchanges ({','.join(names)}) values ({','.join('?' * len(names))})"
    usual = list(map(attrgetter(*names), rows))
    connection = connect(store)
    start = time.perf_counter()
    for batch in batches(usual):
        connection.execute("begin immediate")
        connection.executemany(insert, batch)
        connection.execute("commit")
    seconds = time.perf_counter() - start
    connection.close()
    return seconds


def by_writer(make: type[BatchWriter], origin: Origin, items: list[Any], store: Path) -> float:
    """Return the seconds that the writer's code takes, from its input to the commit."""
    writer = make(store, lambda: True)
    writer.add_origin(origin)
    writer.write([], {})  # opens the store
    start = time.perf_counter()
    for batch in batches(items):
        if writer.write(batch, {}).written != len(batch):
            raise SystemExit("the writer lost exchanges")
    seconds = time.perf_counter() - start
    writer.close()
    return seconds


def unmasked(origin: Origin, items: list[Any], store: Path) -> float:
    """Return the seconds of the writer's code without its masks."""
    with patch("modeltap.writer.row_masker.Masker", NoMasks):
        return by_writer(BatchWriter, origin, items, store)


def by_process(origin: Origin, exchanges: list[bytes], store: Path) -> float:
    """Return the seconds until the writer process has stored what comes through its buffer."""
    frames = b"".join(frame(EXCHANGE, one) for one in exchanges[1:])
    os.sched_setaffinity(0, ALL_CORES)  # the process inherits it
    writer = WriterProcess(store)
    origin_frame = frame(ORIGIN, msgspec.json.encode(origin))
    writer.write(origin_frame + frame(EXCHANGE, exchanges[0]), NOT_CLOSING)
    wait_for(writer, 1)  # the store is open
    start = time.perf_counter()
    writer.write(frames, NOT_CLOSING)
    writer.counters.hurry = True
    wait_for(writer, len(exchanges))
    seconds = time.perf_counter() - start
    written = writer.counters.read()["written"]
    writer.close()
    os.sched_setaffinity(0, ONE_CORE)
    if written != len(exchanges):
        raise SystemExit("the writer process lost exchanges")
    return seconds


def wait_for(writer: WriterProcess, count: int) -> None:
    """Wait until `count` exchanges are finished."""
    deadline = time.monotonic() + 120
    while writer.counters.total() < count:
        if time.monotonic() > deadline:
            raise SystemExit("the writer process does not finish")
        time.sleep(0.001)


def work_of(origin: Origin, count: int) -> dict[str, Callable[[Path], float]]:
    """Return what is measured, by name."""
    plain = packed(numbers, count)
    masker = RowMasker(origin)
    rows = [masker.captured(unpack(one)) for one in plain]
    whole = partial(by_writer, BatchWriter, origin)
    return {
        "executemany of ready rows": partial(by_executemany, [row.whole() for row in rows]),
        "the writer: storing ready rows": partial(by_writer, StoringOnly, origin, rows),
        "the writer, masking taken out": partial(unmasked, origin, plain),
        "the writer: rows of numbers": partial(whole, plain),
        "the writer: texts, no two alike": partial(whole, packed(words, count)),
        "the writer: a token in each": partial(whole, packed(named, count)),
        "the process: rows of numbers": partial(by_process, origin, plain),
    }


def measure(work: dict[str, Callable[[Path], float]], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each, round by round, every time into a new store."""
    times: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(rounds):
        for name in list(work) if turn % 2 == 0 else list(work)[::-1]:
            with tempfile.TemporaryDirectory() as folder:
                times[name].append(work[name](Path(folder) / "taps.db"))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--exchanges", type=int, default=10_000)
    args = parser.parse_args()
    os.sched_setaffinity(0, ONE_CORE)
    gc.disable()  # as the writer process does
    print(describe("msgspec"))
    print(f"{args.rounds} rounds of {args.exchanges} exchanges, medians\n")
    settings = sources.load({"store": "taps.db"}, environ={})
    times = measure(work_of(origin_of(settings, os.getpid(), "host"), args.exchanges), args.rounds)
    base = times["executemany of ready rows"]
    for name, values in times.items():
        ratio = statistics.median(b / v for v, b in zip(values, base, strict=True))
        rate = args.exchanges / statistics.median(values)
        print(f"{name:32} {rate:9,.0f} a second  {ratio:5.0%}")


ALL_CORES = os.sched_getaffinity(0)
ONE_CORE = {min(ALL_CORES)}

if __name__ == "__main__":
    main()
