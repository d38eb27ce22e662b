"""Data quality from the counts: missing, mistyped, unseen, out of range and far-out values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.detectors.context import RATE_FLOOR, Context
from modeltap.analysis.detectors.drift import bulk_moved
from modeltap.analysis.model.feature import MISMATCH, MISSING, UNSEEN, Feature
from modeltap.analysis.model.metric import Evidence, Metric, crossable, no_room, verdict
from modeltap.analysis.statistics import hypothesis_tests
from modeltap.analysis.statistics.quantiles import span
from modeltap.analysis.statistics.rates import grew, wilson
from modeltap.config.metrics import has_verdict

_UNSEEN_FLOOR = 0.0025
"""A category nobody has seen before is news sooner: it comes by chance only where the reference
had categories that it saw once."""

_DECLARED_FLOOR = 0.001
"""A declared impossibility is no matter of chance: more than one row of a thousand is news."""

_MANY = 10
"""Fewer rows of a new category are a whim, unless they are many for their window."""

_STRICTER = 0.1
"""Faults in data are gross, and their tests come on top of those for drift: a tenth of the level
takes nothing from the first and little from the second."""

_SEASONAL = 0.1
"""Windows that differ by more than this are not draws from one distribution: there are seasons."""

BEYOND = ("out_of_range_rate", "outlier_rate")
"""Rates that are no news where the column has moved as a whole."""

_EXACT_BELOW = 1000
"""Up to this many cases in both samples the exact test is cheap, and the normal limit wrong."""


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


def evaluate(context: Context) -> list[Metric]:
    """Return the quality rates of every feature, each against the reference's.

    `missing_rate` is over all rows, `type_mismatch_rate` over those not missing, the others over
    those of the right type; one over fewer than the minimum of rows has no verdict.

    `out_of_range_rate` counts values beyond `min` and `max` where these are declared, else beyond
    the reference's own values; `outlier_rate` those beyond 3.5 robust deviations from the
    reference's median; `iqr_outlier_rate`, which only describes, those beyond Tukey's fences.
    """
    features = context.reference.features
    return [metric for feature in features for metric in _evaluate(feature, context)]


def _evaluate(feature: Feature, context: Context) -> Iterator[Metric]:
    own = np.array(feature.counts)
    ends = span(own[: feature.bins])
    then = {case.metric: case for case in cases(feature, own, ends)}
    # Of a column that drifted as a whole, values beyond the old ones are no news of their own.
    moved = bulk_moved(feature, context)
    for case in cases(feature, context.counts(feature), ends):
        known = moved and case.metric in BEYOND and not is_declared(feature, case.metric)
        if known or not has_verdict(case.metric):
            before = then[case.metric].faults / max(1, then[case.metric].rows)
            evidence = OfDrift(before) if known else None
            yield replace(_described(feature, case), evidence=evidence)
        else:
            yield _compared(feature, case, then[case.metric], context)


def cases(feature: Feature, counts: np.ndarray, ends: tuple[int, int]) -> Iterator[Case]:
    """Yield the faults in (bins,) `counts`; `ends` are the reference's first bin and the last."""
    if feature.of is not None:
        return  # the column it is measured on has its own
    rows, missing, mismatch = int(counts.sum()), int(counts[MISSING]), int(counts[MISMATCH])
    yield Case("missing_rate", missing, rows)
    if feature.kind == "other":
        return
    present = rows - missing
    yield Case("type_mismatch_rate", mismatch, present)
    typed = present - mismatch
    if feature.kind in ("categorical", "boolean"):
        yield Case("unseen_rate", int(counts[UNSEEN]), typed)
    if feature.kind == "numeric":
        bins = counts[: feature.bins]
        yield Case("out_of_range_rate", _out_of_range(feature, bins, ends), typed)
        if feature.mad_bounds is not None:
            yield Case("outlier_rate", _beyond(feature, bins, feature.mad_bounds), typed)
        if feature.tukey_fences is not None:
            yield Case("iqr_outlier_rate", _beyond(feature, bins, feature.tukey_fences), typed)


def rates(feature: Feature, counts: np.ndarray, rest: np.ndarray) -> dict[str, float]:
    """Return the rates of a block of the reference, by metric; `rest` are its other blocks."""
    found = cases(feature, counts, span(rest[: feature.bins]))
    return {case.metric: case.faults / case.rows for case in found if case.rows}


def _out_of_range(feature: Feature, bins: np.ndarray, ends: tuple[int, int]) -> int:
    first, last = ends
    if feature.min is not None or feature.max is not None:
        first = 0 if feature.min is None else feature.below(feature.min)
        last = len(bins) if feature.max is None else feature.above(feature.max)
    return int(bins[:first].sum() + bins[last:].sum())


def _beyond(feature: Feature, bins: np.ndarray, bounds: tuple[float, float]) -> int:
    low, high = bounds
    return int(bins[: feature.below(low)].sum() + bins[feature.above(high) :].sum())


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
    most = max(before, feature.baseline_rates.get(metric, 0.0))
    p = _grew(count, rows, max(then.faults, _expected_new(feature, metric)), then.rows)
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
    return context.alpha_per_test * _STRICTER


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


def _expected_new(feature: Feature, metric: str) -> int:
    """Return how many of the reference's rows would have been a new category by chance.

    Good (1953): as often as a row was the only one of its category, the next row is of a new one.
    Where one half of the rows chose the words, the other half counted what is new: no guess.
    """
    if metric != "unseen_rate" or feature.halved:
        return 0
    words = np.array(feature.counts[: len(feature.vocabulary)])
    rare = feature.counts[len(feature.vocabulary)]
    return int(np.sum(words == 1)) + max(0, 2 * len(feature.rare) - rare)


def _grew(count: int, rows: int, reference_count: int, reference_rows: int) -> float:
    """Return the one-sided p-value that a rate has not grown, exact where cases are few."""
    if rows and reference_rows and count + reference_count < _EXACT_BELOW:
        return hypothesis_tests.fisher(reference_count, reference_rows, count, rows)[1]
    return grew(count, rows, reference_count, reference_rows)
