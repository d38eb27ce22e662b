"""Data quality from the counts: missing, mistyped, unseen, out of range and far-out values."""

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
"""A category nobody has seen before is news sooner: it comes by chance only where the reference
had categories that it saw once."""

_DECLARED_FLOOR = 0.001
"""A declared impossibility is no matter of chance: more than one row of a thousand is news."""

_MANY = 10
"""Fewer rows of a new category are a whim, unless they are many for their window."""

_SEASONAL = 0.1
"""Windows that differ by more than this are not draws from one distribution: there are seasons."""

BEYOND = ("out_of_range_rate", "outlier_rate")
"""Rates that are no news where the column has moved as a whole."""

_EXACT_BELOW = 1000
"""Up to this many cases in both samples the exact test is cheap, and the normal limit wrong."""


Ends = tuple[np.ndarray, np.ndarray]
"""(p,) first bins of a range, and (p,) bins after the last."""


class Case(NamedTuple):
    """Faults of one kind, and the rows that could have it."""

    metric: str
    faults: int
    rows: int


class Grown(Evidence, frozen=True):
    """A rate in the reference, and the most that one of its own windows had beyond the floor."""

    before: float
    most: float | None
    number: float | None = None
    """The one value that most of the faults have, where it is known."""


class OfDrift(Evidence, frozen=True):
    """A rate in the reference, of a column whose drift explains that it grew."""

    before: float


class LikelyCode(Evidence, frozen=True):
    """A value far from all others in the reference that many rows have."""

    code: float


def evaluate(context: Context) -> list[Metric]:
    """Return the quality rates of every feature, each against the reference's.

    `missing_rate` is over all rows, `type_mismatch_rate` over those not missing, the others over
    those of the right type; one over fewer than the minimum of rows has no verdict.

    `out_of_range_rate` counts values beyond `min` and `max` where these are declared, else beyond
    the reference's own values; `outlier_rate` those beyond 3.5 robust deviations from the
    reference's median; `iqr_outlier_rate`, which only describes, those beyond Tukey's fences.
    `sentinel_rate` describes how many rows have the value that is likely a code for a missing one.
    """
    features = context.reference.features
    return [metric for feature in features for metric in _evaluate(feature, context)]


def _evaluate(feature: Feature, context: Context) -> Iterator[Metric]:
    own, ends = np.array(feature.counts), seen(feature)
    then = {case.metric: case for case in cases(feature, own, ends)}
    # Of a column that drifted as a whole, values beyond the old ones are no news of their own.
    moved = bulk_moved(feature, context)
    for case in cases(feature, context.counts(feature), ends):
        moved_too = moved and case.metric in BEYOND
        known = moved_too or _is_of_calendar(feature, case.metric)
        known = known and not is_declared(feature, case.metric)
        if known or not has_verdict(case.metric):
            before = then[case.metric].faults / max(1, then[case.metric].rows)
            evidence = OfDrift(before) if moved_too and known else None
            yield replace(_described(feature, case), evidence=evidence)
        else:
            yield _with_types(feature, _compared(feature, case, then[case.metric], context))
    if feature.sentinel is not None:
        yield _coded(feature, feature.sentinel, context.counts(feature))


def _with_types(feature: Feature, metric: Metric) -> Metric:
    """Return the rate of mistyped values with what is unusual in the reference's types."""
    if metric.metric != "type_mismatch_rate" or metric.verdict == ALERT:
        return metric
    finding = type_finding(feature)
    return metric if finding is None else replace(metric, evidence=None, explanation=finding)


def _coded(feature: Feature, code: float, counts: np.ndarray) -> Metric:
    place = feature.below(code)
    rows = int(counts[: feature.bins].sum())
    found = _described(feature, Case("sentinel_rate", int(counts[place]), rows))
    return replace(found, evidence=LikelyCode(code)) if found.count else found


def _is_of_calendar(feature: Feature, metric: str) -> bool:
    """Say whether a rate is one of values, and the time determines these: months never seen."""
    return feature.calendar is not None and metric in (*BEYOND, "unseen_rate")


def cases(feature: Feature, counts: np.ndarray, ends: Ends) -> Iterator[Case]:
    """Yield the faults in (bins,) `counts`; `ends` are the reference's first bin and the last."""
    for metric, (count, rows) in faults(feature, counts[None, :], ends).items():
        yield Case(metric, int(count[0]), int(rows[0]))


def seen(feature: Feature) -> Ends:
    """Return the ends of the values that the reference has seen, at whatever hour."""
    if feature.kind != "numeric" or not feature.edges:
        return ends_of(np.array(feature.counts[: feature.bins])[None, :])
    edges = np.array(feature.edges)
    first = np.searchsorted(edges, feature.low, "right")
    last = np.searchsorted(edges, feature.high, "right") + 1
    return np.array([first]), np.array([last])


