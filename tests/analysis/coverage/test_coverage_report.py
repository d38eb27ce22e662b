"""The whole of a model: clean input has no finding, and each kind of gap has its own."""

from __future__ import annotations

from contextlib import closing

import pytest

from coverage_cases import CLEAN, covered, fill
from modeltap.analysis.coverage.coverage_report import coverages, of_no_model
from modeltap.config.settings import Settings
from modeltap.store.connection import connect, writing
from modeltap.store.labels import Label, insert_labels


def test_a_model_of_plain_columns_has_no_finding(store):
    fill(store, CLEAN, responses=[{"prediction": n % 5} for n in range(300)])
    found = covered(store)
    assert (found.columns, found.tested, found.unmonitored) == (2, 2, ())


def test_a_model_without_any_tested_column_says_so(store):
    fill(store, [{"id": f"user-{n}"} for n in range(300)])
    found = covered(store)
    assert (found.columns, found.tested) == (1, 0)
    assert any("no change of the inputs shows" in one.sentence for one in found.unmonitored)
    assert found.problems == []


def test_each_model_of_a_store_is_covered(store):
    for model in ("a", "b"):
        fill(store, CLEAN, model=model)
    with closing(connect(store)) as connection:
        assert [one.model for one in coverages(connection, Settings())] == ["a", "b"]
        assert [one.model for one in coverages(connection, Settings(), "b")] == ["b"]


@pytest.mark.parametrize("joined", [True, False])
def test_labels_belong_to_no_model_until_they_join(store, joined):
    fill(store, CLEAN)
    with closing(connect(store)) as connection:
        with writing(connection):
            insert_labels(connection, [Label("m1" if joined else "nobody", 0, 1)], source="test")
        found = of_no_model(connection, Settings())
    assert [one.check for one in found] == ([] if joined else ["labels"])
