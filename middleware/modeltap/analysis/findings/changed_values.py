"""Changed values of a whole column: another unit, another sign, rounding.

A transformation is detected by undoing it. If the values fit the reference afterwards, and did
not before, the transformation took place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from modeltap.analysis.counting.bins import count_numbers
from modeltap.analysis.detectors import drift
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.metric import Evidence
from modeltap.analysis.statistics.quantiles import quantile

_FAR = 0.1
"""A column closer to its reference than this has not changed its unit."""

_BETTER = 4.0
"""With the transformation undone, the values must be this many times closer to the reference."""

_NEAR = 0.05
"""A distance of practically the same distribution: a sample of 2,000 rows, another hour."""

_MARGIN = 0.03
"""The smallest drift. A shift by the difference of the medians fits many columns, because it is
fitted to them. An unknown factor must be closer than the shift by this much."""

_QUANTILES = np.linspace(0.05, 0.95, 19)

_CONSTANT = 0.05
"""If all values were multiplied by one factor, the ratios of quantiles differ by less."""

_DEVIATIONS = 3.0
"""A known factor must be within this many standard errors of the ratio of the quantiles."""

_EXACT = 0.02
"""Or within this fraction of it, for many rows: factors between units are rounded, too."""

_LEAST_SPREAD = 2.0
"""For values of both signs, a smaller factor is just a wider or narrower distribution."""

_LEAST_FACTOR = 1.2
"""A smaller factor is ordinary drift: no change of unit is by a tenth."""

_ALL, _HALF = 0.95, 0.5
"""A column is rounded if at least `_ALL` of its values are multiples of a step, at most `_HALF` of
the reference's values were, and no single value makes up `_HALF` of them."""

_MOVED = 0.2
"""Quantiles move by this many spreads by chance and between hours."""

_FEW = 5
"""With fewer distinct values, rounding cannot be detected."""

_TOLERANCE = 1e-6
"""In binary, multiples of .01 are not exact."""

_UNITS = (
    1.609344,  # miles in kilometres
    2.54,  # inches in centimetres
    3.28084,  # metres in feet
    2.20462,  # kilograms in pounds
    3.78541,  # gallons in litres
    28.3495,  # ounces in grams
    10.0,
    100.0,  # a fraction in percent, euros in cents
    1000.0,
    1e6,
    1e9,
    24.0,  # days in hours
    60.0,
    3600.0,
)
"""Factors between units; their inverses are tried, too."""

_STEPS = {
    1000.0: "thousands",
    100.0: "hundreds",
    10.0: "tens",
    1.0: "whole numbers",
    0.1: "one decimal",
    0.01: "two decimals",
}


class Changed(Evidence, frozen=True):
    """The change of all values of a column, as text."""

    change: str


class _Transformation(NamedTuple):
    """A change of all values, as text, and its inverse; the factor if it is a multiplication."""

    change: str
    undo: Callable[[np.ndarray], np.ndarray]
    factor: float | None = None


def _scaled(factor: float) -> _Transformation:
    text = f"{factor:,.0f}" if factor >= 100 else f"{factor:.4g}"
    return _Transformation(
        f"values have been multiplied by {text}", lambda values: values / factor, factor
    )


_KNOWN = (
    _Transformation("values have changed sign", lambda values: -values),
    *(_scaled(factor) for unit in _UNITS for factor in (unit, 1 / unit)),
    _Transformation(
        "values have increased by 273.15 (as from Celsius to Kelvin)", lambda v: v - 273.15
    ),
    _Transformation(
        "values have decreased by 273.15 (as from Kelvin to Celsius)", lambda v: v + 273.15
    ),
    _Transformation(
        "values have been multiplied by 1.8 and increased by 32 (as from Celsius to Fahrenheit)",
        lambda values: (values - 32) / 1.8,
    ),
    _Transformation(
        "values have been decreased by 32 and divided by 1.8 (as from Fahrenheit to Celsius)",
        lambda values: values * 1.8 + 32,
    ),
)


def changed(feature: Feature, reference: np.ndarray, numbers: np.ndarray) -> Changed | None:
    """Return the known change of all of a column's values; None if there was none.

    Args:
        reference: (bins,) counts of the reference, without the special bins.
        numbers: (n,) values of the window, NaN for missing ones.
    """
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers) or not feature.edges or not reference.sum():
        return None
    rounded = _rounded(feature, reference, numbers)
    if rounded is not None:
        return Changed(rounded)
    return _transformed(feature, reference, numbers)


