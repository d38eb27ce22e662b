"""Predictions in event order: half-open periods, ties by arrival, and last labels."""

from __future__ import annotations

import random
from contextlib import closing

import pytest

from modeltap.store import predictions
from modeltap.store.connection import connect, writing
from modeltap.store.labels import insert_labels
from modeltap.store.predictions import LAST

ROWS = [(f"2024-01-0{1 + n // 4}", 10 + n // 2, n % 2) for n in range(12)]
"""Keys: three days of two exchanges with two rows each."""


@pytest.fixture
def connection(store):
    shuffled = random.Random(0).sample(ROWS, len(ROWS))
    with closing(connect(store)) as opened:
        with writing(opened):
            predictions.insert_predictions(
                opened,
                "m",
                "",
                exchange_ids=[f"id{seq}" for _, seq, _ in shuffled],
                rows=[row for _, _, row in shuffled],
                predictions=[float(seq) for _, seq, _ in shuffled],
                scores=[None] * len(ROWS),
                probabilities=[None] * len(ROWS),
                event_times=[time for time, _, _ in shuffled],
                seqs=[seq for _, seq, _ in shuffled],
            )
        yield opened


def keys(stored_rows):
    return [(stored_row.event_time, stored_row.seq, stored_row.row) for stored_row in stored_rows]


@pytest.mark.parametrize("start", range(0, 12, 3))
@pytest.mark.parametrize("end", range(0, 12, 4))
def test_rows_between_two_keys_are_half_open(connection, start, end):
    stored_rows = predictions.rows_between(connection, "m", "", ROWS[start], ROWS[end])
    assert keys(stored_rows) == ROWS[start:end]
    parts = list(predictions.columns_between(connection, "m", "", ROWS[start], ROWS[end], 4))
    assert [part.row_at(n) for part in parts for n in range(len(part.seqs))] == stored_rows
    assert all(len(part.rows) == 4 for part in parts[:-1])


def test_parts_of_rows_are_consecutive(connection):
    read, last = [], ("", 0, 0)
    while part := keys(
        predictions.rows_between(connection, "m", "", last, LAST, limit=5, after=True)
    ):
        read += part
        last = part[-1]
    assert read == ROWS == keys(predictions.first_rows(connection, "m", "", 99))
    assert keys(predictions.first_rows(connection, "m", "", 3)) == ROWS[:3]


def test_the_event_period_is_that_of_the_version(connection):
    assert predictions.event_period(connection, "m", "") == ("2024-01-01", "2024-01-03")
    assert predictions.event_period(connection, "m", "2") == (None, None)
    assert predictions.newest_event_time(connection, "m", "") == "2024-01-03"
    assert predictions.newest_event_time(connection, "n", "") is None
    assert [stored_row["row"] for stored_row in predictions.predictions_of(connection, "id12")] == [
        0,
        1,
    ]
    assert predictions.predictions_of(connection, "unknown") == []


def test_the_last_label_of_a_row_counts(connection):
    with writing(connection):
        insert_labels(connection, [("id10", 0, 1), ("id10", 1, 5), ("id10", 0, 2)], source="t")
    stored_rows = predictions.labelled_predictions(connection, "m", "", ROWS[0], ROWS[4])
    pairs = sorted((stored_row.prediction, str(stored_row.label)) for stored_row in stored_rows)
    assert pairs == [(10.0, "2"), (10.0, "5"), (11.0, "None"), (11.0, "None")]
    assert {stored_row.event_time for stored_row in stored_rows} <= {row[0] for row in ROWS}


def test_monthly_errors_use_labelled_rows_only(connection):
    with writing(connection):
        insert_labels(connection, [("id10", 0, 8), ("id11", 1, 12)], source="t")
    (month,) = predictions.errors_by_month(connection)
    assert (month.month, month.rows, month.labelled) == ("2024-01", 12, 2)
    assert (month.mae, month.bias) == (1.5, 0.5)


def test_outputs_are_those_of_a_half_open_period(connection):
    start, end = ("2024-01-01", 11, 0), ("2024-01-02", 12, 1)
    stored_outputs = predictions.outputs_between(connection, "m", "", start, end)
    assert sorted(stored_outputs[0]) == [11.0, 11.0, 12.0] and stored_outputs[1] == [None] * 3
    assert predictions.outputs_between(connection, "other", "", start, end) == ([], [])


@pytest.mark.parametrize("name", ["m", "it's", "", 'a "b"', "a\0b", "a\nb", "é\U0001f600", "?1 :x"])
@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize(
    ("scores", "probabilities"),
    [([None, None], []), ([0.0, None], [None, "[1.0]"]), ([None, 1.0], [None, None])],
)
def test_each_column_is_stored_as_given(store, name, number, scores, probabilities):
    with closing(connect(store)) as opened, writing(opened):
        predictions.insert_predictions(
            opened,
            name,
            name,
            exchange_ids=["a", "b"],
            rows=[0, number],
            predictions=[None, "x"],
            scores=scores,
            probabilities=probabilities,
            event_times=["2024-01-01", None],
            seqs=[1, 2],
        )
        rows = opened.execute(
            "select model, version, exchange_id, row, candidate, prediction, score, probabilities, "
            "event_time, seq from predictions order by seq"
        ).fetchall()
    own = [scores, probabilities or [None, None]]
    assert list(map(tuple, rows)) == [
        (name, name, "a", 0, "", None, own[0][0], own[1][0], "2024-01-01", 1),
        (name, name, "b", number, "", "x", own[0][1], own[1][1], None, 2),
    ]
