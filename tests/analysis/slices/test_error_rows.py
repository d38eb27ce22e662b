"""Stored rows with their errors and columns."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from modeltap.analysis.slices import error_rows as module
from modeltap.analysis.slices.error_rows import error_rows, with_columns
from modeltap.config.settings import Settings
from modeltap.store.connection import connect
from modeltap.store.labelled_rows import LabelledPrediction
from modeltap.store.labels import Label, insert_labels
from modeltap.store.predictions import newest_labelled
from stores import analyze, every, put


def pairs(*values):
    return [
        LabelledPrediction(p, label, exchange_id=f"r{n}") for n, (p, label) in enumerate(values)
    ]


def test_unlabelled_rows_are_neither_right_nor_wrong():
    own = error_rows(pairs((1, 1), (1, 0), (0, None), (None, 1)), Settings(), None)
    assert own.errors.tolist() == [0, 1] and own.binary
    assert (own.predicted, own.true) == (["1", "1"], ["1", "0"])


def test_scores_are_wrong_on_the_other_side_of_the_threshold():
    own = error_rows(pairs((0.9, 1), (0.4, 1), (0.2, 0)), Settings(decision_threshold=0.3), None)
    assert own.errors.tolist() == [0, 0, 0]


def test_numbers_have_absolute_errors():
    own = error_rows(pairs((2.5, 1.0), (1.0, 3.25)), Settings(), None)
    assert own.errors.tolist() == [1.5, 2.25] and not own.binary


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ([], "no labelled rows"),
        ([(1, None)] * 3, "no labelled rows"),
        ([(None, 1)] * 3, "the labelled rows have no prediction"),
        ([({"a": 1}, 1)] * 3, "the model has several outputs"),
        ([("cat", 1), ("dog", 0)], "predictions and labels cannot be compared"),
    ],
)
def test_rows_without_errors_have_a_reason(values, problem):
    own = error_rows(pairs(*values), Settings(), None)
    assert own.problem.startswith(problem) and len(own.errors) == 0


@pytest.fixture
def stored(store):
    """A hundred exchanges of two rows each, of which the even ones are labelled."""
    bodies = [{"instances": [{"x": 2 * n}, {"x": 2 * n + 1, "late": "yes"}]} for n in range(100)]
    responses = [json.dumps({"predictions": [n % 2, 1]}) for n in range(100)]
    put(store, every(1, 100), bodies, responses=responses)
    analyze(store, {})
    with closing(connect(store)) as connection:
        insert_labels(
            connection,
            [Label(f"r{n}", row, 1) for n in range(0, 100, 2) for row in range(2)],
            source="test",
        )
        yield connection


@pytest.mark.parametrize("chunk", [7, 1024])
def test_rows_have_the_values_of_their_own_request(stored, monkeypatch, chunk):
    """Also rows of a batch, in any chunk, newest first."""
    monkeypatch.setattr(module, "_CHUNK", chunk)
    rows = newest_labelled(stored, "m", "", 1000, 1000)
    assert [row.exchange_id for row in rows[:2]] == ["r98", "r98"]
    own = with_columns(stored, error_rows(rows, Settings(), None), Settings())
    assert len(own.rows) == 100
    for row, x, late in zip(own.rows, own.columns["x"], own.columns["late"], strict=True):
        assert x == 2 * int(row.exchange_id[1:]) + row.row
        assert late == ("yes" if row.row else None)


def test_the_newest_labelled_rows_are_limited(stored):
    assert len(newest_labelled(stored, "m", "", 30, 1000)) == 30
    assert len(newest_labelled(stored, "m", "", 1000, 8)) == 4


def test_deleted_exchanges_are_left_out(stored):
    stored.execute("delete from exchanges where id >= 'r5'")
    rows = newest_labelled(stored, "m", "", 1000, 1000)
    own = with_columns(stored, error_rows(rows, Settings(), None), Settings())
    assert 0 < len(own.rows) == len(own.errors) == len(own.columns["x"]) < len(rows)
    assert None not in own.columns["x"]


def test_many_values_end_the_reading(stored, monkeypatch):
    """Rows with thousands of features would take gigabytes."""
    monkeypatch.setattr(module, "_CHUNK", 10)
    monkeypatch.setattr(module, "_MOST_CELLS", 30)
    rows = newest_labelled(stored, "m", "", 1000, 1000)
    own = with_columns(stored, error_rows(rows, Settings(), None), Settings())
    assert len(own.rows) == 20 and own.rows[0].exchange_id == "r98"
