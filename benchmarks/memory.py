"""What the tap adds to an app's memory: 64 MiB up and down, and a million requests.

    python benchmarks/memory.py [--requests 1000000]

The large bodies go through uvicorn, bare and tapped, each in a server of its own: printed is how
far a large body raises the app's memory above that after some small ones. The requests call a
Starlette app in one process, without a network: memory of the app and of its writer process at
each tenth.
"""

from __future__ import annotations

import argparse
import http.client
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

from capture_overhead import run_asgi, starlette_app
from machine import describe
from over_the_wire import Server
from soak import children, megabytes

import modeltap

LARGE = 64 * 1024 * 1024
FOLLOWED = 2000
"""Requests between two waits for the writer. An app that never waits fills the backlog, up to
`max_queue_bytes`: that is memory, too, but no growth."""

PIECE = b"x" * 65_536


def large_app() -> Any:
    """Return an app that counts what comes, or sends as much, piece by piece."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise RuntimeError("HTTP only")
        size, more = 0, True
        while more:
            message = await receive()
            size += len(message.get("body", b""))
            more = message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(LARGE // len(PIECE) if scope["method"] == "GET" else 0):
            await send({"type": "http.response.body", "body": PIECE, "more_body": True})
        await send({"type": "http.response.body", "body": b"%d" % size})

    return app


def peak(pid: int) -> float:
    """Return the most memory that a process ever had, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024 / 1e6


def once(variant: str, method: str, folder: Path) -> float:
    """Return by how many MB one large body raises the app's peak after some small ones."""
    server = Server(variant, folder, "memory:large_app")
    try:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for _ in range(200):
            connection.request("POST", "/predict", b"{}")
            connection.getresponse().read()
        Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")  # forget the peak
        before = peak(server.process.pid)
        pieces = (PIECE for _ in range(LARGE // len(PIECE)))
        if method == "POST":
            connection.request("POST", "/predict", pieces, {"Content-Length": str(LARGE)})
        else:
            connection.request("GET", "/predict")
        answer = connection.getresponse()
        got = 0
        while piece := answer.read(1 << 20):
            got += len(piece)
        if method == "GET" and got < LARGE:
            raise SystemExit(f"{got} bytes came")
        return peak(server.process.pid) - before
    finally:
        server.stop()


def large(rounds: int, folder: Path) -> None:
    for method, what in (("POST", "64 MiB up"), ("GET", "64 MiB down")):
        peaks: dict[str, list[float]] = {"bare": [], "modeltap": []}
        for turn in range(rounds):
            for variant, values in peaks.items():
                values.append(once(variant, method, folder / f"{method}{variant}{turn}"))
        bare, tapped = (statistics.median(values) for values in peaks.values())
        print(f"{what:12} bare +{bare:.1f} MB, tapped +{tapped:.1f} MB")


def million(requests: int, folder: Path) -> None:
    store = folder / "million.db"
    app = modeltap.ASGIMiddleware(starlette_app(), model="m", store=str(store), analyze=False)
    for tenth in range(11):
        for _ in range(requests // 10 // FOLLOWED if tenth else 1):
            run_asgi(app, FOLLOWED)
            modeltap.flush(60)
        writer = sum(map(megabytes, children(os.getpid())))
        print(f"{tenth * requests // 10:10,} requests: app {megabytes(os.getpid()):6.1f} MB, "
              f"writer {writer:5.1f} MB")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    said = parser.parse_args()
    print(describe("starlette", "uvicorn"))
    with tempfile.TemporaryDirectory() as name:
        large(said.rounds, Path(name))
        million(said.requests, Path(name))


if __name__ == "__main__":
    main()
