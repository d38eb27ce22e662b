"""Added microseconds a request of modeltap and of the peers that install here.

    pip install -r benchmarks/requirements.txt
    python benchmarks/peers.py [--rounds 5] [--requests 3000] [--only Sentry ...]

As `capture_overhead.py`, but each peer in a process of its own, for most change the frameworks
themselves. The processes take turns in every round, and stand still while it is another's turn.
What they send goes to a server on loopback that takes everything and keeps nothing, or nowhere at
all; a connection to any other host is refused and reported. A peer that is not installed is left
out, with the line that installs it. The time until everything is sent is counted for the floor
and modeltap only; the others may drop what their queues do not hold.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import logging
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from apps import fastapi_app, flask_app, starlette_app
from capture_overhead import run_asgi, run_wsgi
from floor import FloorASGI, FloorWriter, FloorWSGI
from machine import describe

WARM_UP = 300

APPS = {"starlette": starlette_app, "fastapi": fastapi_app, "flask": flask_app}
Flush = Callable[[int], object]
Prepared = tuple[Any, Flush]


def _no_flush(count: int) -> None:
    """Sending what is left is not part of the measured time."""


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
    # The default queue holds 2,048 spans: an app that never waits would have most of them dropped.
    provider.add_span_processor(BatchSpanProcessor(Nowhere(), max_queue_size=1_000_000))
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
        dsn="http://key@127.0.0.1:9/1",
        transport=Nowhere,
        traces_sample_rate=1.0,
        max_request_body_size="always",
        send_default_pii=True,
    )
    return APPS[framework](), _no_flush


def elastic(framework: str, folder: Path, sink: str) -> Prepared:
    args = {
        "SERVICE_NAME": "bench",
        "SERVER_URL": sink,
        "CAPTURE_BODY": "all",
        "CENTRAL_CONFIG": False,
        "METRICS_INTERVAL": "0s",
        "CLOUD_PROVIDER": "none",
    }
    app = APPS[framework]()
    if framework == "flask":
        from elasticapm.contrib.flask import ElasticAPM as FlaskAPM

        FlaskAPM(app, **{k.lower(): v for k, v in args.items()})
    else:
        from elasticapm.contrib.starlette import ElasticAPM, make_apm_client

        app.add_middleware(ElasticAPM, client=make_apm_client(args))
    return app, _no_flush


def apitally(framework: str, folder: Path, sink: str) -> Prepared:
    app = APPS[framework]()
    importlib.import_module(f"apitally.{framework}").init(
        app,
        write_token="apt_" + "a" * 24,
        otlp_endpoint=sink,
        capture_request_body=True,
        capture_response_body=True,
        capture_request_headers=True,
        capture_logs=False,
    )
    return app, _no_flush


def moesif(framework: str, folder: Path, sink: str) -> Prepared:
    settings = {"APPLICATION_ID": "x" * 40, "BASE_URI": sink, "LOG_BODY": True}
    app = APPS[framework]()
    if framework == "flask":
        wsgi = importlib.import_module("moesifwsgi")
        app.wsgi_app = wsgi.MoesifMiddleware(app.wsgi_app, settings)
    else:
        asgi = importlib.import_module("moesifasgi")
        app.add_middleware(asgi.MoesifMiddleware, settings=settings)
    logging.disable()
    return app, _no_flush


@dataclass(frozen=True)
class Peer:
    """The way a peer wraps an app, the bodies that it keeps, and what installs it."""

    prepare: Callable[[str, Path, str], Prepared]
    bodies: str = "none"
    install: str = ""
    frameworks: tuple[str, ...] = tuple(APPS)


PEERS = {
    "bare": Peer(bare),
    "floor": Peer(floor, "both"),
    "modeltap": Peer(tapped, "both"),
    "Prometheus": Peer(
        prometheus, "none", "prometheus-fastapi-instrumentator", ("starlette", "fastapi")
    ),
    "OpenTelemetry": Peer(
        opentelemetry,
        "none",
        "opentelemetry-sdk opentelemetry-instrumentation-{starlette,fastapi,flask}",
    ),
    "Sentry": Peer(sentry, "request but Flask's", "sentry-sdk"),
    "Elastic APM": Peer(elastic, "request", "elastic-apm"),
    "Apitally": Peer(apitally, "both", "'apitally[fastapi,starlette,flask]'"),
    "Moesif": Peer(moesif, "both", "moesifasgi moesifwsgi"),
}


def stay_here() -> None:
    """Refuse connections to other hosts, and tell of them on standard error."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def check(host: Any) -> None:
        host = host.decode() if isinstance(host, bytes) else host
        if host not in ("127.0.0.1", "localhost", "::1", None):
            print(f"refused: {host}", file=sys.stderr, flush=True)
            raise OSError(f"{host} is elsewhere")

    def connect_here(one: socket.socket, address: Any) -> None:
        check(address[0] if isinstance(address, tuple) else None)
        connect(one, address)

    def look_up_here(host: Any, *args: Any, **more: Any) -> Any:
        check(host)
        return look_up(host, *args, **more)

    socket.socket.connect = connect_here  # type: ignore[method-assign,assignment]
    socket.getaddrinfo = look_up_here


