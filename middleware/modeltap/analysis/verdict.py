"""One rule for inputs: beyond chance, beyond a floor, and beyond what the reference did itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from modeltap.analysis import drift, quality, words
from modeltap.analysis.counts import layout
from modeltap.analysis.feature import Feature
from modeltap.analysis.metric import ALERT, NOT_ENOUGH_ROWS, OK, Metric, chance, share
from modeltap.analysis.metric import number as say
from modeltap.analysis.reference import Reference

Sensitivity = Literal["low", "normal", "high"]

ALPHA = {"low": 0.001, "normal": 0.009, "high": 0.05}
"""False alarms a window that each sensitivity allows, over all features together. The normal one is
to stay below .01 as measured, where quality's rates add theirs."""

FLOOR = {"low": 0.06, "normal": 0.03, "high": 0.02}
"""The least Jensen-Shannon distance (base 2, less what chance gives) that is worth a word: a shift
of a tenth of a standard deviation is .04, one of a hundredth .004."""

_STILL = 0.05
"""What chance does once in twenty windows is no movement that a word is lost about."""

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
    p = drift.p_value(then, now, feature)
    effect = drift.distance(feature, then, now)
    usual = feature.usual
    threshold = max(floor, usual + BEYOND_USUAL * usual * (1 - usual))
    alert = p < alpha and effect > threshold
    yield Metric(
        metric="drift", feature=feature.name, rows=rows, value=effect, threshold=threshold,
        p_value=p, strength=effect / threshold, verdict=ALERT if alert else OK,
        explanation=_explained(feature, then, now, p, threshold > floor) if alert else None,
    )  # fmt: skip
    if feature.kind != "words":
        yield from _described(feature, then, now, rows)


def rows_of(feature: Feature, counts: np.ndarray) -> int:
    """Return how many rows (bins,) counts tell of: a text counts once for each of its words."""
    return int(counts[0] if feature.kind == "words" else counts.sum())


def _bulk_moved(feature: Feature, now: np.ndarray, alpha: float, threshold: float) -> bool:
    """Say whether a number drifted within the fences, too, and not by outliers alone."""
    if feature.kind != "numeric":
        return False
    first, last = _inner(feature)
    if now[first:last].sum() < 0.5 * now.sum():
        return True
    then, now = _bulk(feature, np.array(feature.counts)), _bulk(feature, now)
    moved = drift.distance(feature, then, now) > threshold
    return moved and drift.p_value(then, now, feature) < alpha


def _bulk(feature: Feature, counts: np.ndarray) -> np.ndarray:
    """Return the (bins,) counts with nothing beyond the fences."""
    first, last = _inner(feature)
    inner = np.zeros(feature.bins, dtype=np.int64)
    inner[first:last] = counts[first:last]
    return inner


def _inner(feature: Feature) -> tuple[int, int]:
    """Return the first bin within the fences and the one after the last."""
    if feature.fences is None:
        return quality.span(np.array(feature.counts[: feature.bins]))
    return feature.below(feature.fences[0]), min(feature.above(feature.fences[1]), feature.bins)


def _described(feature: Feature, then: np.ndarray, now: np.ndarray, rows: int) -> Iterator[Metric]:
    few_then, few_now = drift.coarse(feature, then), drift.coarse(feature, now)

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
    what = _far_out(feature, then, now) or _moved(feature, then, now)
    said = f"{feature.name}: {what}, {rows_of(feature, now):,} rows; expected {chance(p)}"
    if beyond_usual:
        said += f"; windows of the reference differ by up to {say(feature.usual)} themselves"
    return said


def _far_out(feature: Feature, then: np.ndarray, now: np.ndarray) -> str | None:
    """Tell of the values beyond the fences, where all others are as they were."""
    if feature.kind != "numeric" or not feature.edges:
        return None
    inner = _bulk(feature, then), _bulk(feature, now)
    before, after = (
        1 - float(bulk.sum() / bins.sum()) for bulk, bins in zip(inner, (then, now), strict=True)
    )
    if after <= before or not inner[1].any() or drift.p_value(*inner, feature) < _STILL:
        return None
    low, high = feature.fences or (feature.low, feature.high)
    return f"values beyond {say(low)} to {say(high)} went from {share(before)} to {share(after)}"


def _moved(feature: Feature, then: np.ndarray, now: np.ndarray) -> str:
    if feature.kind == "words":
        most = words.moved_most(then, now)
        return (
            f"share of texts with {feature.vocabulary[most - 1]!r} went from "
            f"{share(float(then[most] / then[0]))} to {share(float(now[most] / now[0]))}"
        )
    if feature.kind != "numeric":
        names = [repr(name) for name in feature.vocabulary] + ["rare values"]
        shares_then, shares_now = then / then.sum(), now / now.sum()
        most = int(np.argmax(np.abs(shares_now - shares_then)))
        return (
            f"share of {names[most]} went from {share(float(shares_then[most]))} "
            f"to {share(float(shares_now[most]))}"
        )
    before, after = quantile(feature, then, 0.5), quantile(feature, now, 0.5)
    if say(before) != say(after):
        return f"median went from {say(before)} to {_bounded(feature, now, after)}"
    single = _single_value(feature, then, now)
    if single is not None:
        return single
    low, high = (quantile(feature, then, q) for q in (0.05, 0.95))
    lower, higher = (quantile(feature, now, q) for q in (0.05, 0.95))
    return (
        f"median is still {say(after)}, but nine of ten values went from {say(low)}-{say(high)} "
        f"to {say(lower)}-{say(higher)}"
    )


def _single_value(feature: Feature, then: np.ndarray, now: np.ndarray) -> str | None:
    """Name the value whose share moved, where it is most of what moved."""
    moved = now / now.sum() - then / then.sum()
    most = int(np.argmax(np.abs(moved)))
    if not 0 < most < len(feature.edges) or abs(moved[most]) < 0.25 * np.abs(moved).sum():
        return None
    value = feature.edges[most - 1]
    if feature.edges[most] != np.nextafter(value, np.inf):
        return None
    before, after = then[most] / then.sum(), now[most] / now.sum()
    return f"share of '{value:.6g}' went from {share(float(before))} to {share(float(after))}"


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


def quantile(feature: Feature, counts: np.ndarray, q: float) -> float:
    """Return a quantile as the bins tell it, rows taken as evenly spread within a bin.

    The open outer bins are taken to end where they begin.
    """
    if not feature.edges:
        return feature.low
    reached = np.cumsum(counts)
    position = int(np.searchsorted(reached, q * reached[-1], side="left"))
    ends = (feature.edges[0], *feature.edges, feature.edges[-1])
    low, high = ends[position], ends[position + 1]
    if high == np.nextafter(low, np.inf):
        return low  # a bin of one value
    part = 1 - (reached[position] - q * reached[-1]) / max(1, counts[position])
    # The widest bins may reach from one end of the floats to the other.
    return float(low * (1 - part) + high * part)
