"""Drift of single columns: beyond chance, a floor, and the variation within the reference."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.detectors.context import DRIFT_FLOOR, RATE_FLOOR, Context
from modeltap.analysis.model.feature import Feature, rows_of
from modeltap.analysis.model.metric import (
    ALERT,
    NOT_COMPARABLE,
    Evidence,
    Metric,
    crossable,
    no_room,
    too_few,
    verdict,
)
from modeltap.analysis.statistics import distances, gains, hypothesis_tests, words
from modeltap.analysis.statistics.quantiles import bulk, inner_bins

_BEYOND_BASELINE = 0.25
"""A drift must exceed the largest distance b between windows of the reference by a quarter:
``b + 0.25 * b * (1 - b)``, which is less for a large b, because no distance exceeds 1."""

_BEYOND_CHANCE = 0.01
"""If the reference's windows differ from each other, a distance must exceed theirs by more than its
own sampling error, which is large for few rows."""

_BULK = 0.5
"""If less than half of the rows are within the reference's bounds, the column has moved."""


_NEW_VALUE = RATE_FLOOR / DRIFT_FLOOR["normal"]
"""A new value's fraction has the floor of rates, scaled like drift's floor by the sensitivity."""

NEW_VALUE = "new_value"
"""The key in a feature's baselines of the largest gain of one bin between reference blocks."""


_CAUSES = ("constant_feed", "out_of_range_rate", "outlier_rate")
"""Metrics whose alerts explain drift, the strongest first."""


class Drifted(Evidence, frozen=True):
    """A drift; `beyond_baseline` if the baseline, rather than the floor, set the threshold."""

    beyond_baseline: bool
    place: int | None = None
    """The bin that gained more than its floor."""
    number: float | None = None
    """The single value of the rows in this bin, if it is known."""


class ReportedByHour(Evidence, frozen=True):
    """A drift that follows from an alert of the hours of its day: on this metric."""

    metric: str


class CalendarColumn(Evidence, frozen=True):
    """The part of the calendar that determines a column; the reason is `calendar`."""

    part: str
    reason: str = "calendar"


def evaluate(context: Context) -> list[Metric]:
    """Return `drift` of every tested feature, with the distances that describe it.

    The metric `drift` has the verdict; `psi`, `ks`, `js`, `wasserstein` and `chi2` describe it.
    Only rows of the right type count: missing and unseen values belong to data quality.
    """
    features = context.reference.features
    tested = [feature for feature in features if feature.is_tested]
    metrics = [metric for feature in tested for metric in _evaluate(feature, context)]
    return metrics + [_not_compared(f, context) for f in features if f.calendar is not None]


def _not_compared(feature: Feature, context: Context) -> Metric:
    counts = context.counts(feature)
    return Metric(
        metric="drift",
        feature=feature.name,
        rows=int(counts[: feature.bins].sum()),
        verdict=NOT_COMPARABLE,
        evidence=CalendarColumn(feature.calendar or ""),
    )


def _evaluate(feature: Feature, context: Context) -> Iterator[Metric]:
    reference = np.array(feature.counts[: feature.bins], dtype=np.int64)
    current = context.counts(feature)[: feature.bins]
    rows, reference_rows = rows_of(feature, current), rows_of(feature, reference)
    if rows < context.min_rows or not reference_rows:
        yield too_few("drift", rows, feature.name)
        return
    yield _unless_reported(feature, _compared(feature, reference, current, context), context)
    if feature.kind != "words":
        yield from _described(feature, reference, current, rows)


def _compared(
    feature: Feature, reference: np.ndarray, current: np.ndarray, context: Context
) -> Metric:
    effect, baseline = distance(feature, reference, current), feature.baseline_distance
    metric = Metric(
        metric="drift",
        feature=feature.name,
        rows=rows_of(feature, current),
        value=effect,
        p_value=p_value(feature, reference, current),
    )
    beyond = baseline + _BEYOND_BASELINE * baseline * (1 - baseline)
    threshold = crossable(max(context.drift_floor, beyond), baseline)
    if threshold is None:
        return replace(metric, **no_room(baseline))
    gained, least = gain(feature, reference, current), _least_gain(feature, context)
    new = gained.gain > least and gained.p_value < context.alpha_per_test
    seasonal = threshold > context.drift_floor
    evidence = Drifted(seasonal, gained.place if new else None)
    strength = max(effect / threshold, gained.gain / least if new else 0.0)
    drifted = effect > threshold and (
        not seasonal or _is_beyond_baseline(feature, reference, current)
    )
    if new and not drifted:
        # Only one value moved, so the fraction of rows that it gained decides.
        effect, threshold = gained.gain, least
        evidence = replace(evidence, beyond_baseline=False)
    alert = (metric.p_value or 0.0) < context.alpha_per_test and (drifted or new)
    return replace(
        metric,
        value=effect,
        threshold=threshold,
        strength=strength,
        verdict=verdict(alert, metric.rows),
        evidence=evidence,
    )


