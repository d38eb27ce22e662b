"""One rule for inputs: beyond chance, beyond a floor, and beyond what the reference did itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from modeltap.analysis import drift, quality
from modeltap.analysis.counts import layout
from modeltap.analysis.metric import ALERT, NOT_ENOUGH_ROWS, OK, Metric, chance, share
from modeltap.analysis.metric import number as say
from modeltap.analysis.reference import Feature, Reference

Sensitivity = Literal["low", "normal", "high"]

ALPHA = {"low": 0.001, "normal": 0.01, "high": 0.05}
"""False alarms a window that each sensitivity allows, over all features together."""

FLOOR = {"low": 0.06, "normal": 0.03, "high": 0.02}
"""The least Jensen-Shannon distance (base 2, less what chance gives) that is worth a word: a shift
of a tenth of a standard deviation is .04, one of a hundredth .004."""

BEYOND_USUAL = 0.25
"""And beyond the most that the reference's own windows lie apart, by a quarter of that; of what is
left to 1 where they lie far apart, for a distance cannot be more than 1."""


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
    tested = sum(feature.kind != "other" for feature in reference.features)
    alpha = ALPHA[sensitivity] / max(1, tested)
    metrics: list[Metric] = []
    for feature in reference.features:
        own = counts[slices[feature.name]]
        if feature.kind != "other":
            metrics += _drift(feature, own, alpha, FLOOR[sensitivity], min_rows)
        metrics += quality.judge(feature, own, alpha, min_rows=min_rows)
    return metrics


def _drift(
    feature: Feature, counts: np.ndarray, alpha: float, floor: float, min_rows: int
) -> Iterator[Metric]:
    then = np.array(feature.counts[: feature.bins], dtype=np.int64)
    now = counts[: feature.bins]
    rows = int(now.sum())
    if rows < min_rows or not then.sum():
        yield Metric(metric="drift", feature=feature.name, rows=rows, verdict=NOT_ENOUGH_ROWS)
        return
    few_then, few_now = drift.coarse(feature, then), drift.coarse(feature, now)
    p = drift.p_value(then, now, feature)
    effect = drift.effect(few_then, few_now)
    usual = feature.usual
    threshold = max(floor, usual + BEYOND_USUAL * usual * (1 - usual))
    alert = p < alpha and effect > threshold
    yield Metric(
        metric="drift", feature=feature.name, rows=rows, value=effect, threshold=threshold,
        p_value=p, strength=effect / threshold, verdict=ALERT if alert else OK,
        explanation=_explained(feature, then, now, p, threshold > floor) if alert else None,
    )  # fmt: skip
    yield from _described(feature, then, now, few_then, few_now, rows)


def _described(
    feature: Feature, then: np.ndarray, now: np.ndarray, few_then: np.ndarray,
    few_now: np.ndarray, rows: int,
) -> Iterator[Metric]:  # fmt: skip
    def plain(metric: str, value: float, p_value: float | None = None) -> Metric:
        return Metric(metric=metric, feature=feature.name, rows=rows, value=value, p_value=p_value)

    yield plain("psi", drift.psi(few_then, few_now))
    yield plain("js", drift.js(few_then, few_now))
    if feature.kind == "numeric":
        yield plain("ks", drift.ks(then, now))
        yield plain("wasserstein", drift.wasserstein(then, now, feature))
    else:
        yield plain("chi2", *drift.chi2(few_then, few_now))


def _explained(
    feature: Feature, then: np.ndarray, now: np.ndarray, p: float, beyond_usual: bool
) -> str:
    what = _moved(feature, then, now)
    words = f"{feature.name}: {what}, {int(now.sum()):,} rows; expected {chance(p)}"
    if beyond_usual:
        words += f"; windows of the reference differ by up to {say(feature.usual)} themselves"
    return words


def _moved(feature: Feature, then: np.ndarray, now: np.ndarray) -> str:
    if feature.kind == "categorical":
        names = [repr(name) for name in feature.vocabulary] + ["rare values"]
        shares_then, shares_now = then / then.sum(), now / now.sum()
        most = int(np.argmax(np.abs(shares_now - shares_then)))
        return (
            f"share of {names[most]} went from {share(float(shares_then[most]))} "
            f"to {share(float(shares_now[most]))}"
        )
    before, after = _quantile(feature, then, 0.5), _quantile(feature, now, 0.5)
    if say(before) != say(after):
        return f"median went from {say(before)} to {_bounded(feature, now, after)}"
    low, high = (_quantile(feature, then, q) for q in (0.05, 0.95))
    lower, higher = (_quantile(feature, now, q) for q in (0.05, 0.95))
    return (
        f"median is still {say(after)}, but nine of ten values went from {say(low)}-{say(high)} "
        f"to {say(lower)}-{say(higher)}"
    )


def _bounded(feature: Feature, counts: np.ndarray, median: float) -> str:
    """Write a median, or the bound that is known of one beyond the reference's values.

    Bins are wide out there: only their nearer edge is sure.
    """
    if feature.low <= median <= feature.high:
        return say(median)
    position = int(np.searchsorted(np.cumsum(counts), counts.sum() / 2, side="left"))
    if median > feature.high:
        return f"above {say(feature.edges[position - 1])}"
    return f"below {say(feature.edges[position])}"


def _quantile(feature: Feature, counts: np.ndarray, q: float) -> float:
    """Return a quantile as the bins tell it, rows taken as evenly spread within a bin.

    The open outer bins are taken to end where they begin.
    """
    if not feature.edges:
        return feature.low
    reached = np.cumsum(counts)
    position = int(np.searchsorted(reached, q * reached[-1], side="left"))
    ends = (feature.edges[0], *feature.edges, feature.edges[-1])
    low, high = ends[position], ends[position + 1]
    part = 1 - (reached[position] - q * reached[-1]) / max(1, counts[position])
    # The widest bins may reach from one end of the floats to the other.
    return float(low * (1 - part) + high * part)
