"""Memory that the tap adds to an app: 64 MiB up and down, and a million requests.

    python benchmarks/memory.py [--requests 1000000]

The large bodies go through uvicorn, bare and tapped, each in a server of its own: printed is how
far a large body raises the app's peak above that after some small ones, what the tap adds to that
(at most 2 MiB is promised), and the peak of the writer process. The requests call a Starlette app
in one process, without a network: memory of the app and of its writer process at each tenth. It
exits with 1 when the tap adds more, or when a process grows.
"""

from __future__ import annotations

import argparse
import http.client
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from apps import starlette_app
from capture_overhead import run_asgi
from machine import describe
from over_the_wire import Server
from soak import children, mebibytes

import modeltap

MIB = 1024 * 1024
LARGE = 64 * MIB
ADDED_MIB = 2.0
"""Bytes that the tap may add to the peak of an app, whatever the body."""

GROWTH_MIB = 4.0
"""Growth of a process from the second tenth on: 5 bytes a request, of a million."""

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
    """Return the most memory that a process ever had, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def ask(connection: http.client.HTTPConnection, method: str) -> None:
    """Send or fetch one large body, holding no more than a piece of it."""
    pieces = (PIECE for _ in range(LARGE // len(PIECE)))
    if method == "POST":
        connection.request("POST", "/predict", pieces, {"Content-Length": str(LARGE)})
    else:
        connection.request("GET", "/predict")
    answer = connection.getresponse()
    got = b""
    size = 0
    while piece := answer.read(MIB):
        size, got = size + len(piece), piece
    if (method == "GET" and size < LARGE) or (method == "POST" and got != b"%d" % LARGE):
        raise SystemExit(f"{size} bytes came, the last of them {got[-20:]!r}")


def once(variant: str, method: str, folder: Path) -> tuple[float, float]:
    """Return by how many MiB one large body raises the app's peak, and the writer's peak."""
    server = Server(variant, folder, "memory:large_app")
    try:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for _ in range(200):
            connection.request("POST", "/predict", b"{}")
            connection.getresponse().read()
        Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")  # forget the peak
        before = peak(server.process.pid)
        ask(connection, method)
        time.sleep(0.3)  # the writer has it by now
        writer = max(map(peak, children(server.process.pid)), default=0.0)
        return peak(server.process.pid) - before, writer
    finally:
        server.stop()


def large(rounds: int, folder: Path) -> list[str]:
    """Print what large bodies cost; return which promises do not hold."""
    broken = []
    for method, what in (("POST", "64 MiB up"), ("GET", "64 MiB down")):
        peaks: dict[str, list[tuple[float, float]]] = {"bare": [], "modeltap": []}
        for turn in range(rounds):
            for variant, values in peaks.items():
                values.append(once(variant, method, folder / f"{method}{variant}{turn}"))
        bare, tapped = (statistics.median(app for app, _ in v) for v in peaks.values())
        added = statistics.median(
            t[0] - b[0] for b, t in zip(peaks["bare"], peaks["modeltap"], strict=True)
        )
        writer = statistics.median(writer for _, writer in peaks["modeltap"])
        print(
            f"{what:12} bare +{bare:.1f} MiB, tapped +{tapped:.1f}: the tap adds {added:.1f}; "
            f"peak of its writer {writer:.1f}"
        )
        if added > ADDED_MIB:
            broken.append(f"{what}: the tap adds {added:.1f} MiB, more than {ADDED_MIB:.0f}")
    return broken


def million(requests: int, folder: Path) -> list[str]:
    """Print memory at each tenth of the requests; return which process grew."""
    store = folder / "million.db"
    app = modeltap.ASGIMiddleware(starlette_app(), model="m", store=str(store), analyze=False)
    seen: list[tuple[float, float]] = []
    turns = max(1, requests // 10 // FOLLOWED)
    for tenth in range(11):
        for _ in range(turns if tenth else 1):
            run_asgi(app, FOLLOWED)
            modeltap.flush(60)
        seen.append((mebibytes(os.getpid()), sum(map(mebibytes, children(os.getpid())))))
        print(
            f"{tenth * turns * FOLLOWED:10,} requests: app {seen[-1][0]:6.1f} MiB, "
            f"writer {seen[-1][1]:5.1f} MiB"
        )
    counters = modeltap.stats()
    print(f"captured {counters['captured']:,}, written {counters['written']:,}")
    growth = {"app": seen[-1][0] - seen[2][0], "writer": seen[-1][1] - seen[2][1]}
    print(
        "grew from the second tenth on: " + ", ".join(f"{k} {v:.1f} MiB" for k, v in growth.items())
    )
    return [f"the {name} grew by {by:.1f} MiB" for name, by in growth.items() if by > GROWTH_MIB]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print(describe("starlette", "uvicorn"))
    with tempfile.TemporaryDirectory() as name:
        broken = large(args.rounds, Path(name)) + million(args.requests, Path(name))
    print("\n".join(broken) or "every promise held")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
