"""The spread of earlier windows' gaps, and what it makes of the estimate of a window."""

from __future__ import annotations

import math

import numpy as np
import pytest

from modeltap.analysis.estimation.gap_spread import (
    GapSpread,
    PastGap,
    combined,
    gap_spread,
    widened,
)
from modeltap.analysis.estimation.simulated_labels import Estimate
from modeltap.analysis.model.metric import NORMAL_95

CHANCE = 0.01
PENDING = 0.8


def interval(value, error):
    return Estimate(value, value - NORMAL_95 * error, value + NORMAL_95 * error)


def histories(rng, windows, spread):
    """Return the gaps of earlier windows and of the next one, drawn with this spread."""
    gaps = rng.normal(0.0, math.hypot(CHANCE, spread), windows + 1)
    return [PastGap(float(gap), CHANCE, 0.0) for gap in gaps[:-1]], float(gaps[-1])


@pytest.mark.parametrize("windows", [3, 10, 50])
@pytest.mark.parametrize("spread", [0.02, 0.05])
def test_intervals_without_labels_hold_the_truth(windows, spread):
    rng = np.random.default_rng(0)
    inside, plain = [], []
    for _ in range(1000):
        known, gap = histories(rng, windows, spread)
        own = widened(interval(0.9, CHANCE), gap_spread(known))
        inside.append(own.low <= 0.9 + gap <= own.high)
        plain.append(abs(gap) <= NORMAL_95 * CHANCE)
    # .91 is six standard errors below .95: the spread itself is an estimate.
    assert np.mean(inside) >= 0.91
    assert np.mean(plain) < 0.65


def test_a_model_without_gaps_keeps_its_intervals():
    rng = np.random.default_rng(1)
    widths = []
    for _ in range(500):
        known, _ = histories(rng, 30, 0.0)
        own = widened(interval(0.9, CHANCE), gap_spread(known))
        widths.append((own.high - own.low) / (2 * NORMAL_95 * CHANCE))
    assert np.median(widths) < 1.1
    assert min(widths) == pytest.approx(1.0)


@pytest.mark.parametrize("spread", [0.0, 0.02, 0.05])
def test_labels_and_earlier_windows_together_are_closer_than_either(spread):
    """Of 1,000 windows of which a fifth of the labels have arrived."""
    rng = np.random.default_rng(2)
    error, gaps, inside = 0.03, [], []
    for _ in range(1000):
        known, gap = histories(rng, 20, spread)
        pending_gap = PENDING * gap
        corrected = interval(0.9 + pending_gap + rng.normal(0, error), error)
        own = combined(corrected, 0.9, PENDING, gap_spread(known)._replace(chance=CHANCE))
        alone = combined(corrected, 0.9, PENDING, GapSpread())
        truth = 0.9 + pending_gap
        gaps.append([own.value - truth, alone.value - truth, corrected.value - truth])
        inside.append(own.low <= truth <= own.high)
    of_both, of_window, of_labels = np.sqrt(np.mean(np.square(gaps), axis=0))
    assert of_both < of_labels
    assert of_both < of_window or spread >= 0.05
    assert np.mean(inside) >= 0.9


def test_a_fault_is_seen_after_many_windows_without_one():
    quiet = gap_spread([PastGap(0.0, CHANCE, 0.0)] * 200)
    own = combined(interval(0.7, 0.02), 0.9, PENDING, quiet._replace(chance=CHANCE))
    assert own.value < 0.75
    assert own.high < 0.85


def test_windows_with_few_labels_count_less():
    few, measured = PastGap(0.0, CHANCE, 0.05), PastGap(0.04, CHANCE, 0.0)
    spread = gap_spread([few] * 5 + [measured])
    assert 1.1 < spread.windows < 1.3
    assert spread.excess == pytest.approx(0.0017, rel=0.15)


@pytest.mark.parametrize(
    "gaps",
    [[], [PastGap(0.0, 0.0, 0.0)], [PastGap(0.0, 0.0, 0.1)], [PastGap(0.5, 0.0, 0.0)]],
    ids=["none", "exact", "of no weight", "certain"],
)
def test_any_history_gives_finite_intervals(gaps):
    spread = gap_spread(gaps)
    for own in (
        widened(interval(0.9, 0.0), spread),
        combined(interval(0.8, 0.02), 0.9, PENDING, spread),
        combined(interval(0.8, 0.0), 0.9, 0.0, spread),
    ):
        assert all(map(math.isfinite, own))
        assert own.low <= own.value <= own.high
