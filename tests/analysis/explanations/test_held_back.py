"""An effect beyond chance and its floor that is `ok` says which rule held it back."""

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
USUAL = "no alert, because the reference varies as much"


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


def found(columns, distance=0.0, rates=None, baselines=None):
    """Return the metrics of a window by metric and feature; what was usual is given."""
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
    "metric, changes, usual, words",
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
def test_what_is_usual_is_said(metric, changes, usual, words):
    """The same effect is an alert where it is not usual, and no word where there is none."""
    held = found(window(**changes), **usual)[metric, "x"]
    assert held.verdict == "ok"
    assert held.explanation.startswith(words) and held.explanation.endswith(USUAL)
    alert = found(window(**changes))[metric, "x"]
    assert alert.verdict == "alert" and "no alert" not in alert.explanation
    none = found(window(), **usual)[metric, "x"]
    assert (none.verdict, none.explanation) == ("ok", None)


def test_a_feed_that_was_constant_before_says_so():
    columns = window() | {"c": ["a"] * ROWS}
    held = found(columns, rates={"constant_feed": 1.0})["constant_feed", "c"]
    assert held.explanation.endswith("no alert, because windows of the reference are constant, too")
    assert found(columns)["constant_feed", "c"].verdict == "alert"
    assert found(window(), rates={"constant_feed": 1.0})["constant_feed", "c"].explanation is None


def test_rows_as_wholes_and_texts_say_what_their_reference_reaches():
    rng = np.random.default_rng(3)
    columns = window()
    columns["y"] = rng.permutation(columns["y"])
    columns["t"] = [text.replace("late", "soon") for text in columns["t"]]
    usual = {"multivariate_drift": 0.85, "pca_reconstruction_error": 900.0, "drift t": 0.4}
    metrics = found(columns, distance=0.8, baselines=usual)
    for about, usual in ((("multivariate_drift", None), "0.85"), (("drift", "t"), "0.90")):
        held = metrics[about]
        assert held.verdict == "ok"
        assert held.explanation.endswith(f"and windows of the reference reach {usual}")


def test_values_beyond_the_range_of_a_drifted_column_have_their_cause():
    """They have no verdict of their own, and say why; a few of them need no word."""
    metrics = found(window(moved=3.0))
    outside = metrics["out_of_range_rate", "x"]
    assert outside.verdict is None
    assert outside.explanation.endswith("no alert, because the whole column has drifted")
    assert metrics["drift", "x"].verdict == "alert"


def test_few_rows_of_a_new_category_are_a_whim():
    rng = np.random.default_rng(1)
    reference = fit({"c": rng.choice(["a", "b"], size=9000).tolist()}, 9000, model="m")
    columns = {"c": ["new"] * 7 + ["a", "b"] * 500}
    context = Context(reference, tally(columns, 1007, reference))
    metrics = explained(evaluate(context), context)
    (unseen,) = [metric for metric in metrics if metric.metric == "unseen_rate"]
    assert unseen.verdict == "ok" and unseen.explanation.endswith(
        "no alert, because fewer than 10 rows have them"
    )
