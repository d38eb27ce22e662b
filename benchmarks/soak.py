"""Mixed traffic against four gunicorn workers on one store; some are killed on the way.

    python benchmarks/soak.py [--minutes 10] [--clients 8] [--apps flask fastapi]

Small and large bodies, streams, streams that the client leaves, and requests that fail, against a
Flask app (gthread workers), then as long against a FastAPI app (uvicorn workers). At a third and at
two thirds of the time one worker is killed by SIGKILL, and half-way the writer process of one.
Printed are what was sent, answered and recorded, what was counted as lost, and how much memory each
process has.

It exits with 1 when a promise does not hold: every request is answered but for those that a killed
worker had in hand; every other request has one record, with the status that the client saw, or is
counted in the table `dropped`; no process grows; no writer process is left over; the file is sound.
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
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from machine import describe

WORKERS = 4
KILLS = [(1 / 3, "worker"), (1 / 2, "writer"), (2 / 3, "worker")]
"""At which share of the time what is killed."""

KILL_SECONDS = 2.0
"""A client may find out this late that the worker behind its connection is gone; and a worker may
find out this late that its client has left."""

SAMPLES = 40
GROWTH = 1.1
GROWTH_MIB = 5.0
"""A process grows when it has more than a tenth and this more than early in its life: the
allocator's own ups and downs are smaller, a leak of ten minutes is not."""

STARTING_MIB = 20.0
"""A process with less than that is still loading its modules."""

FLASK = """
import time

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

    def tokens():
        for n in range(50):
            time.sleep(0.001)
            yield b'{"token": %d}\\n' % n

    return Response(tokens(), mimetype="application/x-ndjson")

@app.post("/fail")
def fail():
    raise ValueError("this one fails")

modeltap.watch(app, model="soak", store="taps.db", analyze=False)
"""
FASTAPI = """
import asyncio

import modeltap
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse

app = FastAPI()

@app.post("/small")
async def small(request: Request):
    return {"prediction": len(await request.body())}

@app.post("/large")
async def large(request: Request):
    return Response(await request.body(), media_type="application/json")

@app.post("/stream")
async def stream(request: Request):
    await request.body()

    async def tokens():
        for n in range(50):
            await asyncio.sleep(0.001)
            yield b'{"token": %d}\\n' % n

    return StreamingResponse(tokens(), media_type="application/x-ndjson")

@app.post("/fail")
async def fail():
    raise ValueError("this one fails")

modeltap.watch(app, model="soak", store="taps.db", analyze=False)
"""
APPS = {
    "flask": (FLASK, ["-k", "gthread", "--threads", "4"]),
    "fastapi": (FASTAPI, ["-k", "uvicorn_worker.UvicornWorker"]),
}
SMALL = json.dumps({f"feature_{n}": n * 1.5 for n in range(25)}).encode()
LARGE = json.dumps({"rows": [list(range(100))] * 500}).encode()
KINDS = ["/small"] * 90 + ["/large"] * 1 + ["/stream"] * 4 + ["leave"] * 2 + ["/fail"] * 3

Memory = dict[int, tuple[float, float]]
"""Of each worker its own memory and that of its writer process, in MiB."""


