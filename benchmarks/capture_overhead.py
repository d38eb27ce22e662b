"""Added microseconds a request: FastAPI, Starlette and Flask, bare, passed through, teed, tapped.

    python benchmarks/capture_overhead.py [--rounds 7] [--requests 15000] [--cores 1]

One process calls each app with a 1,072 B JSON request, without a network. Variants take turns
in every round; a round lasts until its last exchange is in SQLite, so that the writer's work is
inside the time measured. Printed are medians over rounds of (variant - bare) / requests, and the
ratio of modeltap, with `mask_bodies` and without, to the floor: a bare tee with a thread that
batches into SQLite.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from apps import BODY, fastapi_app, flask_app, starlette_app
from floor import FloorASGI, FloorWriter, FloorWSGI
from machine import describe

import modeltap

Runner = Callable[[int], float]


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
    """Return for each variant a function that runs N requests and gives the seconds."""
    drive = run_wsgi if wsgi else run_asgi
    name = make.__name__
    floor_writer = FloorWriter(folder / f"{name}-floor.db")
    floor_count = 0
    store = folder / f"{name}.db"
    plain_store = folder / f"{name}-plain.db"
    options: dict[str, Any] = {"model": "bench", "store": str(store), "analyze": False}
    unmasked = {**options, "store": str(plain_store), "mask_bodies": False}

    def plain(app: Any) -> Runner:
        def run(count: int) -> float:
            start = time.perf_counter()
            drive(app, count)
            return time.perf_counter() - start

        return run

    def teed(app: Any) -> Runner:
        def run(count: int) -> float:
            nonlocal floor_count
            floor_count += count
            start = time.perf_counter()
            drive(app, count)
            floor_writer.flush(floor_count)
            return time.perf_counter() - start

        return run

    def tapped(app: Any, store: Path) -> Runner:
        def run(count: int) -> float:
            start = time.perf_counter()
            drive(app, count)
            if not modeltap.flush(60, store=store):
                raise SystemExit("the recorder did not finish")
            return time.perf_counter() - start

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


def measure(runners: dict[str, Runner], rounds: int, requests: int) -> dict[str, list[float]]:
    for run in runners.values():
        run(1000)
    times: dict[str, list[float]] = {name: [] for name in runners}
    for turn in range(rounds):
        order = list(runners) if turn % 2 == 0 else list(runners)[::-1]
        for name in order:
            times[name].append(runners[name](requests) / requests * 1e6)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=15_000)
    parser.add_argument("--cores", type=int, default=os.cpu_count())
    args = parser.parse_args()
    os.sched_setaffinity(0, range(args.cores))
    print(describe("starlette", "fastapi", "flask"))
    print(
        f"{args.cores} cores; {args.rounds} rounds of {args.requests} requests; "
        "added us a request, medians\n"
    )
    print(
        f"{'':10} {'bare':>7} {'pass':>6} {'tee':>6} {'floor':>6} "
        f"{'unmasked':>8}  {'ratio':5} {'modeltap':>8}  ratio"
    )
    with tempfile.TemporaryDirectory() as name:
        for make, wsgi in ((starlette_app, False), (fastapi_app, False), (flask_app, True)):
            times = measure(variants(make, Path(name), wsgi), args.rounds, args.requests)
            bare = times["bare"]
            added = {
                variant: statistics.median(a - b for a, b in zip(values, bare, strict=True))
                for variant, values in times.items()
            }
            print(
                f"{make.__name__[:-4]:10} {statistics.median(bare):7.1f} "
                f"{added['pass-through']:6.1f} {added['tee']:6.1f} {added['floor']:6.1f} "
                f"{added['unmasked']:8.1f}  {added['unmasked'] / added['floor']:.2f}x "
                f"{added['modeltap']:8.1f}  {added['modeltap'] / added['floor']:.2f}x"
            )
    counters = modeltap.stats()
    print(
        f"\ncaptured {counters['captured']}, written {counters['written']}, "
        f"dropped {counters['dropped']}"
    )


if __name__ == "__main__":
    main()
