"""Runs in the store: the newest are kept, files that still exist are known."""

from __future__ import annotations

import pytest

from modeltap.store import retrainings
from modeltap.store.connection import connect, writing
from modeltap.store.retrainings import (
    SUCCEEDED,
    change_run,
    end_run,
    insert_run,
    kept_files,
    last_runs,
    running_runs,
)


@pytest.fixture
def connection(store):
    connection = connect(store)
    yield connection
    connection.close()


def begin(connection, model="m"):
    return insert_run(connection, model, reason="by hand", way="command", labels=3)


def test_runs_are_listed_newest_first(connection):
    with writing(connection):
        first, second, other = begin(connection), begin(connection), begin(connection, "n")
        change_run(connection, first, data="/a", left_out='["email"]')
        end_run(connection, first, SUCCEEDED, exit=0)
    assert [run.id for run in last_runs(connection, "m")] == [second, first]
    assert [run.id for run in last_runs(connection, limit=2)] == [other, second]
    assert {run.id for run in running_runs(connection)} == {second, other}
    assert kept_files(connection, "m") == [(first, "/a")]
    assert last_runs(connection, "m")[1].left_out == ("email",)


def test_the_oldest_runs_of_a_model_are_deleted(connection, monkeypatch):
    monkeypatch.setattr(retrainings, "_KEPT", 3)
    with writing(connection):
        other = begin(connection, "n")
        runs = [begin(connection) for _ in range(5)]
    assert {run.id for run in last_runs(connection)} == {other, *runs[2:]}
