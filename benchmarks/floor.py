"""The floor: the least that a tap with bodies can be, a bare tee and a thread with SQLite.

No ids, no header, no limit, no masks, no paths: what any capture has to pay.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any


class FloorWriter:
    """A deque and a thread that puts it into SQLite every 50 ms."""

    def __init__(self, path: Path) -> None:
        self.queue: deque[tuple[Any, ...]] = deque()
        self.written = 0
        self._path = path
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def flush(self, count: int) -> None:
        self._hurry.set()
        while self.written < count:
            time.sleep(0.001)
        self._hurry.clear()

    def _run(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None)
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = normal")
        connection.execute(
            "create table taps (path text, status integer, ms real, request blob, response blob)"
        )
        while True:
            self._hurry.wait(0.05)
            batch = [self.queue.popleft() for _ in range(len(self.queue))]
            if batch:
                connection.execute("begin immediate")
                connection.executemany("insert into taps values (?, ?, ?, ?, ?)", batch)
                connection.execute("commit")
                self.written += len(batch)


class FloorASGI:
    """A bare tee for ASGI."""

    def __init__(self, app: Any, writer: FloorWriter | None) -> None:
        self.app, self.writer = app, writer

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        start = time.perf_counter()
        sent, answered = bytearray(), bytearray()
        status = 0

        async def tee_receive() -> Any:
            message = await receive()
            sent.extend(message.get("body", b""))
            return message

        async def tee_send(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                answered.extend(message.get("body", b""))
            await send(message)

        await self.app(scope, tee_receive, tee_send)
        if self.writer is not None:
            ms = (time.perf_counter() - start) * 1000
            self.writer.queue.append((scope["path"], status, ms, bytes(sent), bytes(answered)))


class FloorWSGI:
    """A bare tee for WSGI."""

    def __init__(self, app: Any, writer: FloorWriter | None) -> None:
        self.app, self.writer = app, writer

    def __call__(self, environ: Any, start_response: Any) -> Any:
        start = time.perf_counter()
        source = environ["wsgi.input"]
        sent, answered = bytearray(), bytearray()
        status = ""

        class Tee:
            def read(self, *size: int) -> bytes:
                piece: bytes = source.read(*size)
                sent.extend(piece)
                return piece

            def __getattr__(self, name: str) -> Any:
                return getattr(source, name)

        def teed(line: str, headers: Any, exc_info: Any = None) -> Any:
            nonlocal status
            status = line
            return (
                start_response(line, headers, exc_info)
                if exc_info
                else start_response(line, headers)
            )

        environ["wsgi.input"] = Tee()
        body = self.app(environ, teed)
        try:
            for piece in body:
                answered.extend(piece)
                yield piece
        finally:
            if hasattr(body, "close"):
                body.close()
            if self.writer is not None:
                ms = (time.perf_counter() - start) * 1000
                row = (environ["PATH_INFO"], int(status[:3]), ms, bytes(sent), bytes(answered))
                self.writer.queue.append(row)
