"""One rule for inputs: beyond chance, beyond a floor, and beyond what the reference did itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from modeltap.analysis.counting.counts import layout
from modeltap.analysis.detectors import quality
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.model.feature import Feature, rows_of
from modeltap.analysis.model.metric import ALERT, NOT_ENOUGH_ROWS, OK, Metric
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.statistics import distances, tests
from modeltap.analysis.statistics.bulk import bulk, inner_bins

Sensitivity = Literal["low", "normal", "high"]

ALPHA = {"low": 0.001, "normal": 0.009, "high": 0.05}
"""False alarms a window that each sensitivity allows, over all features together. The normal one is
to stay below .01 as measured, where quality's rates add theirs."""

FLOOR = {"low": 0.06, "normal": 0.03, "high": 0.02}
"""The least Jensen-Shannon distance (base 2, less what chance gives) that is worth a word: a shift
of a tenth of a standard deviation is .04, one of a hundredth .004."""


BEYOND_USUAL = 0.25
"""And beyond the most that the reference's own windows lie apart, `usual`, by a quarter of that,
``usual + 0.25 * usual * (1 - usual)``: less where they lie far apart, as no distance is above 1."""


def judge(
    reference: Reference,
    counts: np.ndarray,
    *,
    min_rows: int = 100,
    sensitivity: Sensitivity = "normal",
) -> list[Metric]:
    """Return drift and quality of every feature in one window's `counts` (as `layout` has them).

    The `drift` row bears the verdict; `psi`, `ks`, `js`, `wasserstein` and `chi2` describe it.
    Drift is judged on the rows of the right type: what is missing or unseen is quality's.
    """
    slices = layout(reference)
    tested = sum(feature.is_tested for feature in reference.features)
    alpha = ALPHA[sensitivity] / max(1, tested)
    metrics: list[Metric] = []
    for feature in reference.features:
        own = counts[slices[feature.name]]
        told = False
        if feature.is_tested:
            drifted = list(_drift(feature, own, alpha, FLOOR[sensitivity], min_rows))
            told = drifted[0].verdict == ALERT and _bulk_moved(
                feature, own[: feature.bins], alpha, drifted[0].threshold or 0.0
            )
            metrics += drifted
        metrics += quality.judge(feature, own, alpha, min_rows=min_rows, moved=told)
    return metrics


def _drift(
    feature: Feature, counts: np.ndarray, alpha: float, floor: float, min_rows: int
) -> Iterator[Metric]:
    then = np.array(feature.counts[: feature.bins], dtype=np.int64)
    now = counts[: feature.bins]
    rows, rows_then = rows_of(feature, now), rows_of(feature, then)
    if rows < min_rows or not rows_then:
        yield Metric(metric="drift", feature=feature.name, rows=rows, verdict=NOT_ENOUGH_ROWS)
        return
    p = tests.p_value(then, now, feature)
    effect = distances.distance(feature, then, now)
    usual = feature.usual
    threshold = max(floor, usual + BEYOND_USUAL * usual * (1 - usual))
    alert = p < alpha and effect > threshold
    yield Metric(
        metric="drift",
        feature=feature.name,
        rows=rows,
        value=effect,
        threshold=threshold,
        p_value=p,
        strength=effect / threshold,
        verdict=ALERT if alert else OK,
        explanation=explained(feature, then, now, p, effect if threshold > floor else None)
        if alert
        else None,
    )
    if feature.kind != "words":
        yield from _described(feature, then, now, rows)


def _bulk_moved(feature: Feature, now: np.ndarray, alpha: float, threshold: float) -> bool:
    """Say whether a number drifted within the fences, too, and not by outliers alone."""
    if feature.kind != "numeric":
        return False
    first, last = inner_bins(feature)
    if now[first:last].sum() < 0.5 * now.sum():
        return True
    then, now = bulk(feature, np.array(feature.counts)), bulk(feature, now)
    moved = distances.distance(feature, then, now) > threshold
    return moved and tests.p_value(then, now, feature) < alpha


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
        yield plain("chi2", *tests.chi2(few_then, few_now))
