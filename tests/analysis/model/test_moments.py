"""Moments of two samples combined are those of all their values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import moment

from modeltap.analysis.model.moments import moments, pooled

VALUES = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30).map(np.array)


@pytest.mark.parametrize("size", [2, 30, 1000])
def test_moments_are_scipys(size):
    values = np.random.default_rng(size).lognormal(size=size)
    assert moments(values) == pytest.approx(
        (size, values.mean(), moment(values, 2), moment(values, 3))
    )


@given(VALUES, VALUES)
def test_pooled_moments_are_those_of_both_samples_together(first, second):
    result, whole = pooled(moments(first), moments(second)), moments(np.append(first, second))
    assert result.rows == whole.rows
    assert result[1:] == pytest.approx(whole[1:], rel=1e-6, abs=1e-2)
