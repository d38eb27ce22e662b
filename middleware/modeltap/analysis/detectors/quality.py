"""Data quality from the counts: what is missing, mistyped, unseen, out of range, far out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.metric import ALERT, NOT_ENOUGH_ROWS, OK, Metric, chance, number, share
from modeltap.analysis.statistics import tests
from modeltap.analysis.statistics.rates import grew, wilson

FLOOR = 0.02
"""A rate that grew by less than two points of a hundred is nobody's concern."""

UNSEEN_FLOOR = 0.0025
"""A category nobody has seen before is news sooner: it comes by chance only where the reference
had categories that it saw once."""

DECLARED_FLOOR = 0.001
"""What was declared impossible is no matter of chance: more than one row of a thousand is news."""

_MANY = 10
"""Fewer rows of a new category are a whim, unless they are many for their window."""

STRICTER = 0.1
"""Faults in data are gross, and their tests come on top of those for drift: a tenth of the level
takes nothing from the first and little from the second."""

RATES = ("missing_rate", "type_mismatch_rate", "unseen_rate", "out_of_range_rate", "outlier_rate")
"""Those that bear a verdict."""

_SEASONAL = 0.1
"""Windows that differ by more than this are not draws from one distribution: there are seasons."""

_BEYOND = ("out_of_range_rate", "outlier_rate")

_EXACT_BELOW = 1000
"""Up to this many cases in both samples the exact test is cheap, and the normal limit wrong."""


class Case(NamedTuple):
    """How many of so many rows have a fault."""

    metric: str
    faults: int
    rows: int


def judge(
    feature: Feature, counts: np.ndarray, alpha: float, *, min_rows: int = 100, moved: bool = False
) -> Iterator[Metric]:
    """Yield the quality rates of one feature in one window, each against the reference's.

    `missing_rate` is over all rows, `type_mismatch_rate` over those not missing, the others over
    those of the right type; one over fewer than `min_rows` rows has no verdict.

    `out_of_range_rate` counts what lies beyond `min` and `max` where these are declared, else
    beyond the reference's own values; `outlier_rate` what lies 3.5 robust deviations from the
    reference's median; `iqr_outlier_rate`, which only describes, what lies beyond Tukey's fences.

    Args:
        moved: the column has drifted as a whole. What lies beyond its old values is then no news
            of its own, and only described.
    """
    usual = np.array(feature.counts)
    ends = span(usual[: feature.bins])
    then = {case.metric: case for case in cases(feature, usual, ends)}
    for case in cases(feature, counts, ends):
        told = moved and case.metric in _BEYOND and not _declared(feature, case.metric)
        if case.metric not in RATES or told:
            yield _described(feature, case)
        else:
            yield _judged(feature, case, then[case.metric], alpha * STRICTER, min_rows)


def cases(feature: Feature, counts: np.ndarray, ends: tuple[int, int]) -> Iterator[Case]:
    """Yield the faults that `counts` tell of; `ends` are the reference's own bins."""
    if feature.of is not None:
        return  # the column it is measured on has its own
    rows, missing, mismatch = int(counts.sum()), int(counts[-3]), int(counts[-2])
    yield Case("missing_rate", missing, rows)
    if feature.kind == "other":
        return
    present = rows - missing
    yield Case("type_mismatch_rate", mismatch, present)
    typed = present - mismatch
    if feature.kind in ("categorical", "boolean"):
        yield Case("unseen_rate", int(counts[-1]), typed)
    if feature.kind == "numeric":
        bins = counts[: feature.bins]
        yield Case("out_of_range_rate", _out_of_range(feature, bins, ends), typed)
        if feature.fences is not None:
            yield Case("outlier_rate", _beyond(feature, bins, feature.fences), typed)
        if feature.box is not None:
            yield Case("iqr_outlier_rate", _beyond(feature, bins, feature.box), typed)


def rates(feature: Feature, counts: np.ndarray, rest: np.ndarray) -> dict[str, float]:
    """Return the rates of a block of the reference, by metric; `rest` are its other blocks."""
    found = cases(feature, counts, span(rest[: feature.bins]))
    return {case.metric: case.faults / case.rows for case in found if case.rows}


def span(bins: np.ndarray) -> tuple[int, int]:
    """Return the first bin with rows and the one after the last; all bins where none has any."""
    filled = np.flatnonzero(bins)
    return (int(filled[0]), int(filled[-1]) + 1) if len(filled) else (0, len(bins))


