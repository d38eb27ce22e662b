"""`modeltap errors`: rows of three kinds, and tables for people."""

from __future__ import annotations

import json
from contextlib import closing

from command import lines, modeltap
from modeltap.cli.errors import print_tables
from modeltap.store.connection import connect, writing
from modeltap.store.labels import Label, insert_labels
from stores import analyze, every, put


def label(store, labels):
    with closing(connect(store)) as connection, writing(connection):
        own = [Label(f"r{n}", 0, value) for n, value in enumerate(labels)]
        insert_labels(connection, own, source="test")
    analyze(store, {})


def test_confused_classes_are_rows_with_examples(store):
    predictions = ["cat"] * 60 + ["dog"] * 60
    truth = ["cat"] * 50 + ["dog"] * 10 + ["dog"] * 55 + ["bird"] * 5
    responses = [json.dumps({"prediction": value}) for value in predictions]
    put(store, every(1, 120), [{"x": n % 7} for n in range(120)], responses=responses)
    label(store, truth)
    rows = lines(modeltap("errors", "--store", store, "--model", "m", "--json"))
    shown = [(row["kind"], row["predicted"], row["label"], row["count"]) for row in rows]
    assert shown == [("prediction", "cat", "dog", 10), ("prediction", "dog", "bird", 5)]
    assert [row["fraction"] for row in rows] == [10 / 15, 5 / 15]
    assert rows[1]["examples"] == ["r119", "r118", "r117", "r116", "r115"]
    text = modeltap("errors", "--store", store)
    assert "wrong predictions:" in text and "bird" in text


def test_the_largest_errors_of_numbers(store):
    truth = [n + 0.5 for n in range(40)]
    responses = [json.dumps({"prediction": n + 0.5 + (100.25 if n == 7 else 1)}) for n in range(40)]
    put(store, every(1, 40), [{"x": n % 7} for n in range(40)], responses=responses)
    label(store, truth)
    rows = lines(modeltap("errors", "--store", store, "--json"))
    assert len(rows) == 10
    assert (rows[0]["error"], rows[0]["examples"], rows[0]["label"]) == (100.25, ["r7"], 7.5)


def test_a_store_without_errors_says_so(store):
    put(store, every(1, 5), [{"x": n} for n in range(5)])
    analyze(store, {})
    assert "m: no labelled rows" in modeltap("errors", "--store", store)
    assert modeltap("errors", "--store", store, "--json") == ""
    assert modeltap("errors", "--store", store, "--kind", "request") == "no errors\n"


def test_slices_have_a_table_of_their_own(capsys):
    row = dict.fromkeys(("predicted", "label", "slice", "lift", "last_at"))
    row |= {"model": "m", "kind": "prediction", "type": "large_error", "error": 9.5, "count": 1}
    wrong = {**row, "predicted": 1.0, "label": 10.5, "examples": ["a"]}
    part = {**row, "type": "slice", "slice": "x >= 3", "lift": 2.0, "examples": ["b"]}
    print_tables([wrong, part])
    first, second = capsys.readouterr().out.split("rows with the largest errors:")
    assert "large_error" in first and "x >= 3" not in first and "lift" not in first
    assert "x >= 3" in second and "predicted" not in second and "model" not in first + second
