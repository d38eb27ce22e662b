"""The domain classifier: chance level for equal samples, significant for different ones."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from modeltap.analysis.statistics.classifier import DomainClassifier, auc, halved


class FirstColumn:
    """Scores rows by their first column."""

    def __init__(self, rows, classes):
        self.sign = np.sign(rows[classes == 1, 0].mean() - rows[classes == 0, 0].mean())

    def scores(self, rows):
        return self.sign * rows[:, 0]


rng = np.random.default_rng(5)


def test_the_area_is_the_mann_whitney_statistic():
    """With ties, too."""
    scores, y = rng.integers(0, 9, 300).astype(float), rng.integers(0, 2, 300)
    expected = mannwhitneyu(scores[y == 1], scores[y == 0], method="asymptotic").statistic
    area, variance = auc(scores, y)
    assert area == pytest.approx(expected / ((y == 1).sum() * (y == 0).sum()))
    assert 0 < variance < auc(np.arange(300.0), y)[1]


def test_halves_have_each_row_once():
    """They are not chosen by the parity of a row's position."""
    rows = np.arange(101)[:, None]
    first, second = halved(rows)
    assert sorted([*first[:, 0], *second[:, 0]]) == list(range(101))
    assert 0 < (first % 2).mean() < 1


def test_samples_of_one_distribution_are_not_separated():
    classifier = DomainClassifier(rng.normal(size=(800, 4)), rng.normal(size=(400, 4)), FirstColumn)
    low, high = classifier.interval()
    assert low < 0.5 < high and min(classifier.p_values) > 0.001
    assert classifier.auc < classifier.threshold(None) == pytest.approx(0.55)


def test_a_shift_is_detected_on_held_out_rows():
    moved = rng.normal([1.5, 0, 0, 0], size=(400, 4))
    classifier = DomainClassifier(rng.normal(size=(800, 4)), moved, FirstColumn)
    assert classifier.auc > classifier.threshold(0.6) and max(classifier.p_values) < 1e-9
    assert classifier.threshold(0.6) == pytest.approx(0.625)