def _unless_reported(feature: Feature, metric: Metric, context: Context) -> Metric:
    """Return the drift without a verdict if an alert of shorter windows reports the same fact.

    A stuck value does, and values far outside do unless the others moved, too.
    """
    causes = [cause for cause in _CAUSES if (cause, feature.name) in context.reported]
    if metric.verdict != ALERT or not causes:
        return metric
    if causes[0] != "constant_feed" and bulk_moved(feature, context.after([metric])):
        return metric
    return replace(metric, verdict=None, evidence=ReportedByHour(causes[0]))


def _is_beyond_baseline(feature: Feature, reference: np.ndarray, current: np.ndarray) -> bool:
    if feature.kind == "words":
        return True
    coarse = distances.coarse(feature, reference), distances.coarse(feature, current)
    return distances.p_beyond(*coarse, feature.baseline_distance) < _BEYOND_CHANCE


def p_value(feature: Feature, reference: np.ndarray, current: np.ndarray) -> float:
    """Return the p-value that two (bins,) counts of a feature have the same distribution."""
    if feature.kind == "words":
        return words.p_value(reference, current)
    return hypothesis_tests.p_value(reference, current, feature)


def distance(feature: Feature, reference: np.ndarray, current: np.ndarray) -> float:
    """Return the effect size of drift between two (bins,) counts of a feature."""
    if feature.kind == "words":
        return words.distance(reference, current)
    coarse = distances.coarse(feature, reference), distances.coarse(feature, current)
    return distances.effect(*coarse)


def gain(feature: Feature, reference: np.ndarray, current: np.ndarray) -> gains.Gained:
    """Return the bin of two (bins,) counts that gained most, which coarse bins may hide."""
    if feature.kind == "words":
        return gains.NOTHING
    return gains.gained_most(reference, current)


def _least_gain(feature: Feature, context: Context) -> float:
    """Return the gain of one bin that is worth an alert, beyond gains within the reference."""
    baseline = feature.baseline_rates.get(NEW_VALUE, 0.0)
    return crossable(baseline + _NEW_VALUE * context.drift_floor, baseline) or 1.0


def bulk_moved(feature: Feature, context: Context) -> bool:
    """Return whether a numeric column drifted within its MAD bounds, not by outliers alone."""
    alert = context.alert("drift", feature.name)
    if alert is None or feature.kind != "numeric":
        return False
    current = context.counts(feature)[: feature.bins]
    first, last = inner_bins(feature)
    if current[first:last].sum() < _BULK * current.sum():
        return True
    reference, current = bulk(feature, np.array(feature.counts)), bulk(feature, current)
    moved = distance(feature, reference, current) > max(alert.threshold or 0.0, context.drift_floor)
    return moved and p_value(feature, reference, current) < context.alpha_per_test


def _described(
    feature: Feature, reference: np.ndarray, current: np.ndarray, rows: int
) -> Iterator[Metric]:
    coarse_reference, coarse_current = (
        distances.coarse(feature, reference),
        distances.coarse(feature, current),
    )

    def described(metric: str, value: float, p_value: float | None = None) -> Metric:
        return Metric(metric=metric, feature=feature.name, rows=rows, value=value, p_value=p_value)

    yield described("psi", distances.psi(coarse_reference, coarse_current))
    yield described("js", distances.js(coarse_reference, coarse_current))
    if feature.kind == "numeric":
        yield described("ks", distances.ks(reference, current))
        yield described("wasserstein", distances.wasserstein(reference, current, feature))
    else:
        yield described("chi2", *hypothesis_tests.chi2(coarse_reference, coarse_current))
