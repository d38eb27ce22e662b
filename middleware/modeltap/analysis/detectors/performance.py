"""Performance of the model on labelled rows, against that in the reference."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from modeltap.analysis.model.baseline import Baseline, Task, is_unknown, listed
from modeltap.analysis.model.metric import (
    AT_ONCE,
    NO_REFERENCE,
    Evidence,
    Metric,
    crossable,
    finite,
    no_room,
    too_few,
    verdict,
)
from modeltap.analysis.statistics.rates import grew, wilson
from modeltap.errors import InputError

_MAE_FLOOR = 0.10
"""The mean error must have grown by a tenth."""

_ACCURACY_FLOOR = 0.02
"""Accuracy must have fallen by two points of a hundred."""

_ALPHA = 0.01
"""One window of a hundred by chance, and then only beyond the floor: there is one test a window."""

_LARGEST = 1e150
"""The square of a larger number is infinite."""

_NORMAL_95 = float(ndtri(0.975))
"""Standard errors on each side of a 95 % interval."""


@dataclass(frozen=True)
class LabelledContext:
    """The labelled rows of one window to evaluate.

    Args:
        predictions: (n,) numbers or classes.
        labels: (n,) true values; pairs with a None are left out.
    """

    task: Task
    predictions: Sequence[Any]
    labels: Sequence[Any]
    baseline: Baseline | None = None
    min_rows: int = 100


class Worse(Evidence, frozen=True):
    """The model's record in the reference, and the window's mean of prediction minus label."""

    baseline: Baseline
    bias: float = 0.0


def evaluate(context: LabelledContext) -> list[Metric]:
    """Return a window's performance, of its labelled rows.

    `mae` or `accuracy` bears the verdict: worse than the baseline beyond chance, and by more
    than the floor. Better is never an alert. Raises `InputError` where the shapes are not both
    (n,): NumPy would broadcast (n, 1) against (n,) to (n, n) errors.
    """
    predictions, labels = pairs_of(context.predictions, context.labels)
    baseline, min_rows = context.baseline, context.min_rows
    if baseline is not None and baseline.task != context.task:
        baseline = None
    means = [
        *_mean("label_mean", labels, min_rows),
        *_mean("prediction_mean", predictions, min_rows),
    ]
    if context.task == "classification":
        return [*_classification(predictions, labels, baseline, min_rows), *means]
    return [*_regression(errors_of(predictions, labels), baseline, min_rows), *means]


def _mean(metric: str, values: Sequence[Any], min_rows: int) -> list[Metric]:
    """Describe the mean of labels or predictions, a rate for booleans; targets compare with it."""
    known = [_number(value) for value in values if not is_unknown(value)]
    numbers = np.array([value for value in known if abs(value) < _LARGEST])
    if len(numbers) < max(2, min_rows) or len(numbers) < len(known):
        return []
    value = float(numbers.mean())
    half = _NORMAL_95 * float(numbers.std(ddof=1)) / math.sqrt(len(numbers))
    return [
        Metric(metric=metric, rows=len(numbers), value=value, low=value - half, high=value + half)
    ]


def _number(value: Any) -> float:
    named = {"true": 1.0, "false": 0.0}.get(str(value).lower())
    return _float(value) if named is None else named


def pairs_of(predictions: Sequence[Any], labels: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Return both as lists of length n; raise `InputError` where they are not both (n,)."""
    for name, values in (("predictions", predictions), ("labels", labels)):
        if isinstance(values, np.ndarray) and values.ndim != 1:
            raise InputError(f"{name} of shape {values.shape}; give one dimension, as (n,)")
    if len(predictions) != len(labels):
        raise InputError(
            f"{len(predictions)} predictions and {len(labels)} labels; give one label a prediction"
        )
    return listed(predictions), listed(labels)


