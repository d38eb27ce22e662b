"""A server's side of an ASGI exchange, without a server."""

from __future__ import annotations


def scope_of(path="/predict", method="POST", headers=(), root_path="", query=b""):
    """Return what a server says of a request."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": root_path,
        "scheme": "http",
        "headers": list(headers),
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }


class Client:
    """A server's side of one exchange: gives messages when asked, keeps what is sent."""

    def __init__(self, *bodies, disconnect=False):
        self.messages = [
            {"type": "http.request", "body": body, "more_body": i < len(bodies) - 1}
            for i, body in enumerate(bodies or (b"",))
        ]
        self.received = 0
        self.sent = []
        self.log = []

    async def receive(self):
        self.received += 1
        self.log.append("receive")
        return self.messages.pop(0) if self.messages else {"type": "http.disconnect"}

    async def send(self, message):
        self.sent.append(message)
        self.log.append(message["type"])

    @property
    def body(self):
        return b"".join(m.get("body", b"") for m in self.sent if m["type"] == "http.response.body")


async def echo(scope, receive, send):
    """An app that answers with what it was sent."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"application/json")],
        }
    )
    await send({"type": "http.response.body", "body": body})
