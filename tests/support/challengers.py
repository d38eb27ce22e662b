"""A challenger for shadow traffic: a real HTTP server on loopback that behaves in one way."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RESPONSES: dict[str, tuple[int, str, bytes]] = {
    "html": (200, "text/html", b"<html><body>Welcome</body></html>"),
    "nothing": (200, "application/json", b""),
    "other": (200, "application/json", b'{"status": "ok"}'),
    "two": (200, "application/json", b'{"predictions": [1, 2]}'),
    "binary": (200, "application/octet-stream", bytes(range(256))),
    "error": (500, "application/json", b'{"detail": "out of memory"}'),
    "refused": (422, "application/json", b'{"detail": "x is missing"}'),
    "busy": (429, "text/plain", b"later"),
    "redirect": (307, "text/plain", b""),
    "large": (200, "application/json", b"[" + b"1," * 50_000 + b"1]"),
}
"""Responses that have no prediction, by behaviour."""


class ChallengerServer:
    """A server whose `behaviour` may change; it notes the requests that it received."""

    def __init__(self, behaviour: str) -> None:
        self.behaviour = behaviour
        self.received: list[tuple[str, str, dict[str, str], bytes]] = []
        self.stopped = threading.Event()
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        server.daemon_threads = True
        self._server = server
        self.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> Callable[..., BaseHTTPRequestHandler]:
        challenger = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                challenger.received.append((self.command, self.path, headers, body))
                challenger.answer(self, body)

            do_GET = do_POST  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        return Handler

    def answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        if self.behaviour == "never":
            self.stopped.wait(60)
        elif self.behaviour == "reset":
            handler.connection.close()
            handler.close_connection = True
        elif self.behaviour == "drips":
            handler.send_response(200)
            handler.send_header("content-length", "1000")
            handler.end_headers()
            while not self.stopped.wait(0.05):
                handler.wfile.write(b" ")
        elif self.behaviour in RESPONSES:
            respond(handler, *RESPONSES[self.behaviour])
        else:
            row = json.loads(body or b'{"x": 0}')
            respond(
                handler, 200, "application/json", json.dumps({"prediction": row["x"] * 3}).encode()
            )


def respond(handler: BaseHTTPRequestHandler, status: int, kind: str, body: bytes) -> None:
    handler.send_response(status)
    handler.send_header("content-type", kind)
    handler.send_header("content-length", str(len(body)))
    if status == 307:
        handler.send_header("location", "http://127.0.0.1:9/elsewhere")
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def challenging(behaviour: str = "works") -> Iterator[ChallengerServer]:
    """Serve a challenger; "works" answers x with 3 x."""
    server = ChallengerServer(behaviour)
    try:
        yield server
    finally:
        server.close()
