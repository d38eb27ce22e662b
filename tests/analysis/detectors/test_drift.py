"""Verdicts: few, explained, and about one column at a time."""

from __future__ import annotations

import numpy as np
import pytest

from detecting import evaluated
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.references.fit import fit

rng = np.random.default_rng(2)
WORDS = np.array(list("abcde"))


def table(n, shift=0.0):
    """20 numeric and 5 categorical columns; `n1` may be shifted."""
    found = {f"n{i}": rng.normal(size=n) if i % 2 else rng.lognormal(size=n) for i in range(20)}
    found["n1"] = found["n1"] + shift
    for i in range(5):
        found[f"c{i}"] = rng.choice(WORDS, size=n).tolist()
    return found


def alerts(reference, columns, n, **options):
    metrics = evaluated(reference, tally(columns, n, reference), **options)
    return {(m.metric, m.feature): m for m in metrics if m.verdict == "alert"}


def test_without_drift_there_is_hardly_an_alert():
    """60 windows of 25 columns at three sizes: chance gives .6 alerts, more than 4 never."""
    false = 0
    for n in (100, 500, 2000):
        reference = fit(table(8000), 8000, model="m")
        false += sum(bool(alerts(reference, table(n), n)) for _ in range(20))
    assert false <= 4


def test_a_shift_of_a_fifth_is_found_in_its_column_alone():
    """2,000 rows, and the words say what moved."""
    reference = fit(table(10_000), 10_000, model="m")
    found = alerts(reference, table(2000, shift=0.25), 2000)
    assert set(found) == {("drift", "n1")}
    assert found["drift", "n1"].explanation.startswith("n1: median went from")


def test_a_shift_that_matters_to_nobody_is_none():
    """A hundredth of a standard deviation among 300,000 rows: significant, and no alert."""
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
def test_one_bad_column_costs_the_others_nothing(bad):
    """It is a finding about itself; no value is NaN or infinite; a drift elsewhere is found."""
    reference = fit(table(5000), 5000, model="m")
    columns = table(500, shift=1.0)
    if bad is None:
        del columns["n0"]
    else:
        columns["n0"] = bad
    metrics = evaluated(reference, tally(columns, 500, reference))
    found = {(m.metric, m.feature) for m in metrics if m.verdict == "alert"}
    assert ("drift", "n1") in found
    assert {feature for _, feature in found} == {"n0", "n1"}
    for metric in metrics:
        for name in ("value", "low", "high", "threshold", "p_value", "strength"):
            value = getattr(metric, name)
            assert value is None or np.isfinite(value)


@pytest.mark.parametrize("bad", [[None] * 300, [7.0] * 300, [1e12] + [1.0] * 299, [[1]] * 300])
def test_a_bad_reference_column_is_survived(bad):
    """All missing, constant, one huge value, lists."""
    reference = fit({"x": bad, "y": rng.normal(size=300)}, 300, model="m")
    found = alerts(reference, {"x": [1.0] * 200, "y": rng.normal(3, 1, size=200)}, 200)
    assert ("drift", "y") in found


def test_too_few_rows_give_no_verdict():
    """Never an alert from a handful."""
    reference = fit(table(5000), 5000, model="m")
    metrics = evaluated(reference, tally(table(50, shift=9), 50, reference))
    assert {m.verdict for m in metrics if m.metric == "drift"} == {"not_enough_rows"}


def test_missing_and_unseen_are_quality_and_not_drift():
    """Each names its rate in words."""
    reference = fit({"c": rng.choice(WORDS, size=5000).tolist()}, 5000, model="m")
    now = rng.choice(WORDS, size=1000).tolist()
    now[:60], now[60:100] = [None] * 60, ["new"] * 40
    found = alerts(reference, {"c": now}, 1000)
    assert set(found) == {("missing_rate", "c"), ("unseen_rate", "c")}
    assert found["missing_rate", "c"].explanation.startswith(
        "c: missing values went from 0 % to 6 % (60 of 1,000 rows); chance of this "
    )


def test_what_the_references_own_blocks_do_is_no_news():
    """A weekly swing is usual once the reference has seen it; more than it is not."""
    swings = np.repeat([-1.0, -0.5, 0.5, 1.0, 0.0, 0.7], 500)
    blocks = np.repeat(np.arange(6), 500)
    values = swings + rng.normal(size=3000)
    learnt = fit({"x": values}, 3000, model="m", blocks=blocks)
    blind = fit({"x": values}, 3000, model="m")
    week = {"x": 0.9 + rng.normal(size=500)}
    assert alerts(blind, week, 500) and not alerts(learnt, week, 500)
    worse = alerts(learnt, {"x": 3.0 + rng.normal(size=500)}, 500)
    assert "between windows of the reference)" in worse["drift", "x"].explanation


def test_sensitivity_is_one_setting():
    """High sees what low leaves alone."""
    reference = fit({"x": rng.normal(size=10_000)}, 10_000, model="m")
    counted = tally({"x": rng.normal(0.12, 1, size=3000)}, 3000, reference)
    found = {
        s: any(m.verdict == "alert" for m in evaluated(reference, counted, sensitivity=s))
        for s in ("low", "high")
    }
    assert found == {"low": False, "high": True}


def test_contamination_is_an_alert():
    """5 % at 5 standard deviations in 2,000 rows, every time."""
    values = rng.normal(size=10_000)
    reference = fit({"x": values}, 10_000, model="m")
    for _ in range(10):
        now = rng.normal(size=2000)
        now[:100] += 5
        assert alerts(reference, {"x": now}, 2000)


def test_the_words_name_a_median_beyond_the_reference():
    """Bins go on beyond the reference; wide as they are there, a bound is told that holds."""
    values = rng.normal(36, 2, size=5000)
    reference = fit({"temp": values}, 5000, model="m")
    for centre, word in ((78, "above"), (-20, "below")):
        found = alerts(reference, {"temp": rng.normal(centre, 2, size=1000)}, 1000)
        words = found["drift", "temp"].explanation
        assert words.startswith(f"temp: median went from 36 to {word} ")
        bound = float(words.split(f" {word} ")[1].split(" in ")[0])
        assert (bound < centre) if word == "above" else (bound > centre)
