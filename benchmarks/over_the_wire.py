"""Requests a second and p99 over the wire: uvicorn bare, with the floor's tee, with modeltap.

    python benchmarks/over_the_wire.py [--app starlette] [--rounds 40] [--seconds 1] [--apart]

Needs `wrk` and `hey` (`apt install wrk hey`). An app of `apps.py` under uvicorn answers 1,072 B
JSON requests on loopback: `starlette` and `fastapi` do nothing with them, `model` has scikit-learn
predict. Each variant has a server of its own, and all of them run from the beginning to the end.
They take short turns, so that what the machine's neighbours do falls on all of them: first 64
connections that ask as fast as they can (wrk), then half of what bare answers, at a fixed rate
(hey). Printed are, against bare in the same round:

- kept: the share of the requests a second, and its quartiles over the rounds,
- by time: the same from the processor time a request, of the server and what writes together,
- p99 at half load, of the times of all rounds.

With `--apart`, the servers and what writes share the first core, and the load generator has the
second, as in a container with one CPU.
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
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import processor_time
from apps import BODY
from machine import describe

CONNECTIONS = 64
WARM_UP_SECONDS = 3
"""Until who writes has started and made its file: what lasts is measured, not the start."""
WRITING_SECONDS = 0.1
"""Until what was sent in a turn is written, so that its processor time is counted."""
VARIANTS = ("bare", "floor", "modeltap")
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
    return _saturated(server, seconds, script)[0]


def _saturated(server: Server, seconds: int, script: Path) -> tuple[float, int]:
    """Return the requests a second that 64 connections get, and their number."""
    completed = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), server.url],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    if "Non-2xx" in completed:
        raise SystemExit(completed)
    lines = [line.split() for line in completed.splitlines()]
    rate = next(float(words[1]) for words in lines if words and words[0] == "Requests/sec:")
    return rate, next(int(words[0]) for words in lines if words[1:3] == ["requests", "in"])


def at_rate(server: Server, rate: float, seconds: int, body: Path) -> list[float]:
    """Return the times of requests in milliseconds, at `rate` requests a second in all."""
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
    return [float(row["response-time"]) * 1000 for row in csv.DictReader(io.StringIO(completed))]


class Turn(NamedTuple):
    """One variant's part of a round."""

    rate: float
    """Requests a second, saturated."""
    processor_us: float
    """Processor time a request, of the server and its child processes."""
    times_ms: list[float]
    """Times of requests at half load."""


class Wire:
    """Measures servers with wrk and hey, one after the other."""

    def __init__(self, folder: Path, seconds: int) -> None:
        self._seconds = seconds
        self._body, self._script = write_requests(folder)

    def warm_up(self, server: Server) -> float:
        """Return requests a second, after the writer has started and made its file."""
        saturate(server, WARM_UP_SECONDS, self._script)
        return saturate(server, WARM_UP_SECONDS, self._script)

    def take_turn(self, server: Server, half: float) -> Turn:
        """Measure one server, saturated and at `half` requests a second."""
        pid = server.process.pid
        before = processor_time.of_tree(pid)
        rate, count = _saturated(server, self._seconds, self._script)
        time.sleep(WRITING_SECONDS)
        spent = processor_time.of_tree(pid) - before
        return Turn(rate, spent / count * 1e6, at_rate(server, half, self._seconds, self._body))


def measure(app: str, rounds: int, seconds: int, core: int | None) -> dict[str, list[Turn]]:
    """Return the turns of each variant; they change places from round to round."""
    turns: dict[str, list[Turn]] = {name: [] for name in VARIANTS}
    servers: dict[str, Server] = {}
    with tempfile.TemporaryDirectory() as folder:
        wire = Wire(Path(folder), seconds)
        try:
            for name in VARIANTS:
                servers[name] = Server(name, Path(folder) / name, f"apps:{app}_app", core=core)
            rates = [wire.warm_up(server) for server in servers.values()]
            half = rates[0] / 2  # of bare, the first
            for number in range(rounds):
                for name in VARIANTS if number % 2 == 0 else VARIANTS[::-1]:
                    turns[name].append(wire.take_turn(servers[name], half))
        finally:
            for server in servers.values():
                server.stop()
    return turns


def report(turns: dict[str, list[Turn]]) -> None:
    """Print the medians of each variant, against bare."""
    bare = turns["bare"]
    print("            req/s   kept     quartiles     us  by time  p99 at half load")
    for name, own in turns.items():
        rounds = list(zip(own, bare, strict=True))
        low, kept, high = _quartiles(turn.rate / other.rate for turn, other in rounds)
        by_time = _quartiles(other.processor_us / turn.processor_us for turn, other in rounds)[1]
        rate = statistics.median(turn.rate for turn in own)
        processor_us = statistics.median(turn.processor_us for turn in own)
        print(
            f"{name:10} {rate:7,.0f} {kept:6.1%} {low:6.1%}-{high:6.1%} {processor_us:6.1f} "
            f"{by_time:7.1%}  {_p99(own):6.2f} ms {_p99(own) / _p99(bare):5.2f}x"
        )


def _quartiles(values: Iterable[float]) -> list[float]:
    return statistics.quantiles(values, n=4)


def _p99(turns: list[Turn]) -> float:
    return statistics.quantiles((ms for turn in turns for ms in turn.times_ms), n=100)[98]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--app", choices=("starlette", "fastapi", "model"), default="starlette")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seconds", type=int, default=1)
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
    report(measure(args.app, args.rounds, args.seconds, core))


if __name__ == "__main__":
    os.environ.pop("MODELTAP_STORE", None)
    main()
