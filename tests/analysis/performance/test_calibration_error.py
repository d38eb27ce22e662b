"""The calibration error without chance, its interval, and the curve."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.performance.calibration_error import (
    binned,
    calibration_bins,
    calibration_error,
    calibration_metrics,
)


def drawn(rng, rows, shift=0.0, share=0.4):
    scores = rng.beta(2 * share, 2 * (1 - share), rows)
    return np.clip(scores + shift, 0, 1), rng.random(rows) < scores


def test_calibrated_scores_have_an_interval_from_0():
    rng = np.random.default_rng(0)
    errors = [calibration_error(binned(*drawn(rng, 1000))) for _ in range(200)]
    assert np.mean([own.low == 0 for own in errors]) > 0.93
    assert np.mean([own.value for own in errors]) < 0.02


def test_scores_that_are_too_high_have_their_distance_as_error():
    rng = np.random.default_rng(1)
    own = calibration_error(binned(*drawn(rng, 20_000, shift=0.1)))
    assert own.value == pytest.approx(0.09, abs=0.02) and 0 < own.low < own.value < own.high


@pytest.mark.parametrize(("share", "rows"), [(0.5, 100), (0.5, 1000), (0.02, 1000)])
def test_intervals_hold_the_error_of_the_window(share, rows):
    """400 windows: .91 is three and a half standard errors below .95."""
    rng = np.random.default_rng(rows)
    held = []
    for _ in range(400):
        true = rng.beta(4 * share, 4 * (1 - share), rows)
        scores, labels = np.clip(1.3 * true, 0, 1), rng.random(rows) < true
        if min(labels.sum(), (~labels).sum()) < 5:
            continue
        places = calibration_bins(scores)
        sums = np.bincount(places, weights=scores - true)
        truth = np.sqrt(np.sum(sums**2 / np.maximum(np.bincount(places), 1)) / rows)
        own = calibration_error(binned(scores, labels))
        held.append(own.low <= truth <= own.high)
    assert np.mean(held) >= 0.91


@pytest.mark.parametrize(
    "scores",
    [
        np.zeros(200),
        np.ones(200),
        np.full(200, 0.5),
        np.arange(200) % 2.0,
        np.arange(200) / 199,
    ],
    ids=["zeros", "ones", "constant", "two", "even"],
)
@pytest.mark.parametrize(
    "labels", [np.ones(200), np.zeros(200), np.arange(200) % 2], ids=["all", "none", "half"]
)
def test_extreme_scores_and_labels_have_finite_errors(scores, labels):
    own, *points = calibration_metrics(scores, labels == 1, None)
    assert 0 <= own.low <= own.value <= own.high <= 1
    assert sum(point.rows for point in points) == 200
    assert sum(point.count for point in points) == labels.sum()
    assert len({point.segment for point in points}) == len(points)


def test_bins_do_not_depend_on_labels_and_keep_equal_scores_together():
    scores = np.repeat([0.1, 0.2, 0.9], [500, 300, 200])
    places = calibration_bins(scores)
    assert all(len(set(places[scores == own])) == 1 for own in (0.1, 0.2, 0.9))