def _regression(errors: np.ndarray, baseline: Baseline | None, min_rows: int) -> list[Metric]:
    n = len(errors)
    if n < max(2, min_rows):
        return [too_few("mae", n)]
    absolute = np.abs(errors)
    mae, bias = float(absolute.mean()), float(errors.mean())
    error_of_mean = float(absolute.std(ddof=1)) / math.sqrt(n)
    half = _NORMAL_95 * error_of_mean
    described = [
        Metric(metric="rmse", rows=n, value=finite(math.sqrt(np.mean(errors**2)))),
        Metric(metric="bias", rows=n, value=bias),
    ]
    facts: dict[str, Any] = {
        "metric": "mae",
        "rows": n,
        "value": mae,
        "low": max(0.0, mae - half),
        "high": mae + half,
    }
    if baseline is None:
        return [Metric(**facts, verdict=NO_REFERENCE), *described]
    spread = math.sqrt(error_of_mean**2 + baseline.variance / baseline.rows)
    p = float(ndtr(-(mae - baseline.mean) / spread)) if spread else float(mae <= baseline.mean)
    floor = _MAE_FLOOR * baseline.mean
    alert = p < _ALPHA and mae - baseline.mean > floor
    compared = Metric(
        **facts,
        threshold=baseline.mean + floor,
        p_value=p,
        strength=max(0.0, (mae - baseline.mean) / floor) if floor else AT_ONCE * alert,
        verdict=verdict(alert, n),
        evidence=Worse(baseline, bias),
    )
    return [compared, *described]


def _classification(
    predictions: Sequence[Any], labels: Sequence[Any], baseline: Baseline | None, min_rows: int
) -> list[Metric]:
    right = right_of(predictions, labels)
    n = len(right)
    if n < max(1, min_rows):
        return [too_few("accuracy", n)]
    accuracy = float(right.mean())
    low, high = wilson(int(right.sum()), n)
    described = [Metric(metric="f1_macro", rows=n, value=_f1_macro(predictions, labels))]
    facts: dict[str, Any] = {
        "metric": "accuracy",
        "rows": n,
        "count": int(right.sum()),
        "value": accuracy,
        "low": low,
        "high": high,
    }
    if baseline is None:
        return [Metric(**facts, verdict=NO_REFERENCE), *described]
    wrong, wrong_before = n - int(right.sum()), round((1 - baseline.mean) * baseline.rows)
    p = grew(wrong, n, wrong_before, baseline.rows)
    usual = 1 - baseline.mean
    errors = crossable(usual + _ACCURACY_FLOOR, usual)
    if errors is None:
        return [Metric(**facts, p_value=p, **no_room(baseline.mean, 0.0)), *described]
    fall, floor = baseline.mean - accuracy, errors - usual
    alert = p < _ALPHA and fall > floor
    compared = Metric(
        **facts,
        threshold=1 - errors,
        p_value=p,
        strength=max(0.0, fall / floor),
        verdict=verdict(alert, n),
        evidence=Worse(baseline),
    )
    return [compared, *described]


def errors_of(predictions: Sequence[Any], labels: Sequence[Any]) -> np.ndarray:
    """Return (n,) prediction minus label of the pairs that are both numbers below 1e150.

    Beyond it the square is infinite, and a value so far off is no measurement.
    """
    pairs = np.array(
        [(_float(p), _float(label)) for p, label in zip(predictions, labels, strict=True)],
        dtype=np.float64,
    ).reshape(-1, 2)
    with np.errstate(invalid="ignore"):  # both may be infinite
        errors = pairs[:, 0] - pairs[:, 1]
    return np.asarray(errors[np.abs(errors) < _LARGEST])


def _float(value: Any) -> float:
    if value is None or isinstance(value, bool):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def right_of(predictions: Sequence[Any], labels: Sequence[Any]) -> np.ndarray:
    """Return (n,) booleans: whether each known prediction is its label's class."""
    return np.array(
        [_class(p) == _class(label) for p, label in _known(predictions, labels)], dtype=bool
    )


def _known(predictions: Sequence[Any], labels: Sequence[Any]) -> list[tuple[Any, Any]]:
    pairs = zip(predictions, labels, strict=True)
    return [(p, label) for p, label in pairs if not (is_unknown(p) or is_unknown(label))]


def _class(value: Any) -> str:
    """Return one text for a class however it was written: 1, 1.0, "1"; true, True."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    return text.lower() if text in ("True", "False") else text


def _f1_macro(predictions: Sequence[Any], labels: Sequence[Any]) -> float:
    """Mean over classes of ``2 tp / (2 tp + fp + fn)``: a small class weighs as a large one."""
    pairs = [(_class(p), _class(label)) for p, label in _known(predictions, labels)]
    # Texts are as many classes as rows: one pass, for a pass each would never end.
    hits = Counter(p for p, label in pairs if p == label)
    named = Counter(name for pair in pairs for name in pair)
    return sum(2 * hits[name] / count for name, count in named.items()) / len(named)
