"""Sockets that listen for a server of modeltap's own."""

from __future__ import annotations

import socket

from modeltap.errors import InputError

_WAITING = 2048
"""Connections that may wait until they are accepted."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on a TCP port; raise `InputError` if it is not available.

    What is written to its connections leaves at once. Otherwise the kernel holds the body of an
    answer back until the client has acknowledged the head, 40 ms later on a kept connection.

    Args:
        port: 0 takes a free one.

    >>> with listen("127.0.0.1", 0) as listening:
    ...     listening.getsockname()[0]
    '127.0.0.1'
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.create_server(address[:2], family=family, backlog=_WAITING)
    except OSError as error:
        reason = str(error.strerror).partition(" (")[0]
        raise InputError(
            f"cannot listen on {host}:{port}: {reason}; choose another --port"
        ) from None
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted ones inherit it
    return listening