@dataclass
class Tally:
    """Responses that the clients received, by request id; aborted and failed ones with times."""

    answered: dict[str, int] = field(default_factory=dict)
    left: dict[str, float] = field(default_factory=dict)
    broken: dict[str, tuple[float, float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def sent(self) -> set[str]:
        return self.answered.keys() | self.left.keys() | self.broken.keys()


@dataclass
class Stored:
    """Contents of the store."""

    statuses: dict[str, int | None]
    twice: int
    lost: int
    aborted: int
    check: str
    mebibytes: float


@dataclass
class Run:
    """One app's time under load; `kills` are those of workers."""

    tally: Tally
    kills: list[float]
    samples: list[Memory]


class Client(threading.Thread):
    """Sends one request after the other until it is stopped."""

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
            kind, name, start = self._random.choice(KINDS), next(self._names), time.monotonic()
            try:
                self._ask(kind, name)
            except (OSError, http.client.HTTPException):
                self._close()
                self._tally.broken[name] = start, time.monotonic()
            time.sleep(0.008)
        self._close()

    def _ask(self, kind: str, name: str) -> None:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        body = LARGE if kind == "/large" else SMALL
        path = "/stream" if kind == "leave" else kind
        self._connection.request(
            "POST",
            path,
            body,
            {
                "Content-Type": "application/json",
                "X-Request-ID": name,
            },
        )
        answer = self._connection.getresponse()
        if kind == "leave":
            answer.read(10)
            self._tally.left[name] = time.monotonic()
            answer.close()
            self._close()
            return
        content = answer.read()
        if answer.status != (500 if kind == "/fail" else 200):
            self._tally.wrong.append(f"{path}: {answer.status} {content[:100]!r}")
        if kind == "/fail" or answer.headers.get("Connection", "").lower() == "close":
            self._close()  # after an exception uvicorn hangs up without having args so
        self._tally.answered[name] = answer.status

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


def memory(master: int) -> Memory:
    """Return how much each worker and its writer process has."""
    found = {}
    for worker in children(master):
        try:
            found[worker] = (mebibytes(worker), sum(map(mebibytes, children(worker))))
        except OSError:  # it has just ended
            continue
    return found


def writers(folder: Path) -> list[int]:
    """Return the writer processes of the stores in `folder`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        if b"modeltap.writer" in line and str(folder).encode() in line:
            found.append(int(path.parent.name))
    return found


def serve(source: str, options: list[str], folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Start gunicorn; return its master, and the port."""
    (folder / "app.py").write_text(source)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gunicorn",
            "-w",
            str(WORKERS),
            *options,
            "-b",
            f"127.0.0.1:{port}",
            "--log-level",
            "critical",
            "app:app",
        ],
        cwd=folder,
        stderr=(folder / "log").open("wb"),
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, port
        time.sleep(0.05)
    process.kill()
    raise SystemExit(
        "gunicorn did not start: pip install gunicorn uvicorn-worker\n"
        + (folder / "log").read_text()[-1000:]
    )


def load(master: int, port: int, seconds: float, clients: int) -> Run:
    """Run the clients, kill two workers, and look at the memory now and then."""
    run, stop = Run(Tally(), [], []), threading.Event()
    threads = [Client(number, port, run.tally, stop) for number in range(clients)]
    for thread in threads:
        thread.start()
    begin, due = time.monotonic(), list(KILLS)
    for sample in range(1, SAMPLES + 1):
        time.sleep(max(0.0, begin + seconds * sample / SAMPLES - time.monotonic()))
        if due and sample / SAMPLES >= due[0][0]:
            kill(master, due.pop(0)[1], run)
        run.samples.append(memory(master))
    stop.set()
    for thread in threads:
        thread.join(40)
    return run


def kill(master: int, what: str, run: Run) -> None:
    """Kill a worker, or the writer process of one."""
    workers = children(master)
    if what == "worker":
        victim = random.choice(workers)
        run.kills.append(time.monotonic())
    else:
        victim = random.choice([writer for worker in workers for writer in children(worker)])
    os.kill(victim, signal.SIGKILL)
    print(f"killed {what} {victim}")


def read(folder: Path) -> Stored:
    """Return what came into the store."""
    with closing(sqlite3.connect(folder / "taps.db")) as store:

        def one(query: str) -> int:
            return int(store.execute(query).fetchone()[0])

        statuses = dict(store.execute("select request_id, status from exchanges").fetchall())
        return Stored(
            statuses,
            one("select count(*) from exchanges") - len(statuses),
            one("select ifnull(sum(count), 0) from dropped"),
            one("select count(*) from exchanges where aborted"),
            store.execute("pragma quick_check(1)").fetchone()[0],
            sum(path.stat().st_size for path in folder.glob("taps.db*")) / 2**20,
        )


def lives(samples: list[Memory]) -> dict[int, tuple[tuple[float, float], tuple[float, float]]]:
    """Return the memory of each worker that lived on, a fifth into its life and at the end.

    Samples while a worker has no writer process, or one that has just started, do not count.
    """
    seen: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for sample in samples:
        for pid, has in sample.items():
            if min(has) > STARTING_MIB:
                seen[pid].append(has)
    return {
        pid: (seen[pid][len(seen[pid]) // 5], seen[pid][-1]) for pid in samples[-1] if pid in seen
    }


def in_hand(run: Run) -> int:
    """Return how many requests broke with a killed worker: at the kill, or right after it."""
    return sum(
        any(start <= kill + KILL_SECONDS and kill <= end for kill in run.kills)
        for start, end in run.tally.broken.values()
    )


def failures(run: Run, stored: Stored, clients: int) -> list[str]:
    """Return which promises to the app and its clients do not hold."""
    tally, found = run.tally, list(run.tally.wrong[:5])
    if other := len(tally.broken) - in_hand(run):
        found.append(f"{other} requests broke that no killed worker had in hand")
    if in_hand(run) > clients * len(run.kills):
        found.append(f"{in_hand(run)} requests broke at {len(run.kills)} kills")
    if stored.check != "ok":
        found.append(f"the file: {stored.check}")
    for pid, (early, late) in lives(run.samples).items():
        for what, before, after in zip(("worker", "writer"), early, late, strict=True):
            if after > before * GROWTH + GROWTH_MIB:
                found.append(f"{what} of {pid} grew from {before:.0f} to {after:.0f} MiB")
    return found


def without_record(run: Run, stored: Stored) -> int:
    """Return how many requests have no record that should: those that no killed worker had."""
    missing = run.tally.answered.keys() - stored.statuses.keys()
    left = run.tally.left.keys() - stored.statuses.keys()
    in_time = (
        all(not 0 <= kill - run.tally.left[name] <= KILL_SECONDS for kill in run.kills)
        for name in left
    )
    return len(missing) + sum(in_time)


def unreported(run: Run, stored: Stored) -> list[str]:
    """Return which promises about the records do not hold."""
    tally, found = run.tally, []
    if (missing := without_record(run, stored)) > stored.lost:
        found.append(f"{missing} requests have no record, {stored.lost} counted as lost")
    if stored.twice:
        found.append(f"{stored.twice} records too many of the same requests")
    if unknown := stored.statuses.keys() - tally.sent():
        found.append(f"{len(unknown)} records of requests that were never sent")
    both = tally.answered.keys() & stored.statuses.keys()
    if other := sum(tally.answered[name] != stored.statuses[name] for name in both):
        found.append(f"{other} records with another status than the client's")
    return found


def show(run: Run, stored: Stored) -> None:
    """Print the figures."""
    tally, names = run.tally, stored.statuses.keys()
    print(
        f"sent {len(tally.sent()):,}: answered {len(tally.answered):,}, left by the client "
        f"{len(tally.left):,}, in hand at the kills {in_hand(run)}, broken otherwise "
        f"{len(tally.broken) - in_hand(run)}"
    )
    print(
        f"recorded {len(names):,}, {stored.aborted:,} of them aborted; twice {stored.twice}; "
        f"counted as lost {stored.lost}"
    )
    print(
        f"without a record: {len(tally.answered.keys() - names)} answered, "
        f"{len(tally.left.keys() - names)} left, {len(tally.broken.keys() - names)} broken"
    )
    print(f"file {stored.mebibytes:,.0f} MiB, {stored.check}")
    for pid, (early, late) in lives(run.samples).items():
        print(
            f"worker {pid}: {early[0]:.0f} -> {late[0]:.0f} MiB, its writer {early[1]:.0f} -> "
            f"{late[1]:.0f} MiB"
        )


def left_over(folder: Path) -> list[str]:
    """Wait for the writer processes to end; return the promise that they do."""
    deadline = time.monotonic() + 40  # they wait 30 s for another program's lock
    while (pids := writers(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return [f"writer processes are left over: {pids}"] if pids else []


def soak(app: str, seconds: float, clients: int) -> list[str]:
    """Load one app; return which promises do not hold."""
    print(f"\n{app}, {seconds / 60:g} minutes, {clients} clients, {WORKERS} workers")
    source, options = APPS[app]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        process, port = serve(source, options, folder)
        try:
            run = load(process.pid, port, seconds, clients)
        finally:
            process.terminate()
            process.wait(60)
        left = left_over(folder)
        stored = read(folder)
    show(run, stored)
    return failures(run, stored, clients) + unreported(run, stored) + left


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--apps", nargs="+", choices=list(APPS), default=list(APPS))
    args = parser.parse_args()
    print(describe("flask", "fastapi", "gunicorn"))
    broken = []
    for app in args.apps:
        found = soak(app, args.minutes * 60, args.clients)
        print("\n".join(found) or "every promise held")
        broken += found
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
