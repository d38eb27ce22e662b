"""Sentences about one column: its drift, and the rates of invalid values in it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from modeltap.analysis.detectors import quality
from modeltap.analysis.detectors.constant_feed import Constant
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.detectors.drift import CalendarColumn, Drifted, ReportedByHour
from modeltap.analysis.detectors.quality import ExplainedByDrift, Grown, LikelyCode
from modeltap.analysis.detectors.unit_change import FarOutside
from modeltap.analysis.explanations.new_values import exact, new_value
from modeltap.analysis.explanations.sentence import counted_rows, odds, sentence
from modeltap.analysis.inference.rising import RISING
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.metric import Metric, NoRoom
from modeltap.analysis.statistics import hypothesis_tests, words
from modeltap.analysis.statistics.quantiles import bulk, quantile
from modeltap.wording import number, percent

_LIKELY = 0.05
"""A change that chance alone makes in one of twenty windows is not worth a mention."""

_MOST_OF_CHANGE = 0.25
"""A bin with a quarter of all change has half of the growth or half of the decline."""

_NEARLY_ALL_CHANGE = 0.45
"""Half of all change is growth, half is decline; nearly all of one of them is about one value."""

_MIDDLE = (0.05, 0.5, 0.95)
"""The median, and the quantiles that enclose the middle 90 % of the values."""

_TELLING = 0.1
"""A median that moved by a tenth of what the ends moved is worth a mention alone."""


@sentence.register
def _(evidence: Drifted, metric: Metric, context: Context) -> str:
    feature = context.reference.by_name[metric.feature or ""]
    reference = np.array(feature.counts[: feature.bins], dtype=np.int64)
    current = context.counts(feature)[: feature.bins]
    change = new_value(evidence, feature, reference, current)
    if change is None:
        moved = _outliers_grew(feature, reference, current) or _moved(feature, reference, current)
        change = f"{moved} in {counted_rows(metric)}"
    if evidence.beyond_baseline:
        change += (
            f" (drift {number(metric.value or 0.0)}; windows of the reference drift by up to "
            f"{number(feature.baseline_distance)})"
        )
    return f"{feature.name}: {change}; {odds(metric, context)}"


@sentence.register
def _(evidence: CalendarColumn, metric: Metric, _context: Context | None) -> str:
    if evidence.part == RISING:
        return f"{metric.feature}: not compared, because it rises with each row like a counter"
    return f"{metric.feature}: not compared, because it follows the calendar (the {evidence.part})"


@sentence.register
def _(evidence: LikelyCode, metric: Metric, _context: Context | None) -> str:
    verb = "has" if metric.count == 1 else "have"
    return (
        f"{metric.feature}: {metric.count:,} of {counted_rows(metric)} {verb} the value "
        f"{number(evidence.code)!r}, far from all others; if it stands for a missing value, "
        "declare it in missing_values"
    )


@sentence.register
def _(evidence: NoRoom, metric: Metric, _context: Context | None) -> str:
    subject = f"{metric.feature}: " if metric.feature else ""
    bound = "maximum" if evidence.bound > evidence.baseline else "minimum"
    return (
        f"{subject}not compared, because {metric.metric} normally reaches "
        f"{number(evidence.baseline)}, too close to its {bound} of {number(evidence.bound)} "
        "to change noticeably"
    )


@sentence.register
def _(evidence: Grown, metric: Metric, context: Context) -> str:
    feature = context.reference.by_name[metric.feature or ""]
    declared = quality.is_declared(feature, metric.metric)
    reason = "the settings allow none" if declared else odds(metric, context)
    return f"{feature.name}: {_grown(evidence, metric, feature)}; {reason}"


def _grown(evidence: Grown, metric: Metric, feature: Feature) -> str:
    """Name the new value if there is only one, otherwise the kind of invalid values."""
    value, most = percent(metric.value or 0.0), ""
    if evidence.most is not None:
        most = f"; up to {percent(evidence.most)} in windows of the reference"
    if evidence.number is None:
        kind = _invalid_values(feature, metric.metric)
        cases = f"{metric.count:,} of {counted_rows(metric)}{most}"
        return f"{kind} went from {percent(evidence.before)} to {value} ({cases})"
    before = percent(evidence.before) if evidence.before else "none"
    where = _outside(*_bounds_of(feature, metric.metric))
    cases = f"{metric.count:,} of {metric.rows:,}{most}"
    return f"value {exact(evidence.number)}, {where}, in {value} of rows ({cases}), {before} before"


@sentence.register
def _(evidence: ExplainedByDrift, metric: Metric, context: Context) -> str | None:
    value = metric.value or 0.0
    if value - evidence.before <= quality.floor_of(metric.metric, declared=False):
        return None
    feature = context.reference.by_name[metric.feature or ""]
    return (
        f"{feature.name}: {_invalid_values(feature, metric.metric)} went from "
        f"{percent(evidence.before)} to {percent(value)}; no alert, because the whole column has "
        "drifted"
    )


@sentence.register
def _(evidence: ReportedByHour, metric: Metric, _context: Context) -> str:
    return (
        f"{metric.feature}: drift {number(metric.value or 0.0)}; no alert, because the alert about "
        f"{evidence.metric} in hours of this day reports it"
    )


@sentence.register
def _(evidence: FarOutside, metric: Metric, _context: Context) -> str:
    low, high = number(evidence.low), number(evidence.high)
    return (
        f"{metric.feature}: values far outside {low} to {high}, the range seen so far, in "
        f"{percent(metric.value or 0.0)} of {counted_rows(metric)}; the window's median is "
        f"{number(evidence.median)}"
    )


@sentence.register
def _(evidence: Constant, metric: Metric, context: Context) -> str:
    feature = context.reference.by_name[metric.feature or ""]
    value = "the same rare value"
    if feature.kind == "numeric":
        value = f"the value '{evidence.number:.6g}'"
    elif evidence.place < len(feature.vocabulary):
        value = f"the value {feature.vocabulary[evidence.place]!r}"
    return f"{feature.name}: all {counted_rows(metric)} have {value}; {odds(metric, context)}"


def _invalid_values(feature: Feature, metric: str) -> str:
    """Name the values that a quality metric counts."""
    if metric == "out_of_range_rate":
        return f"values {_outside(*_bounds_of(feature, metric))}"
    if metric == "outlier_rate":
        return f"outliers ({_outside(*_bounds_of(feature, metric))})"
    if metric == "unseen_rate":
        return "values not allowed" if feature.allowed is not None else "new categories"
    return {"missing_rate": "missing values", "type_mismatch_rate": "values of the wrong type"}[
        metric
    ]


def _bounds_of(feature: Feature, metric: str) -> tuple[float | None, float | None]:
    """Return the bounds that values are compared with: declared, robust, or those seen."""
    if metric == "outlier_rate" and feature.mad_bounds is not None:
        return feature.mad_bounds
    if feature.min is not None or feature.max is not None:
        return feature.min, feature.max
    return feature.low, feature.high


def _outside(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"outside {number(low)} to {number(high)}"
    return f"below {number(low)}" if low is not None else f"above {number(high or 0.0)}"


def _outliers_grew(feature: Feature, reference: np.ndarray, current: np.ndarray) -> str | None:
    """Describe the values outside the MAD bounds if all other values are unchanged."""
    if feature.kind != "numeric" or not feature.edges:
        return None
    inner = bulk(feature, reference), bulk(feature, current)
    before, after = (
        1 - float(part.sum() / whole.sum())
        for part, whole in zip(inner, (reference, current), strict=True)
    )
    if after <= before or not inner[1].any() or hypothesis_tests.p_value(*inner, feature) < _LIKELY:
        return None
    low, high = feature.mad_bounds or (feature.low, feature.high)
    return (
        f"values outside {number(low)} to {number(high)} went from {percent(before)} to "
        f"{percent(after)}"
    )


def _moved(feature: Feature, reference: np.ndarray, current: np.ndarray) -> str:
    """Describe the largest change of a distribution."""
    if feature.kind == "words":
        most = words.moved_most(reference, current)
        before, after = float(reference[most] / reference[0]), float(current[most] / current[0])
        return (
            f"fraction of texts with {feature.vocabulary[most - 1]!r} went from "
            f"{percent(before)} to {percent(after)}"
        )
    if feature.kind != "numeric":
        names = [repr(name) for name in feature.vocabulary] + ["rare values"]
        fractions_before, fractions_after = reference / reference.sum(), current / current.sum()
        most = int(np.argmax(np.abs(fractions_after - fractions_before)))
        return (
            f"fraction of {names[most]} went from {percent(float(fractions_before[most]))} "
            f"to {percent(float(fractions_after[most]))}"
        )
    low, before, high = (quantile(feature, reference, q) for q in _MIDDLE)
    lower, after, higher = (quantile(feature, current, q) for q in _MIDDLE)
    single_value = _single_value(feature, reference, current)
    if single_value is not None and single_value.fraction > _NEARLY_ALL_CHANGE:
        return single_value.sentence
    if abs(after - before) > _TELLING * max(abs(lower - low), abs(higher - high)):
        return f"median went from {number(before)} to {_bounded(feature, current, after)}"
    if single_value is not None:
        return single_value.sentence
    moved = number(before) != number(after)
    median = f"median went from {number(before)} to {number(after)}, and"
    return (
        f"{median if moved else f'median is still {number(after)}, but'} the middle 90 % of values "
        "now range from "
        f"{number(lower)} to {number(higher)} (before: from {number(low)} to {number(high)})"
    )


class _ChangedValue(NamedTuple):
    """A value that accounts for a fraction of all change, and its sentence."""

    fraction: float
    sentence: str


def _single_value(
    feature: Feature, reference: np.ndarray, current: np.ndarray
) -> _ChangedValue | None:
    """Describe the one value whose fraction makes up most of the change, if there is one."""
    moved = current / current.sum() - reference / reference.sum()
    most = int(np.argmax(np.abs(moved)))
    if (
        not 0 < most < len(feature.edges)
        or abs(moved[most]) < _MOST_OF_CHANGE * np.abs(moved).sum()
    ):
        return None
    value = feature.edges[most - 1]
    if feature.edges[most] != np.nextafter(value, np.inf):
        return None
    before, after = reference[most] / reference.sum(), current[most] / current.sum()
    return _ChangedValue(
        float(abs(moved[most]) / np.abs(moved).sum()),
        f"fraction of '{value:.6g}' went from {percent(float(before))} to {percent(float(after))}",
    )


def _bounded(feature: Feature, counts: np.ndarray, median: float) -> str:
    """Format a median, or only a bound for one outside the reference's values.

    The outer bins are wide, so only their nearer edge is known.
    """
    if feature.low <= median <= feature.high:
        return number(median)
    position = int(np.searchsorted(np.cumsum(counts), counts.sum() / 2, side="left"))
    if median > feature.high:
        return f"above {number(feature.edges[position - 1])}"
    return f"below {number(feature.edges[position])}"
