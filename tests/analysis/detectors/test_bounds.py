"""Thresholds of bounded metrics can be crossed, or the metric reports that they cannot."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from modeltap.analysis.concept.concept_drift import InputChanges, concept_drift
from modeltap.analysis.concept.excess import Expected
from modeltap.analysis.counting.sample import sample
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.counting.traffic import LONGEST_MS, Traffic, count_latency
from modeltap.analysis.detectors import (
    constant_feed,
    drift,
    duplicate_rate,
    evaluate,
    gaps,
    latency_and_errors,
    multivariate,
    quality,
    row_outliers,
    schema_change,
)
from modeltap.analysis.detectors.context import BothSamples, Context
from modeltap.analysis.detectors.latency_and_errors import TrafficContext
from modeltap.analysis.evaluators.pass_rates import compared_rate
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.fairness.group_gaps import RateOfGroups, gap_metric
from modeltap.analysis.fairness.groupings import Grouping
from modeltap.analysis.fairness.simultaneous import rate_interval
from modeltap.analysis.model.baseline import Baseline, GroupBaseline, PassRate, ScoreBaseline
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.model.moments import Moments, RocArea
from modeltap.analysis.performance import evaluation as performance
from modeltap.analysis.performance.labelled import LabelledContext
from modeltap.analysis.references.fit import fit
from modeltap.config.metrics import CATALOGUE

ROWS = 400
BOUNDED = ("drift", "multivariate_drift")
REACHED = [0.0, 0.3, 0.6, 0.85, 0.889, 0.9, 0.95, 1.0]


def columns(rng, rows):
    return {
        "x": rng.normal(size=rows),
        "y": rng.normal(size=rows),
        "c": rng.choice(["a", "b", "c"], rows).tolist(),
        "b": (rng.random(rows) < 0.3).tolist(),
        "t": [" ".join(rng.choice(["one", "two", "three", "four"], 9)) for _ in range(rows)],
        "e": rng.normal(size=(rows, 6)).tolist(),
    }


class ConstantBaselines:
    """Baselines with the same value for all row comparisons."""

    def __init__(self, reached):
        self.reached = reached

    def highest(self, metric, feature):
        scale = 0.5 if metric == "drift" else 1.0
        start = 0.5 if metric == "multivariate_drift" else 0.0
        return start + (1 - start) * self.reached * scale


@pytest.fixture(scope="module")
def known():
    rng = np.random.default_rng(1)
    rows = columns(rng, ROWS)
    reference = fit(rows, ROWS, model="m")
    return reference, sample(rows, ROWS, reference), columns(rng, ROWS)


def metrics_of(known, reached):
    """Return the metrics of a window, with reference blocks that reached `reached` in all."""
    reference, then, now = known
    rates = {name: reached for name, entry in CATALOGUE.items() if entry.unit == "fraction"}
    features = tuple(
        replace(f, baseline_distance=reached, baseline_rates={**rates, "new_value": reached})
        for f in reference.features
    )
    varied = replace(reference, features=features, baseline_repeats=reached)
    context = Context(
        varied,
        tally(now, ROWS, varied),
        samples=BothSamples(then, sample(now, ROWS, varied)),
        baselines=ConstantBaselines(reached),
    )
    return explained(evaluate(context), context)


def bound_of(metric):
    if metric.metric == "drift" and metric.feature in ("t", "e"):
        return 0.5
    bounded = CATALOGUE[metric.metric].unit == "fraction" or metric.metric in BOUNDED
    return 1.0 if bounded else None


@pytest.mark.parametrize("reached", REACHED)
def test_thresholds_are_within_what_a_metric_can_reach(known, reached):
    compared = 0
    for metric in metrics_of(known, reached):
        bound = bound_of(metric)
        if bound is None or metric.verdict is None:
            continue
        compared += 1
        if metric.verdict == "not_comparable":
            assert metric.threshold is None and "not compared" in metric.explanation
        else:
            assert metric.threshold <= 0.9 * bound
    assert compared > 20


@pytest.mark.parametrize("reached", [0.95, 1.0])
def test_baselines_at_the_bound_are_not_comparable(known, reached):
    results = metrics_of(known, reached)
    names = {metric.metric for metric in results if metric.verdict == "not_comparable"}
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
    assert not any(metric.verdict == "alert" for metric in results)


def _input(metric, feature, detector, **changed):
    """Return a function from a baseline to a metric of a window with the worst columns."""

    def worst(known, reached):
        reference, then, now = known
        rates = {name: reached for name, entry in CATALOGUE.items() if entry.unit == "fraction"}
        features = tuple(
            replace(
                f, baseline_distance=reached, baseline_rates={**rates, "constant_feed": reached}
            )
            for f in reference.features
        )
        varied = replace(reference, features=features, baseline_repeats=reached)
        columns = {**now, **changed}
        samples = BothSamples(then, sample(columns, ROWS, varied))
        window = tally(columns, ROWS, varied)
        context = Context(varied, window, samples=samples, baselines=ConstantBaselines(reached))
        results = {(m.metric, m.feature): m for m in detector.evaluate(context)}
        return results[metric, feature]

    return worst


def _pause(metric):
    def worst(_known, reached):
        """The longest normal pause fills that part of an hour; all rows are in its first minute."""
        reference = replace(
            fit({"x": [1.0, 2.0] * 100}, 200, model="m"),
            gap_seconds=3600 * reached,
            blocks=4,
            from_time="2024-01-01T00:00:00Z",
            to_time="2024-01-08T00:00:00Z",
        )
        times = np.linspace(0, 1, ROWS)
        if metric == "gap_seconds":
            times[-1] = 3599.0
        window = tally({"x": [1.0] * ROWS}, ROWS, reference)
        context = Context(reference, window, times=times, start=0.0, end=3600.0)
        return next(m for m in gaps.evaluate(context) if m.metric == metric)

    return worst


def _accuracy(_known, reached):
    baseline = Baseline(task="classification", rows=ROWS, mean=1 - reached, variance=0.1)
    context = LabelledContext("classification", ["a"] * ROWS, ["b"] * ROWS, baseline)
    return next(m for m in performance.evaluate(context) if m.metric == "accuracy")


def _f1_macro(_known, reached):
    """Two equal classes with equal accuracy, which F1 is equal to; now no prediction is correct."""
    right = round(ROWS * (1 - reached) / 2)
    wrong = ROWS // 2 - right
    pairs = [("a", "a", right), ("b", "b", right), ("a", "b", wrong), ("b", "a", wrong)]
    known = tuple(pair for pair in pairs if pair[2])
    baseline = Baseline(
        task="classification", rows=ROWS, mean=1 - reached, variance=0.1, pairs=known
    )
    half = ROWS // 2
    outputs, labels = ["a"] * half + ["b"] * half, ["b"] * half + ["a"] * half
    context = LabelledContext("classification", outputs, labels, baseline)
    return next(m for m in performance.evaluate(context) if m.metric == "f1_macro")


def _mae(_known, reached):
    baseline = Baseline(task="regression", rows=ROWS, mean=10**reached, variance=0.1)
    context = LabelledContext("regression", [1e9 + n for n in range(ROWS)], [0.0] * ROWS, baseline)
    return next(m for m in performance.evaluate(context) if m.metric == "mae")


def _scored(metric):
    """Scores at the given distance from perfect in the reference, reversed in the window."""

    def worst(_known, reached):
        scores = ScoreBaseline(
            area=RocArea(1 - reached, 1e-6, ROWS, ROWS),
            brier=Moments(ROWS, reached, reached * (1 - reached), 0.0),
        )
        baseline = Baseline(
            task="classification", rows=ROWS, mean=1 - reached, variance=0.1, scores=scores
        )
        outputs, labels = [0.001, 0.999] * (ROWS // 2), [1, 0] * (ROWS // 2)
        context = LabelledContext("classification", outputs, labels, baseline)
        return next(m for m in performance.evaluate(context) if m.metric == metric)

    return worst


def _requests(metric):
    def worst(_known, reached):
        baselines = {"error_rate": reached, "latency_p95_ms": reached * LONGEST_MS or 1.0}
        latency = count_latency(np.full(ROWS, 2 * LONGEST_MS))
        context = TrafficContext(
            Traffic(requests=ROWS, errors=ROWS, latency=latency), 3600.0, baselines
        )
        return next(m for m in latency_and_errors.evaluate(context) if m.metric == metric)

    return worst


def _group_gap(metric, rate, variance=0.0):
    """Two groups whose rates differ by `reached` in the reference, and by all there is now."""

    def worst(_known, reached):
        segments, rows = ("g=a", "g=b"), ROWS // 2
        largest = 1e6 if variance else 1.0
        rates = {
            segment: {rate: Moments(5 * rows, mean, variance, 0.0)}
            for segment, mean in zip(segments, (reached, 0.0), strict=True)
        }
        values = [Moments(rows, largest, variance, 0.0), Moments(rows, 0.0, variance, 0.0)]
        part = RateOfGroups(
            rate,
            Grouping("g", segments, np.repeat([0, 1], rows), 30),
            values,
            [0, 1],
            {n: rate_interval(values[n], 3.0, binary=not variance) for n in (0, 1)},
            binary=not variance,
        )
        baseline = GroupBaseline(key="", rates={"g": rates}, variation={"g": {rate: 0.0}})
        return gap_metric(metric, [part], baseline, 1e-4)

    return worst


def _concept(_known, reached):
    """The inputs lead to expect an error of `reached`, as it varied; now all rows are wrong."""
    baseline = Baseline(
        task="classification", rows=ROWS, mean=1 - reached, variance=0.1, baseline_loss=reached / 2
    )
    measured = Metric(metric="accuracy", rows=ROWS, value=0.0, low=0.0, high=0.01)
    expected = Expected(reached, 0.001, ROWS)
    start = "2024-01-01T00:00:00.000Z"
    return concept_drift(measured, expected, baseline, InputChanges((), True), (), start, 1e-4)


def _pass_rate(metric):
    """A fraction of outputs failed in the reference; now all do."""

    def worst(_known, reached):
        before = PassRate(rows=10_000, passed=round(10_000 * (1 - reached)))
        found = compared_rate(PassRate(rows=ROWS, passed=0), before, "json", None, 1e-4, 30)
        return replace(found, metric=metric, segment="evaluator=json")

    return worst


FAR = {name: [1e6 * (-1) ** n for n in range(ROWS)] for name in ("x", "y")}

WORST = {
    "drift": _input("drift", "x", drift, x=[9.0] * ROWS),
    "multivariate_drift": _input("multivariate_drift", None, multivariate, **FAR),
    "missing_rate": _input("missing_rate", "x", quality, x=[None] * ROWS),
    "type_mismatch_rate": _input("type_mismatch_rate", "x", quality, x=["text"] * ROWS),
    "unseen_rate": _input("unseen_rate", "c", quality, c=["new"] * ROWS),
    "out_of_range_rate": _input("out_of_range_rate", "x", quality, **FAR),
    "outlier_rate": _input("outlier_rate", "x", quality, **FAR),
    "row_outlier_rate": _input("row_outlier_rate", None, row_outliers, **FAR),
    "constant_feed": _input("constant_feed", "c", constant_feed, c=["a"] * ROWS),
    "duplicate_rate": _input(
        "duplicate_rate",
        None,
        duplicate_rate,
        **{"x": [1.0] * ROWS, "y": [1.0] * ROWS, "c": ["a"] * ROWS, "b": [True] * ROWS},
        t=["one"] * ROWS,
        e=[[1.0] * 6] * ROWS,
    ),
    "schema_change": _input("schema_change", None, schema_change, absent=[1.0] * ROWS),
    "gap_seconds": _pause("gap_seconds"),
    "freshness_seconds": _pause("freshness_seconds"),
    "mae": _mae,
    "accuracy": _accuracy,
    "concept_drift": _concept,
    "f1_macro": _f1_macro,
    "roc_auc": _scored("roc_auc"),
    "brier": _scored("brier"),
    "demographic_parity_difference": _group_gap("demographic_parity_difference", "selection_rate"),
    "equalized_odds_difference": _group_gap("equalized_odds_difference", "fpr"),
    "equal_opportunity_difference": _group_gap("equal_opportunity_difference", "tpr"),
    "mae_difference": _group_gap("mae_difference", "mae", variance=0.1),
    "error_rate": _requests("error_rate"),
    "latency_p95_ms": _requests("latency_p95_ms"),
    "evaluator_pass_rate": _pass_rate("evaluator_pass_rate"),
    "judge_rate": _pass_rate("judge_rate"),
}
"""The worst possible window of each metric, given a baseline as a fraction of the bound."""

FIXED = {"event_time_rejected_rate", "not_monitored", "judge_corrected_rate"}
"""Metrics with a fixed threshold: impossible times and unreadable bodies are never normal, and a
corrected rate has the threshold of the user."""

BY_THE_CLOCK = {"capture_loss", "no_traffic", "no_labels", "analysis_failed", "delivery_failed"}
"""Counts and times that grow during an incident and cross any threshold."""


def test_every_metric_with_a_verdict_is_here():
    known = {name for name, entry in CATALOGUE.items() if entry.has_verdict}
    assert known == set(WORST) | BY_THE_CLOCK | FIXED


@pytest.mark.parametrize("reached", REACHED)
@pytest.mark.parametrize("metric", sorted(WORST))
def test_the_worst_window_alerts_or_the_metric_is_not_comparable(known, metric, reached):
    """A threshold that cannot be crossed would look like a metric that is always ok."""
    results = WORST[metric](known, reached)
    if results.verdict == "not_comparable":
        assert reached > 0.6 and results.threshold is None
        assert "not compared" in explained([results])[0].explanation
    elif metric == "constant_feed" and reached >= 0.9:
        assert results.verdict == "ok"  # the feed was constant in the reference, too
    else:
        assert results.verdict == "alert", (results.value, results.threshold)


def test_a_column_that_was_mostly_missing_can_still_be_all_missing():
    """The threshold is .85 plus the floor, and 1 is above it."""
    rng = np.random.default_rng(2)
    then = [None if rng.random() < 0.85 else 1.0 * i for i in range(2000)]
    reference = fit({"x": then}, 2000, model="m")
    context = Context(reference, tally({"x": [None] * 500}, 500, reference))
    results = {metric.metric: metric for metric in evaluate(context)}
    assert results["missing_rate"].verdict == "alert"
