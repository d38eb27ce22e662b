"""Messages between the app and the process that makes its pages."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from modeltap.tap.endpoints.page_channel import (
    LENGTH,
    MAX_REPLY_BYTES,
    PageReply,
    PageRequest,
    ask,
    packed,
    unpacked_request,
)

REQUEST = PageRequest("dashboard", "GET", "/é", "/", "", [("host", "x")], "", "http", b"\xff")


@pytest.fixture
def answering(tmp_path):
    """Return the path of a socket on which bytes are sent to whoever asks."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "s"))
    listening.listen()

    def start(data, *, is_closed=True):
        def answer():
            connection, _ = listening.accept()
            connection.recv(1 << 16)
            connection.sendall(data)
            if is_closed:
                connection.close()
            else:
                kept.append(connection)

        threading.Thread(target=answer, daemon=True).start()
        return str(tmp_path / "s")

    kept = []
    yield start
    for connection in kept:
        connection.close()
    listening.close()


def test_a_reply_in_many_parts(answering):
    reply = PageReply(200, [("a", "b")], b"x" * 3_000_000)
    assert ask(answering(packed(reply)), REQUEST, time.monotonic() + 60) == reply


def test_a_request_survives_the_way():
    assert unpacked_request(packed(REQUEST)[LENGTH.size :]) == REQUEST


@pytest.mark.parametrize(
    "data", [b"", b"\0", packed(PageReply(200, [], b"abc"))[:-1], LENGTH.pack(MAX_REPLY_BYTES + 1)]
)
def test_a_reply_that_is_cut_or_too_large(answering, data):
    with pytest.raises(ConnectionError):
        ask(answering(data), REQUEST, time.monotonic() + 60)


def test_a_reply_that_does_not_come(answering):
    path = answering(b"\0\0", is_closed=False)
    with pytest.raises(TimeoutError):
        ask(path, REQUEST, time.monotonic() + 0.1)
