"""Time and size of the dashboard's pages, the report and `status`, on a large store.

    python benchmarks/dashboard.py [--exchanges 1000000] [--days 90] [--features 30] [--rounds 9]

A few thousand labelled rows in three groups are analysed; their exchanges, predictions and metrics
are then repeated with other ids and times until the store has the exchanges and hourly windows
asked for. The pages come from `modeltap dashboard` on loopback. Printed are the medians of the
rounds, in which the pages take turns: the time, the processor time of the dashboard, and the size
as sent and as read. The promise is 200 ms and 500 kB a page, 10 s a report, 1 s a `status`.
"""

from __future__ import annotations

import argparse
import json
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import httpx
import numpy as np
from machine import describe

from modeltap import clock
from modeltap.jobs.pipeline import Analyzer
from modeltap.store.connection import connect, writing

START = time.time() // clock.DAY * clock.DAY - 91 * clock.DAY
ROWS, HOURS = 4_800, 24
"""Rows that are analysed, and the hours that they cover."""

COMMAND = [sys.executable, "-m", "modeltap"]


def fill(store: Path, features: int) -> None:
    """Store and analyse a day of rows whose features drift at its end."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(ROWS, features))
    values[ROWS // 2 :, :3] += 2
    with closing(connect(store)) as connection:
        with writing(connection):
            for n, row in enumerate(values):
                when = clock.iso(START + n * HOURS * clock.HOUR / ROWS)
                fields = {f"feature{i}": round(x, 3) for i, x in enumerate(row)}
                body = json.dumps({**fields, "region": "abc"[n % 3]})
                prediction = round(float(row.sum()), 3)
                answer = json.dumps({"prediction": prediction})
                took = float(rng.gamma(4, 3))
                connection.execute(
                    "insert into exchanges (id, model, source, method, path, started_at, "
                    "event_time, status, duration_ms, sample_rate, request_type, request_body, "
                    "response_body) values "
                    "(?, 'm', 'asgi', 'POST', '/predict', ?, ?, 200, ?, 1, 'application/json', ?, "
                    "?)",
                    (f"e{n:07d}", when, when, took, body, answer),
                )
                connection.execute(
                    "insert into labels (exchange_id, value, received_at) values (?, ?, ?)",
                    (f"e{n:07d}", prediction + float(rng.normal()), when),
                )
        said = {
            "reference": "first 2000 rows",
            "window": "1h",
            "multivariate": False,
            "groups": ["region"],
            "min_rows": 50,
        }
        Analyzer(store, connection, said).run()


def repeat(store: Path, exchanges: int, days: int) -> None:
    """Repeat the day's metrics and traffic for `days`, and its exchanges up to `exchanges`."""
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        connection.execute("begin")
        for day in range(1, days):
            shift = f"+{day} days"
            for table, times in (
                ("metrics", ("window_start", "window_end")),
                ("traffic", ("window_start", "window_end")),
            ):
                _copy(connection, table, times, shift)
        for copy in range(1, max(1, exchanges // ROWS)):
            shift = f"+{copy * days * 86_400 * ROWS // exchanges} seconds"
            times = ("started_at", "event_time")
            _copy(connection, "exchanges", times, shift, id_=f"id || '-{copy}'")
        connection.execute(
            "insert into predictions (exchange_id, row, model, version, prediction, event_time, "
            "seq) select e.id, 0, 'm', '', json_extract(e.response_body, '$.prediction'), "
            "e.started_at, e.seq from exchanges e where e.id like '%-%'"
        )
        connection.execute(
            "update watermarks set value = (select max(seq) from exchanges) where name = 'seen'"
        )
        connection.execute("commit")


def _copy(
    connection: sqlite3.Connection, table: str, times: tuple[str, ...], shift: str, id_: str = ""
) -> None:
    """Insert the first day's rows again, later; `id_` is the expression of another id."""
    hidden = {row[1] for row in connection.execute(f"pragma table_xinfo({table})") if row[6]}
    names = [row[1] for row in connection.execute(f"pragma table_info({table})")]
    names = [name for name in names if name not in hidden and name != "seq"]
    if not id_:
        names = [name for name in names if name != "id"]
    values = [
        f"strftime('%Y-%m-%dT%H:%M:%fZ', {name}, '{shift}')"
        if name in times
        else id_
        if name == "id"
        else f'"{name}"'
        for name in names
    ]
    end = clock.iso(START + HOURS * clock.HOUR)
    columns = ", ".join(f'"{name}"' for name in names)
    own = " and id not like '%-%'" if id_ else ""
    connection.execute(
        f"insert or ignore into {table} ({columns}) select {', '.join(values)} from {table} "
        f"where {times[0]} < '{end}'{own}"
    )


def processor_seconds(pid: int) -> float:
    """Return the processor time of a process's threads so far, in seconds (Linux)."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def measure(store: Path, rounds: int) -> None:
    """Print the time of each page, of the report and of `status`."""
    process = subprocess.Popen(
        [*COMMAND, "dashboard", "--store", str(store), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        matched = re.search(r"http://[^ /]+", process.stdout.readline())
        assert matched is not None
        with httpx.Client(base_url=matched[0], timeout=120) as client:
            row = client.get("/exchanges?format=json").json()[0]
            alerts = client.get("/alerts?format=json").json()
            pages = (
                "/",
                "/models/m",
                "/models/m?last=7d",
                "/models/m?feature=feature0",
                "/exchanges",
                "/exchanges?text=nowhere",
                f"/exchanges/{row['id']}",
                "/exchanges?status=errors",
                "/alerts",
                f"/alerts/{alerts[0]['id']}",
                "/review",
                "/health",
                "/metrics",
            )
            times: dict[str, list[float]] = {page: [] for page in pages}
            worked: dict[str, list[float]] = {page: [] for page in pages}
            sizes = {}
            for _ in range(rounds):
                for page in pages:
                    before, begun = processor_seconds(process.pid), time.perf_counter()
                    answer = client.get(page)
                    times[page].append(time.perf_counter() - begun)
                    worked[page].append(processor_seconds(process.pid) - before)
                    assert answer.status_code == 200, (page, answer.text)
                    sizes[page] = answer.num_bytes_downloaded, len(answer.content)
        for page in pages:
            elapsed, own = (statistics.median(each[page]) * 1e3 for each in (times, worked))
            sent, read = (size / 1e3 for size in sizes[page])
            print(f"{page:45} {elapsed:6.0f} ms {own:6.0f} ms {sent:6.0f} kB {read:6.0f} kB")
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()
    for words in (["status"], ["report", "-o", str(store.parent / "report.html")]):
        begun = time.perf_counter()
        subprocess.run([*COMMAND, *words, "--store", str(store)], check=True, capture_output=True)
        print(f"{words[0]:40} {time.perf_counter() - begun:7.2f} s")
    print(f"report.html {(store.parent / 'report.html').stat().st_size / 1e3:,.0f} kB")


def main() -> None:
    """Fill a store, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exchanges", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--features", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--store", type=Path, help="keep the store here, or take it from here")
    asked = parser.parse_args()
    print(describe())
    with tempfile.TemporaryDirectory() as folder:
        store = asked.store or Path(folder) / "modeltap.db"
        if not store.exists():
            fill(store, asked.features)
            repeat(store, asked.exchanges, asked.days)
        with closing(sqlite3.connect(store)) as connection:
            for table in ("exchanges", "metrics", "predictions"):
                (count,) = connection.execute(f"select count(*) from {table}").fetchone()
                print(f"{count:,} {table}")
        measure(store, asked.rounds)


if __name__ == "__main__":
    main()
