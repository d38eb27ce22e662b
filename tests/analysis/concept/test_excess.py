"""Errors beyond the expected ones."""

from __future__ import annotations

import pytest

from modeltap.analysis.concept.excess import (
    Expected,
    error_of,
    excess,
    expected_of,
    expected_without_inputs,
)
from modeltap.analysis.model.baseline import Baseline
from modeltap.analysis.model.metric import Metric


def accuracy(value, rows, half):
    return Metric(metric="accuracy", rows=rows, value=value, low=value - half, high=value + half)


def test_the_error_of_classes_is_the_fraction_of_wrong_predictions():
    assert error_of(accuracy(0.75, 100, 0.1)) == 0.25


def test_the_parts_of_a_window_are_weighted_by_their_rows():
    own = expected_of([accuracy(0.9, 300, 0.0392), accuracy(0.5, 100, 0.0392)])
    assert own.error == pytest.approx(0.2) and own.rows == 400 and own.by_inputs
    assert own.deviation == pytest.approx(0.02, rel=1e-3)


def test_without_estimates_the_reference_is_expected():
    assert expected_of([]) is None
    known = Baseline(task="regression", rows=100, mean=2.0, variance=1.0)
    assert expected_without_inputs(known, 100) == Expected(
        2.0, pytest.approx(0.1414, rel=1e-3), 100, False
    )


def test_few_labels_of_a_window_make_its_excess_uncertain():
    expected = Expected(0.1, 0.01, 1000)
    all_rows = excess(accuracy(0.9, 1000, 0.0196), expected)
    few_rows = excess(accuracy(0.9, 100, 0.0588), expected)
    assert all_rows.deviation == pytest.approx(0.01) and few_rows.deviation > 0.025
