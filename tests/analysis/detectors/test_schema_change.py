"""Missing and new fields, by the number of rows that have them."""

from __future__ import annotations

import pytest

from detecting import evaluated
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import schema_change
from modeltap.analysis.references.fit import fit

THEN = {"x": [1.0, 2.0] * 100, "c": ["a", "b"] * 100, "prediction": [1.0, 0.0] * 100}
REFERENCE = fit(THEN, 200, model="m")


def change(columns, rows=200):
    (metric,) = evaluated(REFERENCE, tally(columns, rows, REFERENCE), [schema_change])
    return metric


def test_equal_fields_are_not_a_change():
    metric = change(THEN)
    assert (metric.value, metric.count, metric.verdict) == (0, 0, "ok")


def test_a_field_that_no_row_has_is_lost():
    metric = change({name: THEN[name] for name in ("x", "prediction")})
    assert (metric.value, metric.verdict, metric.strength) == (1, "alert", 2)
    assert metric.evidence.lost == ["c"] and metric.evidence.new == {}


def test_a_null_field_is_lost_but_a_null_output_is_not():
    assert change({"x": THEN["x"], "c": THEN["c"]}).verdict == "ok"
    assert change(THEN | {"c": [None] * 200}).metric == "schema_change"


@pytest.mark.parametrize(("having", "verdict"), [(2, "ok"), (4, "ok"), (5, "alert")])
def test_a_new_field_in_few_rows_does_not_alert(having, verdict):
    metric = change(THEN | {"new": [1] * having + [None] * (200 - having)})
    assert metric.verdict in ("ok", "alert") and len(metric.evidence.new) <= 1
    if metric.evidence.new:
        assert 0.02 < metric.evidence.new["new"] <= 1


def test_few_rows_have_no_schema_verdict():
    assert change({"x": [1.0] * 20}, rows=20).verdict == "not_enough_rows"


def test_outputs_are_not_new_where_the_reference_is_of_inputs_alone():
    """As training data is; where it knows one output, another one is a change."""
    now = {**THEN, "score": [0.5, 0.25] * 100}
    inputs = fit({name: THEN[name] for name in ("x", "c")}, 200, model="m")
    (metric,) = evaluated(inputs, tally(now, 200, inputs), [schema_change])
    assert (metric.value, metric.verdict) == (0, "ok")
    assert change(now).evidence.new == {"score": 1.0}
