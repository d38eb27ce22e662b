"""Requests per second that `modeltap replay` sends, against httpx alone.

    python benchmarks/replay.py [--requests 2000] [--rows 1] [--rounds 5] [--concurrency 4]

A server in a process of its own answers each request with a fixed number of predictions. The floor
sends the same bodies with httpx's transport, the same number at a time, and reads the responses.
The replay also reads the requests from the store, masks and decodes the responses, and stores the
predictions. Rounds alternate; figures are medians. Processor time is that of the sending process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import statistics
import tempfile
import time
from collections import deque
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
from machine import describe

from modeltap.replaying.replay_options import ReplayOptions
from modeltap.replaying.replayer import Replayer
from modeltap.store.connection import connect, writing
from modeltap.store.exchanges import ExchangeRow, insert_exchanges


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes) -> None:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
    response = head.encode() + b"\r\n" + body
    try:
        while True:
            request = await reader.readuntil(b"\r\n\r\n")
            size = int(request.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            await reader.readexactly(size)
            writer.write(response)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def serve(port: Connection, rows: int) -> None:
    """Answer all requests with `rows` predictions; send the port when it listens."""

    async def run() -> None:
        body = json.dumps({"predictions": [float(n) for n in range(rows)]}).encode()
        server = await asyncio.start_server(lambda r, w: _answer(r, w, body), "127.0.0.1", 0)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def fill(store: Path, requests: int, rows: int) -> list[bytes]:
    """Store requests of `rows` rows of ten fields; return their bodies."""
    bodies = [
        json.dumps({"instances": [[n + k / 10 for k in range(10)] for _ in range(rows)]})
        for n in range(requests)
    ]
    with closing(connect(store)) as connection, writing(connection):
        insert_exchanges(
            connection,
            [
                ExchangeRow(
                    id=f"{n:032x}",
                    model="m",
                    source="asgi",
                    method="POST",
                    path="/predict",
                    status=200,
                    started_at="2024-01-01T00:00:00.000Z",
                    request_type="application/json",
                    request_body=body,
                    request_bytes=len(body),
                )
                for n, body in enumerate(bodies)
            ],
        )
    return [body.encode() for body in bodies]


async def floor(url: str, bodies: list[bytes], concurrency: int) -> None:
    """Send the bodies with httpx's transport, `concurrency` at a time."""
    waiting = deque(bodies)
    async with httpx.AsyncHTTPTransport(trust_env=False) as transport:

        async def work() -> None:
            while waiting:
                request = httpx.Request(
                    "POST",
                    f"{url}/predict",
                    content=waiting.popleft(),
                    headers={"content-type": "application/json"},
                )
                response = await transport.handle_async_request(request)
                await response.aread()

        await asyncio.gather(*(work() for _ in range(concurrency)))


def replay(store: Path, url: str, requests: int, concurrency: int) -> None:
    """Send all requests of the store again."""
    options = ReplayOptions(name="new", concurrency=concurrency, again=True)
    with closing(connect(store)) as connection:
        report = Replayer(connection, "m", url, options).run()
    assert report.answered == requests, report


def main() -> None:
    """Print the rates of both, and the replay's ratio to the floor."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--rows", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--concurrency", type=int, default=4)
    chosen = parser.parse_args()
    print(describe("httpx", "msgspec"))
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("fork").Process(
        target=serve, args=(theirs, chosen.rows), daemon=True
    )
    server.start()
    url = f"http://127.0.0.1:{ours.recv()}"
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "taps.db"
        bodies = fill(store, chosen.requests, chosen.rows)
        times: dict[str, list[tuple[float, float]]] = {"httpx alone": [], "replay": []}
        for _ in range(chosen.rounds):
            for name in times:
                began = time.perf_counter(), time.process_time()
                if name == "replay":
                    replay(store, url, chosen.requests, chosen.concurrency)
                else:
                    asyncio.run(floor(url, bodies, chosen.concurrency))
                times[name].append((time.perf_counter() - began[0], time.process_time() - began[1]))
    server.terminate()
    for name, pairs in times.items():
        wall, cpu = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(
            f"{name:12} {chosen.requests / wall:7,.0f} requests/s "
            f"{chosen.requests * chosen.rows / wall:9,.0f} rows/s "
            f"{cpu / chosen.requests * 1e3:5.2f} ms of processor time a request"
        )
    ratios = [r[1] / f[1] for r, f in zip(times["replay"], times["httpx alone"], strict=True)]
    print(f"processor time of the replay: {statistics.median(ratios):.2f} times that of httpx")


if __name__ == "__main__":
    main()
