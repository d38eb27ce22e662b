"""The time of a change within a window."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.concept.onset import onset


@pytest.mark.parametrize("change", [0, 200, 900])
def test_a_change_is_found_within_a_few_rows(change):
    rng = np.random.default_rng(0)
    means = np.where(np.arange(1000) < change, 1.0, 3.0)
    errors = np.abs(rng.normal(size=1000)) * means / 0.8
    assert abs(onset(errors, 1.0) - change) <= 25


def test_one_row():
    assert onset(np.array([5.0]), 1.0) == 0
