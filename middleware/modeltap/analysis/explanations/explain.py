"""Explanations: from what to what a metric moved, in how many rows, and how rare that is by chance.

Detectors return evidence; the sentences are made of it here, once, for what alerts.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import singledispatch

import numpy as np
from msgspec.structs import replace

from modeltap import clock
from modeltap.analysis.detectors import quality
from modeltap.analysis.detectors.constant_feed import Constant
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.detectors.drift import Drifted
from modeltap.analysis.detectors.duplicate_rate import Duplicated
from modeltap.analysis.detectors.gaps import Pause
from modeltap.analysis.detectors.latency_and_errors import Usual
from modeltap.analysis.detectors.multivariate import ErrorsGrew, RowsDiffer
from modeltap.analysis.detectors.performance import Guess, ScoreFell, Worse
from modeltap.analysis.detectors.quality import Grown
from modeltap.analysis.detectors.row_outliers import Outliers
from modeltap.analysis.detectors.schema_change import Fields
from modeltap.analysis.detectors.text_and_vector import Distinct, Turned
from modeltap.analysis.explanations.new_values import new_value
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.metric import ALERT, NOT_COMPARABLE, Evidence, Metric, NoRoom
from modeltap.analysis.statistics import hypothesis_tests, words
from modeltap.analysis.statistics.quantiles import bulk, quantile
from modeltap.wording import chance, number, percent

logger = logging.getLogger("modeltap")

_LIKELY = 0.05
"""A movement that chance alone makes once in twenty windows is not worth a mention."""

_MOST_OF_CHANGE = 0.25
"""One bin has half of what grew or of what shrank where it has a quarter of both."""

_NINE_OF_TEN = (0.05, 0.95)
"""The quantiles between which nine of ten values lie."""

_NAMED = 5
"""More fields in one sentence are not read."""

_MOSTLY, _PARTLY = 0.8, 0.3
"""Fractions of a grown error that are called nearly all, and a part of it."""


def explained(metrics: Iterable[Metric], context: Context | None = None) -> list[Metric]:
    """Return `metrics` with explanations: of alerts, and of those whose evidence only describes.

    Args:
        context: what the metrics of a reference's window were evaluated in.
    """
    return [_explained(metric, context) for metric in metrics]


def _explained(metric: Metric, context: Context | None) -> Metric:
    if metric.evidence is None or metric.verdict not in (ALERT, NOT_COMPARABLE, None):
        return metric
    try:
        return replace(metric, explanation=sentence(metric.evidence, metric, context))
    except Exception:
        # An alert without its sentence is better than none.
        logger.exception("modeltap: no explanation of %s of %s", metric.metric, metric.feature)
        return metric


@singledispatch
def sentence(_evidence: Evidence, _metric: Metric, _context: Context | None) -> str | None:
    """Return the sentence for a metric with this evidence; None for evidence of another kind."""
    return None


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
    text = f"{feature.name}: {moved}, {metric.rows:,} rows; expected {_chance(metric)}"
    if evidence.beyond_baseline:
        text += (
            f"; drift {number(metric.value or 0.0)}, the reference's own windows reach "
            f"{number(feature.baseline_distance)}"
        )
    return text


@sentence.register
def _(evidence: NoRoom, metric: Metric, _context: Context | None) -> str:
    subject = f"{metric.feature}: " if metric.feature else ""
    return (
        f"{subject}not compared, for {metric.metric} usually reaches {number(evidence.usual)}, "
        f"and {number(evidence.bound)} is the most there is"
    )


@sentence.register
def _(evidence: Grown, metric: Metric, context: Context) -> str:
    feature = context.reference.by_name[metric.feature or ""]
    declared = quality.is_declared(feature, metric.metric)
    text = (
        f"{feature.name}: {_fault(feature, metric.metric)} went from {percent(evidence.before)} to "
        f"{percent(metric.value or 0.0)}, {metric.count:,} of {metric.rows:,} rows"
    )
    text += "; declared never to be" if declared else f"; expected {_chance(metric)}"
    if evidence.most is not None:
        text += f"; windows of the reference had up to {percent(evidence.most)} themselves"
    return text


@sentence.register
def _(evidence: Fields, _metric: Metric, _context: Context) -> str:
    parts = []
    if evidence.lost:
        parts.append(f"no row has {_listed([f'`{name}`' for name in evidence.lost])} any more")
    if evidence.new:
        new = [f"`{name}` in {percent(fraction)}" for name, fraction in evidence.new.items()]
        parts.append(f"new: {_listed(new)}")
    return f"fields changed: {'; '.join(parts)}"


@sentence.register
def _(evidence: Duplicated, metric: Metric, _context: Context) -> str:
    return (
        f"{percent(metric.value or 0.0)} of {metric.rows:,} rows repeat another one; to be "
        f"expected were {percent(evidence.expected)}, "
        f"{_chance(metric).removeprefix('by chance ')} so many by chance"
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
        f"{feature.name}: all {metric.rows:,} rows have the value {value}; "
        f"expected {_chance(metric)}"
    )


@sentence.register
def _(evidence: Pause, metric: Metric, _context: Context) -> str:
    start, end = _moment(evidence.start), _moment(evidence.end)
    when = f"from {start} to {end}"
    if metric.metric == "freshness_seconds":
        when = f"since {start}, until the window's end"
    return (
        f"no row for {clock.length(metric.value or 0.0)}, {when}; the reference's longest pause "
        f"was {clock.length(evidence.baseline_seconds)}"
    )


@sentence.register
def _(evidence: RowsDiffer, metric: Metric, _context: Context) -> str:
    return (
        f"rows as wholes can be told from the reference's (AUC {metric.value:.2f}, 0.50 is "
        f"chance) where columns one by one cannot; most by {', '.join(evidence.drivers)}; "
        f"expected {_chance(metric)}"
    )


@sentence.register
def _(evidence: ErrorsGrew, metric: Metric, _context: Context) -> str:
    return (
        f"errors lie {number(metric.value or 0.0)} standard deviations from the reference's, "
        f"most in {evidence.driver}"
    )


@sentence.register
def _(evidence: Distinct, metric: Metric, _context: Context) -> str:
    return (
        f"{metric.feature}: {evidence.noun} can be told from the reference's "
        f"(AUC {evidence.auc:.2f}, 0.50 is chance), {metric.rows:,} rows; "
        f"expected {_chance(metric)}"
    )


@sentence.register
def _(evidence: Turned, metric: Metric, _context: Context) -> str:
    return (
        f"{metric.feature}: mean cosine distance from the reference's mean went from "
        f"{number(evidence.before)} to {number(metric.value or 0.0)}"
    )


@sentence.register
def _(evidence: Outliers, metric: Metric, _context: Context) -> str:
    return (
        f"rows unlike the reference's went from {percent(evidence.before)} to "
        f"{percent(metric.value or 0.0)}, {metric.count:,} of {metric.rows:,}; "
        f"expected {_chance(metric)}"
    )


@sentence.register
def _(evidence: Usual, metric: Metric, _context: Context | None) -> str:
    value, usual = metric.value or 0.0, evidence.baseline
    if metric.metric == "error_rate":
        known = "not known yet" if usual is None else percent(usual)
        return (
            f"{percent(value)} of requests failed, {metric.count:,} of {metric.rows:,}; usual is "
            f"{known}"
        )
    return f"95 % of requests took up to {number(value)} ms; usual is {number(usual or 0.0)} ms"


@sentence.register
def _(evidence: Worse, metric: Metric, _context: Context | None) -> str:
    before, value = evidence.baseline.mean, metric.value or 0.0
    if metric.metric == "accuracy":
        text = (
            f"accuracy went from {number(before)} to {number(value)} in {metric.rows:,} labelled "
            f"rows; expected {_chance(metric)}"
        )
        return text if evidence.guess is None else f"{text}; {_guessed(evidence.guess)}"
    part = (abs(evidence.bias) - abs(evidence.baseline.bias)) / (value - before)
    nature = "little bias"
    if part > _PARTLY:
        nature = "nearly all of it bias" if part > _MOSTLY else "partly bias"
    direction = "too high" if evidence.bias > 0 else "too low"
    return (
        f"mean absolute error went from {number(before)} to {number(value)} in {metric.rows:,} "
        f"labelled rows, {nature}: predictions are {number(abs(evidence.bias))} {direction} on "
        f"average; expected {_chance(metric)}"
    )


@sentence.register
def _(evidence: Guess, metric: Metric, _context: Context | None) -> str:
    value = number(metric.value or 0.0)
    return f"accuracy {value} in {metric.rows:,} labelled rows: {_guessed(evidence)}"


def _guessed(evidence: Guess) -> str:
    if evidence.opposite:
        return (
            f"guessing gives {number(evidence.accuracy)}, so predictions are the opposite of the "
            "labels, or ids are matched wrongly"
        )
    return (
        f"guessing gives {number(evidence.accuracy)}, so predictions say nothing of the labels, or "
        "ids are matched wrongly"
    )


@sentence.register
def _(evidence: ScoreFell, metric: Metric, _context: Context | None) -> str:
    lost = "" if evidence.lost is None else f"; no row is predicted {evidence.lost!r} any more"
    return (
        f"macro F1 went from {number(evidence.before)} to {number(metric.value or 0.0)} in "
        f"{metric.rows:,} labelled rows{lost}; expected {_chance(metric)}"
    )


def _chance(metric: Metric) -> str:
    return chance(1.0 if metric.p_value is None else metric.p_value)


def _moment(seconds: float) -> str:
    return clock.short(clock.iso(seconds))


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


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
