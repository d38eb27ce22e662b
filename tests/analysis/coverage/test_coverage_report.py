"""The coverage of a model: complete input has no finding, and each kind of gap has its own."""

from __future__ import annotations

from contextlib import closing

import pytest

from coverage_cases import CLEAN, covered, fill
from modeltap.analysis.coverage.coverage_report import coverages, of_store, with_labels
from modeltap.config.settings import Settings
from modeltap.store.connection import connect, writing
from modeltap.store.labels import Label, insert_labels
from stores import every, put


def test_a_model_of_plain_columns_has_no_finding(store):
    fill(store, CLEAN, responses=[{"prediction": n % 5} for n in range(300)])
    report = covered(store)
    assert (report.columns, report.tested, report.unmonitored) == (2, 2, ())


def test_a_model_without_any_tested_column_has_a_finding(store):
    fill(store, [{"id": f"user-{n}"} for n in range(300)])
    report = covered(store)
    assert (report.columns, report.tested) == (1, 0)
    sentences = [finding.sentence for finding in report.unmonitored]
    assert any("changes of the inputs are not detected" in text for text in sentences)
    assert report.problems == []


def test_each_model_of_a_store_is_covered(store):
    for model in ("a", "b"):
        fill(store, CLEAN, model=model)
    with closing(connect(store)) as connection:
        assert [finding.model for finding in coverages(connection, Settings())] == ["a", "b"]
        assert [finding.model for finding in coverages(connection, Settings(), "b")] == ["b"]


def test_labels_that_may_be_a_models_are_part_of_its_summary(store):
    fill(store, CLEAN)
    report = covered(store)
    with closing(connect(store)) as connection:
        assert with_labels(connection, report).summary is None
        with writing(connection):
            insert_labels(connection, [Label("nobody", 0, 1)], source="test")
        assert "1 of 1 labels match no prediction" in with_labels(connection, report).summary


def test_before_a_reference_masked_columns_are_known(store):
    rows = [{"x": n, "auth_method": "[masked]", "rare": None} for n in range(50)]
    fill(store, rows)
    report = covered(store)
    assert (report.has_reference, report.columns, report.tested) == (False, 3, 2)
    (finding,) = report.untested
    assert (finding.subject, finding.reason, finding.level) == (
        "auth_method",
        "masked in all rows",
        "note",
    )
    assert finding.fix == "if it is not secret, set unmask_body_fields = ['^auth_method$']"
    assert report.untested_line.startswith("m: 1 of 3 columns not tested: auth_method")


def test_a_later_column_that_is_masked_is_known(store):
    """The reference has no such column yet."""
    fill(store, CLEAN)
    put(store, every(1, 300, 300), [{**row, "pin": "[masked]"} for row in CLEAN], prefix="later")
    report = covered(store)
    (finding,) = report.untested
    assert (finding.subject, report.columns, report.tested) == ("pin", 3, 2)


@pytest.mark.parametrize("joined", [True, False])
def test_labels_belong_to_no_model_until_they_join(store, joined):
    fill(store, CLEAN)
    with closing(connect(store)) as connection:
        with writing(connection):
            insert_labels(connection, [Label("m1" if joined else "nobody", 0, 1)], source="test")
        report = of_store(connection, Settings())
    assert [finding.check for finding in report] == ([] if joined else ["labels"])
