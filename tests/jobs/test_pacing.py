"""Throttling of background analysis on a busy machine, within its budget."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time

import pytest

from modeltap.jobs.pacing import Pace


@pytest.fixture
def neighbours(monkeypatch):
    """Two processes that keep the CPUs busy during the test, at most 60 s."""
    monkeypatch.setattr("os.cpu_count", lambda: 2)  # on a large machine two are not many
    code = "import time\nend = time.monotonic() + 60\nwhile time.monotonic() < end: pass"
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    time.sleep(0.3)
    yield
    for process in running:
        process.kill()
        process.wait()


def work(seconds):
    """Use the CPU for a number of seconds."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_on_a_busy_machine_it_rests_twice_as_long_as_it_works(neighbours):
    rests = []
    with Pace(budget_seconds=60.0, sleep=rests.append):
        work(0.4)  # until it has seen how busy they are
        rests.clear()
        work(0.6)
    assert 0.9 <= sum(rests) <= 1.3
    assert len(rests) >= 10 and max(rests) < 0.3  # in small slices
    done = len(rests)
    work(0.1)
    assert len(rests) == done  # it is over


def test_the_total_rest_is_limited(neighbours):
    rests = []
    with Pace(budget_seconds=0.5, sleep=rests.append):
        work(1.0)
    assert sum(rests) == pytest.approx(0.5)


def test_it_does_not_rest_during_a_transaction(neighbours):
    rests, connection = [], sqlite3.connect(":memory:")
    with Pace(budget_seconds=60.0, connection=connection, sleep=rests.append):
        work(0.4)
        rests.clear()
        connection.execute("begin")
        work(0.3)
        assert rests == []
        connection.rollback()
        work(0.1)
    assert max(rests) >= 0.5


def test_a_machine_with_unknown_cpu_times_counts_as_idle(monkeypatch):
    monkeypatch.setattr("modeltap.jobs.pacing.Path", lambda _: (_ for _ in ()).throw(OSError()))
    rests = []
    with Pace(budget_seconds=60.0, sleep=rests.append):
        work(0.5)
    assert rests == []
