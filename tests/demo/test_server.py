"""The demo's API as a process: its port, and one line for a failure."""

from __future__ import annotations

import socket

import pytest

from modeltap.demo.server import Server, check_free, free_port
from modeltap.errors import InputError, ModeltapError


def test_a_port_in_use_is_refused():
    port = free_port()
    check_free(port)
    refused = pytest.raises(InputError, match=f"--port {port} is not available")
    with socket.create_server(("127.0.0.1", port)), refused:
        check_free(port)
    check_free(port)


def test_a_failed_start_is_reported_by_the_last_line_of_the_log(tmp_path):
    """There is no model in the folder."""
    failed = pytest.raises(ModeltapError, match=r"failed to start: .*model\.joblib")
    with failed, Server(tmp_path, 0, {}):
        pass
    assert "Traceback" in (tmp_path / "server.log").read_text()
