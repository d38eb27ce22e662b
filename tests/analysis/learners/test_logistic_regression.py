"""Logistic regression of two samples, compared with scikit-learn's."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn import linear_model

from modeltap.analysis.learners.logistic_regression import LogisticRegression


def sklearns(rows, classes):
    """Return scikit-learn's regression with the same options."""
    model = linear_model.LogisticRegression(C=0.1, class_weight="balanced", max_iter=200)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(rows, classes)


def texts(rng, rows, columns=5000):
    """Return rows of zeros and ones, of which a few columns are in most rows and most in one."""
    counts = np.minimum(columns, 5 / (rng.random(columns) + 1e-3))
    return csr_matrix((rng.random((rows, columns)) < counts / 2000).astype(np.float64))


@pytest.mark.parametrize("seed", range(5))
def test_scores_of_sparse_rows_are_those_of_scikit_learn(seed):
    """Although equal columns are merged."""
    rng = np.random.default_rng(seed)
    rows, classes = texts(rng, 240), np.repeat([0, 1], [200, 40])
    others = texts(rng, 100)
    expected = sklearns(rows, classes).predict_proba(others)[:, 1]
    assert LogisticRegression(rows, classes).scores(others) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("size", [1e-9, 1, 3])
@pytest.mark.parametrize("columns", [1, 20])
def test_scores_of_vectors_are_those_of_scikit_learn(columns, size):
    rng = np.random.default_rng(columns)
    rows, classes = rng.normal(size=(150, columns)) * size, np.repeat([0, 1], [100, 50])
    rows[100:] += 0.5 * size
    expected = sklearns(rows, classes).predict_proba(rows)[:, 1]
    assert LogisticRegression(rows, classes).scores(rows) == pytest.approx(expected, abs=1e-9)


def test_equal_samples_have_equal_scores():
    """Also if all columns are empty."""
    rows = csr_matrix(np.ones((20, 3)))
    classes = np.repeat([0, 1], 10)
    assert set(LogisticRegression(rows, classes).scores(rows)) == {0.5}
    assert set(LogisticRegression(0 * rows, classes).scores(rows)) == {0.5}
