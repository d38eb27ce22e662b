"""Requests a second and p99 over the wire: uvicorn bare, with the floor's tee, with modeltap.

    python benchmarks/over_the_wire.py [--rounds 5] [--seconds 4]

Needs `wrk` and `hey` (`apt install wrk hey`). A Starlette app under uvicorn answers 1,072 B JSON
requests on loopback. First 64 connections that ask as fast as they can (wrk): the share of bare
requests a second that is kept. Then half of that load at a fixed rate (hey): p99, against bare.
Each variant has a server of its own, and takes its turn in each round.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from capture_overhead import BODY
from machine import describe

CONNECTIONS = 64
APP = """
import sys
sys.path.insert(0, {benchmarks!r})
from {module} import {function}
app = {function}()
variant = {variant!r}
if variant == "floor":
    from floor import FloorASGI, FloorWriter
    app = FloorASGI(app, FloorWriter({store!r}))
elif variant == "modeltap":
    import modeltap
    app = modeltap.ASGIMiddleware(app, model="bench", store={store!r}, analyze=False)
"""


class Server:
    """One variant under uvicorn, in a folder of its own."""

    def __init__(
        self,
        variant: str,
        folder: Path,
        make: str = "capture_overhead:starlette_app",
        store: Path | None = None,
    ) -> None:
        folder.mkdir()
        if store is not None:
            shutil.copy(store, folder / "taps.db")
        module, function = make.split(":")
        source = APP.format(
            benchmarks=str(Path(__file__).parent), variant=variant, module=module,
            function=function, store=str(folder / "taps.db"),
        )  # fmt: skip
        (folder / "app.py").write_text(source)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "app:app", "--port", str(self.port),
             "--log-level", "error", "--no-access-log"], cwd=folder,
        )  # fmt: skip
        self.url = f"http://127.0.0.1:{self.port}/predict"
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise SystemExit(f"{variant} did not start")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def saturate(server: Server, seconds: int, script: Path) -> float:
    """Return the requests a second that 64 connections get."""
    told = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), server.url],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    if "Non-2xx" in told:
        raise SystemExit(told)
    line = next(line for line in told.splitlines() if line.startswith("Requests/sec"))
    return float(line.split()[1])


def at_rate(server: Server, rate: float, seconds: int, body: Path) -> float:
    """Return p99 in milliseconds at `rate` requests a second, in all."""
    each = rate / CONNECTIONS
    told = subprocess.run(
        ["hey", "-c", str(CONNECTIONS), "-q", f"{each:.2f}", "-z", f"{seconds}s", "-m", "POST",
         "-T", "application/json", "-D", str(body), "-o", "csv", server.url],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    times = [float(row["response-time"]) * 1000 for row in csv.DictReader(io.StringIO(told))]
    return statistics.quantiles(times, n=100)[98]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    said = parser.parse_args()
    for tool in ("wrk", "hey"):
        if shutil.which(tool) is None:
            raise SystemExit(f"{tool} is not installed: apt install wrk hey")
    print(describe("starlette", "uvicorn"))
    print(f"{said.rounds} rounds of {said.seconds} s, {CONNECTIONS} connections; medians\n")
    names = ("bare", "floor", "modeltap")
    rates: dict[str, list[float]] = {name: [] for name in names}
    tails: dict[str, list[float]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        (folder / "body.json").write_bytes(BODY)
        (folder / "post.lua").write_text(
            f'wrk.method = "POST"\nwrk.body = [[{BODY.decode()}]]\n'
            'wrk.headers["Content-Type"] = "application/json"\n'
        )
        servers = {name: Server(name, folder / name) for name in names}
        try:
            for name in names:
                saturate(servers[name], 1, folder / "post.lua")
            for turn in range(said.rounds):
                for name in names if turn % 2 == 0 else names[::-1]:
                    rates[name].append(saturate(servers[name], said.seconds, folder / "post.lua"))
            half = statistics.median(rates["bare"]) / 2
            for turn in range(said.rounds):
                for name in names if turn % 2 == 0 else names[::-1]:
                    tail = at_rate(servers[name], half, said.seconds, folder / "body.json")
                    tails[name].append(tail)
        finally:
            for server in servers.values():
                server.stop()
    print(f"{'':10} {'req/s':>8} {'kept':>6}   {'p99 at half load':>16} {'ratio':>6}")
    for name in names:
        kept = statistics.median(a / b for a, b in zip(rates[name], rates["bare"], strict=True))
        ratio = statistics.median(a / b for a, b in zip(tails[name], tails["bare"], strict=True))
        print(
            f"{name:10} {statistics.median(rates[name]):8,.0f} {kept:6.1%}   "
            f"{statistics.median(tails[name]):13.2f} ms {ratio:5.2f}x"
        )


if __name__ == "__main__":
    os.environ.pop("MODELTAP_STORE", None)
    main()
