"""Differences of two models without labels: agreement, predictions, and response times.

None of them has a verdict: a model that predicts something else is not better or worse for it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from modeltap.analysis.inference.value_lists import numbers_of
from modeltap.analysis.model.baseline import Task, infer_task, is_unknown
from modeltap.analysis.model.metric import finite
from modeltap.analysis.performance.class_metrics import MAX_CLASSES
from modeltap.analysis.performance.class_names import ClassNames
from modeltap.analysis.performance.paired import as_scores
from modeltap.analysis.performance.positive_class import (
    DEFAULT_FORM,
    LabelForm,
    positive_classes,
    two_names,
)
from modeltap.analysis.statistics.confusion import class_names
from modeltap.analysis.statistics.distances import effect
from modeltap.comparison.differences.comparison_result import ComparedMetric
from modeltap.comparison.differences.confidence_sequence import sequence_interval

_BINS = 20
"""Bins of the distribution of numbers: chance adds little to the distance in a thousand rows."""

_PERCENTILES = (50, 95, 99)

_NUMBERS = 0.5
"""With fewer numbers than this fraction, predictions are something else."""


def prediction_differences(
    current: Sequence[Any],
    candidate: Sequence[Any],
    *,
    task: Task | None = None,
    form: LabelForm = DEFAULT_FORM,
    paired: bool = True,
) -> list[ComparedMetric]:
    """Return how much the predictions of two models differ; none if they are of different kinds.

    `agreement` is the fraction of equal classes, with scores cut at the threshold. If only one
    model has scores, they become the classes of the other one.
    `absolute_difference` is the mean distance of numbers, `prediction_mean` their mean,
    `prediction_rate` the fraction of each class, and `prediction_js` the Jensen-Shannon distance of
    the two distributions (base 2), less what chance alone would add.

    Args:
        current: (n,) predictions.
        candidate: (m,) predictions, of the same rows if `paired`.
    """
    own, other = _known(current, candidate, paired)
    if not own or not other:
        return []
    if task != "regression":
        own, other = _as_classes(own, other, form), _as_classes(other, own, form)
    if _are_numeric(own, task):
        return list(_of_numbers(own, other, form.decision_threshold, paired))
    return list(_of_classes(own, other, paired))


def response_differences(durations_ms: Sequence[tuple[float, float]]) -> list[ComparedMetric]:
    """Return the percentiles of the response times in ms, of n requests that both answered.

    They have no interval and no verdict: the candidate's are those of its own network and load.

    Args:
        durations_ms: (n,) response times of the current model and of the candidate.
    """
    if not durations_ms:
        return []
    ends = np.percentile(np.array(durations_ms, dtype=np.float64), _PERCENTILES, axis=0)
    return [
        ComparedMetric(
            metric=f"latency_p{percentile}_ms",
            rows=len(durations_ms),
            current=own,
            candidate=other,
            difference=other - own,
        )
        for percentile, (own, other) in zip(_PERCENTILES, ends.tolist(), strict=True)
    ]


def _known(
    current: Sequence[Any], candidate: Sequence[Any], paired: bool
) -> tuple[list[Any], list[Any]]:
    """Return the known predictions; if they are of the same rows, those of rows that have both."""
    if not paired:
        known = [
            [value for value in side if not is_unknown(value)] for side in (current, candidate)
        ]
        return known[0], known[1]
    pairs = zip(current, candidate, strict=True)
    both = [(own, other) for own, other in pairs if not (is_unknown(own) or is_unknown(other))]
    return [own for own, _ in both], [other for _, other in both]


def _as_classes(values: list[Any], others: list[Any], form: LabelForm) -> list[Any]:
    """Return scores as the two classes that the other model predicts; other values as they are."""
    scores = as_scores(values, None)
    if scores is None or as_scores(others, None) is not None:
        return values
    classes = set(class_names(others))
    positive = positive_classes(classes, classes, form.positive)
    if isinstance(positive, str):
        return values
    yes, no = two_names(classes, positive, form.positive)
    return [yes if score >= form.decision_threshold else no for score in scores.tolist()]


def _are_numeric(values: list[Any], task: Task | None) -> bool:
    if task == "classification" and as_scores(values, None) is None:
        return False
    return task == "regression" or infer_task(values) == "regression"


def _of_numbers(
    own: list[Any], other: list[Any], threshold: float, paired: bool
) -> Iterator[ComparedMetric]:
    first, second = numbers_of(own), numbers_of(other)
    if np.isfinite(second).mean() < _NUMBERS or np.isfinite(first).mean() < _NUMBERS:
        return
    if paired:
        kept = np.isfinite(first) & np.isfinite(second)
        first, second = first[kept], second[kept]
        if all(as_scores(side.tolist(), None) is not None for side in (first, second)):
            yield _rate("agreement", (first >= threshold) == (second >= threshold))
        yield _rate("absolute_difference", np.abs(second - first))
    else:
        first, second = first[np.isfinite(first)], second[np.isfinite(second)]
    yield _means("prediction_mean", None, first, second, paired)
    edges = np.unique(np.quantile(np.concatenate([first, second]), np.arange(1, _BINS) / _BINS))
    counts = [
        np.bincount(np.searchsorted(edges, side, side="right"), minlength=len(edges) + 1)
        for side in (first, second)
    ]
    yield _distance(counts, len(first), len(second), paired)


def _of_classes(own: list[Any], other: list[Any], paired: bool) -> Iterator[ComparedMetric]:
    names = class_names(own), class_names(other)
    shared = ClassNames(*names)
    first, second = (np.array([shared(name) for name in side], dtype=object) for side in names)
    if paired:
        yield _rate("agreement", first == second)
    sides = Counter(first.tolist()), Counter(second.tolist())
    classes = sorted({*sides[0], *sides[1]})
    if len(classes) <= MAX_CLASSES:
        for name in classes:
            yield _means("prediction_rate", f"class={name}", first == name, second == name, paired)
        counts = [np.array([side[name] for name in classes]) for side in sides]
        yield _distance(counts, len(first), len(second), paired)


def _rate(metric: str, values: np.ndarray) -> ComparedMetric:
    """Return the mean of a value that describes both models at once."""
    n, numbers = len(values), values.astype(np.float64)
    # All rows agree: one row that does not bounds the error.
    error = max(float(numbers.std()) / math.sqrt(n), 1 / n if metric == "agreement" else 0.0)
    interval = sequence_interval(float(numbers.mean()), error, n)
    high = 1.0 if metric == "agreement" else math.inf
    return ComparedMetric(
        metric=metric,
        rows=n,
        candidate=finite(float(numbers.mean())),
        low=None if interval is None else max(0.0, interval.low),
        high=None if interval is None else min(high, interval.high),
    )


def _means(
    metric: str, segment: str | None, first: np.ndarray, second: np.ndarray, paired: bool
) -> ComparedMetric:
    m, n = len(first), len(second)
    first, second = first.astype(np.float64), second.astype(np.float64)
    if paired:
        rows, look, error = n, float(n), float((second - first).std()) / math.sqrt(n)
    else:
        rows, look = m + n, 2 * m * n / (m + n)
        error = math.sqrt(float(first.var()) / m + float(second.var()) / n)
    difference = float(second.mean() - first.mean())
    interval = sequence_interval(difference, error, look) if error > 0 else None
    return ComparedMetric(
        metric=metric,
        segment=segment,
        rows=rows,
        current=finite(float(first.mean())),
        candidate=finite(float(second.mean())),
        difference=finite(difference),
        low=None if interval is None else finite(interval.low),
        high=None if interval is None else finite(interval.high),
    )


def _distance(counts: Sequence[np.ndarray], m: int, n: int, paired: bool) -> ComparedMetric:
    rows = n if paired else m + n
    return ComparedMetric(metric="prediction_js", rows=rows, candidate=effect(*counts))
