"""Every threshold of a metric with a bound can be crossed, or the metric says that it cannot."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from msgspec.structs import replace

from modeltap.analysis.counting.sample import sample
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.counting.traffic import Traffic
from modeltap.analysis.detectors import evaluate, latency_and_errors
from modeltap.analysis.detectors.context import BothSamples, Context
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.references.fit import fit
from modeltap.config.metrics import CATALOGUE

ROWS = 400
BOUNDED = ("drift", "multivariate_drift")
USUAL = [0.0, 0.3, 0.6, 0.85, 0.889, 0.9, 0.95, 1.0]


def columns(rng, rows):
    return {
        "x": rng.normal(size=rows),
        "y": rng.normal(size=rows),
        "c": rng.choice(["a", "b", "c"], rows).tolist(),
        "b": (rng.random(rows) < 0.3).tolist(),
        "t": [" ".join(rng.choice(["one", "two", "three", "four"], 9)) for _ in range(rows)],
        "e": rng.normal(size=(rows, 6)).tolist(),
    }


class Same:
    """Comparisons of rows that were all this far apart before."""

    def __init__(self, usual):
        self.usual = usual

    def highest(self, metric, feature):
        scale = 0.5 if metric == "drift" else 1.0
        start = 0.5 if metric == "multivariate_drift" else 0.0
        return start + (1 - start) * self.usual * scale


@pytest.fixture(scope="module")
def known():
    rng = np.random.default_rng(1)
    rows = columns(rng, ROWS)
    reference = fit(rows, ROWS, model="m")
    return reference, sample(rows, ROWS, reference), columns(rng, ROWS)


def metrics_of(known, usual):
    """All metrics of a window whose reference's own blocks reached `usual` in each."""
    reference, then, now = known
    rates = {name: usual for name, entry in CATALOGUE.items() if entry.unit == "fraction"}
    features = tuple(
        replace(f, baseline_distance=usual, baseline_rates={**rates, "new_value": usual})
        for f in reference.features
    )
    varied = replace(reference, features=features, baseline_repeats=usual)
    context = Context(
        varied,
        tally(now, ROWS, varied),
        samples=BothSamples(then, sample(now, ROWS, varied)),
        baselines=Same(usual),
    )
    return explained(evaluate(context), context)


def bound_of(metric):
    if metric.metric == "drift" and metric.feature in ("t", "e"):
        return 0.5
    bounded = CATALOGUE[metric.metric].unit == "fraction" or metric.metric in BOUNDED
    return 1.0 if bounded else None


@pytest.mark.parametrize("usual", USUAL)
def test_thresholds_are_within_what_a_metric_can_reach(known, usual):
    compared = 0
    for metric in metrics_of(known, usual):
        bound = bound_of(metric)
        if bound is None or metric.verdict is None:
            continue
        compared += 1
        if metric.verdict == "not_comparable":
            assert metric.threshold is None and "not compared" in metric.explanation
        else:
            assert metric.threshold <= 0.9 * bound
    assert compared > 20


@pytest.mark.parametrize("usual", [0.95, 1.0])
def test_what_is_always_so_is_not_comparable(known, usual):
    found = metrics_of(known, usual)
    names = {metric.metric for metric in found if metric.verdict == "not_comparable"}
    assert names >= {
        "drift",
        "multivariate_drift",
        "missing_rate",
        "type_mismatch_rate",
        "unseen_rate",
        "out_of_range_rate",
        "outlier_rate",
        "row_outlier_rate",
        "duplicate_rate",
    }
    assert not any(metric.verdict == "alert" for metric in found)


@pytest.mark.parametrize("usual", [0.0, 0.5, 0.895, 0.95])
def test_an_error_rate_can_be_crossed_or_says_so(usual):
    traffic = Traffic(requests=500, errors=500)
    context = SimpleNamespace(
        traffic=traffic, baseline={"error_rate": usual}, seconds=3600.0, min_rows=100
    )
    found = next(m for m in latency_and_errors.evaluate(context) if m.metric == "error_rate")
    assert found.verdict == ("alert" if usual < 0.9 else "not_comparable")
    assert found.threshold is None or found.threshold <= 0.9


def test_a_column_that_was_mostly_missing_can_still_be_all_missing():
    """The usual .85 and the floor would be .87; all rows missing is news."""
    rng = np.random.default_rng(2)
    then = [None if rng.random() < 0.85 else 1.0 * i for i in range(2000)]
    reference = fit({"x": then}, 2000, model="m")
    context = Context(reference, tally({"x": [None] * 500}, 500, reference))
    found = {metric.metric: metric for metric in evaluate(context)}
    assert found["missing_rate"].verdict == "alert"
