"""Added microseconds a request: Starlette, FastAPI and Flask, bare, passed through, teed, tapped.

    python benchmarks/capture_overhead.py [--rounds 7] [--requests 15000] [--cores 1 2]

One process calls each app with a 1,072 B JSON request, without a network. Variants take turns
in every round; a round lasts until its last exchange is in SQLite, so that the writer's work is
inside what is measured. First everything shares one core, as in a container with one CPU; then
all cores are used. Printed are medians over rounds of (variant - bare) / requests:

- wall: the time that passes,
- all: the processor time of all processes together, which is what a bill shows,
- app: the processor time of the app's own process, without the writer's.

The floor is a bare tee with a thread that batches into SQLite; that thread is a part of its app.
`unmasked` is modeltap with `mask_bodies=False`.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import processor_time
from apps import BODY, fastapi_app, flask_app, starlette_app
from floor import FloorASGI, FloorWriter, FloorWSGI
from machine import describe

import modeltap

Runner = Callable[[int], None]
"""Handles so many requests, and returns when the last one is in SQLite."""


class Cost(NamedTuple):
    """Time by clock, in microseconds a request unless stated otherwise."""

    wall: float
    all: float
    app: float


class PassASGI:
    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


class PassWSGI:
    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.app(environ, start_response)


def run_asgi(app: Any, count: int) -> None:
    headers = [
        (b"host", b"localhost"),
        (b"content-type", b"application/json"),
        (b"content-length", b"1072"),
        (b"user-agent", b"bench"),
        (b"accept", b"*/*"),
    ]

    async def one() -> None:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "path": "/predict",
            "raw_path": b"/predict",
            "query_string": b"",
            "root_path": "",
            "scheme": "http",
            "headers": list(headers),
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "state": {},
        }

        async def receive() -> Any:
            return {"type": "http.request", "body": BODY, "more_body": False}

        async def send(message: Any) -> None:
            pass

        await app(scope, receive, send)
        await asyncio.sleep(0)  # a server looks at its sockets between requests, too

    async def main() -> None:
        for _ in range(count):
            await one()

    asyncio.run(main())


def run_wsgi(app: Any, count: int) -> None:
    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        return lambda data: None

    for _ in range(count):
        environ = {
            "REQUEST_METHOD": "POST",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/predict",
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": "1072",
            "HTTP_HOST": "localhost",
            "HTTP_USER_AGENT": "bench",
            "HTTP_ACCEPT": "*/*",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(BODY),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        body = app(environ, start_response)
        for _ in body:
            pass
        if hasattr(body, "close"):
            body.close()
        time.sleep(0)  # a server reads its socket between requests, too


def variants(make: Callable[[], Any], folder: Path, wsgi: bool) -> dict[str, Runner]:
    """Return for each variant a function that handles requests."""
    drive = run_wsgi if wsgi else run_asgi
    name = make.__name__
    floor_writer = FloorWriter(folder / f"{name}-floor.db")
    floor_count = 0
    store = folder / f"{name}.db"
    plain_store = folder / f"{name}-plain.db"
    options: dict[str, Any] = {"model": "bench", "store": str(store), "analyze": False}
    unmasked = {**options, "store": str(plain_store), "mask_bodies": False}

    def plain(app: Any) -> Runner:
        return lambda count: drive(app, count)

    def teed(app: Any) -> Runner:
        def run(count: int) -> None:
            nonlocal floor_count
            floor_count += count
            drive(app, count)
            floor_writer.flush(floor_count)

        return run

    def tapped(app: Any, store: Path) -> Runner:
        def run(count: int) -> None:
            drive(app, count)
            if not modeltap.flush(60, store=store):
                raise SystemExit("the recorder did not finish")

        return run

    wrap = FloorWSGI if wsgi else FloorASGI
    tap = modeltap.WSGIMiddleware if wsgi else modeltap.ASGIMiddleware
    passing = PassWSGI if wsgi else PassASGI
    return {
        "bare": plain(make()),
        "pass-through": plain(passing(make())),
        "tee": plain(wrap(make(), None)),
        "floor": teed(wrap(make(), floor_writer)),
        "unmasked": tapped(tap(make(), **unmasked), plain_store),
        "modeltap": tapped(tap(make(), **options), store),
    }


def cost(run: Runner, requests: int) -> Cost:
    before = clocks()
    run(requests)
    return Cost(*((b - a) / requests * 1e6 for a, b in zip(before, clocks(), strict=True)))


def clocks() -> Cost:
    """Return the time so far, in seconds."""
    return Cost(time.perf_counter(), processor_time.with_children(), processor_time.own())


def measure(runners: dict[str, Runner], rounds: int, requests: int) -> dict[str, list[Cost]]:
    for run in runners.values():
        run(1000)
    costs: dict[str, list[Cost]] = {name: [] for name in runners}
    for turn in range(rounds):
        order = list(runners) if turn % 2 == 0 else list(runners)[::-1]
        for name in order:
            costs[name].append(cost(runners[name], requests))
    return costs


def added(costs: list[Cost], bare: list[Cost]) -> Cost:
    """Return the medians over rounds of what a variant adds."""
    return Cost(
        *(
            statistics.median(a - b for a, b in zip(mine, theirs, strict=True))
            for mine, theirs in zip(zip(*costs, strict=True), zip(*bare, strict=True), strict=True)
        )
    )


def print_table(rounds: int, requests: int) -> None:
    print(
        f"\n{len(os.sched_getaffinity(0))} of {os.cpu_count()} cores; {rounds} rounds of "
        f"{requests} requests; added us a request, medians\n"
    )
    print(
        f"{'':10}{'':5}{'bare':>7} {'pass':>6} {'tee':>6} {'floor':>6} {'unmasked':>8} "
        f"{'modeltap':>8}  ratio to"
    )
    with tempfile.TemporaryDirectory() as name:
        for make, wsgi in ((starlette_app, False), (fastapi_app, False), (flask_app, True)):
            costs = measure(variants(make, Path(name), wsgi), rounds, requests)
            print_app(make.__name__[:-4], costs)
    counters = modeltap.stats()
    print(
        f"\ncaptured {counters['captured']}, written {counters['written']}, "
        f"dropped {counters['dropped']}"
    )


def print_app(name: str, costs: dict[str, list[Cost]]) -> None:
    bare = costs["bare"]
    more = {variant: added(values, bare) for variant, values in costs.items()}
    for view in Cost._fields:
        values = {variant: getattr(value, view) for variant, value in more.items()}
        against = "tee" if view == "app" else "floor"
        print(
            f"{name:10}{view:5}{statistics.median(getattr(value, view) for value in bare):7.1f} "
            f"{values['pass-through']:6.1f} {values['tee']:6.1f} {values['floor']:6.1f} "
            f"{values['unmasked']:8.1f} {values['modeltap']:8.1f}  "
            f"{against} {values['modeltap'] / values[against]:.2f}x",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=15_000)
    parser.add_argument("--cores", type=int, nargs="+", default=[1, os.cpu_count()])
    args = parser.parse_args()
    if len(args.cores) == 1:
        os.sched_setaffinity(0, range(args.cores[0]))
        print_table(args.rounds, args.requests)
        return
    print(describe("starlette", "fastapi", "flask"), flush=True)
    for cores in args.cores:  # a process for each, so that the writers share its cores
        subprocess.run([sys.executable, *sys.argv, "--cores", str(cores)], check=True)


if __name__ == "__main__":
    main()
