"""Changes of unit while a reference is learnt: half of a window far outside the range so far.

In the first days the range grows every hour, so values outside it are normal. They alert if half
of the rows are more than a full range outside, and the range was learnt from some hours of rows.
"""

from __future__ import annotations

import numpy as np

from modeltap.analysis.model.metric import ALERT, AT_ONCE, OK, Evidence, Metric

MIN_HOURS = 6.0
"""Rows of fewer hours are a poor estimate of the range within a day."""

_MANY = 0.5
"""Half of the rows: at least one of two senders uses another unit."""


class FarOutside(Evidence, frozen=True):
    """The range of the values seen before, and the median of the window's values."""

    low: float
    high: float
    median: float


def evaluate(feature: str, values: np.ndarray, low: float, high: float) -> Metric:
    """Return `out_of_range_rate`: the fraction of (n,) values a whole range beyond `low` or `high`.

    NaN counts as missing. The metric alerts if half of the values are there.

    >>> metric = evaluate("distance", np.array([1609.0, 3218.0, 2.0]), 0.5, 12.0)
    >>> metric.verdict, metric.count
    ('alert', 2)
    """
    known = values[~np.isnan(values)]
    width = high - low
    far = int(np.sum((known < low - width) | (known > high + width)))
    fraction = far / len(known) if len(known) else 0.0
    alert = width > 0 and fraction >= _MANY
    return Metric(
        metric="out_of_range_rate",
        feature=feature,
        rows=len(known),
        count=far,
        value=fraction,
        threshold=_MANY,
        strength=fraction / _MANY * AT_ONCE,
        verdict=ALERT if alert else OK,
        evidence=FarOutside(low, high, float(np.median(known))) if alert else None,
    )
