"""Time until a watched app serves, in ms: import, `watch`, and the first two requests.

    python benchmarks/import_time.py [--beside OLD/bin/python] [--rounds 15]

Everything is measured after the import of Starlette, in a process of its own; installations take
turns in every round. Printed are medians and, in brackets, the fastest; `python` is an empty
process, and `modeltap --version` the command.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time

from machine import describe

CODE = """
import asyncio, time
import starlette.applications
start = time.perf_counter()
import modeltap
modeltap.watch
imported = time.perf_counter()

async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})

async def receive():
    return {"type": "http.request", "body": b"{}"}

async def send(message):
    pass

scope = {"type": "http", "method": "POST", "path": "/predict", "headers": []}
times = [imported - start]
tapped = modeltap.watch(app, model="m", analyze=False)
times.append(time.perf_counter() - imported)

async def ask():
    for _ in range(2):
        begin = time.perf_counter()
        await tapped(dict(scope), receive, send)
        times.append(time.perf_counter() - begin)

asyncio.run(ask())
print(*times)
"""

NAMES = ("import modeltap; modeltap.watch", "watch(app)", "first request", "second request")
COMMANDS = {"python": ("-c", "pass"), "modeltap --version": ("-m", "modeltap", "--version")}


def once(python: str) -> dict[str, float]:
    """Return the time of each step in ms."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [python, "-c", CODE], capture_output=True, text=True, check=True, cwd=folder
        )
    times = dict(zip(NAMES, (float(text) * 1000 for text in done.stdout.split()), strict=True))
    for name, words in COMMANDS.items():
        start = time.perf_counter()
        subprocess.run([python, *words], capture_output=True, check=True)
        times[name] = (time.perf_counter() - start) * 1000
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--beside", nargs="*", default=[], metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    print(describe("starlette", "msgspec"))
    pythons = [sys.executable, *args.beside]
    for python in pythons:
        once(python)
    rounds = [[once(python) for python in pythons] for _ in range(args.rounds)]
    for name in rounds[0][0]:
        line = f"{name:32}"
        for times in zip(*rounds, strict=True):
            own = [each[name] for each in times]
            line += f" {statistics.median(own):8.1f} ({min(own):.1f})"
        print(line)


if __name__ == "__main__":
    main()
