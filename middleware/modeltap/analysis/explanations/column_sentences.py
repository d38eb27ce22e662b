"""Sentences about one column: how it moved, and how often its values are at fault."""

from __future__ import annotations

import numpy as np

from modeltap.analysis.detectors import quality
from modeltap.analysis.detectors.constant_feed import Constant
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.detectors.drift import Drifted, OfCalendar
from modeltap.analysis.detectors.quality import Grown, LikelyCode, OfDrift
from modeltap.analysis.detectors.unit_change import FarOutside
from modeltap.analysis.explanations.new_values import exact, new_value
from modeltap.analysis.explanations.sentence import odds, sentence
from modeltap.analysis.inference.rising import RISING
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.metric import Metric, NoRoom
from modeltap.analysis.statistics import hypothesis_tests, words
from modeltap.analysis.statistics.quantiles import bulk, quantile
from modeltap.wording import number, percent

_LIKELY = 0.05
"""A movement that chance alone makes once in twenty windows is not worth a mention."""

_MOST_OF_CHANGE = 0.25
"""One bin has half of what grew or of what shrank where it has a quarter of both."""

_NINE_OF_TEN = (0.05, 0.95)
"""The quantiles between which nine of ten values lie."""


@sentence.register
def _(evidence: Drifted, metric: Metric, context: Context) -> str:
    feature = context.reference.by_name[metric.feature or ""]
    then = np.array(feature.counts[: feature.bins], dtype=np.int64)
    now = context.counts(feature)[: feature.bins]
    moved = (
        new_value(evidence, feature, then, now)
        or _far_out(feature, then, now)
        or _moved(feature, then, now)
    )
    text = f"{feature.name}: {moved}, {metric.rows:,} rows; {odds(metric, context)}"
    if evidence.beyond_baseline:
        text += (
            f"; drift {number(metric.value or 0.0)}, the reference's own windows reach "
            f"{number(feature.baseline_distance)}"
        )
    return text


@sentence.register
def _(evidence: OfCalendar, metric: Metric, _context: Context | None) -> str:
    if evidence.part == RISING:
        return f"{metric.feature}: not compared, for it rises with each row, as a counter does"
    return f"{metric.feature}: not compared, for the calendar determines it: the {evidence.part}"


@sentence.register
def _(evidence: LikelyCode, metric: Metric, _context: Context | None) -> str:
    return (
        f"{metric.feature}: {metric.count:,} of {metric.rows:,} rows have "
        f"{number(evidence.code)!r}, far from all others; if that means a missing value, declare "
        "it in missing_values"
    )


@sentence.register
def _(evidence: NoRoom, metric: Metric, _context: Context | None) -> str:
    subject = f"{metric.feature}: " if metric.feature else ""
    end = "most" if evidence.bound > evidence.usual else "least"
    return (
        f"{subject}not compared, for {metric.metric} usually reaches {number(evidence.usual)}, "
        f"and {number(evidence.bound)} is the {end} there is"
    )


@sentence.register
def _(evidence: Grown, metric: Metric, context: Context) -> str:
    feature = context.reference.by_name[metric.feature or ""]
    declared = quality.is_declared(feature, metric.metric)
    text = f"{feature.name}: {_grown(evidence, metric, feature)}, "
    text += f"{metric.count:,} of {metric.rows:,} rows"
    text += "; declared never to be" if declared else f"; {odds(metric, context)}"
    if evidence.most is not None:
        text += f"; windows of the reference had up to {percent(evidence.most)} themselves"
    return text


def _grown(evidence: Grown, metric: Metric, feature: Feature) -> str:
    """Say which value is new where it is one, else which fault."""
    fault, value = _fault(feature, metric.metric), percent(metric.value or 0.0)
    if evidence.number is None:
        return f"{fault} went from {percent(evidence.before)} to {value}"
    before = percent(evidence.before) if evidence.before else "none"
    return f"value {exact(evidence.number)} in {value} of rows, {before} before, {fault}"


@sentence.register
def _(evidence: OfDrift, metric: Metric, context: Context) -> str | None:
    value = metric.value or 0.0
    if value - evidence.before <= quality.floor_of(metric.metric, declared=False):
        return None
    feature = context.reference.by_name[metric.feature or ""]
    return (
        f"{feature.name}: {_fault(feature, metric.metric)} went from {percent(evidence.before)} to "
        f"{percent(value)}; no alert, for the column has drifted as a whole"
    )


@sentence.register
def _(evidence: FarOutside, metric: Metric, _context: Context) -> str:
    low, high = number(evidence.low), number(evidence.high)
    return (
        f"{metric.feature}: {percent(metric.value or 0.0)} of values lie far beyond {low} to "
        f"{high}, all that was seen before; their median is {number(evidence.median)}, "
        f"{metric.rows:,} rows"
    )