def child(peer: str, framework: str, sink: str) -> None:
    """Answer each line of standard input, a number of requests, with what they took."""
    stay_here()
    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(sys.stderr):
        try:
            app, flush = PEERS[peer].prepare(framework, Path(name), sink)
        except ModuleNotFoundError as error:
            answer({"missing": str(error)})
            return
        drive = run_wsgi if framework == "flask" else run_asgi
        drive(app, WARM_UP)
        flush(WARM_UP)
        answer({"ready": True})
        done = WARM_UP
        for line in sys.stdin:
            count = int(line)
            done += count
            start = time.perf_counter()
            drive(app, count)
            flush(done)
            answer({"us": (time.perf_counter() - start) / count * 1e6})
    os._exit(0)  # some would wait for their servers


def answer(args: dict[str, object]) -> None:
    """Send one message to the parent."""
    print(json.dumps(args), file=sys.__stdout__, flush=True)


class Sink(BaseHTTPRequestHandler):
    """Takes everything, and counts it."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        size = sum(len(piece) for piece in self._pieces())
        self.server.received += size  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_PUT = do_POST  # noqa: N815

    def _pieces(self) -> Any:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            yield self.rfile.read(int(self.headers.get("Content-Length") or 0))
            return
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def log_message(self, *args: Any) -> None:
        pass


def open_sink() -> ThreadingHTTPServer:
    """Return a server that serves until this process ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    server.received = 0  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Child:
    """A peer around one app, in a process that stands still while it is not asked."""

    def __init__(self, peer: str, framework: str) -> None:
        self._name = f"{peer} with {framework}"
        self.sink = open_sink()
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [
                sys.executable,
                __file__,
                "--child",
                peer,
                framework,
                f"http://127.0.0.1:{self.sink.server_port}",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        first = self._read()
        self.missing = first.get("missing")
        self._pause()

    def run(self, requests: int) -> float:
        """Return the microseconds of a request."""
        assert self._process.stdin is not None
        self._process.send_signal(signal.SIGCONT)
        self._process.stdin.write(f"{requests}\n")
        self._process.stdin.flush()
        us = float(self._read()["us"])
        self._pause()
        return us

    def refused(self) -> set[str]:
        """Return the hosts that it may not reach, and tried."""
        self._errors.seek(0)
        lines = [line for line in self._errors if line.startswith("refused: ")]
        return {line.partition(": ")[2].strip() for line in lines}

    def close(self) -> None:
        """End the process, and its server."""
        self._process.kill()
        self._process.wait()
        self.sink.shutdown()
        self.sink.server_close()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise SystemExit(f"{self._name} failed: {self._errors.read()[-2000:]}")
        return dict(json.loads(line))

    def _pause(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGSTOP)


@dataclass
class Found:
    """Results of one framework: times, what was sent, what is not there."""

    added: dict[str, float]
    sent: dict[str, int]
    refused: set[str]
    missing: set[str]


def measure(framework: str, names: list[str], rounds: int, requests: int) -> Found:
    """Return each peer's added microseconds; what bare takes stands under "bare"."""
    children = {
        name: Child(name, framework) for name in names if framework in PEERS[name].frameworks
    }
    present = [name for name, one in children.items() if not one.missing]
    times: dict[str, list[float]] = {name: [] for name in present}
    for turn in range(rounds):
        for name in present if turn % 2 == 0 else present[::-1]:
            times[name].append(children[name].run(requests))
    added = {
        name: statistics.median(a - b for a, b in zip(values, times["bare"], strict=True))
        for name, values in times.items()
    }
    added["bare"] = statistics.median(times["bare"])
    sent = {name: children[name].sink.received for name in present}  # type: ignore[attr-defined]
    refused = {f"{name}: {host}" for name in present for host in children[name].refused()}
    for one in children.values():
        one.close()
    return Found(added, sent, refused, set(children) - set(present))


def show(names: list[str], found: dict[str, Found]) -> None:
    """Print the table, and below it what is missing and what was refused."""
    print(f"{'':14}" + "".join(f"{name:>11}" for name in found) + "  bodies kept          sent, kB")
    for name in names:
        cells = [one.added.get(name) for one in found.values()]
        sent = sum(one.sent.get(name, 0) for one in found.values()) / 1000
        print(
            f"{name:14}"
            + "".join(f"{'-' if c is None else f'{c:.1f}':>11}" for c in cells)
            + f"  {PEERS[name].bodies:19}{f'{sent:,.0f}' if sent else '-':>10}"
        )
    for name in names:
        if any(name in one.missing for one in found.values()):
            print(f"{name} is not installed: pip install {PEERS[name].install}")
    for line in sorted(set().union(*(one.refused for one in found.values()))):
        print(f"refused a connection of {line}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--only", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(*args.child)
        return
    names = [name for name in PEERS if name in {"bare", *args.only}]
    print(describe("starlette", "fastapi", "flask"))
    print(f"{args.rounds} rounds of {args.requests} requests; added us a request, medians\n")
    show(names, {name: measure(name, names, args.rounds, args.requests) for name in APPS})


if __name__ == "__main__":
    main()
