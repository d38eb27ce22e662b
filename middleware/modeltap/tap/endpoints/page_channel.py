"""Messages between the app and the process that makes its pages: one request, one reply.

A message is its length in 4 bytes, and a struct in MessagePack. Both ends are of one installation.
"""

from __future__ import annotations

import socket
import struct
import time

import msgspec

MAX_REQUEST_BYTES = 256 * 1024
"""The largest request: a form, and headers, which the app has bounded before."""

MAX_REPLY_BYTES = 16 * 1024 * 1024
"""The largest reply, which the app holds in memory. Pages have at most half a megabyte."""

_CONNECT_SECONDS = 1.0
"""The longest wait for a place in the line of the socket, which has a hundred."""

LENGTH = struct.Struct(">I")

DASHBOARD, PROMETHEUS = "dashboard", "metrics"


class PageRequest(msgspec.Struct, array_like=True, frozen=True):
    """A request for a page that the app has found permitted.

    Attributes:
        page: `DASHBOARD` or `PROMETHEUS`.
        root: the public path of the dashboard.
        path: the path below `root`.
    """

    page: str
    method: str
    root: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    client: str
    scheme: str
    body: bytes


class PageReply(msgspec.Struct, array_like=True, frozen=True):
    """The response, and an error for the app's log, if there was one."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    error: str = ""


def packed(message: msgspec.Struct) -> bytes:
    """Return a message as it is sent.

    >>> unpacked_reply(packed(PageReply(200, [], b"ok"))[LENGTH.size:]).status
    200
    """
    data = msgspec.msgpack.encode(message)
    return LENGTH.pack(len(data)) + data


def unpacked_request(data: bytes) -> PageRequest:
    """Return the request of a message without its length."""
    return msgspec.msgpack.decode(data, type=PageRequest)


def unpacked_reply(data: bytes) -> PageReply:
    """Return the reply of a message without its length."""
    return msgspec.msgpack.decode(data, type=PageReply)


def ask(path: str, request: PageRequest, deadline: float) -> PageReply:
    """Send a request to the socket at `path`, and return the reply.

    Raises `TimeoutError` at `deadline` (of `time.monotonic`), and `OSError` if no process listens,
    or if the other end ends before its reply is complete.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_CONNECT_SECONDS)
        connection.connect(path)
        connection.settimeout(_left(deadline))
        connection.sendall(packed(request))
        (length,) = LENGTH.unpack(_received(connection, LENGTH.size, deadline))
        if length > MAX_REPLY_BYTES:
            raise ConnectionError(f"a reply of {length:,} bytes")
        return unpacked_reply(_received(connection, length, deadline))


def _received(connection: socket.socket, length: int, deadline: float) -> bytes:
    data = bytearray(length)
    view, start = memoryview(data), 0
    while start < length:
        connection.settimeout(_left(deadline))
        count = connection.recv_into(view[start:])
        if not count:
            raise ConnectionError("the reply is not complete")
        start += count
    return bytes(data)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("no reply in time")
    return left
