"""How wrong the model is, once the labels have come: against its own record."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
import numpy as np
from scipy.special import ndtr, ndtri

from modeltap.analysis.model.metric import (
    ALERT,
    NO_REFERENCE,
    NOT_ENOUGH_ROWS,
    OK,
    Metric,
    chance,
    finite,
)
from modeltap.analysis.model.metric import number as say
from modeltap.analysis.statistics.rates import grew, wilson
from modeltap.errors import InputError

METRICS = (
    "mae",
    "rmse",
    "bias",
    "accuracy",
    "f1_macro",
    "label_coverage",
    "label_mean",
    "prediction_mean",
)
Task = Literal["classification", "regression"]

MAE_FLOOR = 0.10
"""The mean error must have grown by a tenth."""

ACCURACY_FLOOR = 0.02
"""Accuracy must have fallen by two points of a hundred."""

ALPHA = 0.01
_MIN_BASELINE_ROWS = 30
_LARGEST = 1e150


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """The model's record in the reference: sums that say how wrong it usually is."""

    task: Task
    rows: int
    mean: float
    """Mean absolute error, or accuracy."""
    variance: float
    """Of the absolute error."""
    bias: float = 0.0
    """Mean of prediction minus label."""


def learn_task(labels: Sequence[Any], predictions: Sequence[Any] = ()) -> Task:
    """Say what the model does: labels that are words, or few whole numbers, are classes.

    Unless it predicts what can be neither a class nor a probability: a handful of minutes are few
    whole numbers, too.

    >>> learn_task([1.5, 2.25, 3.0]), learn_task(["yes", "no"]), learn_task([0, 1, 1, 0])
    ('regression', 'classification', 'classification')
    >>> learn_task([227, 131], [220.4, 140.9]), learn_task([0, 1], [0.2, 0.9])
    ('regression', 'classification')
    """
    known = [label for label in _plain(labels) if not _is_missing(label)]
    if not all(type(label) in (int, float) for label in known):
        return "classification"
    whole = all(type(label) is int or label.is_integer() for label in known)
    if not whole or len(set(known)) > 10:
        return "regression"
    return "regression" if any(map(_measures, _plain(predictions))) else "classification"


def _measures(prediction: Any) -> bool:
    """Say whether a prediction can be neither a class nor a probability."""
    if type(prediction) is not float or not math.isfinite(prediction):
        return False
    return not (prediction.is_integer() or 0 <= prediction <= 1)


def learn(task: Task, predictions: Sequence[Any], labels: Sequence[Any]) -> Baseline | None:
    """Return the record of a labelled reference; None with fewer than 30 labelled rows.

    Raises `InputError` where the shapes are not both (n,).

    >>> learn("regression", [1.0] * 40, [3.0] * 40).mean
    2.0
    """
    predictions, labels = _checked(predictions, labels)
    if task == "classification":
        right = _right(predictions, labels)
        if len(right) < _MIN_BASELINE_ROWS:
            return None
        mean = float(right.mean())
        return Baseline(task=task, rows=len(right), mean=mean, variance=mean * (1 - mean))
    errors = _errors(predictions, labels)
    if len(errors) < _MIN_BASELINE_ROWS:
        return None
    absolute = np.abs(errors)
    return Baseline(
        task=task,
        rows=len(errors),
        mean=float(absolute.mean()),
        variance=float(absolute.var(ddof=1)),
        bias=float(errors.mean()),
    )


def judge(
    task: Task,
    predictions: Sequence[Any],
    labels: Sequence[Any],
    baseline: Baseline | None,
    *,
    min_rows: int = 100,
) -> list[Metric]:
    """Return a window's performance, of its labelled rows.

    Args:
        predictions: (n,) numbers or classes.
        labels: (n,) what was right; pairs with a None are left out.

    `mae` or `accuracy` bears the verdict: worse than the baseline beyond chance, and by more
    than the floor. Better is never an alert. Raises `InputError` where the shapes are not both
    (n,): NumPy would broadcast (n, 1) against (n,) to (n, n) errors.
    """
    predictions, labels = _checked(predictions, labels)
    if baseline is not None and baseline.task != task:
        baseline = None
    means = [
        *_mean("label_mean", labels, min_rows),
        *_mean("prediction_mean", predictions, min_rows),
    ]
    if task == "classification":
        return [*_classification(predictions, labels, baseline, min_rows), *means]
    return [*_regression(_errors(predictions, labels), baseline, min_rows), *means]


