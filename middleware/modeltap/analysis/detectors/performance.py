"""Performance of the model on labelled rows, against that in the reference."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from modeltap.analysis.detectors.context import ALPHA, PERFORMANCE_SHARE
from modeltap.analysis.model.baseline import Baseline, Task, is_unknown, listed
from modeltap.analysis.model.metric import (
    ALERT,
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
from modeltap.analysis.model.moments import moments
from modeltap.analysis.statistics.confusion import (
    accuracy,
    as_few,
    class_pairs,
    f1_fell,
    f1_macro,
    guessed,
    kappa,
    lost_class,
    shares,
)
from modeltap.analysis.statistics.hypothesis_tests import fisher
from modeltap.analysis.statistics.means import mean_grew
from modeltap.analysis.statistics.rates import wilson
from modeltap.errors import InputError

_MAE_FLOOR = 0.10
"""The mean error must have grown by a tenth."""

_ACCURACY_FLOOR = 0.02
"""Accuracy must have fallen by two points of a hundred."""

_ACCURACY_PART, _F1_PART = 0.75, 0.25
"""Of the level: a model mostly gets worse in its accuracy, and a lost class is a large loss of F1,
which half of the level finds no more often."""

F1_FLOOR = 0.05
"""Macro F1 must have fallen by five points: of a class in twenty rows one row more moves it by a
point, where accuracy moves by a twentieth of that."""

MAX_CLASSES = 20
"""Of more classes a table of pairs has more cells than rows, and F1 only describes."""

_NO_AGREEMENT = 0.1
"""A kappa of less than a tenth is none (Landis & Koch, 1977, call all below .2 slight)."""

_TOTAL_LOSS = 10.0
"""The strength of guessing: nothing is left of what a model is for, which is no small loss."""

_VARIED = 0.05
"""Predictions that are one class in all but a twentieth of the rows say little of agreement."""

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
        alpha: false alarms a window, over all checks together.
        hours: the hours of the day (UTC) that the window has rows of; empty for all.
    """

    task: Task
    predictions: Sequence[Any]
    labels: Sequence[Any]
    baseline: Baseline | None = None
    min_rows: int = 100
    alpha: float = ALPHA["normal"]
    hours: frozenset[int] = frozenset()

    @property
    def level(self) -> float:
        """The level of a window's performance, which accuracy and F1 share."""
        return self.alpha * PERFORMANCE_SHARE


class Guess(Evidence, frozen=True):
    """The accuracy that guessing would have; `opposite` is whether predictions are worse still."""

    accuracy: float
    opposite: bool
    p_value: float | None = None


class Worse(Evidence, frozen=True):
    """The model's record in the reference, and the window's mean of prediction minus label."""

    baseline: Baseline
    bias: float = 0.0
    guess: Guess | None = None


class ScoreFell(Evidence, frozen=True):
    """The macro F1 score in the reference, and a class that is not predicted any more."""

    before: float
    lost: str | None


def evaluate(context: LabelledContext) -> list[Metric]:
    """Return a window's performance, of its labelled rows.

    `mae`, or `accuracy` and `f1_macro`, bear the verdict: worse than the baseline of the same
    hours beyond chance, and by more than the floor and its usual variation. Accuracies are compared
    by Fisher's exact test, macro F1 by permutation, mean errors by the moments of a permutation.
    Better is never an alert. An accuracy that is as good as guessing, or worse, is one without a
    baseline, too. Raises `InputError` where the shapes are not both
    (n,): NumPy would broadcast (n, 1) against (n,) to (n, n) errors.
    """
    predictions, labels = pairs_of(context.predictions, context.labels)
    baseline, min_rows = context.baseline, context.min_rows
    if baseline is not None:
        same = baseline.task == context.task
        baseline = baseline.at(context.hours, min_rows) if same else None
    means = [
        *_mean("label_mean", labels, min_rows),
        *_mean("prediction_mean", predictions, min_rows),
    ]
    if context.task == "classification":
        return [*_classification(predictions, labels, baseline, context), *means]
    return [*_regression(errors_of(predictions, labels), baseline, context), *means]


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


def _regression(
    errors: np.ndarray, baseline: Baseline | None, context: LabelledContext
) -> list[Metric]:
    n = len(errors)
    if n < max(2, context.min_rows):
        return [too_few("mae", n)]
    absolute = np.abs(errors)
    mae, bias = float(absolute.mean()), float(errors.mean())
    half = _NORMAL_95 * float(absolute.std(ddof=1)) / math.sqrt(n)
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
    usual, floor = baseline.mean + baseline.usual_loss, loss_floor(baseline)
    loss = mae - usual
    # A model without any error has no variance to compare with: each error is new.
    p = mean_grew(baseline.moments, moments(absolute)) if baseline.variance else float(loss <= 0)
    alert = p < context.level and loss > floor
    compared = Metric(
        **facts,
        threshold=usual + floor,
        p_value=p,
        strength=max(0.0, loss / floor) if floor else AT_ONCE * alert,
        verdict=verdict(alert, n),
        evidence=Worse(baseline, bias),
    )
    return [compared, *described]


