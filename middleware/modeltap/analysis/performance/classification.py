"""Accuracy and macro F1 of classes."""

from __future__ import annotations

from typing import Any

from modeltap.analysis.model.baseline import Baseline
from modeltap.analysis.model.metric import (
    ALERT,
    NO_REFERENCE,
    Evidence,
    Metric,
    crossable,
    no_room,
    too_few,
    verdict,
)
from modeltap.analysis.performance.class_metrics import (
    MAX_CLASSES,
    class_counts,
    class_metrics,
    f1_interval,
    few_of_class,
)
from modeltap.analysis.performance.labelled import (
    ACCURACY_FLOOR,
    TOTAL_LOSS,
    Guess,
    LabelledContext,
    PerformanceLoss,
)
from modeltap.analysis.performance.set_metrics import set_metrics
from modeltap.analysis.statistics.confusion import (
    ClassPairs,
    accuracy,
    binomial_lower_tail,
    f1_fell,
    f1_macro,
    guessed,
    kappa,
    lost_class,
    minority_fractions,
)
from modeltap.analysis.statistics.hypothesis_tests import fisher
from modeltap.analysis.statistics.rates import clopper_pearson

_ACCURACY_PART, _F1_PART = 0.75, 0.25
"""Fractions of the level.

A worse model mostly shows in its accuracy. A lost class is a large loss of F1, so that a larger
fraction would not detect it more often.
"""

F1_FLOOR = 0.05
"""The least fall of macro F1 for an alert.

In a class of twenty rows, one more error changes F1 by a point, and accuracy by a twentieth of
that.
"""

_NO_AGREEMENT = 0.1
"""A kappa below a tenth shows no agreement (Landis & Koch, 1977, call all below 0.2 slight)."""

_VARIED = 0.05
"""Predictions that are one class in all but a twentieth of the rows do not measure agreement."""


class F1Loss(Evidence, frozen=True):
    """The macro F1 score in the reference, and a class that is no longer predicted."""

    before: float
    lost: str | None


def classification_metrics(
    pairs: ClassPairs, baseline: Baseline | None, context: LabelledContext, level: float
) -> list[Metric]:
    """Return `accuracy` and `f1_macro`, which share the level, and what describes classes.

    Args:
        pairs: rows by predicted and true class.
        baseline: with the same names of classes.
    """
    n = sum(pairs.values())
    if n < max(1, context.min_rows):
        return [too_few("accuracy", n)]
    return [
        _accuracy(pairs, n, baseline, level),
        _f1(pairs, n, baseline, level),
        *class_metrics(pairs, _true_classes(baseline)),
        *set_metrics(pairs),
    ]


def _true_classes(baseline: Baseline | None) -> set[str]:
    """Return the classes that the reference's labels have."""
    return set() if baseline is None else {true for _, true in baseline.counts}


def _accuracy(
    pairs: ClassPairs,
    n: int,
    baseline: Baseline | None,
    level: float,
) -> Metric:
    value = accuracy(pairs)
    right = round(value * n)
    low, high = clopper_pearson(right, n, 0.95)
    facts: dict[str, Any] = {
        "metric": "accuracy",
        "rows": n,
        "count": right,
        "value": value,
        "low": low,
        "high": high,
    }
    guess = _guess(pairs, right, n, level * _ACCURACY_PART)
    if baseline is None:
        return Metric(**facts, **_without_baseline(guess))
    errors = 1 - baseline.mean + baseline.baseline_loss  # of errors, as the limit
    limit = crossable(errors + ACCURACY_FLOOR, errors)
    wrong_before = round((1 - baseline.mean) * baseline.rows)
    p = fisher(wrong_before, baseline.rows, n - right, n)[1]
    if limit is None:
        if guess is None:
            return Metric(**facts, p_value=p, **no_room(1 - errors, 0.0))
        return Metric(**facts, **_without_baseline(guess))
    alert = p < level * _ACCURACY_PART and 1 - value > limit
    if guess is not None and not alert:
        return Metric(**facts, **_without_baseline(guess))
    return Metric(
        **facts,
        threshold=1 - limit,
        p_value=p,
        strength=strength_of(value, baseline.mean, 1 - limit),
        verdict=verdict(alert, n),
        evidence=PerformanceLoss(baseline, guess=guess),
    )


def _without_baseline(guess: Guess | None) -> dict[str, Any]:
    """Return the fields of an accuracy that is compared only with guessing."""
    if guess is None:
        return {"verdict": NO_REFERENCE}
    return {
        "threshold": guess.accuracy,
        "p_value": guess.p_value,
        "strength": TOTAL_LOSS,
        "verdict": ALERT,
        "evidence": guess,
    }


def _guess(pairs: ClassPairs, right: int, n: int, level: float) -> Guess | None:
    """Return evidence that the predictions are not better than guessing; None if there is none.

    They are worse if that is beyond chance (exact binomial), with a kappa below -0.1. They equal
    guessing if the upper end of kappa is below 0.1, which a thousand rows can show and a hundred
    cannot. Predictions of a single class are not guesses, and may be correct for a rare event.
    """
    agreement, upper = kappa(pairs)
    chance = guessed(pairs)
    if agreement < -_NO_AGREEMENT and binomial_lower_tail(right, n, chance) < level:
        return Guess(chance, opposite=True, p_value=binomial_lower_tail(right, n, chance))
    varied = min(minority_fractions(pairs)) >= _VARIED
    return Guess(chance, opposite=False) if upper < _NO_AGREEMENT and varied else None


def _f1(
    pairs: ClassPairs,
    n: int,
    baseline: Baseline | None,
    level: float,
) -> Metric:
    value = f1_macro(pairs)
    facts: dict[str, Any] = {
        "metric": "f1_macro",
        "rows": n,
        "value": value,
        **_f1_interval(pairs, baseline),
    }
    few = len({name for pair in pairs for name in pair}) <= MAX_CLASSES
    if baseline is None or not baseline.pairs or not few:
        return Metric(**facts, verdict=NO_REFERENCE)
    before = f1_macro(baseline.counts)
    loss = 1 - before + baseline.baseline_f1_loss
    limit = crossable(loss + F1_FLOOR, loss)
    if limit is None:
        return Metric(**(facts | no_room(1 - loss, 0.0)))
    # A permutation test takes a tenth of a second, so it runs only if its result matters.
    p = f1_fell(baseline.counts, pairs) if 1 - value > limit else None
    decision = verdict(p is not None and p < level * _F1_PART, n)
    if decision == ALERT or "evidence" not in facts:
        facts["evidence"] = F1Loss(before, lost_class(baseline.counts, pairs))
    return Metric(
        **facts,
        threshold=1 - limit,
        p_value=p,
        strength=strength_of(value, before, 1 - limit),
        verdict=decision,
    )


def _f1_interval(pairs: ClassPairs, baseline: Baseline | None) -> dict[str, Any]:
    """Return the 95 % interval of macro F1, or the class that has too few rows for one."""
    classes = class_counts(pairs)
    known = class_counts(pairs, _true_classes(baseline))
    few = few_of_class({own.name: own.jaccard.rows for own in known})
    if few is not None:
        return {"evidence": few}
    weights = {own.name: 1 / len(classes) for own in classes}
    low, high = f1_interval(pairs, weights, by_labels=False)
    return {"low": low, "high": high}


def strength_of(value: float, before: float, threshold: float) -> float:
    """Return the fall of a value divided by the fall to its threshold; 0 if the value grew."""
    return max(0.0, (before - value) / (before - threshold))
