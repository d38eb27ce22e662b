"""Constant feeds alert if the feature varied before, but not if one value is normal."""

from __future__ import annotations

import numpy as np
import pytest

from detecting import evaluated
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import constant_feed
from modeltap.analysis.references.fit import fit

rng = np.random.default_rng(0)
THEN = {
    "x": rng.normal(size=1000).tolist(),
    "c": ["a", "b", "c", "d"] * 250,
    "rain": [0.0] * 950 + [1.0] * 50,
    "fixed": [7.0] * 1000,
}
REFERENCE = fit(THEN, 1000, model="m")


def metrics_by_name(columns, rows=200, **options):
    window = tally(columns, rows, REFERENCE)
    return {m.feature: m for m in evaluated(REFERENCE, window, [constant_feed], **options)}


@pytest.mark.parametrize(("name", "value"), [("x", 0.1), ("x", 1e9), ("c", "b"), ("c", "new")])
def test_a_constant_feature_that_varied_alerts(name, value):
    metric = metrics_by_name(
        {**THEN, name: [value] * 200} | {k: THEN[k][:200] for k in THEN if k != name}
    )
    assert metric[name].verdict == ("alert" if value != "new" else metric[name].verdict)
    assert [n for n, m in metric.items() if m.verdict == "alert"] in ([name], [])
    if value != "new":
        assert metric[name].value == 1 and metric[name].p_value < 1e-6
        assert metric[name].strength == 2


def test_without_a_change_nothing_is_constant():
    metrics = metrics_by_name({name: column[:200] for name, column in THEN.items()})
    assert {m.verdict for m in metrics.values()} == {"ok"}
    assert "fixed" not in metrics, "what never varied can not stop"


def test_a_week_without_rain_does_not_alert():
    assert metrics_by_name({"rain": [0.0] * 200})["rain"].verdict == "ok"
    assert metrics_by_name({"rain": [1.0] * 200})["rain"].verdict == "alert"


def test_values_of_one_bin_are_not_one_value():
    close = np.linspace(0.1, 0.1001, 200).tolist()
    assert metrics_by_name({"x": close})["x"].verdict == "ok"


def test_few_constant_rows_have_no_verdict():
    metric = metrics_by_name({"x": [0.1] * 50}, rows=50)["x"]
    assert metric.verdict == "not_enough_rows" and metric.strength == 0
    assert metrics_by_name({"x": [None] * 200})["x"].value == 0
