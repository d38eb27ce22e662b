"""What drifted, in words: from what to what, of how many rows, and how rare that is by chance."""

from __future__ import annotations

import numpy as np

from modeltap.analysis.detectors import words
from modeltap.analysis.model.feature import Feature, rows_of
from modeltap.analysis.model.metric import chance, share
from modeltap.analysis.model.metric import number as say
from modeltap.analysis.statistics import tests
from modeltap.analysis.statistics.bulk import bulk
from modeltap.analysis.statistics.quantiles import quantile

_STILL = 0.05
"""What chance does once in twenty windows is no movement that a word is lost about."""


def explained(
    feature: Feature, then: np.ndarray, now: np.ndarray, p: float, effect: float | None
) -> str:
    """Say what moved between the (bins,) counts `then` and `now`, with p-value `p`.

    Args:
        effect: how far they lie apart, where the reference's own windows do so, too.
    """
    what = _far_out(feature, then, now) or _moved(feature, then, now)
    said = f"{feature.name}: {what}, {rows_of(feature, now):,} rows; expected {chance(p)}"
    if effect is not None:
        said += f"; drift {say(effect)}, the reference's own windows reach {say(feature.usual)}"
    return said


def _far_out(feature: Feature, then: np.ndarray, now: np.ndarray) -> str | None:
    """Tell of the values beyond the fences, where all others are as they were."""
    if feature.kind != "numeric" or not feature.edges:
        return None
    inner = bulk(feature, then), bulk(feature, now)
    before, after = (
        1 - float(part.sum() / whole.sum()) for part, whole in zip(inner, (then, now), strict=True)
    )
    if after <= before or not inner[1].any() or tests.p_value(*inner, feature) < _STILL:
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
