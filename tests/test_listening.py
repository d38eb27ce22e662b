"""Listening sockets: answers leave at once, and a port in use is one line."""

from __future__ import annotations

import socket

import pytest

from modeltap.errors import InputError
from modeltap.listening import listen


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_answers_leave_at_once(host):
    with listen(host, 0) as listening:
        port = listening.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), listening.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("host", ["127.0.0.1", "203.0.113.1", "no such host"])
def test_an_address_that_is_not_available_is_one_line(host):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"cannot listen on {host}:{port}: .*--port") as caught:
            listen(host, port)
    assert "\n" not in str(caught.value)
