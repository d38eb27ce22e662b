"""Public doubles for tests of apps and plugins."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Reply = int | tuple[int, dict[str, str]] | Callable[[BaseHTTPRequestHandler], None]
"""A status; a status and headers; or a function that answers, or misbehaves, as it likes."""


@dataclass
class Received:
    """One request that a receiver got."""

    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        """The body as JSON."""
        return dict(json.loads(self.body))


@dataclass
class WebhookReceiver:
    """A real HTTP server on loopback that keeps what it is sent.

    `replies` are given in turn, 204 when there are none left.

    >>> import urllib.request
    >>> with WebhookReceiver() as receiver:
    ...     request = urllib.request.Request(receiver.url, data=b'{"type": "test"}')
    ...     urllib.request.urlopen(request).status
    204
    >>> receiver.received[0].event
    {'type': 'test'}
    """

    replies: list[Reply] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    on_receive: Callable[[Received], None] | None = None
    port: int = 0

    def __enter__(self) -> WebhookReceiver:
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"

    def wait(self, count: int, timeout: float = 10.0) -> bool:
        """Wait until `count` requests have come; False if `timeout` seconds did not do."""
        deadline = time.monotonic() + timeout
        while len(self.received) < count:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                got = Received({k.lower(): v for k, v in self.headers.items()}, body)
                receiver.received.append(got)
                if receiver.on_receive is not None:
                    receiver.on_receive(got)
                reply = receiver.replies.pop(0) if receiver.replies else 204
                if callable(reply):
                    reply(self)
                    return
                status, headers = reply if isinstance(reply, tuple) else (reply, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing: tests have a log of their own."""

        return Handler
