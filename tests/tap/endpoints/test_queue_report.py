"""Reports of the queue, by each process of an app."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

import pytest

from modeltap.tap.endpoints.queue_report import queue_lengths, start_report


@pytest.fixture
def folder():
    """A folder whose path is short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="mt", dir="/tmp") as made:
        yield Path(made)


def test_each_process_reports_its_queue(folder):
    """Also one that has the id of a process that was killed; others of the name are left out."""
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(folder / f"x.{os.getpid()}.queue"))
    queued = {"queued": 3}
    assert start_report(folder, "x", lambda: queued)
    assert not start_report(folder, "x", lambda: queued)
    assert queue_lengths(folder, "x") == [3]
    queued["queued"] = 12
    assert queue_lengths(folder, "x") == [12] and queue_lengths(folder, "y") == []


def test_processes_that_ended_or_hang_are_left_out(folder, monkeypatch):
    monkeypatch.setattr("modeltap.tap.endpoints.queue_report._PATIENCE_SECONDS", 0.05)
    with socket.socket(socket.AF_UNIX) as ended, socket.socket(socket.AF_UNIX) as hanging:
        ended.bind(str(folder / "x.1.queue"))
        hanging.bind(str(folder / "x.2.queue"))
        hanging.listen()
        assert queue_lengths(folder, "x") == []
    assert [path.name for path in folder.iterdir()] == ["x.2.queue"]


def test_a_report_that_fails_ends_quietly(folder):
    def broken():
        raise RuntimeError("broken")

    assert start_report(folder, "x", broken)
    assert queue_lengths(folder, "x") == []
