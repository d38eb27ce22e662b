"""`modeltap compare` as people call it."""

from __future__ import annotations

from contextlib import closing

import pytest

from command import lines, modeltap
from compared import ROWS, fill, flipped, shop, write_candidate
from modeltap.comparison.differences.comparison_result import COLUMNS
from modeltap.store.candidates import CandidatePrediction, insert_candidate_predictions
from modeltap.store.connection import connect, writing


@pytest.fixture
def labelled(store):
    bodies, predictions, labels = shop()
    fill(store, bodies, predictions, labels)
    return store, labels


def test_rows_have_the_documented_columns_and_exit_codes(labelled, tmp_path):
    store, labels = labelled
    worse = write_candidate(tmp_path / "worse.csv", flipped(labels, 0.6))
    words = ("compare", "--store", store, "--model", "m", "--candidate")
    rows = lines(modeltap(*words, worse, "--json"))
    assert all(tuple(row) == COLUMNS for row in rows)
    assert rows[0]["metric"] == "accuracy" and rows[0]["verdict"] == "worse"
    assert rows[0]["rows"] == ROWS and rows[0]["low"] < rows[0]["high"] < 0
    shown = modeltap(*words, worse)
    assert "worse.csv is worse than m: 1,200 rows compared" in shown
    modeltap(*words, worse, "--fail-on", "worse", code=1)
    better = write_candidate(tmp_path / "better.csv", labels)
    assert "better than m" in modeltap(*words, better, "--fail-on", "worse-anywhere")


def test_a_candidate_that_is_worse_in_a_slice_fails_only_where_asked(labelled, tmp_path):
    store, labels = labelled
    bodies, _, _ = shop()
    odd = [
        1 - label if body["hour"] < 6 else label for body, label in zip(bodies, labels, strict=True)
    ]
    path = write_candidate(tmp_path / "odd.csv", odd)
    words = ("compare", "--store", store, "--model", "m", "--candidate", path)
    shown = modeltap(*words, "--fail-on", "worse")
    assert "not shown to differ" in shown or "better than m" in shown
    assert "worse in" in shown and "hour < 6" in shown
    modeltap(*words, "--fail-on", "worse-anywhere", code=1)


def test_without_a_candidate_the_stored_ones_are_listed(labelled):
    store, _ = labelled
    words = ("compare", "--store", store, "--model", "m")
    assert "no stored candidates; give --candidate" in modeltap(*words)
    with closing(connect(store)) as connection, writing(connection):
        own = CandidatePrediction("r1", 0, 1)
        insert_candidate_predictions(connection, "m", "next", [own])
    assert "next" in modeltap(*words)
    (row,) = lines(modeltap(*words, "--json"))
    assert (row["model"], row["name"], row["requests"], row["rows"]) == ("m", "next", 0, 1)


def test_wrong_usage_is_one_clear_line(labelled, tmp_path):
    store, labels = labelled
    path = write_candidate(tmp_path / "c.csv", labels)
    own = ("--store", store)
    for words, code, text in (
        ((*own, "--candidate", path), 2, "give --model NAME, or --dataset FILE"),
        ((*own, "--model", "m", "--candidate", "nothing.csv"), 1, "no file 'nothing.csv'"),
        ((*own, "--model", "x", "--candidate", path), 1, "no model 'x'"),
        ((*own, "--model", "m", "--candidate", path, "--since", "soon"), 2, "--since 'soon'"),
        ((*own, "--model", "m", "--candidate", path, "--timeout", "0"), 2, "--timeout"),
        ((*own, "--dataset", path, "--candidate", path), 2, "--store is for rows of a store"),
        (("--dataset", path), 2, "--dataset needs --candidate"),
        ((*own, "--model", "x"), 1, "no model 'x'"),
    ):
        assert text in modeltap("compare", *words, code=code)
