"""Finished child processes of the scheduler, with exit codes and logs."""

from __future__ import annotations

import pytest

from modeltap.store import child_runs
from modeltap.store.child_runs import last_child_runs, newest_failure, record_child_run
from modeltap.store.connection import connect, writing


@pytest.fixture
def note(store):
    connection = connect(store)

    def note(job, exit_code, log=""):
        with writing(connection):
            record_child_run(connection, job, "2024-01-01T00:00:00.000Z", exit_code, 7, log)
        return connection

    yield note
    connection.close()


def test_the_last_runs_of_a_job_are_listed_newest_first(note):
    for number in range(3):
        connection = note("analyze", number)
    note("prune", 0)
    assert [run.exit for run in last_child_runs(connection, "analyze", 2)] == [2, 1]


def test_a_failure_is_reported_until_enough_others_ran(note):
    connection = note("analyze", 1, "no memory")
    assert newest_failure(connection, "prune") is None
    for _ in range(4):
        note("deliver", 0)
    assert newest_failure(connection, "analyze").log == "no memory"
    note("deliver", 0)
    assert newest_failure(connection, "analyze") is None


def test_the_oldest_runs_are_deleted(note, monkeypatch):
    monkeypatch.setattr(child_runs, "_KEPT", 3)
    for number in range(6):
        connection = note("analyze", number)
    assert [run.exit for run in last_child_runs(connection, "analyze", 9)] == [5, 4, 3]
