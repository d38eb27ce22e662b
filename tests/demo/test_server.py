"""The demo's API as a process: a port of its own, and a failure in one line."""

from __future__ import annotations

import socket

import pytest

from modeltap.demo.server import Server, check_free, free_port
from modeltap.errors import InputError, ModeltapError


def test_a_port_that_somebody_listens_on_is_refused():
    port = free_port()
    check_free(port)
    refused = pytest.raises(InputError, match=f"--port {port} cannot be had")
    with socket.create_server(("127.0.0.1", port)), refused:
        check_free(port)
    check_free(port)


def test_an_api_that_ends_at_once_is_reported_by_its_last_line(tmp_path):
    """There is no model in the folder."""
    failed = pytest.raises(ModeltapError, match=r"ended at once: .*model\.joblib")
    with failed, Server(tmp_path, 0, {}):
        pass
    assert "Traceback" in (tmp_path / "server.log").read_text()
