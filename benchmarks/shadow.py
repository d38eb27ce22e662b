"""Time of an app's own requests while a challenger is slow, down or flapping: median and p99.

    python benchmarks/shadow.py [--requests 10000] [--rounds 9] [--rate 200] [--fraction 0.1]

The same FastAPI app under uvicorn, with modeltap in each variant: without a challenger, and with
one that is slow (5 s), down, flapping (a second down, a second up) or well. Each variant has a
server of its own and takes its turn in each round, in another order each time. A round's share of
the requests is sent at a fixed rate by one client in a process of its own. At the end everything
is accounted for: all requests were answered, and each chosen one has an outcome.
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import sqlite3
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
from fastapi import FastAPI

app = FastAPI()


@app.post("/predict")
def predict(row: dict):
    return {{"prediction": sum(value for value in row.values() if isinstance(value, float))}}


modeltap.watch(app, model="bench", store={store!r}, analyze=False, shadow={shadow!r})
"""

CHALLENGER = """
import asyncio, sys, time

behaviour, port = sys.argv[1], int(sys.argv[2])
BODY = b'{"prediction": 1.0}'
HEAD = b"HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\ncontent-length: %d\\r\\n\\r\\n"


async def serve(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\\r\\n\\r\\n")
            size = int(head.lower().partition(b"content-length: ")[2].partition(b"\\r\\n")[0] or 0)
            await reader.readexactly(size)
            if behaviour == "slow":
                await asyncio.sleep(5)
            elif behaviour == "flapping" and int(time.monotonic()) % 2:
                break
            writer.write(HEAD % len(BODY) + BODY)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    writer.close()


async def main():
    async with await asyncio.start_server(serve, "127.0.0.1", port) as server:
        await server.serve_forever()


asyncio.run(main())
"""

CLIENT = """
import json, sys, time
import http.client

port, requests, rate = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
body = json.dumps({f"feature_{n}": n * 1.5 for n in range(25)})
connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
times, failed, due = [], 0, time.perf_counter()
for _ in range(requests):
    time.sleep(max(0.0, due - time.perf_counter()))
    due = max(due + 1 / rate, time.perf_counter())
    began = time.perf_counter()
    connection.request("POST", "/predict", body, {"content-type": "application/json"})
    response = connection.getresponse()
    response.read()
    times.append(time.perf_counter() - began)
    failed += response.status != 200
print(json.dumps([times, failed]))
"""

VARIANTS = ("none", "slow", "down", "flapping", "well")
WARM_UP = 200
"""Requests before the first round: the writer and the sender start meanwhile."""

MOST_MEDIAN, MOST_P99 = 1.05, 1.2
"""The targets, as ratios to the variant without a challenger."""


class Variant:
    """An app with or without a challenger, and the times of its requests in each round."""

    def __init__(self, name: str, folder: Path, fraction: float) -> None:
        self.name, self.rounds = name, []
        self.sent = self.failed = 0
        folder.mkdir()
        self.store = folder / "taps.db"
        self._challenger, challenger_port = None, free_port()
        if name in ("slow", "flapping", "well"):
            command = [sys.executable, "-c", CHALLENGER, name, str(challenger_port)]
            self._challenger = subprocess.Popen(command)
        url = f"http://127.0.0.1:{challenger_port}"
        shadow = {"url": url, "fraction": fraction, "allow_private": True, "timeout_seconds": 10.0}
        source = APP.format(store=str(self.store), shadow=None if name == "none" else shadow)
        (folder / "app.py").write_text(source)
        self.port = free_port()
        words = ["-m", "uvicorn", "app:app", "--port", str(self.port), "--log-level", "critical"]
        self._app = subprocess.Popen([sys.executable, *words], cwd=folder)

    def wait(self) -> None:
        """Wait until the app serves."""
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{self.port}/docs", trust_env=False)
                return
            except httpx.HTTPError:
                time.sleep(0.1)

    def ask(self, requests: int, rate: float) -> list[float]:
        """Send requests; return their times in seconds."""
        command = [sys.executable, "-c", CLIENT, str(self.port), str(requests), str(rate)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        times, failed = json.loads(done.stdout)
        self.sent += requests
        self.failed += failed
        return times

    def stop(self) -> None:
        """Stop the app, and the challenger after the sender has ended."""
        self._app.terminate()
        self._app.wait()
        time.sleep(8)
        if self._challenger is not None:
            self._challenger.kill()
            self._challenger.wait()

    def outcomes(self) -> dict[str, int]:
        """Return the stored outcomes of the chosen requests."""
        connection = sqlite3.connect(self.store)
        rows = connection.execute(
            "select outcome, sum(count) from shadow_counts group by 1 order by 2 desc"
        ).fetchall()
        connection.close()
        return dict(rows)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def p99(times: list[float]) -> float:
    return sorted(times)[int(0.99 * (len(times) - 1))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=10_000, help="of each variant, in total")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second")
    parser.add_argument("--fraction", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(describe())
    shuffle = random.Random(options.seed).shuffle
    with tempfile.TemporaryDirectory() as folder:
        variants = [Variant(name, Path(folder, name), options.fraction) for name in VARIANTS]
        for variant in variants:
            variant.wait()
            variant.ask(WARM_UP, options.rate)
        share = -(-options.requests // options.rounds)
        for number in range(options.rounds):
            order = list(variants)
            shuffle(order)
            for variant in order:
                variant.rounds.append(variant.ask(share, options.rate))
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        for variant in variants:
            variant.stop()
        report(variants)


def report(variants: list[Variant]) -> None:
    """Print the medians over rounds, the ratios to no challenger, and the outcomes."""
    bare = variants[0]
    print(f"{'challenger':>10} {'median ms':>10} {'p99 ms':>8} {'ratios':>12}  outcomes")
    for variant in variants:
        medians = [statistics.median(times) * 1000 for times in variant.rounds]
        tails = [p99(times) * 1000 for times in variant.rounds]
        pairs = list(zip(variant.rounds, bare.rounds, strict=True))
        ratios = (
            statistics.median(statistics.median(a) / statistics.median(b) for a, b in pairs),
            statistics.median(p99(a) / p99(b) for a, b in pairs),
        )
        met = "" if ratios[0] <= MOST_MEDIAN and ratios[1] <= MOST_P99 else "  MISSED"
        outcomes = variant.outcomes()
        print(
            f"{variant.name:>10} {statistics.median(medians):10.3f} "
            f"{statistics.median(tails):8.3f} {ratios[0]:6.3f}{ratios[1]:6.3f}{met}  "
            f"{variant.sent} sent, {variant.failed} failed; {sum(outcomes.values())} chosen: "
            f"{outcomes}"
        )


if __name__ == "__main__":
    main()
