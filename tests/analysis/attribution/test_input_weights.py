"""Weights give the reference's rows the inputs of a window."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.attribution.input_weights import (
    InputCodes,
    effective_rows,
    log_ratios,
    weights_of,
)


def inputs(rng, rows, moved):
    """Return two dependent inputs, and an independent one; the first is 1 more often if moved."""
    first = (rng.random(rows) < (0.8 if moved else 0.5)).astype(int)
    second = np.where(rng.random(rows) < 0.9, first, 1 - first)
    return InputCodes(("a", "b", "c"), [first, second, rng.integers(3, size=rows)], (2, 2, 3))


def test_weighted_rows_have_the_inputs_of_the_window():
    rng = np.random.default_rng(0)
    before, now = inputs(rng, 5000, False), inputs(rng, 5000, True)
    ratios = log_ratios(before, now)
    weights = weights_of(ratios.sum(axis=1))
    assert weights.mean() == pytest.approx(1)
    for own, other in zip(before.codes, now.codes, strict=True):
        assert np.mean(weights * own) == pytest.approx(other.mean(), abs=0.03)


def test_an_input_that_only_follows_another_has_hardly_any_weight():
    rng = np.random.default_rng(1)
    ratios = log_ratios(inputs(rng, 5000, False), inputs(rng, 5000, True))
    spread = ratios.std(axis=0)
    assert spread[0] > 4 * spread[1] and spread[0] > 4 * spread[2]


def test_without_drift_all_rows_count():
    rng = np.random.default_rng(2)
    weights = weights_of(log_ratios(inputs(rng, 3000, False), inputs(rng, 3000, False)).sum(axis=1))
    assert effective_rows(weights) > 2900


def test_disjoint_inputs_leave_few_effective_rows():
    rare = (np.arange(2000) < 5).astype(int)
    before = InputCodes(("a",), [rare], (2,))
    now = InputCodes(("a",), [np.ones(2000, dtype=int)], (2,))
    assert effective_rows(weights_of(log_ratios(before, now).sum(axis=1))) < 1000
