"""The forest separates samples as scikit-learn's trees do, on rows that it was not fitted to."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier

from modeltap.analysis.learners.separating_forest import SeparatingForest
from modeltap.analysis.statistics.classifier import auc


def samples(rows, change, seed):
    """Return rows of both classes; `change` alters those of class 1."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(2 * rows, 6))
    values[:, 4:] = rng.integers(0, 2, size=(2 * rows, 2))
    classes = np.repeat([0, 1], rows)
    values[classes == 1] = change(values[classes == 1])
    return values, classes


def shifted(values):
    return values + np.array([0.7, 0, 0, 0, 0, 0])


def correlated(values):
    """No single column changes."""
    values[:, 1] = np.abs(values[:, 1]) * np.sign(values[:, 0])
    return values


def conditional(values):
    """A shift whose sign depends on a category."""
    values[:, 2] += 2 * values[:, 4] - 1
    return values


@pytest.mark.parametrize("change", [shifted, correlated, conditional])
def test_it_separates_as_well_as_scikit_learn(change):
    (rows, classes), (others, truth) = samples(800, change, 1), samples(800, change, 2)
    trees = ExtraTreesClassifier(
        60, max_depth=10, min_samples_leaf=10, class_weight="balanced", random_state=0
    ).fit(rows, classes)
    expected, _ = auc(trees.predict_proba(others)[:, 1], truth)
    area, _ = auc(SeparatingForest(rows, classes).scores(others), truth)
    assert area > 0.6 and area > expected - 0.02


def test_equal_samples_are_not_separated():
    (rows, classes), (others, truth) = samples(800, np.copy, 1), samples(800, np.copy, 2)
    area, variance = auc(SeparatingForest(rows, classes).scores(others), truth)
    assert abs(area - 0.5) < 4 * variance**0.5


def test_classes_of_any_size_have_equal_weight():
    """A row that tells nothing has a score of one half."""
    rows = np.random.default_rng(0).normal(size=(1000, 3))
    scores = SeparatingForest(rows, (np.arange(1000) < 100).astype(int)).scores(rows)
    assert scores.mean() == pytest.approx(0.5, abs=0.15)
    assert ((scores >= 0) & (scores <= 1)).all()


def test_the_importance_is_that_of_the_changed_columns():
    forest = SeparatingForest(*samples(800, correlated, 1))
    assert set(np.argsort(forest.importances)[-2:]) == {0, 1}


@pytest.mark.parametrize(
    "rows",
    [np.zeros((40, 2)), np.zeros((40, 0)), np.eye(40, 3), np.repeat([[0.0, 1.0]], 40, axis=0)],
)
def test_rows_without_differences_have_equal_scores(rows):
    """Constant columns, no columns, and single rows, which are too few for a leaf."""
    scores = SeparatingForest(rows, np.repeat([0, 1], 20)).scores(rows)
    assert scores == pytest.approx(np.full(40, 0.5))


def test_one_class_has_its_own_score():
    rows = np.random.default_rng(0).normal(size=(50, 2))
    assert SeparatingForest(rows, np.ones(50, dtype=int)).scores(rows) == pytest.approx(np.ones(50))
    assert SeparatingForest(rows, np.zeros(50, dtype=int)).scores(rows) == pytest.approx(
        np.zeros(50)
    )


def test_many_columns_have_few_cuts_each():
    """The columns that matter are found among many."""
    rng = np.random.default_rng(3)
    rows, classes = rng.normal(size=(1000, 600)), np.repeat([0, 1], 500)
    rows[classes == 1, 17] += 2
    forest = SeparatingForest(rows, classes)
    assert np.argmax(forest.importances) == 17
