"""Data quality: rates of missing, mistyped, unseen, out-of-range and outlying values."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.detectors.context import RATE_FLOOR, Context
from modeltap.analysis.detectors.drift import bulk_moved
from modeltap.analysis.model.feature import MISMATCH, MISSING, UNSEEN, Feature
from modeltap.analysis.model.metric import ALERT, Evidence, Metric, crossable, no_room, verdict
from modeltap.analysis.model.type_finding import type_finding
from modeltap.analysis.statistics import hypothesis_tests
from modeltap.analysis.statistics.rates import grew, wilson
from modeltap.config.metrics import has_verdict

_UNSEEN_FLOOR = 0.0025
"""The floor for unseen categories is lower: they appear by chance only if the reference has
categories that occurred once."""

_DECLARED_FLOOR = 0.001
"""Values declared impossible do not occur by chance: more than one in a thousand rows alerts."""

_MANY = 10
"""Fewer rows with new categories do not alert, unless they are a large fraction of the window."""

_SEASONAL = 0.1
"""If windows of the reference differ by more than this, there are seasons."""

BEYOND = ("out_of_range_rate", "outlier_rate")
"""Rates that are not reported separately if the whole column has drifted."""

_EXACT_BELOW = 1000
"""Up to this many cases the exact test is cheap, and the normal approximation inaccurate."""


Ends = tuple[np.ndarray, np.ndarray]
"""(p,) first bins of ranges, and (p,) bins after the last ones."""


class Case(NamedTuple):
    """The number of faults of one kind, and of the rows that could have it."""

    metric: str
    faults: int
    rows: int


class Grown(Evidence, frozen=True):
    """A rate in the reference; and its maximum in a window of it, if that exceeds the floor."""

    before: float
    most: float | None
    number: float | None = None
    """The single value of most of the faults, if it is known."""


class ExplainedByDrift(Evidence, frozen=True):
    """A rate in the reference, of a column whose drift explains the growth."""

    before: float


class LikelyCode(Evidence, frozen=True):
    """A value of many rows that is far from all others in the reference."""

    code: float


def evaluate(context: Context) -> list[Metric]:
    """Return the quality rates of every feature, each compared with the reference.

    The denominator of `missing_rate` is all rows, that of `type_mismatch_rate` rows with a value,
    that of the other rates rows with a value of the right type. A rate of fewer rows than the
    minimum has no verdict.

    `out_of_range_rate` counts values outside `min` and `max` if these are declared, otherwise
    outside the reference's values; `outlier_rate` counts values more than 3.5 robust deviations
    from the reference's median; `iqr_outlier_rate`, which has no verdict, those outside Tukey's
    fences. `sentinel_rate`, also without a verdict, is the fraction of rows with a value that
    probably is a code for missing.
    """
    features = context.reference.features
    return [metric for feature in features for metric in _evaluate(feature, context)]


def _evaluate(feature: Feature, context: Context) -> Iterator[Metric]:
    own, ends = np.array(feature.counts), seen(feature)
    reference = {case.metric: case for case in cases(feature, own, ends)}
    # If the whole column drifted, values outside the old range are not reported separately.
    moved = bulk_moved(feature, context)
    for case in cases(feature, context.counts(feature), ends):
        moved_too = moved and case.metric in BEYOND
        expected = moved_too or _follows_calendar(feature, case.metric)
        expected = expected and not is_declared(feature, case.metric)
        if expected or not has_verdict(case.metric):
            before = reference[case.metric].faults / max(1, reference[case.metric].rows)
            evidence = ExplainedByDrift(before) if moved_too and expected else None
            yield replace(_described(feature, case), evidence=evidence)
        else:
            yield _with_types(feature, _compared(feature, case, reference[case.metric], context))
    if feature.sentinel is not None:
        yield _coded(feature, feature.sentinel, context.counts(feature))


def _with_types(feature: Feature, metric: Metric) -> Metric:
    """Return `type_mismatch_rate` with a note about unusual types in the reference, if any."""
    if metric.metric != "type_mismatch_rate" or metric.verdict == ALERT:
        return metric
    finding = type_finding(feature)
    return metric if finding is None else replace(metric, evidence=None, explanation=finding)


def _coded(feature: Feature, code: float, counts: np.ndarray) -> Metric:
    place = feature.below(code)
    rows = int(counts[: feature.bins].sum())
    metric = _described(feature, Case("sentinel_rate", int(counts[place]), rows))
    return replace(metric, evidence=LikelyCode(code)) if metric.count else metric


def _follows_calendar(feature: Feature, metric: str) -> bool:
    """Return whether a rate is about values determined by the time, such as unseen months."""
    return feature.calendar is not None and metric in (*BEYOND, "unseen_rate")


def cases(feature: Feature, counts: np.ndarray, ends: Ends) -> Iterator[Case]:
    """Yield the faults in (bins,) `counts`; `ends` delimit the values of the reference."""
    for metric, (count, rows) in faults(feature, counts[None, :], ends).items():
        yield Case(metric, int(count[0]), int(rows[0]))


def seen(feature: Feature) -> Ends:
    """Return the ends of the values in the reference, over all hours."""
    if feature.kind != "numeric" or not feature.edges:
        return ends_of(np.array(feature.counts[: feature.bins])[None, :])
    edges = np.array(feature.edges)
    first = np.searchsorted(edges, feature.low, "right")
    last = np.searchsorted(edges, feature.high, "right") + 1
    return np.array([first]), np.array([last])


def faults(
    feature: Feature, counts: np.ndarray, ends: Ends
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the (p,) faults in (p, bins) `counts` by metric, and the (p,) rows in question."""
    if feature.of is not None:
        return {}  # faults are counted in the column that the measure is derived from
    rows, missing, mismatch = counts.sum(axis=1), counts[:, MISSING], counts[:, MISMATCH]
    rates = {"missing_rate": (missing, rows)}
    if feature.kind == "other":
        return rates
    present = rows - missing
    rates["type_mismatch_rate"] = (mismatch, present)
    typed = present - mismatch
    if feature.kind in ("categorical", "boolean"):
        rates["unseen_rate"] = (counts[:, UNSEEN], typed)
    if feature.kind == "numeric":
        bins = counts[:, : feature.bins]
        rates["out_of_range_rate"] = (_outside(bins, *_range(feature, ends)), typed)
        if feature.mad_bounds is not None:
            rates["outlier_rate"] = (_beyond(feature, bins, feature.mad_bounds), typed)
        if feature.tukey_fences is not None:
            rates["iqr_outlier_rate"] = (_beyond(feature, bins, feature.tukey_fences), typed)
    return rates


