"""A receiver of OTLP over HTTP on loopback, which keeps what it accepts."""

from __future__ import annotations

import gzip
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)


class Receiver:
    """Accepted metrics and log records, and how it answers.

    Attributes:
        answers: by path, a status with headers; a status alone, "silence", or "bytes".
        rejected: reported as rejected items of an accepted message.
    """

    def __init__(self):
        self.points, self.records, self.requests, self.resources = [], [], [], []
        self.answers = {}
        self.rejected = 0
        self.released = threading.Event()

    def accept(self, path, body):
        """Keep a message; return the body of the answer."""
        if path.endswith("/v1/metrics"):
            for group in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                self.resources.append(attributes(group.resource))
                for metric in group.scope_metrics[0].metrics:
                    kind = metric.WhichOneof("data")
                    for point in getattr(metric, kind).data_points:
                        self.points.append((metric, kind, attributes(point), point))
            answer = ExportMetricsServiceResponse()
            answer.partial_success.rejected_data_points = self.rejected
        else:
            for group in ExportLogsServiceRequest.FromString(body).resource_logs:
                for record in group.scope_logs[0].log_records:
                    self.records.append((record, attributes(record)))
            answer = ExportLogsServiceResponse()
            answer.partial_success.rejected_log_records = self.rejected
        answer.partial_success.error_message = "out of order\x1b[2J" if self.rejected else ""
        return answer.SerializeToString()

    def values(self, name):
        """Return the values of a metric with their labels and times in seconds."""
        return [
            (point.as_double, labels, point.time_unix_nano / 1e9)
            for metric, _, labels, point in self.points
            if metric.name == name
        ]


def attributes(thing):
    """Return the attributes that are texts or numbers."""
    return {
        one.key: getattr(one.value, one.value.WhichOneof("value"))
        for one in thing.attributes
        if one.value.WhichOneof("value") in ("string_value", "double_value")
    }


@contextmanager
def receiving():
    """Run a receiver; yield it with its URL as `url`."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.requests.append((self.path, headers))
            answer = receiver.answers.get(self.path, 200)
            if answer == "silence":
                receiver.released.wait(60)
                return None
            if answer == "bytes":
                return self.reply(200, {}, b"\xff" * 100_000)
            status, headers = answer if isinstance(answer, tuple) else (answer, {})
            accepted = b""
            if status == 200:
                accepted = receiver.accept(self.path, gzip.decompress(body))
            return self.reply(status, headers, accepted)

        def reply(self, status, headers, body):
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()
