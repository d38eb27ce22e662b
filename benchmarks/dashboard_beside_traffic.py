"""Latency of an app while its own dashboard is read: p99 with and without, in one run.

    python benchmarks/dashboard_beside_traffic.py [--store FILE] [--rounds 9] [--rate 100]

A Starlette app under uvicorn is watched with `dashboard="/modeltap"` and `metrics="/metrics"`, into
a copy of a large store. Requests leave at
a fixed rate, whether the ones before are answered or not, so that a pause of the app is counted in
full. In every other slice of a round a reader opens a page, with its files, every half second, and
Prometheus scrapes once. Slices take turns; printed are the medians of the rounds. The promise is a
p99 within 1.2 times.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from machine import describe

APP = """
import modeltap
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

async def predict(request):
    row = await request.json()
    return JSONResponse({"prediction": sum(row.values())})

app = Starlette(routes=[Route("/predict", predict, methods=["POST"])])
modeltap.watch(
    app, model="m", store="taps.db", analyze=False, dashboard="/modeltap", metrics="/metrics"
)
"""
ROW = {f"feature{i}": i / 7 for i in range(30)}
PAGES = ("/", "/models/m", "/alerts", "/exchanges", "/health")
FILES = ("/static/dashboard.css", "/static/dashboard.js", "/static/icon.svg")


async def traffic(client: httpx.AsyncClient, rate: int, seconds: float) -> list[float]:
    """Send requests at `rate`; return the milliseconds from each one's due time to its answer."""
    start = time.perf_counter()
    times: list[float] = []

    async def ask(due: float) -> None:
        answer = await client.post("/predict", json=ROW)
        assert answer.status_code == 200, answer.text
        times.append((time.perf_counter() - due) * 1000)

    async with asyncio.TaskGroup() as tasks:
        for n in range(int(rate * seconds)):
            due = start + n / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.create_task(ask(due))
    return times


def read(url: str) -> None:
    """Open pages in turn, with their files, until killed."""
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        for number in range(1_000_000):
            if number % 10 == 0:
                client.get("/metrics").raise_for_status()
            for path in (PAGES[number % len(PAGES)], *FILES):
                client.get(f"/modeltap{path}").raise_for_status()
            time.sleep(0.5)


def p99(times: list[float]) -> float:
    """Return the 99th percentile."""
    return statistics.quantiles(times, n=100)[98]


async def measure(url: str, rounds: int, seconds: float, rate: int) -> None:
    """Print the p99 with and without a reader, and their ratio, over all rounds."""
    quiet, beside = [], []
    reader = multiprocessing.get_context("spawn").Process(target=read, args=(url,), daemon=True)
    reader.start()  # in a process of its own, so that it does not delay the traffic itself
    assert reader.pid is not None
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as client:
        await traffic(client, rate, seconds)
        for number in range(rounds):
            for is_read in [False, True] if number % 2 else [True, False]:
                os.kill(reader.pid, signal.SIGCONT if is_read else signal.SIGSTOP)
                (beside if is_read else quiet).append(p99(await traffic(client, rate, seconds)))
        assert reader.is_alive()
        reader.kill()
    ratios = [with_ / without for with_, without in zip(beside, quiet, strict=True)]
    print(
        f"p99 without a reader {statistics.median(quiet):.2f} ms, with one "
        f"{statistics.median(beside):.2f} ms; ratio of the medians "
        f"{statistics.median(beside) / statistics.median(quiet):.2f}, median of the ratios "
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}), "
        f"{rounds} rounds at {rate} requests a second"
    )


def page_cost(url: str, process: int, pages: int = 100) -> None:
    """Print the processor time that a page costs the app, whatever else the machine does."""
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        client.get("/modeltap/").raise_for_status()
        before = _processor_seconds(process)
        for number in range(pages):
            client.get(f"/modeltap{PAGES[number % len(PAGES)]}").raise_for_status()
        took = (_processor_seconds(process) - before) / pages
    print(f"a page costs the app {took * 1000:.1f} ms of processor time")


def _processor_seconds(process: int) -> float:
    """Return the processor time of a process on Linux."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def serve(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start the app; return its process and its address."""
    (folder / "app.py").write_text(APP)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "app:app", "--port", str(port), "--log-level", "error"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )
    url = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            httpx.get(url, trust_env=False)
            return process, url
        except httpx.HTTPError:
            time.sleep(0.1)
    raise SystemExit("the app did not start")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, help="a store to copy; without one it is empty")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rate", type=int, default=100)
    options = parser.parse_args()
    print(describe())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.store is not None:
            shutil.copy(options.store, folder / "taps.db")
        process, url = serve(folder)
        try:
            page_cost(url, process.pid)
            asyncio.run(measure(url, options.rounds, options.seconds, options.rate))
        finally:
            process.terminate()
            process.wait(30)


if __name__ == "__main__":
    main()