def _transformed(feature: Feature, reference: np.ndarray, numbers: np.ndarray) -> Changed | None:
    own = _distance(feature, reference, numbers)
    if own < _FAR:
        return None
    limit = max(_NEAR, own / _BETTER)
    shift = float(np.median(numbers)) - quantile(feature, reference, 0.5)
    shifted = _distance(feature, reference, numbers - shift)
    ratios = _ratios(feature, reference, numbers)
    known = [t for t in _KNOWN if t.factor is None or ratios.agree(t.factor)]
    with np.errstate(over="ignore"):
        tried = [(_distance(feature, reference, t.undo(numbers)), t) for t in known]
    fitting = [pair for pair in tried if pair[0] <= min(limit, shifted + _NEAR)]
    fitting.sort(key=lambda pair: pair[0])
    if len(fitting) > 1 and all(t.factor is not None for _, t in fitting[:2]):
        return Changed(f"values have been multiplied by about {ratios.middle:,.2g}")
    if fitting:
        return Changed(fitting[0][1].change)
    if not ratios.constant:
        return None
    scaled = _distance(feature, reference, numbers / ratios.middle)
    if scaled > min(limit, shifted - _MARGIN):
        return None
    return Changed(f"values have been multiplied by about {ratios.middle:,.3g}")


def _distance(feature: Feature, reference: np.ndarray, numbers: np.ndarray) -> float:
    counted = np.zeros(len(feature.counts), dtype=np.int64)
    count_numbers(numbers, 0, feature, counted)
    return drift.distance(feature, reference, counted[: feature.bins])


class _Ratios(NamedTuple):
    """The ratios of the window's quantiles to the reference's: their median, and its error."""

    middle: float
    error: float
    constant: bool
    signed: bool

    def agree(self, factor: float) -> bool:
        """Return whether all values may have been multiplied by `factor`."""
        if self.middle <= 0 or (self.signed and abs(np.log(factor)) < np.log(_LEAST_SPREAD)):
            return False
        return bool(abs(np.log(factor / self.middle)) <= max(_EXACT, _DEVIATIONS * self.error))


def _ratios(feature: Feature, reference: np.ndarray, numbers: np.ndarray) -> _Ratios:
    """Return the ratios of the quantiles that are not close to zero.

    The error is that of a median, ``1.25 s sqrt(1/n + 1/m)`` with s the spread relative to the
    median, at most 1: a ratio of spreads alone is as certain as for values with s = 1.
    """
    before = np.array([quantile(feature, reference, q) for q in _QUANTILES])
    after = np.quantile(numbers, _QUANTILES)
    kept = np.abs(before) > _NEAR * np.abs(before).max()
    ratios = after[kept] / before[kept] if kept.any() else np.zeros(1)
    middle = float(np.median(ratios))
    relative = min(1.0, feature.spread / abs(feature.center)) if feature.center else 1.0
    error = 1.25 * relative * float(np.sqrt(1 / len(numbers) + 1 / max(1, reference.sum())))
    constant = middle > 0 and bool(np.all(np.abs(ratios / middle - 1) < _CONSTANT))
    far = middle > 0 and abs(np.log(middle)) > np.log(_LEAST_FACTOR)
    signed = bool(quantile(feature, reference, 0.25) < 0 < quantile(feature, reference, 0.75))
    return _Ratios(middle, error, constant and far and not signed, signed)


def _rounded(feature: Feature, reference: np.ndarray, numbers: np.ndarray) -> str | None:
    """Describe the rounding of values that were not rounded before and have not moved."""
    before = np.array(feature.edges)
    before = before[(before >= feature.low) & (before <= feature.high)]
    unique, rows = np.unique(numbers, return_counts=True)
    if min(len(before), len(unique)) < _FEW or rows.max() > _HALF * len(numbers):
        return None
    for step, name in _STEPS.items():
        rounded = _multiples(numbers, step) >= _ALL and _multiples(before, step) <= _HALF
        if rounded and _have_not_moved(feature, reference, numbers, step):
            return f"values have been rounded to {name}"
    return None


def _multiples(numbers: np.ndarray, step: float) -> float:
    """Return the fraction of numbers that are multiples of `step`."""
    parts = numbers / step
    near = np.abs(parts - np.round(parts)) <= _TOLERANCE * np.maximum(1.0, np.abs(parts))
    return float(near.mean())


def _have_not_moved(
    feature: Feature, reference: np.ndarray, numbers: np.ndarray, step: float
) -> bool:
    """Return whether the quantiles moved by at most a step plus variation by chance and hours.

    The median over the quantiles decides: between two modes, a quantile may lie anywhere.
    """
    slack = step + _MOVED * feature.spread
    before = np.array([quantile(feature, reference, q) for q in _QUANTILES])
    return bool(np.median(np.abs(np.quantile(numbers, _QUANTILES) - before)) <= slack)
