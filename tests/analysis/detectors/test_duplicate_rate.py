"""Duplicates beyond the rate expected from the reference at the window's size."""

from __future__ import annotations

import numpy as np
import pytest

from detecting import evaluated
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import duplicate_rate
from modeltap.analysis.references.fit import fit


def rate(then, now):
    return rate_of(fit({"x": then}, len(then), model="m"), now)


def rate_of(reference, now):
    window = tally({"x": now}, len(now), reference)
    (metric,) = evaluated(reference, window, [duplicate_rate])
    return metric


@pytest.mark.parametrize("seed", range(5))
def test_duplicated_rows_alert_and_new_rows_do_not(seed):
    rng = np.random.default_rng(seed)
    then = rng.normal(size=1000).tolist()
    now = rng.normal(size=400).tolist()
    fresh = rate(then, now)
    assert (fresh.value, fresh.verdict, fresh.count) == (0, "ok", 0)
    twice = rate(then, now[:320] + now[:80])
    assert twice.value == pytest.approx(0.2) and twice.count == 80
    assert twice.verdict == "alert" and twice.p_value < 1e-6 and twice.strength > 2


def test_rows_of_few_distinct_values_may_repeat():
    rng = np.random.default_rng(0)
    then, now = (rng.integers(0, 50, size=size).astype(float).tolist() for size in (1000, 400))
    metric = rate(then, now)
    assert metric.verdict == "ok" and metric.value > 0.8
    assert metric.evidence.expected == pytest.approx(metric.value, abs=0.05)
    assert rate(then, [1.0] * 400).verdict == "alert"


def test_few_duplicates_have_no_verdict():
    assert rate([1.0, 2.0] * 100, [1.0] * 20).verdict == "not_enough_rows"


KINDS = {
    "a row of zeros in a sixth": lambda rng, n: np.where(
        rng.random(n) < 1 / 6, 0.0, rng.normal(size=n)
    ),
    "of 1,000": lambda rng, n: rng.integers(0, 1000, n) * 1.0,
    "Zipf": lambda rng, n: rng.zipf(1.4, size=n) * 1.0,
    "none": lambda rng, n: rng.normal(size=n),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [100, 2000, 10_000])
def test_expected_duplicates_do_not_alert(kind, rows):
    """Windows are smaller and larger than the reference; at .009, 2 of 24 alert in 1 of 50 runs."""
    rng = np.random.default_rng(6)
    reference = fit({"x": KINDS[kind](rng, 4000)}, 4000, model="m")
    verdicts = [rate_of(reference, KINDS[kind](rng, rows)).verdict for _ in range(24)]
    assert verdicts.count("alert") <= 1


@pytest.mark.parametrize("kind", ["a row of zeros in a sixth", "of 1,000", "none"])
def test_doubled_rows_alert_for_every_kind(kind):
    rng = np.random.default_rng(6)
    reference = fit({"x": KINDS[kind](rng, 4000)}, 4000, model="m")
    again = np.repeat(KINDS[kind](rng, 500), 4)
    assert rate_of(reference, again).verdict == "alert"
