"""Differences of the metrics of two models, on the same rows or on different ones."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from modeltap.analysis.model.metric import finite
from modeltap.analysis.performance.paired import Paired
from modeltap.comparison.differences.comparison_result import ComparedMetric, ComparisonVerdict
from modeltap.comparison.differences.confidence_sequence import (
    ALPHA,
    SequenceInterval,
    sequence_interval,
)
from modeltap.comparison.differences.influence import InfluencedMetric, influenced_metrics
from modeltap.config.metrics import better

MIN_LABELLED_ROWS = 100
"""With fewer labelled rows, the variance of a difference is hardly known."""

_MAIN = ("accuracy", "mae")
"""The main metrics, whose verdict has the whole of alpha."""

_AREA_PART = 0.5
"""The part of the ROC area in the alpha of the other metrics, which share the rest evenly: all of
them together are wrong with probability alpha at most (Bonferroni)."""


def paired_differences(
    current: Paired,
    candidate: Paired,
    *,
    alpha: float = ALPHA,
    segment: str | None = None,
    main_only: bool = False,
    min_rows: int = MIN_LABELLED_ROWS,
) -> list[ComparedMetric]:
    """Return the difference of each metric of two models on the same n labelled rows.

    The interval is that of the mean of the differences of influences, row by row: rows in which the
    models agree add no variance. Metrics of one side only have no difference.

    Args:
        alpha: the chance of a wrong verdict of the main metric at any look, and of the others.
        main_only: only `accuracy` or `mae`, for segments.

    >>> from modeltap.analysis.performance.paired import pair_up
    >>> labels = [0, 1] * 500
    >>> current = pair_up([0] * 1000, labels)
    >>> candidate = pair_up([0, 1] * 400 + [0] * 200, labels)
    >>> row = paired_differences(current, candidate, main_only=True)[0]
    >>> row.metric, row.difference, row.verdict
    ('accuracy', 0.4, 'better')
    """
    sides = _Sides(current, candidate, main_only)
    looks = [_paired_look(*pair) for pair in sides.common]
    return sides.rows_of(looks, current.rows, alpha, segment, min_rows)


def unpaired_differences(
    before: Paired,
    after: Paired,
    *,
    alpha: float = ALPHA,
    segment: str | None = None,
    main_only: bool = False,
    min_rows: int = MIN_LABELLED_ROWS,
) -> list[ComparedMetric]:
    """Return the difference of each metric of two models on different labelled rows.

    The variances of both sides add. The information in a difference, the inverse of its variance,
    is the time of the sequence; it has independent increments however both sides grow (Jennison &
    Turnbull, 1999, chapter 3). `rows` is the sum of both sides.

    Args:
        before, after: the rows of each model, of any number.
        alpha: the chance of a wrong verdict of the main metric at any look, and of the others.
        main_only: only `accuracy` or `mae`, for segments.
        min_rows: the least harmonic mean of both numbers for an interval.
    """
    sides = _Sides(before, after, main_only)
    looks = [_unpaired_look(*pair) for pair in sides.common]
    return sides.rows_of(looks, before.rows + after.rows, alpha, segment, min_rows)


class _Look(NamedTuple):
    """A difference of two metrics at one look.

    Args:
        error: its standard error.
        rows: the rows that are the time of the look.
        effective: the rows that carry the information.
    """

    error: float
    rows: float
    effective: float


def _paired_look(own: InfluencedMetric, other: InfluencedMetric) -> _Look:
    n = len(own.influence)
    error = float((other.influence - own.influence).std()) / math.sqrt(n)
    # Two models that agree in all rows may differ in the next one.
    return _Look(max(error, _unit(own, other) / n), n, min(own.effective, other.effective))


def _unpaired_look(own: InfluencedMetric, other: InfluencedMetric) -> _Look:
    m, n = len(own.influence), len(other.influence)
    error = math.sqrt(float(own.influence.var()) / m + float(other.influence.var()) / n)
    least = _unit(own, other) / min(m, n)
    # The harmonic mean of both sides: a side of few rows has most of the variance.
    rows = 2 * m * n / (m + n)
    return _Look(max(error, least), rows, min(own.effective, other.effective))


def _unit(own: InfluencedMetric, other: InfluencedMetric) -> float:
    return max(own.unit or 0.0, other.unit or 0.0)


class _Sides:
    """The metrics of two models by name: those of both, and those of one of them only."""

    def __init__(self, current: Paired, candidate: Paired, main_only: bool) -> None:
        sides = [
            {
                metric.metric: metric
                for metric in influenced_metrics(rows)[: 1 if main_only else None]
            }
            for rows in (current, candidate)
        ]
        self._first, self._second = sides
        self.common = [(own, sides[1][name]) for name, own in sides[0].items() if name in sides[1]]

    def rows_of(
        self, looks: Sequence[_Look], rows: int, alpha: float, segment: str | None, min_rows: int
    ) -> list[ComparedMetric]:
        """Return a row for each metric, the main one first."""
        parts = _parts([own.metric for own, _ in self.common], alpha)
        compared = [
            _compared(*pair, look, part, rows, segment, min_rows)
            for pair, look, part in zip(self.common, looks, parts, strict=True)
        ]
        return [*compared, *self._of_one_side(rows, segment)]

    def _of_one_side(self, rows: int, segment: str | None) -> Iterator[ComparedMetric]:
        for name in self._first.keys() ^ self._second.keys():
            own, other = self._first.get(name), self._second.get(name)
            yield ComparedMetric(
                metric=name,
                segment=segment,
                rows=rows,
                current=None if own is None else own.value,
                candidate=None if other is None else other.value,
            )


def _parts(metrics: Sequence[str], alpha: float) -> list[float]:
    """Return each metric's part of alpha.

    >>> _parts(["accuracy", "f1_macro", "brier", "roc_auc"], 0.01)
    [0.01, 0.0025, 0.0025, 0.005]
    """
    others = sum(name not in (*_MAIN, "roc_auc") for name in metrics)
    rest = 1 - _AREA_PART if "roc_auc" in metrics else 1.0
    shares = {**dict.fromkeys(_MAIN, 1.0), "roc_auc": _AREA_PART if others else 1.0}
    return [alpha * shares.get(name, rest / max(1, others)) for name in metrics]


def _compared(
    own: InfluencedMetric,
    other: InfluencedMetric,
    look: _Look,
    alpha: float,
    rows: int,
    segment: str | None,
    min_rows: int,
) -> ComparedMetric:
    difference = other.value - own.value
    interval = None
    if look.rows >= min_rows and look.error > 0:
        interval = sequence_interval(difference, look.error, look.rows, alpha, look.effective)
    if interval is not None:
        # Neither difference is larger than the range of the metric.
        reach = own.high - own.low
        interval = SequenceInterval(max(interval.low, -reach), min(interval.high, reach))
    return ComparedMetric(
        metric=own.metric,
        segment=segment,
        rows=rows,
        current=own.value,
        candidate=other.value,
        difference=difference,
        low=None if interval is None else finite(interval.low),
        high=None if interval is None else finite(interval.high),
        verdict=verdict_of(own.metric, interval),
    )


def verdict_of(metric: str, interval: SequenceInterval | None) -> ComparisonVerdict:
    """Return `better` or `worse` if an interval excludes 0 and the metric has a better direction.

    >>> verdict_of("accuracy", SequenceInterval(0.01, 0.03))
    'better'
    >>> verdict_of("mae", SequenceInterval(0.01, 0.03)), verdict_of("mae", None)
    ('worse', 'not_shown')
    """
    direction = better(metric)
    if interval is None or direction is None or interval.low <= 0 <= interval.high:
        return "not_shown"
    return "better" if (interval.low > 0) == (direction == "higher") else "worse"
