"""Added microseconds a request of modeltap and of the peers that install here.

    pip install -r benchmarks/peers.txt
    python benchmarks/peers.py [--rounds 3] [--requests 3000]

As `capture_overhead.py`, but each peer in a process of its own, for most change the frameworks
themselves; the processes take turns in every round. What they send goes to a server on loopback
that takes everything and keeps nothing, or nowhere at all. What is not installed is left out. The
time until everything is sent is counted for the floor and modeltap only.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from capture_overhead import fastapi_app, flask_app, run_asgi, run_wsgi, starlette_app
from floor import FloorASGI, FloorWriter, FloorWSGI
from machine import describe

APPS = {"starlette": starlette_app, "fastapi": fastapi_app, "flask": flask_app}
Flush = Callable[[int], object]
Prepared = tuple[Any, Flush]


def _no_flush(count: int) -> None:
    """What is still to be sent is the peer's own time."""


def bare(framework: str, folder: Path, sink: str) -> Prepared:
    return APPS[framework](), _no_flush


def floor(framework: str, folder: Path, sink: str) -> Prepared:
    writer = FloorWriter(folder / "floor.db")
    wrap = FloorWSGI if framework == "flask" else FloorASGI
    return wrap(APPS[framework](), writer), writer.flush


def tapped(framework: str, folder: Path, sink: str) -> Prepared:
    import modeltap

    wrap: Any = modeltap.WSGIMiddleware if framework == "flask" else modeltap.ASGIMiddleware
    store = str(folder / "taps.db")
    app = wrap(APPS[framework](), model="m", store=store, analyze=False)
    return app, lambda count: modeltap.flush(60)


def prometheus(framework: str, folder: Path, sink: str) -> Prepared:
    from prometheus_fastapi_instrumentator import Instrumentator

    if framework == "flask":
        raise ImportError
    app = APPS[framework]()
    Instrumentator().instrument(app)
    return app, _no_flush


def opentelemetry(framework: str, folder: Path, sink: str) -> Prepared:
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

    class Nowhere(SpanExporter):
        def export(self, spans: Any) -> SpanExportResult:
            return SpanExportResult.SUCCESS

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(Nowhere()))
    trace.set_tracer_provider(provider)
    app = APPS[framework]()
    if framework == "fastapi":
        from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor as Instrumentor
    elif framework == "starlette":
        from opentelemetry.instrumentation.starlette import StarletteInstrumentor as Instrumentor
    else:
        from opentelemetry.instrumentation.flask import FlaskInstrumentor as Instrumentor
    Instrumentor().instrument_app(app)
    return app, _no_flush


def sentry(framework: str, folder: Path, sink: str) -> Prepared:
    import sentry_sdk
    from sentry_sdk.transport import Transport

    class Nowhere(Transport):
        def capture_envelope(self, envelope: Any) -> None:
            pass

    sentry_sdk.init(
        dsn="http://key@127.0.0.1:9/1", transport=Nowhere, traces_sample_rate=1.0,
        max_request_body_size="always", send_default_pii=True,
    )  # fmt: skip
    return APPS[framework](), _no_flush


def elastic(framework: str, folder: Path, sink: str) -> Prepared:
    said = {
        "SERVICE_NAME": "bench", "SERVER_URL": sink, "CAPTURE_BODY": "all", "CENTRAL_CONFIG": False,
        "METRICS_INTERVAL": "0s", "CLOUD_PROVIDER": "none",
    }  # fmt: skip
    app = APPS[framework]()
    if framework == "flask":
        from elasticapm.contrib.flask import ElasticAPM as FlaskAPM

        FlaskAPM(app, **{k.lower(): v for k, v in said.items()})
    else:
        from elasticapm.contrib.starlette import ElasticAPM, make_apm_client

        app.add_middleware(ElasticAPM, client=make_apm_client(said))
    return app, _no_flush


