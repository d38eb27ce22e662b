"""Micro averages of sets of labels: precision, recall and F1 over all labels of all rows."""

from __future__ import annotations

import math

import numpy as np
import scipy

from modeltap.analysis.model.metric import Metric
from modeltap.analysis.performance.class_metrics import FEWEST_OF_CLASS
from modeltap.analysis.statistics.confusion import ClassPairs, members
from modeltap.analysis.statistics.rates import clopper_pearson


def set_metrics(pairs: ClassPairs) -> list[Metric]:
    """Return `precision_micro`, `recall_micro` and `f1_micro` of sets; none for single classes.

    With P the predicted and T the true labels of a row, they are the sums over rows of ``|P & T|``
    over those of ``|P|``, of ``|T|``, and of ``(|P| + |T|) / 2``, as scikit-learn has them. (Of
    single classes all three are the accuracy.) The interval is that of a ratio of means, by the
    delta method, on the scale of log odds with Student's t, because the labels of one row depend on
    each other. A metric whose denominator is 0 is left out; with fewer than five rows that have a
    label it has no interval.

    >>> pairs = {('["a","b"]', "a"): 30, ("a", "a"): 60, ("[]", "a"): 10}
    >>> {own.metric: round(own.value, 3) for own in set_metrics(pairs)}
    {'precision_micro': 0.75, 'recall_micro': 0.9, 'f1_micro': 0.818}
    """
    if all(members(name) == {name} for pair in pairs for name in pair):
        return []
    rows = np.array(list(pairs.values()), dtype=np.float64)
    sets = [(members(predicted), members(true)) for predicted, true in pairs]
    both, predicted, true = (
        np.array(sizes, dtype=np.float64)
        for sizes in zip(*((len(p & t), len(p), len(t)) for p, t in sets), strict=True)
    )
    ratios = {
        "precision_micro": (both, predicted),
        "recall_micro": (both, true),
        "f1_micro": (2 * both, predicted + true),
    }
    return [
        _ratio_metric(name, rows, hits, labels)
        for name, (hits, labels) in ratios.items()
        if (rows @ labels) > 0
    ]


def _ratio_metric(name: str, rows: np.ndarray, hits: np.ndarray, labels: np.ndarray) -> Metric:
    """Return the ratio of two sums over rows, of which there are `rows` of each kind."""
    n, total = int(rows.sum()), float(rows @ labels)
    value = min(1.0, float(rows @ hits) / total)
    with_label = int(rows[labels > 0].sum())
    if with_label < FEWEST_OF_CLASS:
        return Metric(metric=name, rows=n, value=value)
    if not 0 < value < 1:
        low, high = clopper_pearson(round(value) * with_label, with_label, 0.95)
        return Metric(metric=name, rows=n, value=value, low=low, high=high)
    square = float(rows @ (hits - value * labels) ** 2) * n / (n - 1)
    # At least the error of half a row, as of the other metrics of classes.
    error = max(math.sqrt(square) / total, 0.5 / with_label) / (value * (1 - value))
    half = float(scipy.special.stdtrit(with_label - 1, 0.975)) * error
    middle = math.log(value / (1 - value))
    low, high = scipy.special.expit([middle - half, middle + half]).tolist()
    return Metric(metric=name, rows=n, value=value, low=low, high=high)
