"""Duplicates beyond those that the reference has at the window's size."""

from __future__ import annotations

import numpy as np
import pytest

from detecting import evaluated
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import duplicate_rate
from modeltap.analysis.references.fit import fit


def rate(then, now):
    reference = fit({"x": then}, len(then), model="m")
    window = tally({"x": now}, len(now), reference)
    (metric,) = evaluated(reference, window, [duplicate_rate])
    return metric


@pytest.mark.parametrize("seed", range(5))
def test_rows_sent_twice_alert_and_fresh_ones_do_not(seed):
    rng = np.random.default_rng(seed)
    then = rng.normal(size=1000).tolist()
    now = rng.normal(size=400).tolist()
    fresh = rate(then, now)
    assert (fresh.value, fresh.verdict, fresh.count) == (0, "ok", 0)
    twice = rate(then, now[:320] + now[:80])
    assert twice.value == pytest.approx(0.2) and twice.count == 80
    assert twice.verdict == "alert" and twice.p_value < 1e-6 and twice.strength > 2


def test_few_values_repeat_and_that_is_expected():
    rng = np.random.default_rng(0)
    then, now = (rng.integers(0, 50, size=size).astype(float).tolist() for size in (1000, 400))
    metric = rate(then, now)
    assert metric.verdict == "ok" and metric.value > 0.8
    assert metric.evidence.expected == pytest.approx(metric.value, abs=0.05)
    assert rate(then, [1.0] * 400).verdict == "alert"


def test_few_rows_say_nothing():
    assert rate([1.0, 2.0] * 100, [1.0] * 20).verdict == "not_enough_rows"
