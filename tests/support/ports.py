"""Ports for servers that tests start."""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress


def free_port() -> int:
    """Return a port below those that the system gives to outgoing connections.

    Other tests would often take one of those before the server does. The seeds of tests do not
    count: all processes of a run would try the same ports.
    """
    while True:
        port = 20_000 + secrets.randbelow(10_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
