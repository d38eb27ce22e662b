"""Quantiles of binned counts."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.references.fit import fit
from modeltap.analysis.statistics.quantiles import quantile


def learned(values):
    feature = fit({"x": values}, len(values), model="m").features[0]
    return feature, np.array(feature.counts[: feature.bins])


@pytest.mark.parametrize("q", [0.05, 0.25, 0.5, 0.75, 0.95])
def test_quantiles_are_close_to_those_of_the_values(q):
    """Within a fortieth of a standard deviation for a smooth column."""
    values = np.random.default_rng(0).normal(size=20_000)
    assert quantile(*learned(values), q) == pytest.approx(np.quantile(values, q), abs=0.025)


def test_a_quantile_may_be_the_value_of_most_rows():
    """A bin of a single value has no width."""
    values = np.array([0.0] * 900 + list(np.linspace(1, 2, 100)))
    assert quantile(*learned(values), 0.5) == 0.0


def test_quantiles_of_a_constant_column_are_its_value():
    feature, counts = learned(np.full(50, 7.5))
    assert [quantile(feature, counts, q) for q in (0.01, 0.5, 0.99)] == pytest.approx([7.5] * 3)
