"""Drift of one column: beyond chance, beyond a floor, and beyond the reference's own variation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from modeltap.analysis.detectors.context import Context
from modeltap.analysis.model.feature import Feature, rows_of
from modeltap.analysis.model.metric import Evidence, Metric, too_few, verdict
from modeltap.analysis.statistics import distances, hypothesis_tests, words
from modeltap.analysis.statistics.quantiles import bulk, inner_bins

_BEYOND_BASELINE = 0.25
"""And beyond the most that the reference's own windows lie apart, the baseline b, by a quarter:
``b + 0.25 * b * (1 - b)``, less where they lie far apart, as no distance is above 1."""

_BULK = 0.5
"""Where less than half of the rows lie within the reference's bounds, the column has moved."""


class Drifted(Evidence, frozen=True):
    """A drift; `beyond_baseline` where the baseline, and not the floor, set the threshold."""

    beyond_baseline: bool


def evaluate(context: Context) -> list[Metric]:
    """Return `drift` of every tested feature, with the distances that describe it.

    The `drift` row bears the verdict; `psi`, `ks`, `js`, `wasserstein` and `chi2` describe it.
    Only rows of the right type count: missing and unseen ones are a matter of quality.
    """
    tested = [feature for feature in context.reference.features if feature.is_tested]
    return [metric for feature in tested for metric in _evaluate(feature, context)]


def _evaluate(feature: Feature, context: Context) -> Iterator[Metric]:
    then = np.array(feature.counts[: feature.bins], dtype=np.int64)
    now = context.counts(feature)[: feature.bins]
    rows, rows_then = rows_of(feature, now), rows_of(feature, then)
    if rows < context.min_rows or not rows_then:
        yield too_few("drift", rows, feature.name)
        return
    p = p_value(feature, then, now)
    effect = distance(feature, then, now)
    baseline, floor = feature.baseline_distance, context.drift_floor
    threshold = max(floor, baseline + _BEYOND_BASELINE * baseline * (1 - baseline))
    yield Metric(
        metric="drift",
        feature=feature.name,
        rows=rows,
        value=effect,
        threshold=threshold,
        p_value=p,
        strength=effect / threshold,
        verdict=verdict(p < context.alpha_per_test and effect > threshold, rows),
        evidence=Drifted(threshold > floor),
    )
    if feature.kind != "words":
        yield from _described(feature, then, now, rows)


def p_value(feature: Feature, reference: np.ndarray, current: np.ndarray) -> float:
    """Return the p-value that two (bins,) counts of a feature are of one source."""
    if feature.kind == "words":
        return words.p_value(reference, current)
    return hypothesis_tests.p_value(reference, current, feature)


def distance(feature: Feature, reference: np.ndarray, current: np.ndarray) -> float:
    """Return the effect that decides about drift, of two (bins,) counts of a feature."""
    if feature.kind == "words":
        return words.distance(reference, current)
    coarse = distances.coarse(feature, reference), distances.coarse(feature, current)
    return distances.effect(*coarse)


def bulk_moved(feature: Feature, context: Context) -> bool:
    """Say whether a number drifted within its MAD bounds, too, and not by outliers alone."""
    alert = context.alert("drift", feature.name)
    if alert is None or feature.kind != "numeric":
        return False
    now = context.counts(feature)[: feature.bins]
    first, last = inner_bins(feature)
    if now[first:last].sum() < _BULK * now.sum():
        return True
    then, now = bulk(feature, np.array(feature.counts)), bulk(feature, now)
    moved = distance(feature, then, now) > (alert.threshold or 0.0)
    return moved and p_value(feature, then, now) < context.alpha_per_test


def _described(feature: Feature, then: np.ndarray, now: np.ndarray, rows: int) -> Iterator[Metric]:
    few_then, few_now = distances.coarse(feature, then), distances.coarse(feature, now)

    def plain(metric: str, value: float, p_value: float | None = None) -> Metric:
        return Metric(metric=metric, feature=feature.name, rows=rows, value=value, p_value=p_value)

    yield plain("psi", distances.psi(few_then, few_now))
    yield plain("js", distances.js(few_then, few_now))
    if feature.kind == "numeric":
        yield plain("ks", distances.ks(then, now))
        yield plain("wasserstein", distances.wasserstein(then, now, feature))
    else:
        yield plain("chi2", *hypothesis_tests.chi2(few_then, few_now))
