"""Drift alerts are rare without drift, explained, and about single columns."""

from __future__ import annotations

import numpy as np
import pytest

from detecting import evaluated
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import drift, evaluate
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.references.fit import fit

rng = np.random.default_rng(2)
WORDS = np.array(list("abcde"))


def table(n, shift=0.0):
    """Return 20 numeric and 5 categorical columns; `n1` may be shifted."""
    columns = {f"n{i}": rng.normal(size=n) if i % 2 else rng.lognormal(size=n) for i in range(20)}
    columns["n1"] = columns["n1"] + shift
    for i in range(5):
        columns[f"c{i}"] = rng.choice(WORDS, size=n).tolist()
    return columns


def alerts(reference, columns, n, **options):
    metrics = evaluated(reference, tally(columns, n, reference), **options)
    return {(m.metric, m.feature): m for m in metrics if m.verdict == "alert"}


def test_without_drift_alerts_are_rare():
    """In 60 windows of 25 columns, .6 alerts are expected by chance, and 4 are too many."""
    false = 0
    for n in (100, 500, 2000):
        reference = fit(table(8000), 8000, model="m")
        false += sum(bool(alerts(reference, table(n), n)) for _ in range(20))
    assert false <= 4


def test_a_shift_of_a_fifth_alerts_only_in_its_column():
    """In 2,000 rows; the explanation names the change."""
    reference = fit(table(10_000), 10_000, model="m")
    raised = alerts(reference, table(2000, shift=0.25), 2000)
    assert set(raised) == {("drift", "n1")}
    assert raised["drift", "n1"].explanation.startswith("n1: median went from")


def test_a_negligible_shift_does_not_alert():
    """A hundredth of a standard deviation in 300,000 rows is significant but irrelevant."""
    n = 300_000
    reference = fit({"x": rng.normal(size=n)}, n, model="m")
    assert not alerts(reference, {"x": rng.normal(0.01, size=n)}, n)


@pytest.mark.parametrize(
    "bad",
    [
        None,
        [None] * 500,
        ["text"] * 500,
        [[1]] * 500,
        [float("inf")] * 500,
        [1e12] * 500,
        [float("nan")] * 500,
        ["1.5"] * 500,
        [True] * 500,
        [10**400] * 500,
    ],
)
def test_a_bad_column_does_not_affect_others(bad):
    """Only the bad column is reported, no value is NaN or infinite, and other drift is detected."""
    reference = fit(table(5000), 5000, model="m")
    columns = table(500, shift=1.0)
    if bad is None:
        del columns["n0"]
    else:
        columns["n0"] = bad
    metrics = evaluated(reference, tally(columns, 500, reference))
    raised = {(m.metric, m.feature) for m in metrics if m.verdict == "alert"}
    assert ("drift", "n1") in raised
    assert {feature for _, feature in raised} == {"n0", "n1"}
    for metric in metrics:
        for name in ("value", "low", "high", "threshold", "p_value", "strength"):
            value = getattr(metric, name)
            assert value is None or np.isfinite(value)


@pytest.mark.parametrize("bad", [[None] * 300, [7.0] * 300, [1e12] + [1.0] * 299, [[1]] * 300])
def test_a_bad_reference_column_raises_nothing(bad):
    """All missing, constant, one huge value, lists."""
    reference = fit({"x": bad, "y": rng.normal(size=300)}, 300, model="m")
    raised = alerts(reference, {"x": [1.0] * 200, "y": rng.normal(3, 1, size=200)}, 200)
    assert ("drift", "y") in raised


def test_too_few_rows_give_no_verdict():
    """A handful of rows never alerts."""
    reference = fit(table(5000), 5000, model="m")
    metrics = evaluated(reference, tally(table(50, shift=9), 50, reference))
    assert {m.verdict for m in metrics if m.metric == "drift"} == {"not_enough_rows"}


