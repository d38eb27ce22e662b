"""Outlying rows have short paths, as in scikit-learn's isolation forest."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.ensemble import IsolationForest as SklearnForest

from modeltap.analysis.learners.isolation_forest import IsolationForest


def table(seed, rows=1000):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, 5))
    values[:, 4] = rng.integers(0, 3, size=rows)
    return values


def test_paths_are_as_long_as_in_scikit_learn():
    """The ranks agree as well as those of two forests of scikit-learn."""
    rows, others = table(0), table(1)
    others[:50, :4] *= 3
    first, second = (SklearnForest(random_state=seed).fit(rows) for seed in (1, 2))
    lengths = IsolationForest(rows).path_lengths(others)
    agreed = spearmanr(first.score_samples(others), second.score_samples(others))[0]
    assert spearmanr(first.score_samples(others), lengths)[0] > agreed - 0.03
    # A score is -2 ** (-length / expected), with 10.25 cuts expected of 256 rows.
    expected = -np.log2(-first.score_samples(others)) * 10.2487
    assert lengths.mean() == pytest.approx(expected.mean(), rel=0.03)
    assert lengths.min() == pytest.approx(expected.min(), rel=0.1)


def test_outlying_rows_have_short_paths():
    others = table(1)
    others[:10, :4] = 4
    lengths = IsolationForest(table(0)).path_lengths(others)
    assert set(np.argsort(lengths)[:10]) == set(range(10))


@pytest.mark.parametrize("rows", [1, 2, 3, 100, 257])
def test_any_number_of_rows(rows):
    lengths = IsolationForest(table(0, rows)).path_lengths(table(1, 20))
    assert lengths.shape == (20,) and np.isfinite(lengths).all()


def test_equal_rows_have_equal_paths():
    """No column varies, so there are no cuts."""
    lengths = IsolationForest(np.ones((300, 2))).path_lengths(np.array([[1.0, 1.0], [9.0, 9.0]]))
    assert lengths[0] == lengths[1] == pytest.approx(10.2487, abs=1e-4)
