"""Untested columns are listed once in `drift`, with the reason."""

from __future__ import annotations

import json

import pytest

from command import lines, modeltap
from stores import analyze, every, put


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = tmp_path_factory.mktemp("untested") / "taps.db"
    rows = [
        {"x": n * 7919 % 100, "user": f"u{n:04}", "odd": n % 7 if n % 2 else [1, 2]}
        for n in range(300)
    ]
    answers = [json.dumps({"prediction": n % 7}) for n in range(300)]
    put(store, every(1, 300), rows, responses=answers)
    analyze(store, {"reference": "first 200 rows", "window": "100 rows"})
    return store


def test_drift_has_a_row_for_each_column(store):
    found = lines(modeltap("drift", "--store", store, "--json"))
    columns = {row["feature"]: row for row in found if row["metric"] == "drift"}
    assert {name for name, row in columns.items() if row["verdict"] == "not_comparable"} == {
        "user",
        "odd",
    }
    assert "treated as an id" in columns["user"]["explanation"]
    assert "values of several types" in columns["odd"]["explanation"]
    assert len({tuple(row) for row in found}) == 1
    assert columns["user"]["window_start"] == columns["x"]["window_start"]


def test_an_untested_column_can_be_selected(store):
    (row,) = lines(modeltap("drift", "--store", store, "--feature", "user", "--json"))
    assert row["verdict"] == "not_comparable"
    text = modeltap("drift", "--store", store, "--feature", "user")
    assert "not tested: treated as an id" in text
    assert "no feature 'usre'" in modeltap("drift", "--store", store, "--feature", "usre", code=1)
