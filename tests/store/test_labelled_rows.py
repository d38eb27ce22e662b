"""Rows with labels are the same as rows and as columns."""

from __future__ import annotations

import gc
import weakref

from modeltap.store.labelled_rows import LabelledPrediction, LabelledRows, with_last_labels

ROWS = LabelledRows(
    [
        LabelledPrediction(1, 2, "2024-05-01", 0.25, "a", 0, None, 5.0),
        LabelledPrediction(3, None, "2024-05-02", None, "a", 1, "2024-05-01", None),
        LabelledPrediction(4, 0, "2024-05-03", 0.5, "b", 0, None, None),
    ]
)


def test_columns_are_those_of_the_rows():
    assert ROWS.predictions == [1, 3, 4] and ROWS.labels == [2, None, 0]
    assert ROWS.scores == [0.25, None, 0.5] and ROWS.exchange_ids == ["a", "a", "b"]
    assert ROWS.event_times == ["2024-05-01", "2024-05-02", "2024-05-03"]
    assert ROWS.waiting_since == ["2024-05-01", "2024-05-01", "2024-05-03"]
    assert ROWS[:1][0].waiting_since == "2024-05-01" and ROWS.delays == [5.0, None, None]


def test_a_label_of_zero_is_a_label():
    assert ROWS.labelled == 2 and ROWS.with_labels.labels == [2, 0]
    complete = ROWS.with_labels
    assert complete.with_labels is complete


def test_rows_are_freed_without_the_garbage_collector():
    """A pass of the analysis runs without it, and reads one window after another."""
    rows = LabelledRows(ROWS[:1])
    assert (rows.labelled, rows.with_labels, rows.predictions) == (1, rows, [1])
    reference = weakref.ref(rows)
    gc.disable()
    try:
        del rows
        assert reference() is None
    finally:
        gc.enable()


def test_the_last_label_counts_and_the_first_delay():
    first, second = ROWS[0], ROWS[0]._replace(label=7, delay=90.0)
    assert with_last_labels([first, second, *ROWS[1:]]) == [first._replace(label=7), *ROWS[1:]]
    assert with_last_labels([]) == []
