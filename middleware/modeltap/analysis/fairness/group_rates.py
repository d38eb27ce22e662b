"""Selection rate, TPR, FPR, precision, error and MAE of each group.

Each rate is the mean of a value over the rows in which it is defined: TPR is the mean of `selected`
over the rows whose label is positive. A row whose value is unknown is in no rate.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from modeltap.analysis.fairness.groupings import Grouping
from modeltap.analysis.fairness.treatment import Treatment
from modeltap.analysis.model.moments import Moments, moments

SELECTION = ("selection_rate",)
"""Rates of predictions alone."""

LABELLED = ("misclassification_rate", "tpr", "fpr", "precision", "mae")
"""Rates of rows with labels."""


class RateValues(NamedTuple):
    """(n,) the values whose mean a rate is, and whether a row is among its rows."""

    values: np.ndarray
    defined: np.ndarray
    binary: bool = True


def rate_values(rate: str, treatment: Treatment) -> RateValues:
    """Return the values of a rate."""
    selected, positive = treatment.selected, treatment.positive
    if rate == "selection_rate":
        return RateValues(selected, ~np.isnan(selected))
    if rate == "tpr":
        return RateValues(selected, (positive == 1) & ~np.isnan(selected))
    if rate == "fpr":
        return RateValues(selected, (positive == 0) & ~np.isnan(selected))
    if rate == "precision":
        return RateValues(positive, (selected == 1) & ~np.isnan(positive))
    if rate == "misclassification_rate":
        return RateValues(treatment.wrong, ~np.isnan(treatment.wrong))
    return RateValues(treatment.error, ~np.isnan(treatment.error), binary=False)


def by_group(rate: RateValues, grouping: Grouping) -> list[Moments]:
    """Return the rate of each group in order; with 0 rows where it is not defined.

    >>> sex = Grouping("sex", ("sex=F", "sex=M"), np.array([0, 0, 1, -1]), 30)
    >>> ones = RateValues(np.array([1.0, 0.0, 1.0, 1.0]), np.ones(4, dtype=bool))
    >>> [(group.rows, group.mean) for group in by_group(ones, sex)]
    [(2, 0.5), (1, 1.0)]
    """
    among = rate.defined & (grouping.members >= 0)
    members, values = grouping.members[among], rate.values[among]
    size = len(grouping.segments)
    if rate.binary:
        rows = np.bincount(members, minlength=size)
        ones = np.bincount(members, weights=values, minlength=size)
        return [of_count(int(k), int(n)) for k, n in zip(ones.tolist(), rows.tolist(), strict=True)]
    order = np.argsort(members, kind="stable")
    cuts = np.searchsorted(members[order], np.arange(1, size))
    parts = np.split(values[order], cuts) if size else []
    return [moments(part) if len(part) else _EMPTY for part in parts]


def of_count(count: int, rows: int) -> Moments:
    """Return the moments of a rate: `count` ones among `rows` values."""
    if not rows:
        return _EMPTY
    mean = count / rows
    second = mean * (1 - mean)
    return Moments(rows, mean, second, second * (1 - 2 * mean))


_EMPTY = Moments(0, 0.0, 0.0, 0.0)
