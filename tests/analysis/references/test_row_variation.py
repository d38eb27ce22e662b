"""Baselines of rows: how well a block of the reference can be told from the others."""

from __future__ import annotations

import numpy as np

from modeltap.analysis.references.fit import fit
from modeltap.analysis.references.row_variation import row_baselines


def baselines(correlations, rows=250):
    rng = np.random.default_rng(0)
    x = rng.normal(size=rows * len(correlations))
    c = np.repeat(correlations, rows)
    y = c * x + np.sqrt(1 - c**2) * rng.normal(size=len(x))
    columns = {"x": x.tolist(), "y": y.tolist()}
    blocks = np.repeat(np.arange(len(correlations)), rows)
    return row_baselines(fit(columns, len(x), model="m"), columns, blocks)


def test_a_block_unlike_the_others_is_a_baseline():
    steady, mixed = baselines([0.9] * 4), baselines([0.9, -0.9, 0.9, 0.9])
    assert set(steady) == set(mixed) >= {"multivariate_drift", "pca_reconstruction_error"}
    assert steady["multivariate_drift"] < 0.6 < mixed["multivariate_drift"]
    assert all(np.isfinite(value) for value in mixed.values())


def test_of_few_blocks_nothing_is_learnt():
    assert baselines([0.9] * 3) == {}
    assert baselines([0.9] * 4, rows=50) == {}
