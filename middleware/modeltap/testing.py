"""Public test doubles for apps and plugins: a webhook receiver and a clock."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Answer = int | str | tuple[int, dict[str, str]] | Callable[[BaseHTTPRequestHandler], None]
"""A response: a status; a status and headers; ``"reset"``, ``"drip"`` or ``"hang"``; or a function
that writes the response."""


@dataclass
class FakeClock:
    """A clock that advances only on `sleep`. Pass its `time` as the clock.

    >>> clock = FakeClock(1000.0)
    >>> clock.sleep(60); clock.time()
    1060.0
    """

    seconds: float = field(default_factory=time.time)

    def time(self) -> float:
        """Return the seconds since the epoch."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Advance by `seconds` immediately."""
        self.seconds += seconds


@dataclass
class Received:
    """A request to a receiver. Header names are in lower case."""

    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        """The body as JSON."""
        return dict(json.loads(self.body))


@dataclass
class WebhookReceiver:
    """An HTTP server on loopback that records requests.

    It responds with the `answers` in order, then with 204, and calls `on_receive` with each
    request. ``"reset"`` resets the connection, ``"drip"`` sends an endless header byte by byte,
    ``"hang"`` does not respond.

    >>> import urllib.request
    >>> with WebhookReceiver() as receiver:
    ...     request = urllib.request.Request(receiver.url, data=b'{"type": "test"}')
    ...     urllib.request.urlopen(request).status
    204
    >>> receiver.received[0].event
    {'type': 'test'}
    """

    answers: list[Answer] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    on_receive: Callable[[Received], None] | None = None
    port: int = 0

    def __enter__(self) -> WebhookReceiver:
        self._arrived = threading.Condition()
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def url(self) -> str:
        """The URL of the receiver."""
        return f"http://127.0.0.1:{self.port}/hook"

    def wait(self, count: int, timeout: float = 60.0) -> bool:
        """Wait for `count` requests; return False after `timeout` seconds."""
        with self._arrived:
            return self._arrived.wait_for(lambda: len(self.received) >= count, timeout)

    def _take(self, request: Received) -> Answer:
        with self._arrived:
            self.received.append(request)
            self._arrived.notify_all()
            answer = self.answers.pop(0) if self.answers else 204
        if self.on_receive is not None:
            self.on_receive(request)
        return answer

    def _misbehave(self, how: str, handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        if how == "reset":
            # A linger time of zero turns the close into a reset. It must precede the server's
            # close, which ends the stream properly. The file would keep the socket open.
            linger = struct.pack("ii", 1, 0)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            handler.rfile.close()
            handler.connection.close()
        elif how == "hang":
            self._closing.wait(30)
        elif how == "drip":
            self._drip(handler)
        else:
            raise ValueError(f"unknown answer {how!r}; use 'reset', 'drip' or 'hang'")

    def _drip(self, handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nx-endless: ")
        try:
            while not self._closing.wait(0.02):
                handler.wfile.write(b"a")
        except OSError:
            pass  # the client has closed the connection

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): text for name, text in self.headers.items()}
                answer = receiver._take(Received(headers, body))
                if isinstance(answer, str):
                    receiver._misbehave(answer, self)
                elif callable(answer):
                    answer(self)
                else:
                    self._answer(*(answer if isinstance(answer, tuple) else (answer, {})))

            def _answer(self, status: int, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", "0")
                self.end_headers()

            def finish(self) -> None:
                with suppress(OSError):  # tests may close the connection early
                    super().finish()

            def log_message(self, *_: object) -> None:
                """Suppress the server's log."""

        return Handler
