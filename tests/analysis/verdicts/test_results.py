"""The result of a window is written once, with its marks, and again only on request."""

from __future__ import annotations

import pytest

from modeltap.analysis.model.metric import ALERT, Metric
from modeltap.analysis.verdicts.results import (
    EvaluatedLabels,
    LossesRead,
    Period,
    WindowResult,
    write,
)
from modeltap.store.connection import connect, writing
from modeltap.store.dropped import DROPPED
from modeltap.store.due_windows import DueWindow, labelled_windows, record_due
from modeltap.store.labelled_windows import LabelledWindow
from modeltap.store.watermarks import watermark

PERIOD = Period("m", "", "1h", "2024-01-01T00:00:00.000Z", "2024-01-01T01:00:00.000Z")


@pytest.fixture
def connection(store):
    return connect(store)


def result(value, **about):
    metric = Metric(metric="mae", rows=100, value=value, verdict=ALERT)
    return WindowResult(PERIOD, [metric], job="performance", **about)


def put(connection, window_result, **options):
    with writing(connection):
        return write(connection, window_result, **options)


def values(connection):
    return [row[0] for row in connection.execute("select value from metrics")]


def test_a_window_is_written_once(connection):
    (row,) = put(connection, result(1.0))
    assert (row["model"], row["window_start"], row["verdict"]) == ("m", PERIOD.start, "alert")
    assert put(connection, result(2.0)) is None and values(connection) == [1.0]


def test_more_rows_or_an_explicit_repetition_replace_it(connection):
    put(connection, result(1.0))
    assert put(connection, result(2.0, revision="#101")) and values(connection) == [2.0]
    assert put(connection, result(3.0), again=True) and values(connection) == [3.0]


def test_a_window_written_before_is_still_marked(connection):
    due = DueWindow("m", "", "1h", PERIOD.start)
    put(connection, result(1.0))
    with writing(connection):
        record_due(connection, [due], 7)
    done = EvaluatedLabels(due, [LabelledWindow(*due, rows=10, labelled=5)], enough=False)
    assert put(connection, result(2.0, done=done)) is None
    assert labelled_windows(connection) == []


def test_without_a_job_each_result_is_written(connection):
    loss = Metric(metric="capture_loss", rows=3, value=3.0)
    for newest in (4, 9):
        read = LossesRead(watermark(connection, DROPPED), newest)
        assert put(connection, WindowResult(PERIOD, [loss], done=read)) is not None
    assert watermark(connection, DROPPED) == 9
