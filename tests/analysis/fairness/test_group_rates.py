"""Rates by group equal counts by hand."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.fairness.group_rates import LABELLED, SELECTION, by_group, rate_values
from modeltap.analysis.fairness.group_values import NO_VALUE
from modeltap.analysis.fairness.groupings import grouping_of
from modeltap.analysis.fairness.treatment import decisions, outcomes
from modeltap.analysis.performance.positive_class import LabelForm
from modeltap.config.group_settings import GroupSettings

SEX = GroupSettings(name="sex")
FORM = LabelForm()


def by_hand(rate, group, predictions, labels, names):
    """Return numerator and denominator by a loop over the rows."""
    ones, rows = 0, 0
    for prediction, label, name in zip(predictions, labels, names, strict=True):
        if name != group or prediction is None or (label is None and rate != "selection_rate"):
            continue
        if (
            rate == "selection_rate"
            or (rate == "tpr" and label == 1)
            or (rate == "fpr" and label == 0)
        ):
            rows, ones = rows + 1, ones + prediction
        elif rate == "precision" and prediction == 1:
            rows, ones = rows + 1, ones + label
        elif rate == "misclassification_rate":
            rows, ones = rows + 1, ones + (prediction != label)
    return ones, rows


@pytest.mark.parametrize("seed", range(6))
def test_rates_equal_counts_by_hand(seed):
    """With unknown predictions, labels and groups, and with groups of a single row."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 400))
    predictions = rng.choice([0, 1, None], n).tolist()
    labels = rng.choice([0, 1, None], n).tolist()
    names = rng.choice(["a", "b", "c", ""], n, p=[0.6, 0.3, 0.05, 0.05]).tolist()
    grouping = grouping_of(SEX, [name or NO_VALUE for name in names])
    selection = decisions(predictions, FORM, None, None)
    labelled = outcomes(predictions, labels, FORM, "classification", None)
    for rate in (*SELECTION, *LABELLED[:-1]):
        values = rate_values(rate, selection if rate in SELECTION else labelled)
        for segment, value in zip(grouping.segments, by_group(values, grouping), strict=True):
            expected = by_hand(rate, segment.split("=")[1], predictions, labels, names)
            assert (round(value.mean * value.rows), value.rows) == expected, (rate, segment)


def test_mean_errors_equal_those_of_each_group_alone():
    rng = np.random.default_rng(1)
    predictions, labels = rng.normal(size=200).tolist(), rng.normal(size=200).tolist()
    names = rng.choice(["a", "b"], 200).tolist()
    grouping = grouping_of(SEX, names)
    values = rate_values("mae", outcomes(predictions, labels, FORM, None, None))
    for segment, value in zip(grouping.segments, by_group(values, grouping), strict=True):
        own = [
            abs(p - t)
            for p, t, name in zip(predictions, labels, names, strict=True)
            if segment == f"sex={name}"
        ]
        assert value.rows == len(own) and value.mean == pytest.approx(np.mean(own))
        assert value.second == pytest.approx(np.var(own))


def test_a_group_without_any_defined_row_has_no_rows():
    """Of one class only, there is no true positive rate."""
    grouping = grouping_of(SEX, ["a", "b"])
    values = rate_values("tpr", outcomes([1, 0], [0, 0], FORM, None, None))
    assert [value.rows for value in by_group(values, grouping)] == [0, 0]
