"""Changes of unit while a reference is learnt: half of a window far outside all that was seen.

In the first days a range grows with each hour, so a value beyond it is no news. One more than a
whole range beyond is, where many have one and the range is that of some hours.
"""

from __future__ import annotations

import numpy as np

from modeltap.analysis.model.metric import ALERT, AT_ONCE, OK, Evidence, Metric

MIN_HOURS = 6.0
"""Rows of fewer hours say little about the range of a day."""

_MANY = 0.5
"""Half of the rows: one sender of two, or all, has another unit."""


class FarOutside(Evidence, frozen=True):
    """The range of the values seen before, and the median of the window's values."""

    low: float
    high: float
    median: float


def evaluate(feature: str, values: np.ndarray, low: float, high: float) -> Metric:
    """Return `out_of_range_rate`: the fraction of (n,) values a whole range beyond `low` or `high`.

    NaN is no value. It alerts where half of the values lie there.

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
