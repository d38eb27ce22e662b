"""Pending work of an analysis: each kind on its own, and none in a new store."""

from __future__ import annotations

import time

import pytest

from modeltap import clock
from modeltap.store.connection import connect, writing
from modeltap.store.dropped import DROPPED, record_dropped
from modeltap.store.due_windows import DueWindow, record_due
from modeltap.store.job_times import begin_pass, end_pass
from modeltap.store.labels import Label, insert_labels
from modeltap.store.pending_work import PendingWork, pending_work
from modeltap.store.traffic import StoredTraffic, put_traffic
from modeltap.store.watermarks import LABELS, advance

HOUR = 3600.0


@pytest.fixture
def connection(store):
    connection = connect(store)
    yield connection
    connection.close()


def kinds(connection, now=None):
    work = pending_work(connection, time.time() if now is None else now)
    return [name for name in PendingWork._fields if getattr(work, name)]


def test_a_new_store_needs_no_analysis(connection):
    assert kinds(connection) == [] and not pending_work(connection, time.time()).needs_analysis


def test_a_pass_is_pending_until_it_ends(connection):
    begin_pass(connection)
    assert kinds(connection) == ["unfinished"]
    end_pass(connection)
    assert kinds(connection) == []


def test_labels_are_pending_until_they_are_read(connection):
    with writing(connection):
        insert_labels(connection, [Label("e1", 0, 1.0)], source="api")
    assert kinds(connection) == ["labels"]
    with writing(connection):
        advance(connection, LABELS, 0, 1)
    assert kinds(connection) == []


def test_a_labelled_window_alone_starts_no_analysis(connection):
    """It may be incomplete, and each poll would start an analysis without result."""
    with writing(connection):
        record_due(connection, [DueWindow("m", "", "1h", clock.iso(0.0))], 1)
    assert kinds(connection) == ["labelled_windows"]
    assert not pending_work(connection, time.time()).needs_analysis


def test_losses_are_pending_until_they_are_reported(connection):
    with writing(connection):
        record_dropped(connection, "m", "host", 1, {"full": 3})
    assert kinds(connection) == ["dropped"]
    with writing(connection):
        advance(connection, DROPPED, 0, 1)
    assert kinds(connection) == []


def test_a_traffic_window_is_pending_after_its_end(connection):
    now = 1_700_000_000.0
    end = clock.iso(now + HOUR)
    with writing(connection):
        put_traffic(
            connection, StoredTraffic("m", "", "1h", clock.iso(now), end, 5, 0, 0, 0, 0, b"")
        )
    assert kinds(connection, now + HOUR - 1) == []
    assert kinds(connection, now + HOUR) == ["traffic"]