@sentence.register
def _(evidence: Constant, metric: Metric, context: Context) -> str:
    feature = context.reference.by_name[metric.feature or ""]
    value = "of a rare word"
    if feature.kind == "numeric":
        value = f"'{evidence.number:.6g}'"
    elif evidence.place < len(feature.vocabulary):
        value = repr(feature.vocabulary[evidence.place])
    return (
        f"{feature.name}: all {metric.rows:,} rows have the value {value}; {odds(metric, context)}"
    )


def _fault(feature: Feature, metric: str) -> str:
    if metric == "out_of_range_rate":
        return _beyond(*_range(feature))
    if metric == "outlier_rate" and feature.mad_bounds is not None:
        return f"far out ({_beyond(*feature.mad_bounds)})"
    if metric == "unseen_rate":
        return "not allowed" if feature.allowed is not None else "never seen before"
    return {"missing_rate": "missing", "type_mismatch_rate": "of the wrong type"}[metric]


def _range(feature: Feature) -> tuple[float | None, float | None]:
    if feature.min is not None or feature.max is not None:
        return feature.min, feature.max
    return feature.low, feature.high


def _beyond(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"beyond {number(low)} to {number(high)}"
    return f"below {number(low)}" if low is not None else f"above {number(high or 0.0)}"


def _far_out(feature: Feature, then: np.ndarray, now: np.ndarray) -> str | None:
    """Describe the values beyond the MAD bounds, where all others are as they were."""
    if feature.kind != "numeric" or not feature.edges:
        return None
    inner = bulk(feature, then), bulk(feature, now)
    before, after = (
        1 - float(part.sum() / whole.sum()) for part, whole in zip(inner, (then, now), strict=True)
    )
    if after <= before or not inner[1].any() or hypothesis_tests.p_value(*inner, feature) < _LIKELY:
        return None
    low, high = feature.mad_bounds or (feature.low, feature.high)
    return (
        f"values beyond {number(low)} to {number(high)} went from {percent(before)} to "
        f"{percent(after)}"
    )


def _moved(feature: Feature, then: np.ndarray, now: np.ndarray) -> str:
    if feature.kind == "words":
        most = words.moved_most(then, now)
        return (
            f"share of texts with {feature.vocabulary[most - 1]!r} went from "
            f"{percent(float(then[most] / then[0]))} to {percent(float(now[most] / now[0]))}"
        )
    if feature.kind != "numeric":
        names = [repr(name) for name in feature.vocabulary] + ["rare values"]
        fractions_then, fractions_now = then / then.sum(), now / now.sum()
        most = int(np.argmax(np.abs(fractions_now - fractions_then)))
        return (
            f"share of {names[most]} went from {percent(float(fractions_then[most]))} "
            f"to {percent(float(fractions_now[most]))}"
        )
    before, after = quantile(feature, then, 0.5), quantile(feature, now, 0.5)
    if number(before) != number(after):
        return f"median went from {number(before)} to {_bounded(feature, now, after)}"
    single = _single_value(feature, then, now)
    if single is not None:
        return single
    low, high = (quantile(feature, then, q) for q in _NINE_OF_TEN)
    lower, higher = (quantile(feature, now, q) for q in _NINE_OF_TEN)
    return (
        f"median is still {number(after)}, but nine of ten values went from "
        f"{number(low)}-{number(high)} to {number(lower)}-{number(higher)}"
    )


def _single_value(feature: Feature, then: np.ndarray, now: np.ndarray) -> str | None:
    """Name the value whose fraction moved, where it is most of all change."""
    moved = now / now.sum() - then / then.sum()
    most = int(np.argmax(np.abs(moved)))
    if (
        not 0 < most < len(feature.edges)
        or abs(moved[most]) < _MOST_OF_CHANGE * np.abs(moved).sum()
    ):
        return None
    value = feature.edges[most - 1]
    if feature.edges[most] != np.nextafter(value, np.inf):
        return None
    before, after = then[most] / then.sum(), now[most] / now.sum()
    return f"share of '{value:.6g}' went from {percent(float(before))} to {percent(float(after))}"


def _bounded(feature: Feature, counts: np.ndarray, median: float) -> str:
    """Write a median, or the bound that is known of one beyond the reference's values.

    Bins are wide out there: only their nearer edge is sure.
    """
    if feature.low <= median <= feature.high:
        return number(median)
    position = int(np.searchsorted(np.cumsum(counts), counts.sum() / 2, side="left"))
    if median > feature.high:
        return f"above {number(feature.edges[position - 1])}"
    return f"below {number(feature.edges[position])}"
