"""`modeltap dashboard` as a process: what it prints, and what it refuses."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys

import httpx
import pytest

from command import modeltap


@pytest.fixture
def started(at):
    """Return a function that starts the dashboard, and gives its process and address."""
    processes = []

    def start(*words):
        process = subprocess.Popen(
            [sys.executable, "-m", "modeltap", "dashboard", *map(str, at), "--port", "0", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        processes.append(process)
        line = process.stdout.readline()
        return process, re.search(r"http://\S+", line)[0]

    yield start
    for process in processes:
        process.kill()
        process.wait(30)
        process.stdout.close()


def test_it_prints_its_address_and_ends_with_ctrl_c(started):
    process, url = started()
    assert "m" in httpx.get(url, verify=False, timeout=60).text
    process.send_signal(signal.SIGINT)
    assert process.wait(60) in (0, 130, -signal.SIGINT)


def test_on_another_address_it_asks_for_a_token(started):
    """That it made itself, and printed."""
    _, url = started("--host", "0.0.0.0", "--allow-host", "models.example")
    base, _, token = url.partition("?token=")
    assert len(token) > 20
    at_home = base.replace("0.0.0.0", "127.0.0.1")
    assert httpx.get(at_home, verify=False, timeout=60).status_code == 401
    for host in ("127.0.0.1", "models.example"):
        headers = {"authorization": f"Bearer {token}", "host": host}
        assert httpx.get(at_home, headers=headers, verify=False, timeout=60).status_code == 200


def test_wrong_options_are_one_line(at, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = modeltap("dashboard", *at, "--port", port, code=1)
        assert "choose another --port" in said
    said = modeltap("dashboard", *at, "--token", "env:NO_SUCH_TOKEN", code=2)
    assert "NO_SUCH_TOKEN is not set" in said
    assert "none.db" in modeltap("dashboard", "--store", tmp_path / "none.db", code=1)