def _out_of_range(feature: Feature, bins: np.ndarray, ends: tuple[int, int]) -> int:
    first, last = ends
    if feature.min is not None or feature.max is not None:
        first = 0 if feature.min is None else feature.below(feature.min)
        last = len(bins) if feature.max is None else feature.above(feature.max)
    return int(bins[:first].sum() + bins[last:].sum())


def _beyond(feature: Feature, bins: np.ndarray, fences: tuple[float, float]) -> int:
    low, high = fences
    return int(bins[: feature.below(low)].sum() + bins[feature.above(high) :].sum())


def _declared(feature: Feature, metric: str) -> bool:
    """Say whether a fault was declared to be one."""
    if metric == "missing_rate":
        return feature.required
    if metric == "out_of_range_rate":
        return feature.min is not None or feature.max is not None
    return metric == "unseen_rate" and feature.allowed is not None


def _judged(feature: Feature, case: Case, then: Case, alpha: float, min_rows: int) -> Metric:
    """Judge one rate: grown beyond chance, and beyond the reference's worst block by the floor."""
    metric, count, rows = case
    value = count / rows if rows else 0.0
    usual = then.faults / then.rows if then.rows else 0.0
    low, high = wilson(count, rows)
    declared = _declared(feature, metric)
    floor = _floor(metric, declared)
    if metric in _BEYOND and not declared and feature.usual > _SEASONAL:
        floor = feature.usual  # so many rows may lie beyond those before
    most = max(usual, feature.usual_rates.get(metric, 0.0))
    p = _grew(count, rows, max(then.faults, _likely(feature, metric)), then.rows)
    growth = value - most
    alert = rows >= min_rows and growth > floor and (declared or p < alpha)
    if metric == "unseen_rate" and not declared:
        alert = alert and (count >= _MANY or growth > FLOOR)
    words = None
    if alert:
        words = _explained(feature, case, usual, p, declared)
        if most > usual + floor:
            words += f"; windows of the reference had up to {share(most)} themselves"
    return Metric(
        metric=metric,
        feature=feature.name,
        rows=rows,
        count=count,
        value=value,
        low=low,
        high=high,
        threshold=most + floor,
        p_value=p,
        strength=max(0.0, growth / floor),
        verdict=NOT_ENOUGH_ROWS if rows < min_rows else ALERT if alert else OK,
        explanation=words,
    )


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


def _floor(metric: str, declared: bool) -> float:
    if declared:
        return DECLARED_FLOOR
    return UNSEEN_FLOOR if metric == "unseen_rate" else FLOOR


def _explained(feature: Feature, case: Case, usual: float, p: float, declared: bool) -> str:
    value = case.faults / case.rows
    words = (
        f"{feature.name}: {_fault(feature, case.metric)} went from {share(usual)} to "
        f"{share(value)}, {case.faults:,} of {case.rows:,} rows"
    )
    return f"{words}; declared never to be" if declared else f"{words}; expected {chance(p)}"


def _fault(feature: Feature, metric: str) -> str:
    if metric == "out_of_range_rate":
        low, high = feature.low, feature.high
        if feature.min is not None or feature.max is not None:
            low, high = feature.min, feature.max  # type: ignore[assignment]
        if low is None:
            return f"above {number(high)}"
        return f"below {number(low)}" if high is None else f"beyond {number(low)} to {number(high)}"
    if metric == "outlier_rate" and feature.fences is not None:
        low, high = feature.fences
        return f"far out (beyond {number(low)} to {number(high)})"
    if metric == "unseen_rate":
        return "not allowed" if feature.allowed is not None else "never seen before"
    return {"missing_rate": "missing", "type_mismatch_rate": "of the wrong type"}[metric]


def _likely(feature: Feature, metric: str) -> int:
    """Return how many of the reference's rows would have been a new category by chance.

    Good (1953): as often as a row was the only one of its category, the next row is of a new one.
    """
    if metric != "unseen_rate":
        return 0
    words = np.array(feature.counts[: len(feature.vocabulary)])
    rare = feature.counts[len(feature.vocabulary)]
    return int(np.sum(words == 1)) + max(0, 2 * len(feature.rare) - rare)


def _grew(count: int, rows: int, usual_count: int, usual_rows: int) -> float:
    """Return the one-sided p-value that a rate has not grown, exact where cases are few."""
    if rows and usual_rows and count + usual_count < _EXACT_BELOW:
        return tests.fisher(usual_count, usual_rows, count, rows)[1]
    return grew(count, rows, usual_count, usual_rows)
