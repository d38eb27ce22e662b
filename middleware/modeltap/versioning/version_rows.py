"""Metrics of the rows of two versions: performance, predictions and response times.

The versions have different rows, so their variances add. Differences of performance have the
intervals of `modeltap compare`, which hold however often they are looked at. The intervals of each
side are normal ones, of 99 %; those of percentiles of response times are order statistics
(Hahn & Meeker, 1991, section 5.2), and the interval of their difference joins both sides'.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.model.baseline import Task, infer_task, is_unknown
from modeltap.analysis.performance.paired import Paired
from modeltap.comparison.aligned_outputs import ModelForm, ModelOutputs, pair_outputs
from modeltap.comparison.differences.comparison_result import ComparedMetric
from modeltap.comparison.differences.confidence_sequence import ALPHA
from modeltap.comparison.differences.influence import influenced_metrics
from modeltap.comparison.several_outputs import SINGLE, by_output
from modeltap.comparison.version_differences import version_differences
from modeltap.config.metrics import output_segment
from modeltap.errors import InputError
from modeltap.store.labelled_rows import LabelledPrediction
from modeltap.store.versions import VersionRow
from modeltap.versioning.version_result import VersionMetric

_QUANTILE = 2.5758
"""Of the normal distribution, for 99 %."""

_WIDER = 2.8070
"""The same for 99.5 %: two such intervals hold together with 99 %."""

_PERCENTILES = (50, 95, 99)

_FEWEST_DURATIONS = 30
"""With fewer response times, most percentiles are the slowest of them."""

SideInterval = tuple[float | None, float | None]
"""The ends of an interval of one version's metric."""


def row_differences(
    before: Sequence[VersionRow], after: Sequence[VersionRow], known: ModelForm
) -> list[VersionMetric]:
    """Return the differences of performance and predictions, with an interval of each side.

    Several outputs share the chance of a wrong verdict evenly (Bonferroni). An output that only one
    version has is not compared.

    Raises `InputError` if predictions and labels cannot be compared, or if the versions share no
    output.
    """
    sides = by_output(before), by_output(after)
    shared = [name for name in sides[0] if name in sides[1]]
    if not shared and before and after:
        raise InputError("the versions have no output in common")
    differences = []
    for name in shared:
        form = known if name == SINGLE else known._replace(baseline=None)
        own = _differences(sides[0][name], sides[1][name], form, ALPHA / len(shared))
        if name != SINGLE:
            own = [replace(row, segment=output_segment(name, row.segment)) for row in own]
        differences += own
    return differences


def _differences(
    before: Sequence[VersionRow], after: Sequence[VersionRow], known: ModelForm, alpha: float
) -> list[VersionMetric]:
    known = known._replace(task=_task_of([*before, *after], known))
    compared = version_differences(_plain(before), _plain(after), known, alpha=alpha)
    sides = _labelled(before, known), _labelled(after, known)
    intervals = [{} if side is None else _intervals(side) for side in sides]
    labelled = [0 if side is None else side.rows for side in sides]
    counts = [sum(not is_unknown(row.prediction) for row in rows) for rows in (before, after)]
    return [
        _of_performance(row, intervals, labelled)
        if row.metric in intervals[0] or row.metric in intervals[1]
        else _described(row, counts)
        for row in compared
    ]


def _of_performance(
    compared: ComparedMetric,
    intervals: Sequence[Mapping[str, SideInterval]],
    counts: Sequence[int],
) -> VersionMetric:
    unknown = (None, None)
    before, after = (own.get(compared.metric, unknown) for own in intervals)
    return VersionMetric(
        metric=compared.metric,
        before=compared.current,
        before_low=before[0],
        before_high=before[1],
        before_count=counts[0],
        after=compared.candidate,
        after_low=after[0],
        after_high=after[1],
        after_count=counts[1],
        difference=compared.difference,
        low=compared.low,
        high=compared.high,
        verdict=compared.verdict,
    )