def apitally(framework: str, folder: Path, sink: str) -> Prepared:
    import importlib

    app = APPS[framework]()
    importlib.import_module(f"apitally.{framework}").init(
        app, write_token="apt_" + "a" * 24, otlp_endpoint=sink, capture_request_body=True,
        capture_response_body=True, capture_request_headers=True, capture_logs=False,
    )  # fmt: skip
    return app, _no_flush


def moesif(framework: str, folder: Path, sink: str) -> Prepared:
    settings = {"APPLICATION_ID": "x" * 40, "BASE_URI": sink, "LOG_BODY": True}
    app = APPS[framework]()
    if framework == "flask":
        from moesifwsgi import MoesifMiddleware as Middleware

        app.wsgi_app = Middleware(app.wsgi_app, settings)
    else:
        from moesifasgi import MoesifMiddleware

        app.add_middleware(MoesifMiddleware, settings=settings)
    logging.disable()
    return app, _no_flush


PEERS = {
    "bare": bare, "floor": floor, "modeltap": tapped, "Prometheus": prometheus,
    "OpenTelemetry": opentelemetry, "Sentry": sentry, "Elastic APM": elastic,
    "Apitally": apitally, "Moesif": moesif,
}  # fmt: skip


def child(peer: str, framework: str, sink: str) -> None:
    """Run as many requests as a line of standard input says, and answer with the microseconds."""
    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(sys.stderr):
        app, flush = PEERS[peer](framework, Path(name), sink)
        drive = run_wsgi if framework == "flask" else run_asgi
        done = 0
        for line in sys.stdin:
            count = int(line)
            done += count
            start = time.perf_counter()
            drive(app, count)
            flush(done)
            spent = (time.perf_counter() - start) / count * 1e6
            print(spent, file=sys.__stdout__, flush=True)
    os._exit(0)  # some would wait for their servers


class Sink(BaseHTTPRequestHandler):
    """Takes everything."""

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length")
        self.rfile.read(int(length) if length else 0)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_PUT = do_POST  # noqa: N815

    def log_message(self, *said: Any) -> None:
        pass


def start(peer: str, framework: str, sink: str) -> subprocess.Popen[str] | None:
    """Start a child; None when the peer is not installed, or has nothing for the framework."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--child", peer, framework, sink], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1,
    )  # fmt: skip
    return process if ask(process, 300) is not None else None


def ask(process: subprocess.Popen[str], count: int) -> float | None:
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(f"{count}\n")
        process.stdin.flush()
        return float(process.stdout.readline())
    except (OSError, ValueError):
        return None


def measure(framework: str, rounds: int, requests: int, sink: str) -> dict[str, float]:
    """Return each peer's added microseconds; what bare takes stands under "bare"."""
    running = {peer: start(peer, framework, sink) for peer in PEERS}
    present = {peer: process for peer, process in running.items() if process is not None}
    times: dict[str, list[float]] = {peer: [] for peer in present}
    for turn in range(rounds):
        for peer in list(present) if turn % 2 == 0 else list(present)[::-1]:
            times[peer].append(ask(present[peer], requests) or float("nan"))
    for process in present.values():
        process.kill()
        process.wait()
    added = {
        peer: statistics.median(a - b for a, b in zip(values, times["bare"], strict=True))
        for peer, values in times.items()
    }
    return {**added, "bare": statistics.median(times["bare"])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.child:
        child(*said.child)
        return
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sink = f"http://127.0.0.1:{server.server_port}"
    print(describe("starlette", "fastapi", "flask"))
    print(f"{said.rounds} rounds of {said.requests} requests; added us a request, medians\n")
    found = {name: measure(name, said.rounds, said.requests, sink) for name in APPS}
    print(f"{'':14}" + "".join(f"{name:>11}" for name in APPS))
    for peer in PEERS:
        cells = (found[name].get(peer) for name in APPS)
        print(f"{peer:14}" + "".join(f"{'-' if c is None else f'{c:.1f}':>11}" for c in cells))


if __name__ == "__main__":
    main()
