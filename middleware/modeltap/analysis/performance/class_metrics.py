"""Precision, recall and F1 of each class, and their means, with exact intervals."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import scipy

from modeltap.analysis.model.metric import NORMAL_95, Evidence, Metric
from modeltap.analysis.statistics.confusion import ClassPairs
from modeltap.analysis.statistics.rates import clopper_pearson

FEWEST_OF_CLASS = 5
"""With fewer rows of a class, an interval would hold almost any value."""

_FEW_FOR_DELTA = 30
"""Rows of a class from which the variance of its F1 is nearly that of a normal variable."""

MAX_CLASSES = 20
"""With more classes, a table of pairs has more cells than rows, and only means describe it."""


class FewOfClass(Evidence, frozen=True):
    """The class that has too few rows for an interval."""

    name: str
    rows: int


class Fraction(NamedTuple):
    """A number of hits among rows."""

    hits: int
    rows: int

    @property
    def value(self) -> float:
        """The rate; 0 if there are no rows, as scikit-learn's `zero_division` is by default."""
        return self.hits / self.rows if self.rows else 0.0

    def interval(self) -> tuple[float, float]:
        """Return the exact 95 % interval."""
        return clopper_pearson(self.hits, self.rows, 0.95)


class ClassCounts(NamedTuple):
    """Counts of one class: correct predictions, predictions and labels."""

    name: str
    right: int
    predicted: int
    true: int

    @property
    def precision(self) -> Fraction:
        """Correct predictions among those of the class."""
        return Fraction(self.right, self.predicted)

    @property
    def recall(self) -> Fraction:
        """Correct predictions among the labels of the class."""
        return Fraction(self.right, self.true)

    @property
    def jaccard(self) -> Fraction:
        """Correct predictions among the rows that have the class on either side."""
        return Fraction(self.right, self.predicted + self.true - self.right)


def f1_of(jaccard: float) -> float:
    """Return F1, ``2 tp / (2 tp + fp + fn)``, of a Jaccard index, ``tp / (tp + fp + fn)``.

    F1 rises with the Jaccard index, which is a binomial rate, so that the exact interval of one is
    that of the other.

    >>> f1_of(0.5)
    0.6666666666666666
    """
    return 2 * jaccard / (1 + jaccard)


def class_counts(pairs: ClassPairs) -> list[ClassCounts]:
    """Return the counts of each class that rows have on either side, by name.

    >>> class_counts({("no", "no"): 90, ("no", "yes"): 5, ("yes", "yes"): 5})[1]
    ClassCounts(name='yes', right=5, predicted=5, true=10)
    """
    right: Counter[str] = Counter()
    predicted: Counter[str] = Counter()
    true: Counter[str] = Counter()
    for (prediction, label), count in pairs.items():
        predicted[prediction] += count
        true[label] += count
        right[label] += count * (prediction == label)
    names = sorted({name for name, count in (predicted + true).items() if count})
    return [ClassCounts(name, right[name], predicted[name], true[name]) for name in names]


def class_metrics(pairs: ClassPairs) -> list[Metric]:
    """Return the metrics of each class and their means; none without rows.

    `precision`, `recall` and `f1` have the segment `class=NAME` and an exact interval (Clopper &
    Pearson, 1934). `precision_macro` and `recall_macro` are means over all classes,
    `balanced_accuracy` is the mean recall of the classes among the labels, and `f1_weighted` the
    mean F1 weighted by labels. All are equal to scikit-learn's. The intervals of the means are
    combined from those of the classes.
    """
    classes = class_counts(pairs)
    if not classes:
        return []
    n = sum(pairs.values())
    labelled = [own for own in classes if own.true]
    means = [
        _mean("precision_macro", n, [own.precision for own in classes]),
        _mean("recall_macro", n, [own.recall for own in classes]),
        _mean("balanced_accuracy", n, [own.recall for own in labelled]),
        _weighted_f1(pairs, n, labelled),
    ]
    if len(classes) > MAX_CLASSES:
        return means
    return [*means, *(metric for own in classes for metric in _of_class(own))]


def _of_class(own: ClassCounts) -> Iterable[Metric]:
    segment = f"class={own.name}"
    yield _rate("precision", segment, own.precision, own)
    yield _rate("recall", segment, own.recall, own)
    low, high = own.jaccard.interval()
    yield _with_interval("f1", segment, f1_of(own.jaccard.value), f1_of(low), f1_of(high), own)


def _rate(name: str, segment: str, rate: Fraction, own: ClassCounts) -> Metric:
    return _with_interval(name, segment, rate.value, *rate.interval(), own)