def _classification(
    predictions: Sequence[Any],
    labels: Sequence[Any],
    baseline: Baseline | None,
    context: LabelledContext,
) -> list[Metric]:
    pairs = class_pairs(predictions, labels)
    n = sum(pairs.values())
    if n < max(1, context.min_rows):
        return [too_few("accuracy", n)]
    return [_accuracy(pairs, n, baseline, context), _f1(pairs, n, baseline, context)]


def _accuracy(
    pairs: Mapping[tuple[str, str], int],
    n: int,
    baseline: Baseline | None,
    context: LabelledContext,
) -> Metric:
    value = accuracy(pairs)
    right = round(value * n)
    low, high = wilson(right, n)
    facts: dict[str, Any] = {
        "metric": "accuracy",
        "rows": n,
        "count": right,
        "value": value,
        "low": low,
        "high": high,
    }
    guess = _guess(pairs, right, n, context.level * _ACCURACY_PART)
    if baseline is None:
        return Metric(**facts, **_without_baseline(guess))
    usual = 1 - baseline.mean + baseline.usual_loss  # of errors, as the limit is
    limit = crossable(usual + _ACCURACY_FLOOR, usual)
    wrong_before = round((1 - baseline.mean) * baseline.rows)
    p = fisher(wrong_before, baseline.rows, n - right, n)[1]
    if limit is None:
        if guess is None:
            return Metric(**facts, p_value=p, **no_room(1 - usual, 0.0))
        return Metric(**facts, **_without_baseline(guess))
    alert = p < context.level * _ACCURACY_PART and 1 - value > limit
    if guess is not None and not alert:
        return Metric(**facts, **_without_baseline(guess))
    return Metric(
        **facts,
        threshold=1 - limit,
        p_value=p,
        strength=max(0.0, (1 - value - usual) / (limit - usual)),
        verdict=verdict(alert, n),
        evidence=Worse(baseline, guess=guess),
    )


def _without_baseline(guess: Guess | None) -> dict[str, Any]:
    """Return the facts of an accuracy that only guessing is compared with."""
    if guess is None:
        return {"verdict": NO_REFERENCE}
    return {
        "threshold": guess.accuracy,
        "p_value": guess.p_value,
        "strength": _TOTAL_LOSS,
        "verdict": ALERT,
        "evidence": guess,
    }


def _guess(pairs: Mapping[tuple[str, str], int], right: int, n: int, level: float) -> Guess | None:
    """Return how the predictions are no better than guessing; None where they are, or may be.

    Worse is beyond chance (exact binomial), with a kappa below -.1. As good as guessing is a kappa
    whose upper end is below .1: a hundred rows do not show that, a thousand do. Predictions of one
    class alone guess nothing, and may be right of a rare event.
    """
    agreement, upper = kappa(pairs)
    chance = guessed(pairs)
    if agreement < -_NO_AGREEMENT and as_few(right, n, chance) < level:
        return Guess(chance, opposite=True, p_value=as_few(right, n, chance))
    varied = min(shares(pairs)) >= _VARIED
    return Guess(chance, opposite=False) if upper < _NO_AGREEMENT and varied else None


def _f1(
    pairs: Mapping[tuple[str, str], int],
    n: int,
    baseline: Baseline | None,
    context: LabelledContext,
) -> Metric:
    value = f1_macro(pairs)
    facts: dict[str, Any] = {"metric": "f1_macro", "rows": n, "value": value}
    few = len({name for pair in pairs for name in pair}) <= MAX_CLASSES
    if baseline is None or not baseline.pairs or not few:
        return Metric(**facts, verdict=NO_REFERENCE)
    before = f1_macro(baseline.counts)
    usual = 1 - before + baseline.usual_f1_loss
    limit = crossable(usual + F1_FLOOR, usual)
    if limit is None:
        return Metric(**facts, **no_room(1 - usual, 0.0))
    # A permutation test takes a tenth of a second: only where its result matters.
    p = f1_fell(baseline.counts, pairs) if 1 - value > limit else None
    return Metric(
        **facts,
        threshold=1 - limit,
        p_value=p,
        strength=max(0.0, (1 - value - usual) / (limit - usual)),
        verdict=verdict(p is not None and p < context.level * _F1_PART, n),
        evidence=ScoreFell(before, lost_class(baseline.counts, pairs)),
    )


def loss_floor(baseline: Baseline) -> float:
    """Return the least loss that is worth an alert: of accuracy, or a part of the mean error."""
    if baseline.task == "classification":
        return _ACCURACY_FLOOR
    return _MAE_FLOOR * baseline.mean


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
