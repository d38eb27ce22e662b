"""The process that makes the pages, as the app's processes find, start and lose it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from modeltap.store.connection import connect
from modeltap.tap.endpoints.own_endpoint import PagesUnavailable
from modeltap.tap.endpoints.page_channel import PageRequest
from modeltap.tap.endpoints.page_child import PageChild
from modeltap.tap.endpoints.page_folder import hold, page_folder

REQUEST = PageRequest("metrics", "GET", "/metrics", "", "", [], "", "http", b"")
SECONDS = 60


@pytest.fixture
def children(store, monkeypatch, eventually):
    """Make children as several processes of one app have them; they are left at the end."""
    folder = tempfile.mkdtemp(prefix="mt", dir="/tmp")  # short enough for sockets
    monkeypatch.setattr("tempfile.tempdir", folder)
    connect(store).close()
    made = []

    def make(store=store):
        made.append(PageChild({"store": str(store), "token": None, "hosts": []}))
        return made[-1]

    yield make
    for child in made:
        child.close()
    assert eventually(lambda: not running())
    shutil.rmtree(folder)


def running():
    """Return the ids of the processes, of this test's folder."""
    shown = subprocess.run(["ps", "-ww", "-eo", "pid,args"], capture_output=True, text=True).stdout
    lines = [line.split(maxsplit=1) for line in shown.splitlines()]
    return [int(pid) for pid, words in lines if f"modeltap.mounted {page_folder()} " in words]


def test_one_process_serves_all_and_ends_with_the_last(children, eventually):
    """Also if several start it at once."""
    makers = [children() for _ in range(3)]
    with ThreadPoolExecutor() as pool:
        replies = list(pool.map(lambda child: child.ask(REQUEST, SECONDS), makers))
    assert [reply.status for reply in replies] == [200, 200, 200]
    assert b"modeltap_requests_total" in replies[0].body
    assert eventually(lambda: len(running()) == 1)
    makers[0].close()
    makers[1].close()
    assert makers[2].ask(REQUEST, SECONDS).status == 200 and len(running()) == 1
    makers[2].close()
    assert eventually(lambda: not running() and not any(page_folder().iterdir()))


def test_requests_at_once_hold_the_users_file_once(children, monkeypatch):
    """A second descriptor would be left, and keep the process of the pages from ending."""
    all_ask, held = threading.Barrier(8), []

    def slow_hold(path, shared):
        time.sleep(0.05)  # other threads may come to this place meanwhile
        held.append(hold(path, shared=shared))
        return held[-1]

    monkeypatch.setattr("modeltap.tap.endpoints.page_child.hold", slow_hold)
    child = children()

    def ask(_):
        all_ask.wait(SECONDS)
        return child.ask(REQUEST, SECONDS).status

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [200] * 8
    assert len(held) == 1


def test_a_killed_process_is_started_again(children, eventually):
    child = children()
    assert child.ask(REQUEST, SECONDS).status == 200
    (pid,) = running()
    os.kill(pid, signal.SIGKILL)
    assert child.ask(REQUEST, SECONDS).status == 200
    assert eventually(lambda: running() not in ([], [pid]))


def test_a_stopped_process_costs_a_limited_time(children):
    child = children()
    assert child.ask(REQUEST, SECONDS).status == 200
    (pid,) = running()
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(PagesUnavailable, match="not made within"):
            child.ask(REQUEST, 0.2)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert child.ask(REQUEST, SECONDS).status == 200


def test_other_configurations_have_other_processes(children, store):
    """A new token is not asked of a process that knows the old one."""
    other = store.with_name("other.db")
    assert children().ask(REQUEST, SECONDS).status == 200
    assert children(other).ask(REQUEST, SECONDS).status == 503  # there is no such store
    assert len(running()) == 2


def test_a_process_that_cannot_start_is_not_tried_for_each_request(
    children, tmp_path, monkeypatch, eventually
):
    script = tmp_path / "python"
    script.write_text(f"#!/bin/sh\necho x >> {tmp_path}/starts\necho broken >&2\nexit 1\n")
    script.chmod(0o700)
    monkeypatch.setenv("MODELTAP_PYTHON", str(script))
    monkeypatch.setattr("modeltap.tap.endpoints.page_child._RETRY_SECONDS", 600.0)
    child = children()
    for _ in range(5):
        with pytest.raises(PagesUnavailable, match="cannot be started: broken"):
            child.ask(REQUEST, SECONDS)
    assert (tmp_path / "starts").read_text() == "x\n"
    monkeypatch.setenv("MODELTAP_PYTHON", sys.executable)
    monkeypatch.setattr("modeltap.tap.endpoints.page_child._RETRY_SECONDS", 0.0)
    assert eventually(lambda: _asked(child) == 200)


def _asked(child):
    try:
        return child.ask(REQUEST, SECONDS).status
    except PagesUnavailable:
        return None


def test_without_a_python_there_is_one_message(children, monkeypatch):
    monkeypatch.setenv("MODELTAP_PYTHON", "/no/such/python")
    with pytest.raises(PagesUnavailable, match="/no/such/python"):
        children().ask(REQUEST, SECONDS)


def test_no_time_to_start(children):
    """As in an app with one thread."""
    began = time.monotonic()
    child = children()
    with pytest.raises(PagesUnavailable, match="being prepared"):
        child.ask(REQUEST, 0.01)
    assert time.monotonic() > began  # the process goes on starting
    assert child.ask(REQUEST, SECONDS).status == 200


def test_a_fork_asks_for_itself(children):
    child = children()
    assert child.ask(REQUEST, SECONDS).status == 200
    with child._lock:
        pid = os.fork()
        if not pid:
            os._exit(0 if _asked(child) == 200 else 1)
        assert os.waitpid(pid, 0)[1] == 0