def test_missing_and_unseen_values_are_not_drift():
    """They are data quality, and each explanation names the rate."""
    reference = fit({"c": rng.choice(WORDS, size=5000).tolist()}, 5000, model="m")
    now = rng.choice(WORDS, size=1000).tolist()
    now[:60], now[60:100] = [None] * 60, ["new"] * 40
    raised = alerts(reference, {"c": now}, 1000)
    assert set(raised) == {("missing_rate", "c"), ("unseen_rate", "c")}
    assert raised["missing_rate", "c"].explanation.startswith(
        "c: missing values went from 0 % to 6 % (60 of 1,000 rows); chance of this "
    )


def test_variation_within_the_reference_does_not_alert():
    """A weekly variation is normal once the reference includes it; a larger one alerts."""
    swings = np.repeat([-1.0, -0.5, 0.5, 1.0, 0.0, 0.7], 500)
    blocks = np.repeat(np.arange(6), 500)
    values = swings + rng.normal(size=3000)
    learnt = fit({"x": values}, 3000, model="m", blocks=blocks)
    blind = fit({"x": values}, 3000, model="m")
    week = {"x": 0.9 + rng.normal(size=500)}
    assert alerts(blind, week, 500) and not alerts(learnt, week, 500)
    worse = alerts(learnt, {"x": 3.0 + rng.normal(size=500)}, 500)
    assert "; windows of the reference drift by up to " in worse["drift", "x"].explanation


def test_sensitivity_is_one_setting():
    """`high` alerts on drift that `low` ignores."""
    reference = fit({"x": rng.normal(size=10_000)}, 10_000, model="m")
    counted = tally({"x": rng.normal(0.12, 1, size=3000)}, 3000, reference)
    raised = {
        s: any(m.verdict == "alert" for m in evaluated(reference, counted, sensitivity=s))
        for s in ("low", "high")
    }
    assert raised == {"low": False, "high": True}


def test_contamination_alerts():
    """5 % of 2,000 rows at 5 standard deviations always alert."""
    values = rng.normal(size=10_000)
    reference = fit({"x": values}, 10_000, model="m")
    for _ in range(10):
        now = rng.normal(size=2000)
        now[:100] += 5
        assert alerts(reference, {"x": now}, 2000)


def test_a_median_outside_the_reference_has_a_bound():
    """Bins outside the reference are wide, so only a bound of the median is known."""
    values = rng.normal(36, 2, size=5000)
    reference = fit({"temp": values}, 5000, model="m")
    for centre, bound_word in ((78, "above"), (-20, "below")):
        raised = alerts(reference, {"temp": rng.normal(centre, 2, size=1000)}, 1000)
        text = raised["drift", "temp"].explanation
        assert text.startswith(f"temp: median went from 36 to {bound_word} ")
        bound = float(text.split(f" {bound_word} ")[1].split(" in ")[0])
        assert (bound < centre) if bound_word == "above" else (bound > centre)


def _moved(values):
    return values + 3.0


def _with_default(values):
    return np.where(np.arange(len(values)) % 10 == 0, 40.0, values)


def _stuck(values):
    return np.full(len(values), 2.0)


@pytest.mark.parametrize(
    "change, reported, is_news",
    [
        (_moved, "outlier_rate", True),
        (_moved, "out_of_range_rate", True),
        (_with_default, "outlier_rate", False),
        (_with_default, "out_of_range_rate", False),
        (_with_default, "missing_rate", True),
        (_stuck, "constant_feed", False),
    ],
)
def test_a_day_does_not_repeat_what_its_hours_reported(change, reported, is_news):
    """Unless the bulk of the values moved, too: a few outliers do not say so."""
    own = np.random.default_rng(3)
    reference = fit({"x": own.normal(size=5000), "y": own.normal(size=5000)}, 5000, model="m")
    columns = {"x": change(own.normal(size=500)), "y": own.normal(size=500)}
    window = tally(columns, 500, reference)
    context = Context(reference, window, reported=frozenset({(reported, "x")}))
    metrics = evaluate(context, [drift])
    (metric,) = [m for m in explained(metrics, context) if (m.metric, m.feature) == ("drift", "x")]
    assert (metric.verdict == "alert") is is_news
    assert ("no alert, because the alert about" in metric.explanation) is not is_news
