"""The explanation of a held-back effect names the rule that kept it from alerting."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from modeltap.analysis.counting.sample import sample
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import evaluate
from modeltap.analysis.detectors.context import BothSamples, Context, LearntBaselines
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.references.fit import fit

ROWS = 2000
NORMAL = "no alert, because the reference varies as much"


def table(rng, moved=0.0, missing=0.0):
    x = rng.normal(moved, 1, size=ROWS)
    y = x + rng.normal(0, 0.3, size=ROWS)
    texts = rng.choice(["good", "bad", "late", "soon"], p=[0.4, 0.3, 0.2, 0.1], size=(ROWS, 6))
    return {
        "x": np.where(rng.random(ROWS) < missing, np.nan, x),
        "y": y,
        "t": [" ".join(row) for row in texts],
        "c": rng.choice(["a", "b"], size=ROWS).tolist(),
    }


def metrics_of(columns, distance=0.0, rates=None, baselines=None):
    """Return the metrics of a window by metric and feature, given the baselines."""
    then = table(np.random.default_rng(1))
    reference = fit(then, ROWS, model="m")
    features = tuple(
        replace(f, baseline_distance=distance, baseline_rates=rates or {})
        for f in reference.features
    )
    reference = replace(reference, features=features)
    samples = None
    if baselines is not None:
        samples = BothSamples(sample(then, ROWS, reference), sample(columns, ROWS, reference))
    context = Context(
        reference,
        tally(columns, ROWS, reference),
        samples=samples,
        baselines=LearntBaselines(baselines or {}),
    )
    metrics = explained(evaluate(context), context)
    return {(metric.metric, metric.feature): metric for metric in metrics}


def window(**changes):
    return table(np.random.default_rng(2), **changes)


@pytest.mark.parametrize(
    "metric, changes, baselines, start",
    [
        ("drift", {"moved": 0.3}, {"distance": 0.5}, "x: median went from"),
        (
            "missing_rate",
            {"missing": 0.1},
            {"rates": {"missing_rate": 0.3}},
            "x: missing values went",
        ),
    ],
)
def test_a_normal_effect_is_explained(metric, changes, baselines, start):
    """The same effect alerts without a baseline; without an effect there is no explanation."""
    held = metrics_of(window(**changes), **baselines)[metric, "x"]
    assert held.verdict == "ok"
    assert held.explanation.startswith(start) and held.explanation.endswith(NORMAL)
    alert = metrics_of(window(**changes))[metric, "x"]
    assert alert.verdict == "alert" and "no alert" not in alert.explanation
    none = metrics_of(window(), **baselines)[metric, "x"]
    assert (none.verdict, none.explanation) == ("ok", None)


def test_a_constant_feed_of_the_reference_is_explained():
    columns = window() | {"c": ["a"] * ROWS}
    held = metrics_of(columns, rates={"constant_feed": 1.0})["constant_feed", "c"]
    assert held.explanation.endswith("no alert, because windows of the reference are constant, too")
    assert metrics_of(columns)["constant_feed", "c"].verdict == "alert"
    assert (
        metrics_of(window(), rates={"constant_feed": 1.0})["constant_feed", "c"].explanation is None
    )


def test_row_comparisons_report_the_maximum_of_the_reference():
    rng = np.random.default_rng(3)
    columns = window()
    columns["y"] = rng.permutation(columns["y"])
    columns["t"] = [text.replace("late", "soon") for text in columns["t"]]
    baselines = {"multivariate_drift": 0.85, "pca_reconstruction_error": 900.0, "drift t": 0.4}
    metrics = metrics_of(columns, distance=0.8, baselines=baselines)
    for about, reached in ((("multivariate_drift", None), "0.85"), (("drift", "t"), "0.90")):
        held = metrics[about]
        assert held.verdict == "ok"
        assert held.explanation.endswith(f"and windows of the reference reach {reached}")


def test_values_out_of_range_are_attributed_to_drift():
    """They have no verdict and explain why; few of them need no explanation."""
    metrics = metrics_of(window(moved=3.0))
    outside = metrics["out_of_range_rate", "x"]
    assert outside.verdict is None
    assert outside.explanation.endswith("no alert, because the whole column has drifted")
    assert metrics["drift", "x"].verdict == "alert"


def test_few_rows_of_a_new_category_do_not_alert():
    rng = np.random.default_rng(1)
    reference = fit({"c": rng.choice(["a", "b"], size=9000).tolist()}, 9000, model="m")
    columns = {"c": ["new"] * 7 + ["a", "b"] * 500}
    context = Context(reference, tally(columns, 1007, reference))
    metrics = explained(evaluate(context), context)
    (unseen,) = [metric for metric in metrics if metric.metric == "unseen_rate"]
    assert unseen.verdict == "ok" and unseen.explanation.endswith(
        "no alert, because fewer than 10 rows have such values"
    )
