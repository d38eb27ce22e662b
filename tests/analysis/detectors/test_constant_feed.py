"""Constant feeds: found where a feature varied, and quiet where one value is nothing new."""

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


def found(columns, rows=200, **options):
    window = tally(columns, rows, REFERENCE)
    return {m.feature: m for m in evaluated(REFERENCE, window, [constant_feed], **options)}


@pytest.mark.parametrize(("name", "value"), [("x", 0.1), ("x", 1e9), ("c", "b"), ("c", "new")])
def test_one_value_of_a_feature_that_varied_alerts(name, value):
    metric = found({**THEN, name: [value] * 200} | {k: THEN[k][:200] for k in THEN if k != name})
    assert metric[name].verdict == ("alert" if value != "new" else metric[name].verdict)
    assert [n for n, m in metric.items() if m.verdict == "alert"] in ([name], [])
    if value != "new":
        assert metric[name].value == 1 and metric[name].p_value < 1e-6
        assert metric[name].strength == 2


def test_nothing_alerts_where_nothing_happened():
    metrics = found({name: column[:200] for name, column in THEN.items()})
    assert {m.verdict for m in metrics.values()} == {"ok"}
    assert "fixed" not in metrics, "what never varied can not stop"


def test_a_week_without_rain_is_no_alert():
    assert found({"rain": [0.0] * 200})["rain"].verdict == "ok"
    assert found({"rain": [1.0] * 200})["rain"].verdict == "alert"


def test_values_of_one_bin_are_not_one_value():
    close = np.linspace(0.1, 0.1001, 200).tolist()
    assert found({"x": close})["x"].verdict == "ok"


def test_few_rows_say_nothing():
    metric = found({"x": [0.1] * 50}, rows=50)["x"]
    assert metric.verdict == "not_enough_rows" and metric.strength == 0
    assert found({"x": [None] * 200})["x"].value == 0