def faults(
    feature: Feature, counts: np.ndarray, ends: Ends
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return by metric the faults in (p, bins) `counts`, and the rows that could have one: (p,)."""
    if feature.of is not None:
        return {}  # the column it is measured on has its own
    rows, missing, mismatch = counts.sum(axis=1), counts[:, MISSING], counts[:, MISMATCH]
    found = {"missing_rate": (missing, rows)}
    if feature.kind == "other":
        return found
    present = rows - missing
    found["type_mismatch_rate"] = (mismatch, present)
    typed = present - mismatch
    if feature.kind in ("categorical", "boolean"):
        found["unseen_rate"] = (counts[:, UNSEEN], typed)
    if feature.kind == "numeric":
        bins = counts[:, : feature.bins]
        found["out_of_range_rate"] = (_outside(bins, *_range(feature, ends)), typed)
        if feature.mad_bounds is not None:
            found["outlier_rate"] = (_beyond(feature, bins, feature.mad_bounds), typed)
        if feature.tukey_fences is not None:
            found["iqr_outlier_rate"] = (_beyond(feature, bins, feature.tukey_fences), typed)
    return found


def ends_of(counts: np.ndarray) -> Ends:
    """Return of (p, bins) counts the first bins with rows and those after the last; all bins where
    none has any."""
    filled = counts > 0
    some, bins = filled.any(axis=1), counts.shape[1]
    if not bins:
        return np.zeros(len(counts), dtype=np.int64), np.zeros(len(counts), dtype=np.int64)
    first = np.where(some, filled.argmax(axis=1), 0)
    last = np.where(some, bins - filled[:, ::-1].argmax(axis=1), bins)
    return first, last


def _range(feature: Feature, ends: Ends) -> Ends:
    """Return the first bins of the range and those after the last, as declared or as seen."""
    if feature.min is None and feature.max is None:
        return ends
    first = 0 if feature.min is None else feature.below(feature.min)
    last = feature.bins if feature.max is None else feature.above(feature.max)
    return np.array([first]), np.array([last])


def _beyond(feature: Feature, bins: np.ndarray, bounds: tuple[float, float]) -> np.ndarray:
    low, high = bounds
    return _outside(bins, np.array([feature.below(low)]), np.array([feature.above(high)]))


def _outside(bins: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return how many rows of (p, bins) lie before the (p,) first bins or from the last ones on."""
    at = np.arange(bins.shape[1])
    outside = (at < first[:, None]) | (at >= last[:, None])
    return np.asarray((bins * outside).sum(axis=1))


def is_declared(feature: Feature, metric: str) -> bool:
    """Say whether a fault was declared to be one: `required`, `min`, `max` or `allowed`."""
    if metric == "missing_rate":
        return feature.required
    if metric == "out_of_range_rate":
        return feature.min is not None or feature.max is not None
    return metric == "unseen_rate" and feature.allowed is not None


def _compared(feature: Feature, case: Case, then: Case, context: Context) -> Metric:
    """Compare a rate: grown beyond chance, and beyond the reference's worst block by the floor."""
    metric, count, rows = case
    value = count / rows if rows else 0.0
    before = then.faults / then.rows if then.rows else 0.0
    low, high = wilson(count, rows)
    declared = is_declared(feature, metric)
    floor = floor_of(metric, declared)
    if metric in BEYOND and not declared and feature.baseline_distance > _SEASONAL:
        floor = feature.baseline_distance  # so many rows may lie beyond those before
    most = before + feature.baseline_rates.get(metric, 0.0)
    new = _expected_new(context.all_hours.by_name[feature.name], metric) * then.rows
    p = _grew(count, rows, max(then.faults, math.ceil(new)), then.rows)
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
    """Return the level of the test of one rate."""
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
    """Return how much a rate has to grow to be worth an alert."""
    if declared:
        return _DECLARED_FLOOR
    return _UNSEEN_FLOOR if metric == "unseen_rate" else RATE_FLOOR


def _expected_new(feature: Feature, metric: str) -> float:
    """Return the fraction of the reference's rows that would have been a new category by chance.

    Good (1953): as often as a row was the only one of its category, the next row is of a new one.
    Where one half of the rows chose the words, the other half counted what is new: no guess.
    """
    if metric != "unseen_rate" or feature.halved:
        return 0
    words = np.array(feature.counts[: len(feature.vocabulary)])
    rare = feature.counts[len(feature.vocabulary)]
    once = int(np.sum(words == 1)) + max(0, 2 * len(feature.rare) - rare)
    return once / max(1, sum(feature.counts[: feature.bins]))


def _grew(count: int, rows: int, reference_count: int, reference_rows: int) -> float:
    """Return the one-sided p-value that a rate has not grown, exact where cases are few."""
    if rows and reference_rows and count + reference_count < _EXACT_BELOW:
        return hypothesis_tests.fisher(reference_count, reference_rows, count, rows)[1]
    return grew(count, rows, reference_count, reference_rows)
