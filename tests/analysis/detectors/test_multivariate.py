"""Multivariate drift of rows without drift in any single column."""

from __future__ import annotations

import numpy as np
import pytest

from detecting import evaluated
from modeltap.analysis.counting.sample import sample
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import multivariate
from modeltap.analysis.detectors.context import BothSamples
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.references.fit import fit


def columns(correlation, rows, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    y = correlation * x + np.sqrt(1 - correlation**2) * rng.normal(size=rows)
    return {"x": x.tolist(), "y": y.tolist(), "z": rng.normal(size=rows).tolist()}


THEN = columns(0.9, 1500, 0)
REFERENCE = fit(THEN, 1500, model="m")
LEARNT = sample(THEN, 1500, REFERENCE)


def metrics_by_name(now, **options):
    rows = len(now["x"])
    samples = BothSamples(LEARNT, sample(now, rows, REFERENCE))
    window = tally(now, rows, REFERENCE)
    metrics = evaluated(REFERENCE, window, [multivariate], samples=samples, **options)
    return {metric.metric: metric for metric in metrics}


def test_a_broken_correlation_alerts_and_names_its_columns():
    metrics = metrics_by_name(columns(-0.9, 800, 1))
    drift = metrics["multivariate_drift"]
    assert drift.verdict == "alert" and drift.value > 0.7 and drift.p_value < 1e-6
    assert drift.low < drift.value < drift.high
    assert set(drift.evidence.drivers) == {"x", "y"}
    assert metrics["pca_reconstruction_error"].verdict is None
    assert metrics["pca_reconstruction_error"].evidence.driver in ("x", "y")


def test_the_drivers_among_many_columns_are_named():
    """Not every column is tried."""
    rng = np.random.default_rng(5)
    rows = 1500
    wide = {f"noise_{n}": rng.normal(size=rows).tolist() for n in range(80)}
    then = {**wide, **columns(0.95, rows, 6)}
    reference = fit(then, rows, model="m")
    learnt = sample(then, rows, reference)
    late = {name: rng.normal(size=rows).tolist() for name in wide}
    now = {**late, **columns(-0.95, rows, 7)}
    samples = BothSamples(learnt, sample(now, rows, reference))
    metrics = evaluated(reference, tally(now, rows, reference), [multivariate], samples=samples)
    (drift,) = [metric for metric in metrics if metric.metric == "multivariate_drift"]
    assert drift.verdict == "alert" and {"x", "y"} <= set(drift.evidence.drivers)


@pytest.mark.parametrize("seed", range(2, 4))
def test_rows_of_the_same_distribution_do_not_alert(seed):
    drift = metrics_by_name(columns(0.9, 800, seed))["multivariate_drift"]
    assert drift.verdict == "ok" and drift.value == pytest.approx(0.5, abs=0.06)
    assert drift.evidence.drivers == []


def test_columns_with_an_alert_are_excluded():
    """A single remaining column is not compared."""
    alerts = tuple(
        Metric(metric="drift", rows=800, feature=name, verdict="alert") for name in ("x", "y")
    )
    assert metrics_by_name(columns(-0.9, 800, 1), alerts=alerts) == {}


def test_without_samples_or_with_few_rows_there_is_no_verdict():
    window = tally({}, 300, REFERENCE)
    assert evaluated(REFERENCE, window, [multivariate]) == []
    (metric,) = metrics_by_name(columns(0.9, 50, 1)).values()
    assert (metric.verdict, metric.value) == ("not_enough_rows", None)