def _mean(metric: str, values: Sequence[Any], min_rows: int) -> list[Metric]:
    """Describe what came of it in the mean, as a rate where it is yes or no: a target is of it."""
    known = [_number(value) for value in values if not _is_missing(value)]
    numbers = np.array([one for one in known if abs(one) < _LARGEST])
    if len(numbers) < max(2, min_rows) or len(numbers) < len(known):
        return []
    value = float(numbers.mean())
    half = float(ndtri(0.975)) * float(numbers.std(ddof=1)) / math.sqrt(len(numbers))
    return [
        Metric(metric=metric, rows=len(numbers), value=value, low=value - half, high=value + half)
    ]


def _number(value: Any) -> float:
    named = {"true": 1.0, "false": 0.0}.get(str(value).lower())
    return _float(value) if named is None else named


def _checked(predictions: Sequence[Any], labels: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Return both as lists of length n; raise `InputError` where they are not both (n,)."""
    for name, values in (("predictions", predictions), ("labels", labels)):
        if isinstance(values, np.ndarray) and values.ndim != 1:
            raise InputError(f"{name} of shape {values.shape}; give one dimension, as (n,)")
    if len(predictions) != len(labels):
        raise InputError(
            f"{len(predictions)} predictions and {len(labels)} labels; give one label a prediction"
        )
    return _plain(predictions), _plain(labels)


def _plain(values: Sequence[Any]) -> list[Any]:
    return values.tolist() if isinstance(values, np.ndarray) else list(values)


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _regression(errors: np.ndarray, baseline: Baseline | None, min_rows: int) -> list[Metric]:
    n = len(errors)
    if n < max(2, min_rows):
        return [Metric(metric="mae", rows=n, verdict=NOT_ENOUGH_ROWS)]
    absolute = np.abs(errors)
    mae, bias = float(absolute.mean()), float(errors.mean())
    error_of_mean = float(absolute.std(ddof=1)) / math.sqrt(n)
    half = float(ndtri(0.975)) * error_of_mean
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
    floor = MAE_FLOOR * baseline.mean
    alert = p < ALPHA and mae - baseline.mean > floor
    judged = Metric(
        **facts,
        threshold=baseline.mean + floor,
        p_value=p,
        strength=max(0.0, (mae - baseline.mean) / floor) if floor else 2.0 * alert,
        verdict=ALERT if alert else OK,
        explanation=_went_wrong(mae, bias, baseline, n, p) if alert else None,
    )
    return [judged, *described]


def _went_wrong(mae: float, bias: float, baseline: Baseline, rows: int, p: float) -> str:
    grown, moved = mae - baseline.mean, abs(bias) - abs(baseline.bias)
    part = moved / grown
    nature = (
        "nearly all of it bias" if part > 0.8 else "partly bias" if part > 0.3 else "little bias"
    )
    direction = "too high" if bias > 0 else "too low"
    return (
        f"mean absolute error went from {say(baseline.mean)} to {say(mae)} in {rows:,} labelled "
        f"rows, {nature}: predictions are {say(abs(bias))} {direction} on average; "
        f"expected {chance(p)}"
    )


def _classification(
    predictions: Sequence[Any], labels: Sequence[Any], baseline: Baseline | None, min_rows: int
) -> list[Metric]:
    right = _right(predictions, labels)
    n = len(right)
    if n < max(1, min_rows):
        return [Metric(metric="accuracy", rows=n, verdict=NOT_ENOUGH_ROWS)]
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
    wrong, usually_wrong = n - int(right.sum()), round((1 - baseline.mean) * baseline.rows)
    p = grew(wrong, n, usually_wrong, baseline.rows)
    fall = baseline.mean - accuracy
    alert = p < ALPHA and fall > ACCURACY_FLOOR
    words = (
        f"accuracy went from {say(baseline.mean)} to {say(accuracy)} in {n:,} labelled rows; "
        f"expected {chance(p)}"
    )
    judged = Metric(
        **facts,
        threshold=baseline.mean - ACCURACY_FLOOR,
        p_value=p,
        strength=max(0.0, fall / ACCURACY_FLOOR),
        verdict=ALERT if alert else OK,
        explanation=words if alert else None,
    )
    return [judged, *described]


def _errors(predictions: Sequence[Any], labels: Sequence[Any]) -> np.ndarray:
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


def _right(predictions: Sequence[Any], labels: Sequence[Any]) -> np.ndarray:
    return np.array(
        [_class(p) == _class(label) for p, label in _known(predictions, labels)], dtype=bool
    )


def _known(predictions: Sequence[Any], labels: Sequence[Any]) -> list[tuple[Any, Any]]:
    pairs = zip(predictions, labels, strict=True)
    return [(p, label) for p, label in pairs if not (_is_missing(p) or _is_missing(label))]


def _class(value: Any) -> str:
    """One text for a class however it was written: 1, 1.0, "1"; true, True."""
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
