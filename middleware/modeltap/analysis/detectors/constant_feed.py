"""Constant feeds: features that varied in the reference and are now stuck at one value."""

from __future__ import annotations

import numpy as np

from modeltap.analysis.detectors.context import Context
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.metric import AT_ONCE, Evidence, Metric, verdict

_NEARLY_ALL = 0.9
"""A value of 90 % of the rows may be the only one for some time, as in a week without rain."""


class Constant(Evidence, frozen=True):
    """The bin of the value; for a number also the value itself."""

    place: int
    number: float


def evaluate(context: Context) -> list[Metric]:
    """Return `constant_feed` of each feature that varied in the reference."""
    return [
        _evaluate(feature, position, context)
        for position, feature in enumerate(context.reference.features)
        if _varied(feature)
    ]


def _varied(feature: Feature) -> bool:
    if feature.calendar is not None:
        return False  # such as the weekday, which is constant within a day
    if feature.of is not None or feature.kind not in ("numeric", "categorical", "boolean"):
        return False
    reference = np.array(feature.counts[: feature.bins])
    if feature.kind == "numeric" and feature.low == feature.high:
        return False
    return bool(reference.sum()) and bool(reference.max() < reference.sum())


def _evaluate(feature: Feature, position: int, context: Context) -> Metric:
    window = context.window
    reference = np.array(feature.counts[: feature.bins])
    current = context.counts(feature)[: feature.bins]
    rows = int(current.sum())
    place = int(np.argmax(current))
    constant = bool(rows > 0 and current[place] == rows)
    if feature.kind == "numeric":
        constant = constant and window.low[position] == window.high[position]
    # The probability that all rows fall into this bin; that of a single value is even smaller.
    fraction = float(reference[place]) / float(reference.sum())
    p = fraction**rows if fraction > 0 else 0.0
    # If a block of the reference was constant too, as in a season or on a holiday, this is normal.
    alert = (
        constant
        and rows >= context.min_rows
        and p < context.alpha_per_fault
        and fraction < _NEARLY_ALL
        and feature.baseline_rates.get("constant_feed", 0.0) < _NEARLY_ALL
    )
    return Metric(
        metric="constant_feed",
        feature=feature.name,
        rows=rows,
        value=float(constant),
        threshold=0.0,
        p_value=p if constant else 1.0,
        strength=AT_ONCE if alert else 0.0,
        verdict=verdict(alert, rows, context.min_rows),
        evidence=Constant(place, float(window.low[position])),
    )
