"""Ten minutes of mixed traffic against four gunicorn workers on one store, two of them killed.

    python benchmarks/soak.py [--minutes 10] [--clients 8]

Small and large bodies, streams, streams that the client leaves, and requests that fail, against
a Flask app (gthread workers). At a third and at two thirds of the time one worker is killed by
SIGKILL. Printed are what was sent, answered and recorded, what was counted as lost, and how much
memory each process has. It exits with 1 when an answered request has no record and is not among
the counted losses, when one has two, or when a process grows.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from machine import describe

WORKERS = 4
APP = """
import modeltap
from flask import Flask, Response, request

app = Flask(__name__)

@app.post("/small")
def small():
    return {"prediction": len(request.get_data())}

@app.post("/large")
def large():
    return Response(request.get_data(), mimetype="application/json")

@app.post("/stream")
def stream():
    request.get_data()
    return Response((b'{"token": %d}\\n' % n for n in range(50)), mimetype="application/x-ndjson")

@app.post("/fail")
def fail():
    raise ValueError("this one fails")

modeltap.watch(app, model="soak", store="taps.db", analyze=False)
"""
SMALL = json.dumps({f"feature_{n}": n * 1.5 for n in range(25)}).encode()
LARGE = json.dumps({"rows": [list(range(100))] * 500}).encode()
KINDS = ["/small"] * 90 + ["/large"] * 1 + ["/stream"] * 4 + ["leave"] * 2 + ["/fail"] * 3


@dataclass
class Tally:
    """What the clients saw, by request id."""

    answered: dict[str, str] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)
    broken: list[tuple[str, float]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


class Client(threading.Thread):
    """Asks, one request after the other, until told to stop."""

    def __init__(self, number: int, port: int, tally: Tally, stop: threading.Event) -> None:
        super().__init__()
        self._names = (f"{number}-{n}" for n in itertools.count())
        self._port = port
        self._tally = tally
        self._stopped = stop
        self._random = random.Random(number)
        self._connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        while not self._stopped.is_set():
            kind, name = self._random.choice(KINDS), next(self._names)
            try:
                self._ask(kind, name)
            except (OSError, http.client.HTTPException):
                self._close()
                self._tally.broken.append((name, time.monotonic()))
            time.sleep(0.008)

    def _ask(self, kind: str, name: str) -> None:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        body = LARGE if kind == "/large" else SMALL
        path = "/stream" if kind == "leave" else kind
        self._connection.request("POST", path, body, {
            "Content-Type": "application/json", "X-Request-ID": name,
        })  # fmt: skip
        answer = self._connection.getresponse()
        if kind == "leave":
            answer.read(10)
            self._tally.left.add(name)
            self._close()
            return
        content = answer.read()
        if answer.status != (500 if kind == "/fail" else 200):
            self._tally.wrong.append(f"{path}: {answer.status} {content[:100]!r}")
        if answer.headers.get("Connection", "").lower() == "close":
            self._close()
        self._tally.answered[name] = kind

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def children(pid: int) -> list[int]:
    """Return the ids of the processes that `pid` started."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def mebibytes(pid: int) -> float:
    """Return the resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def memory(master: int) -> dict[int, tuple[float, float]]:
    """Return of each worker its own memory and that of its writer process."""
    found = {}
    for worker in children(master):
        try:
            found[worker] = (mebibytes(worker), sum(map(mebibytes, children(worker))))
        except OSError:  # it has just ended
            continue
    return found


def serve(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    (folder / "app.py").write_text(APP)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-w", str(WORKERS), "-k", "gthread", "--threads", "4",
         "-b", f"127.0.0.1:{port}", "--log-level", "critical", "app:app"],
        cwd=folder, stderr=(folder / "log").open("wb"),
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, port
        time.sleep(0.05)
    raise SystemExit("gunicorn did not start: pip install gunicorn")


def run(process: subprocess.Popen[bytes], port: int, seconds: float, clients: int) -> tuple[
    Tally, dict[int, tuple[float, float]], dict[int, tuple[float, float]]
]:  # fmt: skip
    """Let the clients ask, kill two workers; return what was seen, and memory early and late."""
    tally, stop = Tally(), threading.Event()
    threads = [Client(number, port, tally, stop) for number in range(clients)]
    for thread in threads:
        thread.start()
    begin = time.monotonic()

    def wait_until(share: float) -> None:
        time.sleep(max(0.0, begin + seconds * share - time.monotonic()))

    for share in (1 / 3, 2 / 3):
        wait_until(share)
        victim = random.choice(children(process.pid))
        os.kill(victim, signal.SIGKILL)
        print(f"killed worker {victim} after {seconds * share:.0f} s")
    wait_until(0.75)
    early = memory(process.pid)
    wait_until(1.0)
    late = memory(process.pid)
    stop.set()
    for thread in threads:
        thread.join(40)
    return tally, early, late


def judge(
    tally: Tally, records: Counter[str], lost: int,
    early: dict[int, tuple[float, float]], late: dict[int, tuple[float, float]],
) -> list[str]:  # fmt: skip
    """Return which promises do not hold."""
    broken = list(tally.wrong[:5])
    missing = [name for name in tally.answered if name not in records]
    if len(missing) > lost:
        broken.append(f"{len(missing)} answered requests have no record, {lost} counted as lost")
    if twice := [name for name, count in records.items() if count > 1]:
        broken.append(f"{len(twice)} requests have two records")
    # A killed worker has at most its threads' requests in flight, and as many wait for it.
    if len(tally.broken) > 2 * 2 * 8:
        broken.append(f"{len(tally.broken)} requests broke, two workers were killed")
    for pid in early.keys() & late.keys():
        for what, before, after in zip(("worker", "writer"), early[pid], late[pid], strict=True):
            if after > before * 1.1 + 5:
                broken.append(f"{what} of {pid} grew from {before:.0f} to {after:.0f} MB")
    return broken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--clients", type=int, default=8)
    said = parser.parse_args()
    print(describe("flask", "gunicorn"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        process, port = serve(folder)
        try:
            tally, early, late = run(process, port, said.minutes * 60, said.clients)
        finally:
            process.terminate()
            process.wait(60)
        time.sleep(2)  # a killed worker's writer may still be at it
        store = sqlite3.connect(folder / "taps.db")
        names = store.execute("select request_id from exchanges").fetchall()
        records = Counter(row[0] for row in names)
        lost = store.execute("select ifnull(sum(count), 0) from losses").fetchone()[0]
        aborted = store.execute("select count(*) from exchanges where aborted").fetchone()[0]
        sound = store.execute("pragma quick_check(1)").fetchone()[0]
        store.close()
        size = sum(path.stat().st_size for path in folder.glob("taps.db*")) / 1e6
    sent = len(tally.answered) + len(tally.left) + len(tally.broken)
    missing = sum(name not in records for name in tally.answered)
    print(f"sent {sent:,}: answered {len(tally.answered):,}, left by the client "
          f"{len(tally.left):,}, broken by the kills {len(tally.broken)}")  # fmt: skip
    print(f"recorded {len(records):,}, {aborted:,} of them aborted; answered without a record "
          f"{missing}; counted as lost {lost}")  # fmt: skip
    print(f"store {size:,.0f} MB, {sound}")
    for pid, (worker, writer) in late.items():
        before = early.get(pid, (0.0, 0.0))
        print(f"worker {pid}: {before[0]:.0f} -> {worker:.0f} MB, its writer {before[1]:.0f} -> "
              f"{writer:.0f} MB (at three quarters and at the end)")  # fmt: skip
    broken = judge(tally, records, lost, early, late) + ([] if sound == "ok" else [sound])
    print("\n".join(broken) or "every promise held")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
