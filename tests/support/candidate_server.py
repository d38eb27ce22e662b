"""A candidate on loopback, in a thread: answers with what a function returns for each request."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

from modeltap.store.connection import connect, writing
from modeltap.store.exchanges import ExchangeRow, insert_exchanges


@contextmanager
def candidate(respond, port=0):
    """Serve `respond(request)`, which returns (status, type, body) or writes to `request.raw`.

    Yields the URL and the received requests: method, path, headers and body.
    """
    received = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self):
            size = int(self.headers.get("content-length") or 0)
            request = SimpleNamespace(
                method=self.command,
                path=self.path,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(size),
                raw=self.connection,
                number=len(received),
            )
            received.append(request)
            response = respond(request)
            if response is None:
                self.close_connection = True
                return
            status, kind, body = response[:3]
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            for name, value in response[3:]:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = handle_any  # noqa: N815

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}", received=received)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def doubled(request):
    """Answer with twice the field x."""
    x = json.loads(request.body)["x"]
    return 200, "application/json", json.dumps({"prediction": 2.0 * x}).encode()


def fill(store, count, *, first=0, model="m", **columns):
    """Store `count` JSON requests with their responses, as a tapped app does."""
    connection = connect(store)
    with writing(connection):
        insert_exchanges(
            connection,
            [
                ExchangeRow(
                    **{
                        "id": f"{model}{n:06d}",
                        "model": model,
                        "source": "asgi",
                        "method": "POST",
                        "path": "/predict",
                        "status": 200,
                        "started_at": f"2024-01-{1 + n // 24:02d}T{n % 24:02d}:00:00.000Z",
                        "event_time": f"2024-01-{1 + n // 24:02d}T{n % 24:02d}:00:00.000Z",
                        "duration_ms": 1.5,
                        "request_type": "application/json",
                        "response_type": "application/json",
                        "request_body": json.dumps({"x": n}),
                        "response_body": json.dumps({"prediction": 1.0 * n}),
                        "request_bytes": 8,
                        "sample_rate": 1.0,
                        **columns,
                    }
                )
                for n in range(first, first + count)
            ],
        )
    connection.close()
