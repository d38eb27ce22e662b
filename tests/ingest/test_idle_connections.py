"""A connection without a request is closed; one that is used is not."""

from __future__ import annotations

import socket
import threading
import time

import pytest
import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from modeltap.ingest.idle_connections import closing_idle

SECONDS = 0.5


async def app(scope, receive, send):
    """Answer at once, or after a body that lasts longer than an idle connection may."""
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def connect(eventually):
    """Serve the app; return a function that connects to it."""
    protocol = closing_idle(AutoHTTPProtocol, SECONDS)
    config = uvicorn.Config(app, http=protocol, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    assert eventually(lambda: server.started)
    yield lambda: socket.create_connection(listener.getsockname(), timeout=30)
    server.should_exit = True
    thread.join(30)
    listener.close()


@pytest.mark.parametrize("sent", [b"", b"P", b"POST / HTTP/1.1\r\nhost: x\r\nx-a: "])
def test_a_connection_whose_request_does_not_come_is_closed(connect, sent):
    """Nothing, or the beginning of a head."""
    with connect() as client:
        client.sendall(sent)
        assert client.recv(100) == b""


def test_a_head_that_drips_is_no_request(connect):
    with connect() as client, pytest.raises(OSError):
        client.sendall(b"GET / HTTP/1.1\r\n")
        for _ in range(300):
            client.sendall(b"x")
            time.sleep(0.1)


def test_a_request_takes_its_time(connect):
    """A body is not the connection's to judge; and after it another request may come."""
    with connect() as client:
        for _ in range(2):
            client.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\na")
            time.sleep(2 * SECONDS)
            client.sendall(b"b")
            answer = b""
            while not answer.endswith(b"ok"):
                part = client.recv(1000)
                assert part
                answer += part
