"""New values are detected and named: a default, a median, a cap, a code in some rows."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from modeltap.analysis.counting.columns import Values
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import drift
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.explanations.new_values import with_number
from modeltap.analysis.references.fit import fit

ROWS = 1000

SHAPES = {
    "normal": lambda rng, n: rng.normal(500, 100, size=n),
    "lognormal": lambda rng, n: 500 * rng.lognormal(size=n),
    "uniform": lambda rng, n: rng.uniform(100, 900, n),
    "counts": lambda rng, n: rng.poisson(300, n) * 1.0,
}


def some(rng, values, value):
    """Return the values with `value` in 8 % of rows."""
    return np.where(rng.random(len(values)) < 0.08, value, values)


FAULTS = {
    "a default of 0": (lambda rng, x, then: some(rng, x, 0.0), "value 0 in "),
    "a code": (lambda rng, x, then: some(rng, x, -999.0), "value -999 in "),
    "the mean": (lambda rng, x, then: some(rng, x, then.mean()), "value "),
    "a cap": (lambda rng, x, then: np.minimum(x, np.quantile(then, 0.9)), "no value above "),
    "a bottom": (lambda rng, x, then: np.maximum(x, np.quantile(then, 0.1)), "no value below "),
}


def evaluated(reference, values):
    """Return the explained drift of a column, with the value from the window's rows."""
    columns = {"x": values}
    context = Context(reference, tally(columns, len(values), reference))
    metric = next(metric for metric in drift.evaluate(context) if metric.metric == "drift")
    rows = Values(columns, len(values), reference.by_name)
    named = replace(metric, evidence=with_number(metric.evidence, metric, context, rows))
    return explained([named], context)[0]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_new_value_is_detected_and_named(shape, fault):
    rng = np.random.default_rng(8)
    change, start = FAULTS[fault]
    then = SHAPES[shape](rng, 2000)
    reference = fit({"x": then}, 2000, model="m")
    metric = evaluated(reference, change(rng, SHAPES[shape](rng, ROWS), then))
    assert metric.verdict == "alert"
    assert f"x: {start}" in metric.explanation and "before" in metric.explanation


def test_the_explanation_has_both_fractions():
    """A value that was not in the reference, and a cap."""
    rng = np.random.default_rng(9)
    then = rng.normal(500, 100, size=2000)
    reference = fit({"x": then}, 2000, model="m")
    now = rng.normal(500, 100, size=ROWS)
    now[:200] = 0.0
    assert evaluated(reference, now).explanation.startswith(
        "x: value 0 in 20 % of 1,000 rows, none before; "
    )
    capped = evaluated(reference, np.minimum(rng.normal(500, 100, size=ROWS), 650.0))
    assert capped.explanation.startswith("x: no value above 650 in 1,000 rows, ")


def test_a_category_that_was_rare_is_named():
    """Coarse bins hide it among the rare categories, but its fraction more than doubles."""
    rng = np.random.default_rng(10)
    categories = np.array(["a", "b", "c", *[f"r{i}" for i in range(30)]])
    fractions = np.array([0.4, 0.3, 0.15, *[0.005] * 30])
    reference = fit({"x": rng.choice(categories, p=fractions, size=5000).tolist()}, 5000, model="m")
    now = rng.choice(categories, p=fractions, size=2000).tolist()
    now[:80] = ["r3"] * 80
    metric = evaluated(reference, now)
    assert metric.verdict == "alert" and "value 'r3' in 4." in metric.explanation


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shift_is_described_by_the_median(shape):
    """All rows moved, so no single value explains the drift."""
    rng = np.random.default_rng(11)
    then = SHAPES[shape](rng, 2000)
    reference = fit({"x": then}, 2000, model="m")
    metric = evaluated(reference, SHAPES[shape](rng, ROWS) + 2 * then.std())
    assert metric.verdict == "alert" and "median went from" in metric.explanation


def test_gains_within_the_reference_are_normal():
    """A promotional price in a tenth of the rows of alternating blocks."""
    rng = np.random.default_rng(12)
    blocks = np.repeat(np.arange(8), 500)
    values = rng.normal(500, 100, size=4000)
    values = np.where((blocks % 2 == 0) & (rng.random(4000) < 0.1), 499.0, values)
    reference = fit({"x": values}, 4000, model="m", blocks=blocks)
    now = np.where(rng.random(500) < 0.1, 499.0, rng.normal(500, 100, size=500))
    assert evaluated(reference, now).verdict == "ok"


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("fraction", [0.8, 1.0])
def test_a_stuck_value_is_no_cap(shape, fraction):
    """No value is above it, but far more than those above became equal to it."""
    rng = np.random.default_rng(12)
    then, now = SHAPES[shape](rng, 2000), SHAPES[shape](rng, ROWS)
    stuck = float(np.quantile(then, 0.6))
    now = np.minimum(now, stuck)
    now[: int(fraction * ROWS)] = stuck
    explanation = evaluated(fit({"x": then}, 2000, model="m"), now).explanation
    assert explanation.startswith(f"x: value {stuck:.10g} in "), explanation


@pytest.mark.parametrize(
    ("then", "change", "start"),
    [
        (lambda rng, n: rng.normal(500, 100, size=n), lambda rng, x: x + 60, "median went from "),
        (lambda rng, n: rng.poisson(9, n) * 1.0, lambda rng, x: x + 3, "median went from "),
        (
            lambda rng, n: rng.normal(500, 100, size=n),
            lambda rng, x: 505 + 2 * (x - 500),
            " the middle 90 % of values now range from ",
        ),
        (
            lambda rng, n: (rng.random(n) < 0.55) * 1.0,
            lambda rng, x: (rng.random(len(x)) < 0.3) * 1.0,
            "fraction of '",
        ),
        (
            lambda rng, n: (rng.random(n) < 0.4) * rng.lognormal(3, 1, size=n),
            lambda rng, x: x * (rng.random(len(x)) < 0.5),
            "fraction of '0' went from ",
        ),
    ],
    ids=["shift", "shift of counts", "wider", "two values", "more zeros"],
)
def test_the_explanation_tells_what_moved(then, change, start):
    """A median that hardly moved, or jumped between two values, tells nothing."""
    rng = np.random.default_rng(13)
    reference = fit({"x": then(rng, 5000)}, 5000, model="m")
    metric = evaluated(reference, change(rng, then(rng, ROWS)))
    assert metric.verdict == "alert" and start in metric.explanation, metric.explanation
