"""Mean errors: their values, their causes, and their alerts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.performance import evaluation as performance
from modeltap.analysis.performance.labelled import LabelledContext
from modeltap.analysis.references.performance_baseline import learn_baseline

rng = np.random.default_rng(3)


def metrics_of(*arguments, **options):
    context = LabelledContext(*arguments, **options)
    return {m.metric: m for m in explained(performance.evaluate(context))}


def test_regression_errors_equal_those_by_hand():
    """mae, rmse and bias of plain lists; pairs without a label are left out."""
    result = metrics_of("regression", [1.0, 2.0, 3.0, 9.0], [2, 2, 5, None], None, min_rows=3)
    assert result["mae"].value == pytest.approx(1.0) and result["mae"].rows == 3
    assert result["rmse"].value == pytest.approx(np.sqrt(5 / 3))
    assert result["bias"].value == pytest.approx(-1.0)
    assert result["mae"].verdict == "no_reference"


def test_a_growing_error_alerts_with_its_cause():
    """The explanation reports whether bias is the cause."""
    truth = rng.normal(100, 20, size=500)
    baseline = learn_baseline(truth + rng.normal(0, 5, 500), truth, "regression")
    biased = metrics_of("regression", truth + 10 + rng.normal(0, 5, 500), truth, baseline)["mae"]
    noisy = metrics_of("regression", truth + rng.normal(0, 10, 500), truth, baseline)["mae"]
    assert biased.verdict == noisy.verdict == "alert"
    assert "mostly because of bias" in biased.explanation and "too high" in biased.explanation
    assert "not mainly because of bias" in noisy.explanation
    assert biased.strength > 2


def test_an_equal_or_better_model_does_not_alert():
    """Only a worse model alerts."""
    truth = rng.normal(size=500)
    baseline = learn_baseline(truth + rng.normal(0, 1, 500), truth, "regression")
    for spread in (0.1, 1.0):
        judged = metrics_of("regression", truth + rng.normal(0, spread, 500), truth, baseline)
        assert judged["mae"].verdict == "ok"


def test_a_perfect_baseline_does_not_divide_by_zero():
    """No error before and some error now: an alert with finite values."""
    baseline = learn_baseline([1.0] * 100, [1.0] * 100, "regression")
    judged = metrics_of("regression", [2.0] * 100, [1.0] * 100, baseline)["mae"]
    assert judged.verdict == "alert" and judged.strength == 2.0


def test_pairs_that_are_both_infinite_are_left_out():
    """Infinity minus infinity is not an error of the model."""
    record = learn_baseline([math.inf] * 60 + [1.0] * 60, [math.inf] * 60 + [2] * 60, "regression")
    result = performance.evaluate(
        LabelledContext(
            "regression", [math.inf, 1.0] * 100, [math.inf, 2.0] * 100, record, min_rows=50
        )
    )
    (mae,) = (metric for metric in result if metric.metric == "mae")
    assert (mae.rows, mae.value, mae.verdict) == (100, 1.0, "ok")