def _with_interval(
    name: str, segment: str, value: float, low: float, high: float, own: ClassCounts
) -> Metric:
    """Return a metric of one class; without an interval if the class has too few rows."""
    population = {"precision": own.predicted, "recall": own.true}.get(name, own.jaccard.rows)
    if population < FEWEST_OF_CLASS:
        few = FewOfClass(own.name, population)
        return Metric(metric=name, segment=segment, rows=population, value=value, evidence=few)
    return Metric(metric=name, segment=segment, rows=population, value=value, low=low, high=high)


def _mean(name: str, rows: int, rates: Sequence[Fraction]) -> Metric:
    weights = [1 / len(rates)] * len(rates)
    parts = [(rate.value, *rate.interval(), rate.rows) for rate in rates]
    return _combined(name, rows, weights, parts)


def f1_interval(
    pairs: ClassPairs, weights: Mapping[str, float], *, by_labels: bool
) -> tuple[float, float]:
    """Return the 95 % interval of a weighted mean of the classes' F1.

    F1 of different classes share rows, so the variance is that of the delta method for multinomial
    counts (Takahashi et al., 2022, for macro F1), at least that of half a row. The ends are taken
    on the scale of log odds, which keeps them between 0 and 1. With a class of fewer than 30 rows
    its normal approximation fails, and the ends are the means of the classes' exact ends, which
    holds whatever their correlation.

    Args:
        weights: by class, 1 in total.
        by_labels: whether the weights are the classes' fractions of the labels, which vary, too.
    """
    n = sum(pairs.values())
    known = {own.name: own for own in class_counts(pairs)}
    if min(min(known[name].true, known[name].predicted) for name in weights) < _FEW_FOR_DELTA:
        ends = {name: known[name].jaccard.interval() for name in weights}
        low, high = (
            sum(weights[name] * f1_of(ends[name][side]) for name in weights) for side in (0, 1)
        )
        return low, high
    scores = {name: f1_of(own.jaccard.value) for name, own in known.items()}
    value = sum(weights[name] * scores[name] for name in weights)
    total = square = 0.0
    for (predicted, true), count in pairs.items():
        slope = (scores[true] - value) / n if by_labels else 0.0
        for name in {predicted, true} & weights.keys():
            own = known[name]
            gain = 2 * (predicted == true) - scores[name] * ((predicted == name) + (true == name))
            slope += weights[name] * gain / (own.predicted + own.true)
        total += count * slope
        square += count * slope**2
    error = math.sqrt(max(square - total**2 / n, (0.5 / n) ** 2))
    return _on_log_odds(value, error, n)


def _on_log_odds(value: float, error: float, rows: int) -> tuple[float, float]:
    """Return a 95 % interval of a score from 0 to 1; at 0 or 1 it is the exact one of a rate."""
    if not 0 < value < 1:
        return clopper_pearson(round(value) * rows, rows, 0.95)
    middle = math.log(value / (1 - value))
    half = NORMAL_95 * error / (value * (1 - value))
    return float(scipy.special.expit(middle - half)), float(scipy.special.expit(middle + half))


def _weighted_f1(pairs: ClassPairs, rows: int, classes: Sequence[ClassCounts]) -> Metric:
    weights = {own.name: own.true / rows for own in classes}
    value = sum(weights[own.name] * f1_of(own.jaccard.value) for own in classes)
    if min(own.jaccard.rows for own in classes) < FEWEST_OF_CLASS:
        return Metric(metric="f1_weighted", rows=rows, value=value)
    low, high = f1_interval(pairs, weights, by_labels=True)
    return Metric(metric="f1_weighted", rows=rows, value=value, low=low, high=high)


def _combined(
    name: str,
    rows: int,
    weights: Sequence[float],
    parts: Sequence[tuple[float, float, float, int]],
) -> Metric:
    """Return a weighted mean of (value, low, high, rows), with its interval.

    The distances of the ends are the roots of the sums of squared distances of the parts (MOVER;
    Zou & Donner, 2008), which are independent for precision and recall.
    """
    value = sum(weight * part[0] for weight, part in zip(weights, parts, strict=True))
    if min(part[3] for part in parts) < FEWEST_OF_CLASS:
        return Metric(metric=name, rows=rows, value=value)
    down = math.hypot(
        *(w * (own - low) for w, (own, low, _, _) in zip(weights, parts, strict=True))
    )
    up = math.hypot(
        *(w * (high - own) for w, (own, _, high, _) in zip(weights, parts, strict=True))
    )
    return Metric(
        metric=name, rows=rows, value=value, low=max(0.0, value - down), high=min(1.0, value + up)
    )