def ends_of(counts: np.ndarray) -> Ends:
    """Return the first bins with rows of (p, bins) counts, and the bins after the last.

    For counts without any rows these enclose all bins.
    """
    filled = counts > 0
    some, bins = filled.any(axis=1), counts.shape[1]
    if not bins:
        return np.zeros(len(counts), dtype=np.int64), np.zeros(len(counts), dtype=np.int64)
    first = np.where(some, filled.argmax(axis=1), 0)
    last = np.where(some, bins - filled[:, ::-1].argmax(axis=1), bins)
    return first, last


def _range(feature: Feature, ends: Ends) -> Ends:
    """Return the first bin of the range and the one after the last, as declared or as seen."""
    if feature.min is None and feature.max is None:
        return ends
    first = 0 if feature.min is None else feature.below(feature.min)
    last = feature.bins if feature.max is None else feature.above(feature.max)
    return np.array([first]), np.array([last])


def _beyond(feature: Feature, bins: np.ndarray, bounds: tuple[float, float]) -> np.ndarray:
    low, high = bounds
    return _outside(bins, np.array([feature.below(low)]), np.array([feature.above(high)]))


def _outside(bins: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return the (p,) numbers of rows in (p, bins) counts outside the (p,) ranges of bins."""
    at = np.arange(bins.shape[1])
    outside = (at < first[:, None]) | (at >= last[:, None])
    return np.asarray((bins * outside).sum(axis=1))


def is_declared(feature: Feature, metric: str) -> bool:
    """Return whether a setting declares the fault: `required`, `min`, `max` or `allowed`."""
    if metric == "missing_rate":
        return feature.required
    if metric == "out_of_range_rate":
        return feature.min is not None or feature.max is not None
    return metric == "unseen_rate" and feature.allowed is not None


def _compared(feature: Feature, case: Case, reference: Case, context: Context) -> Metric:
    """Compare a rate, which alerts above the reference's highest block, its floor, and chance."""
    metric, count, rows = case
    value = count / rows if rows else 0.0
    before = reference.faults / reference.rows if reference.rows else 0.0
    low, high = wilson(count, rows)
    declared = is_declared(feature, metric)
    floor = floor_of(metric, declared)
    if metric in BEYOND and not declared and feature.baseline_distance > _SEASONAL:
        floor = feature.baseline_distance  # this fraction of rows may be outside the range
    most = before + feature.baseline_rates.get(metric, 0.0)
    new = _expected_new(context.all_hours.by_name[feature.name], metric) * reference.rows
    p = _grew(count, rows, max(reference.faults, math.ceil(new)), reference.rows)
    threshold = crossable(most + floor, most)
    if threshold is None:
        return replace(
            _described(feature, case), p_value=p, **no_room(most, enough=rows >= context.min_rows)
        )
    growth, floor = value - most, threshold - most
    alert = growth > floor and (declared or p < level(context))
    if metric == "unseen_rate" and not declared:
        alert = alert and (count >= _MANY or growth > RATE_FLOOR)
    return Metric(
        metric=metric,
        feature=feature.name,
        rows=rows,
        count=count,
        value=value,
        low=low,
        high=high,
        threshold=threshold,
        p_value=p,
        strength=max(0.0, growth / floor),
        verdict=verdict(alert, rows, context.min_rows),
        evidence=Grown(before, most if most > before + floor else None),
    )


def level(context: Context) -> float:
    """Return the significance level of the test of one rate."""
    return context.alpha_per_fault


def _described(feature: Feature, case: Case) -> Metric:
    metric, count, rows = case
    low, high = wilson(count, rows)
    return Metric(
        metric=metric,
        feature=feature.name,
        rows=rows,
        count=count,
        value=count / rows if rows else 0.0,
        low=low,
        high=high,
    )


def floor_of(metric: str, declared: bool) -> float:
    """Return the smallest growth of a rate that is worth an alert."""
    if declared:
        return _DECLARED_FLOOR
    return _UNSEEN_FLOOR if metric == "unseen_rate" else RATE_FLOOR


def _expected_new(feature: Feature, metric: str) -> float:
    """Return the fraction of rows that have a new category by chance.

    By Good (1953), the next row has a new category as often as a row was the only one of its
    category. If the bins were chosen from one half of the rows, the other half already counts
    unseen categories and nothing has to be estimated.
    """
    if metric != "unseen_rate" or feature.halved:
        return 0
    common = np.array(feature.counts[: len(feature.vocabulary)])
    rare = feature.counts[len(feature.vocabulary)]
    once = int(np.sum(common == 1)) + max(0, 2 * len(feature.rare) - rare)
    return once / max(1, sum(feature.counts[: feature.bins]))


def _grew(count: int, rows: int, reference_count: int, reference_rows: int) -> float:
    """Return the one-sided p-value that a rate has not grown, exact for few cases."""
    if rows and reference_rows and count + reference_count < _EXACT_BELOW:
        return hypothesis_tests.fisher(reference_count, reference_rows, count, rows)[1]
    return grew(count, rows, reference_count, reference_rows)
