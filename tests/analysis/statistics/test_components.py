"""Principal components: broken correlations increase the reconstruction error."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from modeltap.analysis.statistics.classifier import halved
from modeltap.analysis.statistics.components import FLOOR, Components, Reconstruction


def correlated(rng, rows):
    common = rng.normal(size=(rows, 1))
    return np.hstack([common, common]) + rng.normal(0, 0.1, size=(rows, 2))


def test_rows_of_one_distribution_have_equal_errors():
    rng = np.random.default_rng(2)
    reconstruction = Reconstruction(Components(correlated(rng, 2000)), correlated(rng, 500))
    assert reconstruction.p_value > 0.001 and abs(reconstruction.growth) < FLOOR


def test_a_broken_correlation_increases_the_errors():
    """Each single column is unchanged; shuffling removes their correlation."""
    rng = np.random.default_rng(3)
    window = rng.permuted(correlated(rng, 500), axis=0)
    reconstruction = Reconstruction(Components(correlated(rng, 2000)), window)
    assert reconstruction.p_value < 1e-9 and reconstruction.growth > FLOOR
    assert set(reconstruction.drivers(["a", "b"])) <= {"a", "b"} and reconstruction.drivers(
        ["a", "b"]
    )


def test_constant_columns_have_no_error():
    rows = np.ones((100, 3))
    reconstruction = Reconstruction(Components(rows), rows)
    assert reconstruction.growth == 0.0 and np.isfinite(reconstruction.p_value)
    assert reconstruction.drivers(["a", "b", "c"]) == []


def test_errors_are_those_of_scikit_learn():
    """With the same number of components, whether there are more rows or more columns."""
    for rows, columns in ((600, 5), (40, 60)):
        table = np.random.default_rng(4).normal(size=(rows, columns)) @ np.diag(
            np.linspace(3, 0.1, columns)
        )
        learnt, _ = halved(table)
        expected = PCA(n_components=0.8, svd_solver="full").fit(learnt)
        rebuilt = expected.inverse_transform(expected.transform(table))
        assert Components(table).errors(table) == pytest.approx((table - rebuilt) ** 2, abs=1e-9)