def duration_differences(before: Sequence[float], after: Sequence[float]) -> list[VersionMetric]:
    """Return the percentiles of response times, n and m milliseconds; none of too few.

    >>> [row.metric for row in duration_differences([1.0] * 40, [2.0] * 40)]
    ['latency_p50_ms', 'latency_p95_ms', 'latency_p99_ms']
    """
    if min(len(before), len(after)) < _FEWEST_DURATIONS:
        return []
    sides = [np.sort(np.array(side, dtype=np.float64)) for side in (before, after)]
    return [_of_percentile(percentile, *sides) for percentile in _PERCENTILES]


def _of_percentile(percentile: int, before: np.ndarray, after: np.ndarray) -> VersionMetric:
    values = [float(np.percentile(side, percentile)) for side in (before, after)]
    own = [_order_interval(side, percentile / 100, _QUANTILE) for side in (before, after)]
    wider = [_order_interval(side, percentile / 100, _WIDER) for side in (before, after)]
    known = None not in (*wider[0], *wider[1])
    return VersionMetric(
        metric=f"latency_p{percentile}_ms",
        before=values[0],
        before_low=own[0][0],
        before_high=own[0][1],
        before_count=len(before),
        after=values[1],
        after_low=own[1][0],
        after_high=own[1][1],
        after_count=len(after),
        difference=values[1] - values[0],
        low=(wider[1][0] or 0.0) - (wider[0][1] or 0.0) if known else None,
        high=(wider[1][1] or 0.0) - (wider[0][0] or 0.0) if known else None,
    )


def _order_interval(
    ordered: np.ndarray, fraction: float, quantile: float
) -> tuple[float | None, float | None]:
    """Return the values between which a percentile lies; None where there are too few."""
    n = len(ordered)
    reach = quantile * math.sqrt(n * fraction * (1 - fraction))
    low, high = math.floor(n * fraction - reach) - 1, math.ceil(n * fraction + reach)
    return (
        float(ordered[low]) if low >= 0 else None,
        float(ordered[high]) if high < n else None,
    )


def _described(compared: ComparedMetric, counts: Sequence[int]) -> VersionMetric:
    single = compared.difference is None
    return VersionMetric(
        metric=compared.metric,
        segment=compared.segment,
        before=compared.current,
        before_count=counts[0],
        after=None if single else compared.candidate,
        after_count=counts[1],
        difference=compared.candidate if single else compared.difference,
        low=compared.low,
        high=compared.high,
    )


def _task_of(rows: Sequence[VersionRow], known: ModelForm) -> Task | None:
    """Return the task by the settings, the reference, or the labelled rows of both versions."""
    labelled = [row for row in rows if not is_unknown(row.label)]
    if known.task is not None or not labelled:
        return known.task
    if known.baseline is not None:
        return known.baseline.task
    return infer_task([row.label for row in labelled], [row.prediction for row in labelled])


def _plain(rows: Sequence[VersionRow]) -> list[LabelledPrediction]:
    return [
        LabelledPrediction(row.prediction, row.label, row.event_time, row.score) for row in rows
    ]


def _labelled(rows: Sequence[VersionRow], known: ModelForm) -> Paired | None:
    own = [row for row in rows if not (is_unknown(row.label) or is_unknown(row.prediction))]
    if not own:
        return None
    outputs = ModelOutputs([row.prediction for row in own], [row.score for row in own])
    return pair_outputs(outputs, [row.label for row in own], known)


def _intervals(side: Paired) -> dict[str, SideInterval]:
    """Return a normal interval of each metric, within the metric's range."""
    ends: dict[str, SideInterval] = {}
    for own in influenced_metrics(side):
        reach = _QUANTILE * float(own.influence.std()) / math.sqrt(len(own.influence))
        ends[own.metric] = max(own.low, own.value - reach), min(own.high, own.value + reach)
    return ends


def durations_of(rows: Sequence[VersionRow]) -> list[float]:
    """Return the duration of each exchange once."""
    by_exchange = {row.exchange_id: row.duration_ms for row in rows}
    return [duration for duration in by_exchange.values() if duration is not None]
