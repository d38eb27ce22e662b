"""Performance of the model on the labelled rows of a window, compared with the reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.inference.value_lists import all_known, are_numbers, numbers_of
from modeltap.analysis.model.baseline import Baseline, is_unknown, number_of
from modeltap.analysis.model.metric import NOT_COMPARABLE, Metric, too_few
from modeltap.analysis.performance.class_names import ClassNames
from modeltap.analysis.performance.class_scores import with_scores
from modeltap.analysis.performance.classification import classification_metrics
from modeltap.analysis.performance.labelled import LabelledContext
from modeltap.analysis.performance.paired import KnownClasses, Paired, pair_up, pairs_of
from modeltap.analysis.performance.regression import regression_metrics
from modeltap.analysis.performance.scoring import missing_scores, score_metrics
from modeltap.analysis.statistics.means import mean_interval

_LARGEST = 1e150
"""The square of a larger number is infinite."""

_CLASSES_PART = 0.4
"""The fraction of the level for classes if scores are ranked as well.

Classes at a threshold carry less information than ranks.
"""


def evaluate(context: LabelledContext) -> list[Metric]:
    """Return the performance metrics of a window's labelled rows.

    `mae`, or `accuracy` and `f1_macro`, and for scores `roc_auc` and `brier`, have the verdict:
    worse than the baseline of the same hours beyond chance, and by more than the floor and its
    baseline variation. Accuracies are compared by Fisher's exact test, macro F1 by permutation,
    mean errors by the moments of a permutation, areas by their variances. An improvement never
    alerts. An accuracy or area that is not better than guessing alerts without a baseline as well.
    Values that cannot be compared are `not_comparable`, with an example of each side as evidence.

    Raises `InputError` unless both shapes are (n,): NumPy would broadcast (n, 1) against (n,) to
    (n, n) errors.
    """
    predictions, labels = pairs_of(context.predictions, context.labels)
    paired = pair_up(
        predictions, labels, context.task, context.form, known_classes(context.baseline)
    )
    paired = with_scores(paired, context.scores, context.form)
    means = [
        *_mean("label_mean", labels, context.min_rows),
        *_mean("prediction_mean", predictions, context.min_rows),
    ]
    return [*_compared(paired, context), *means]


def _compared(paired: Paired, context: LabelledContext) -> list[Metric]:
    if paired.mismatch is not None:
        return [_not_comparable(paired, context.min_rows)]
    baseline = _baseline(paired, context)
    if paired.task == "regression":
        return regression_metrics(paired, baseline, context)
    pairs = Counter(zip(paired.predictions.tolist(), paired.labels.tolist(), strict=True))
    if paired.scores is None:
        return [
            *classification_metrics(pairs, baseline, context, context.level),
            *missing_scores(paired, context),
        ]
    return [
        *score_metrics(paired, baseline, context),
        *classification_metrics(pairs, baseline, context, context.level * _CLASSES_PART),
    ]


def _not_comparable(paired: Paired, min_rows: int) -> Metric:
    metric = "mae" if paired.task == "regression" else "accuracy"
    if paired.rows < min_rows:
        return too_few(metric, paired.rows)
    return Metric(metric=metric, rows=paired.rows, verdict=NOT_COMPARABLE, evidence=paired.mismatch)


def _baseline(paired: Paired, context: LabelledContext) -> Baseline | None:
    """Return the baseline of the window's hours, with the window's class names."""
    known = context.baseline
    if known is None or known.task != paired.task:
        return None
    return _renamed(known.at(context.hours, context.min_rows), paired.names)


def _renamed(baseline: Baseline, names: ClassNames) -> Baseline:
    pairs: Counter[tuple[str, str]] = Counter()
    for predicted, true, count in baseline.pairs:
        pairs[names(predicted), names(true)] += count
    return replace(baseline, pairs=tuple((*pair, count) for pair, count in sorted(pairs.items())))


def known_classes(baseline: Baseline | None) -> KnownClasses | None:
    """Return the classes that a baseline knows; None without a baseline."""
    if baseline is None or baseline.task != "classification":
        return None
    return KnownClasses(
        frozenset(predicted for predicted, _ in baseline.counts),
        frozenset(true for _, true in baseline.counts),
        scored=baseline.scores is not None and not baseline.scores.additional,
    )


def _mean(metric: str, values: Sequence[Any], min_rows: int) -> list[Metric]:
    """Return the mean of labels or predictions, a rate for booleans, to compare with targets."""
    known = values if all_known(values) else [v for v in values if not is_unknown(v)]
    numbers = numbers_of(known if are_numbers(known) else list(map(_number, known)))
    if len(numbers) < max(2, min_rows) or not (np.abs(numbers) < _LARGEST).all():
        return []
    own = mean_interval(numbers)
    return [Metric(metric=metric, rows=len(numbers), value=own.value, low=own.low, high=own.high)]


def _number(value: Any) -> float:
    named = {"true": 1.0, "false": 0.0}.get(str(value).lower())
    return number_of(value) if named is None else named
