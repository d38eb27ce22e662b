"""Requests a second and p99 over the wire: uvicorn bare, with the floor's tee, with modeltap.

    python benchmarks/over_the_wire.py [--app starlette] [--rounds 11] [--seconds 2] [--apart]

Needs `wrk` and `hey` (`apt install wrk hey`). An app of `apps.py` under uvicorn answers 1,072 B
JSON requests on loopback: `starlette` and `fastapi` do nothing with them, `model` has scikit-learn
predict. First 64 connections that ask as fast as they can (wrk): the share of bare
requests a second that is kept. Then half of that load at a fixed rate (hey): p99, against bare.
Each variant has a server of its own, and takes its turn in each round. With `--apart`, the server
and what writes share the first core, and the load generator has the second.
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

from apps import BODY
from machine import describe

CONNECTIONS = 64
WARM_UP_SECONDS = 3
"""Until who writes has started and made its file: what lasts is measured, not the start."""
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
        make: str = "apps:starlette_app",
        store: Path | None = None,
        core: int | None = None,
    ) -> None:
        folder.mkdir()
        if store is not None:
            shutil.copy(store, folder / "taps.db")
        module, function = make.split(":")
        source = APP.format(
            benchmarks=str(Path(__file__).parent),
            variant=variant,
            module=module,
            function=function,
            store=str(folder / "taps.db"),
        )
        (folder / "app.py").write_text(source)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "uvicorn",
                "app:app",
                "--port",
                str(self.port),
                "--log-level",
                "error",
                "--no-access-log",
            ],
            cwd=folder,
        )
        if core is not None:
            os.sched_setaffinity(self.process.pid, {core})  # its children inherit it
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


def write_requests(folder: Path) -> tuple[Path, Path]:
    """Write what is sent: the body for hey, the script for wrk."""
    body, script = folder / "body.json", folder / "post.lua"
    body.write_bytes(BODY)
    script.write_text(
        f'wrk.method = "POST"\nwrk.body = [[{BODY.decode()}]]\n'
        'wrk.headers["Content-Type"] = "application/json"\n'
    )
    return body, script


def saturate(server: Server, seconds: int, script: Path) -> float:
    """Return the requests a second that 64 connections get."""
    completed = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), server.url],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    if "Non-2xx" in completed:
        raise SystemExit(completed)
    line = next(line for line in completed.splitlines() if line.startswith("Requests/sec"))
    return float(line.split()[1])


def at_rate(server: Server, rate: float, seconds: int, body: Path) -> float:
    """Return p99 in milliseconds at `rate` requests a second, in all."""
    each = rate / CONNECTIONS
    completed = subprocess.run(
        [
            "hey",
            "-c",
            str(CONNECTIONS),
            "-q",
            f"{each:.2f}",
            "-z",
            f"{seconds}s",
            "-m",
            "POST",
            "-T",
            "application/json",
            "-D",
            str(body),
            "-o",
            "csv",
            server.url,
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    times = [float(row["response-time"]) * 1000 for row in csv.DictReader(io.StringIO(completed))]
    return statistics.quantiles(times, n=100)[98]


class Wire:
    """Measures one variant after the other, with what wrk and hey send in `folder`."""

    def __init__(self, folder: Path, app: str, seconds: int, core: int | None = None) -> None:
        self._folder = folder
        self._make = f"apps:{app}_app"
        self._seconds = seconds
        self._core = core
        self._count = 0
        self._body, self._script = write_requests(folder)

    def measure(self, variant: str, half: float | None = None) -> tuple[float, float]:
        """Return requests a second, saturated, and p99 in ms at `half` requests a second."""
        self._count += 1
        server = Server(variant, self._folder / str(self._count), self._make, core=self._core)
        try:
            saturate(server, WARM_UP_SECONDS, self._script)
            rate = saturate(server, self._seconds, self._script)
            return rate, at_rate(server, half or rate / 2, self._seconds, self._body)
        finally:
            server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--app", choices=("starlette", "fastapi", "model"), default="starlette")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--apart", action="store_true", help="load from a core of its own")
    args = parser.parse_args()
    for tool in ("wrk", "hey"):
        if shutil.which(tool) is None:
            raise SystemExit(f"{tool} is not installed: apt install wrk hey")
    print(describe("starlette", "fastapi", "uvicorn"))
    print(f"{args.app}, {args.rounds} rounds of {args.seconds} s, {CONNECTIONS} connections")
    core = None
    if args.apart:
        core, own = sorted(os.sched_getaffinity(0))[:2]
        os.sched_setaffinity(0, {own})  # of this process, and of wrk and hey
        print(f"server and writer on core {core}, load from core {own}")
    print("medians\n")
    names = ("bare", "floor", "modeltap")
    rates: dict[str, list[float]] = {name: [] for name in names}
    tails: dict[str, list[float]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        wire = Wire(Path(folder), args.app, args.seconds, core)
        half = statistics.median(wire.measure("bare")[0] for _ in range(3)) / 2
        for turn in range(args.rounds):
            for name in names if turn % 2 == 0 else names[::-1]:
                rate, tail = wire.measure(name, half)
                rates[name].append(rate)
                tails[name].append(tail)
    print(f"{'':10} {'req/s':>8} {'kept':>6} {'quartiles':>13}   {'p99 at half load':>16}  ratio")
    for name in names:
        kept = [a / b for a, b in zip(rates[name], rates["bare"], strict=True)]
        low, middle, high = statistics.quantiles(kept, n=4)
        ratio = statistics.median(a / b for a, b in zip(tails[name], tails["bare"], strict=True))
        print(
            f"{name:10} {statistics.median(rates[name]):8,.0f} {middle:6.1%} "
            f"{low:6.1%}-{high:6.1%}   {statistics.median(tails[name]):13.2f} ms {ratio:5.2f}x"
        )


if __name__ == "__main__":
    os.environ.pop("MODELTAP_STORE", None)
    main()
