"""In the background an analysis rests while others want the processors, within its budget."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from modeltap.analysis.pace import Pace


@pytest.fixture
def neighbours():
    """Two processes that keep processors busy for as long as the test lasts, at most 30 s."""
    code = "import time\nend = time.monotonic() + 30\nwhile time.monotonic() < end: pass"
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    time.sleep(0.3)
    yield
    for process in running:
        process.kill()
        process.wait()


def work(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def test_beside_busy_neighbours_it_rests_twice_as_long_as_it_works(neighbours, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)  # on a large machine two are not many
    rests = []
    pace = Pace(budget_seconds=60.0, sleep=rests.append)
    work(0.4)
    pace.rest()
    assert len(rests) == 1 and 0.8 <= rests[0] <= 2.0


def test_its_rest_has_a_budget(neighbours, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    rests = []
    pace = Pace(budget_seconds=0.5, sleep=rests.append)
    for _ in range(3):
        work(0.3)
        pace.rest()
    assert sum(rests) == pytest.approx(0.5)


def test_a_machine_that_does_not_tell_is_taken_as_idle(monkeypatch):
    monkeypatch.setattr("modeltap.analysis.pace.Path", lambda _: (_ for _ in ()).throw(OSError()))
    rests = []
    pace = Pace(budget_seconds=60.0, sleep=rests.append)
    work(0.05)
    pace.rest()
    assert rests == []
