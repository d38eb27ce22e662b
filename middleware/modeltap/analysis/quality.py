"""Data quality from the counts: missing values, wrong types, categories never seen."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from modeltap.analysis import drift
from modeltap.analysis.metric import ALERT, NOT_ENOUGH_ROWS, OK, Metric, chance, share
from modeltap.analysis.rates import grew, wilson
from modeltap.analysis.reference import Feature

FLOOR = 0.02
"""A rate that grew by less than two points of a hundred is nobody's concern."""

UNSEEN_FLOOR = 0.005
"""A category nobody has seen before is news sooner: it comes by chance only where the reference
had categories that it saw once."""

_EXACT_BELOW = 1000
"""Up to this many cases in both samples the exact test is cheap, and the normal limit wrong."""


def judge(
    feature: Feature, counts: np.ndarray, alpha: float, *, min_rows: int = 100
) -> Iterator[Metric]:
    """Yield the quality rates of one feature in one window, each against the reference's.

    `missing_rate` is over all rows, `type_mismatch_rate` over those not missing, `unseen_rate`
    over those of the right type; one over fewer than `min_rows` rows has no verdict.
    """
    usual = np.array(feature.counts)
    rows, usual_rows = int(counts.sum()), int(usual.sum())
    most = feature.usual_rates
    rate = partial(_rate, feature.name, alpha, min_rows)
    yield rate("missing_rate", "missing", counts[-3], rows, usual[-3], usual_rows, most[0], FLOOR)
    rows, usual_rows = rows - int(counts[-3]), usual_rows - int(usual[-3])
    if feature.kind != "other":
        yield rate("type_mismatch_rate", "of the wrong type", counts[-2], rows, usual[-2],
                   usual_rows, most[1], FLOOR)  # fmt: skip
    if feature.kind == "categorical":
        rows, usual_rows = rows - int(counts[-2]), usual_rows - int(usual[-2])
        new = max(int(usual[-1]), _seen_once(feature))
        yield rate("unseen_rate", "never seen before", counts[-1], rows, new, usual_rows,
                   most[2], UNSEEN_FLOOR)  # fmt: skip


def _seen_once(feature: Feature) -> int:
    """Return how many of the reference's categories it saw once, or the least that can be.

    Good (1953): as often as a row was the only one of its category, the next row is of a new one.
    """
    words = np.array(feature.counts[: len(feature.vocabulary)])
    rare = feature.counts[len(feature.vocabulary)]
    return int(np.sum(words == 1)) + max(0, 2 * len(feature.rare) - rare)


def _rate(
    feature: str, alpha: float, min_rows: int, metric: str, words: str, count: int, rows: int,
    usual_count: int, usual_rows: int, most: float, floor: float,
) -> Metric:  # fmt: skip
    """Judge one rate: grown beyond chance, and beyond the reference's worst window by the floor."""
    count, usual_count = int(count), int(usual_count)
    value = count / rows if rows else 0.0
    usual = usual_count / usual_rows if usual_rows else 0.0
    low, high = wilson(count, rows)
    p = _grew(count, rows, usual_count, usual_rows)
    growth = value - max(usual, most)
    alert = rows >= min_rows and p < alpha and growth > floor
    explanation = None
    if alert:
        explanation = (
            f"{feature}: {words} went from {share(usual)} to {share(value)}, {count:,} of "
            f"{rows:,} rows; expected {chance(p)}"
        )
        if most > usual + floor:
            explanation += f"; windows of the reference had up to {share(most)} themselves"
    return Metric(
        metric=metric, feature=feature, rows=rows, count=count, value=value, low=low, high=high,
        threshold=max(usual, most) + floor, p_value=p, strength=max(0.0, growth / floor),
        verdict=NOT_ENOUGH_ROWS if rows < min_rows else ALERT if alert else OK,
        explanation=explanation,
    )  # fmt: skip


def _grew(count: int, rows: int, usual_count: int, usual_rows: int) -> float:
    """Return the one-sided p-value that a rate has not grown, exact where cases are few."""
    if rows and usual_rows and count + usual_count < _EXACT_BELOW:
        return drift.fisher(usual_count, usual_rows, count, rows)[1]
    return grew(count, rows, usual_count, usual_rows)
