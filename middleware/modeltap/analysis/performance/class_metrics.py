"""Precision, recall and F1 of each class, and their means, with exact intervals."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import scipy

from modeltap.analysis.model.metric import NORMAL_95, Evidence, Metric
from modeltap.analysis.statistics.confusion import ClassPairs, members
from modeltap.analysis.statistics.rates import clopper_pearson

FEWEST_OF_CLASS = 5
"""With fewer rows of a class, an interval would hold almost any value."""

_FEW_FOR_DELTA = 30
"""Rows of a class from which the variance of its F1 is nearly that of a normal variable."""

_FEW_CLASSES = 5
"""Classes whose confusion matrix is stored with its zeros: twenty-five rows."""

MAX_CLASSES = 20
"""With more classes, a table of pairs has more cells than rows, and only means describe it."""


class FewOfClass(Evidence, frozen=True):
    """The class that has too few rows for an interval."""

    name: str
    rows: int


def few_of_class(rows: Mapping[str, int]) -> FewOfClass | None:
    """Return the class with the fewest rows if these are too few for an interval."""
    name = min(rows, key=rows.__getitem__)
    return FewOfClass(name, rows[name]) if rows[name] < FEWEST_OF_CLASS else None


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


def class_counts(pairs: ClassPairs, known: Collection[str] = ()) -> list[ClassCounts]:
    """Return the counts of each class that rows have on either side, and of those known, by name.

    If classes are sets of labels, those of each label.

    >>> class_counts({("no", "no"): 90, ("no", "yes"): 5, ("yes", "yes"): 5})[1]
    ClassCounts(name='yes', right=5, predicted=5, true=10)
    """
    right: Counter[str] = Counter()
    predicted: Counter[str] = Counter()
    true: Counter[str] = Counter()
    for (prediction, label), count in pairs.items():
        for name in members(prediction):
            predicted[name] += count
        for name in members(label):
            true[name] += count
            right[name] += count * (name in members(prediction))
    before = (name for own in known for name in members(own))
    names = sorted({*before, *(name for name, count in (predicted + true).items() if count)})
    return [ClassCounts(name, right[name], predicted[name], true[name]) for name in names]


def class_metrics(pairs: ClassPairs, known: Collection[str] = ()) -> list[Metric]:
    """Return the metrics of each class, their means and the confusion matrix; none without rows.

    `precision`, `recall` and `f1` have the segment `class=NAME` and an exact interval (Clopper &
    Pearson, 1934). `precision_macro` and `recall_macro` are means over all classes,
    `balanced_accuracy` is the mean recall of the classes among the labels, and `f1_weighted` the
    mean F1 weighted by labels. All are equal to scikit-learn's. The intervals of the means are
    combined from those of the classes.

    Args:
        known: the classes of the reference. Of those, a window may have no rows; its means are
            those of the others, without an interval.
    """
    classes = class_counts(pairs)
    if not classes:
        return []
    n = sum(pairs.values())
    labelled = [own for own in classes if own.true]
    absent = few_of_class({own.name: own.jaccard.rows for own in class_counts(pairs, known)})
    means = [
        _mean("precision_macro", n, {own.name: own.precision for own in classes}, absent),
        _mean("recall_macro", n, {own.name: own.recall for own in classes}, absent),
        _mean("balanced_accuracy", n, {own.name: own.recall for own in labelled}, absent),
        _weighted_f1(pairs, n, labelled),
    ]
    if len(classes) > MAX_CLASSES:
        return means
    each = (metric for own in classes for metric in _of_class(own))
    return [*means, *each, *confusion_cells(pairs, known)]


def confusion_cells(pairs: ClassPairs, known: Collection[str] = ()) -> list[Metric]:
    """Return `confusion_rate`, the fraction of rows of each pair of true and predicted class.

    The segment is `label=NAME,predicted=NAME`. With more than five classes, pairs that no row has
    are left out.

    >>> [(own.segment, own.count) for own in confusion_cells({("no", "yes"): 5})][1:3]
    [('label=no,predicted=yes', 0), ('label=yes,predicted=no', 5)]
    """
    n = sum(pairs.values())
    names = sorted({*known, *(name for pair in pairs for name in pair)})
    counts = {
        (true, predicted): pairs.get((predicted, true), 0) for true in names for predicted in names
    }
    whole = len(names) <= _FEW_CLASSES
    cells = [(*pair, count) for pair, count in counts.items() if count or whole]
    return [
        Metric(
            metric="confusion_rate",
            segment=f"label={true},predicted={predicted}",
            rows=n,
            count=count,
            value=count / n,
            low=interval[0],
            high=interval[1],
        )
        for true, predicted, count in cells
        for interval in [clopper_pearson(count, n, 0.95)]
    ]


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


def _mean(name: str, rows: int, rates: Mapping[str, Fraction], absent: FewOfClass | None) -> Metric:
    """Return the mean of the classes' rates, with its interval.

    The distances of its ends are the roots of the sums of squared distances of the parts (MOVER;
    Zou & Donner, 2008), which are independent for precision and recall.
    """
    value = sum(rate.value for rate in rates.values()) / len(rates)
    few = few_of_class({own: rate.rows for own, rate in rates.items()}) or absent
    if few is not None:
        return Metric(metric=name, rows=rows, value=value, evidence=few)
    ends = [(rate.value, *rate.interval()) for rate in rates.values()]
    down = math.hypot(*(own - low for own, low, _ in ends)) / len(ends)
    up = math.hypot(*(high - own for own, _, high in ends)) / len(ends)
    return Metric(
        metric=name, rows=rows, value=value, low=max(0.0, value - down), high=min(1.0, value + up)
    )


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
    few = min(min(known[name].true, known[name].predicted) for name in weights) < _FEW_FOR_DELTA
    if few or any(members(name) != {name} for pair in pairs for name in pair):
        ends = {name: known[name].jaccard.interval() for name in weights}
        low, high = (
            sum(weights[name] * f1_of(ends[name][side]) for name in weights) for side in (0, 1)
        )
        more = _error_of_weights(known, n) if by_labels else 0.0
        return max(0.0, low - more), min(1.0, high + more)
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


def _error_of_weights(classes: Mapping[str, ClassCounts], rows: int) -> float:
    """Return how far a mean F1 may be off because its weights are fractions of n labels."""
    scores = [(own.true / rows, f1_of(own.jaccard.value)) for own in classes.values()]
    mean = sum(weight * score for weight, score in scores)
    variance = sum(weight * (score - mean) ** 2 for weight, score in scores)
    return NORMAL_95 * math.sqrt(variance / rows)


def _on_log_odds(value: float, error: float, rows: int) -> tuple[float, float]:
    """Return a 95 % interval of a score from 0 to 1; at 0 or 1 it is the exact one of a rate."""
    if not 0 < value < 1:
        return clopper_pearson(round(value) * rows, rows, 0.95)
    middle = math.log(value / (1 - value))
    half = NORMAL_95 * error / (value * (1 - value))
    return float(scipy.special.expit(middle - half)), float(scipy.special.expit(middle + half))


def _weighted_f1(pairs: ClassPairs, rows: int, classes: Sequence[ClassCounts]) -> Metric:
    labels = sum(own.true for own in classes)
    weights = {own.name: own.true / labels for own in classes}
    value = sum(weights[own.name] * f1_of(own.jaccard.value) for own in classes)
    few = few_of_class({own.name: own.jaccard.rows for own in classes})
    if few is not None:
        return Metric(metric="f1_weighted", rows=rows, value=value, evidence=few)
    low, high = f1_interval(pairs, weights, by_labels=True)
    return Metric(metric="f1_weighted", rows=rows, value=value, low=low, high=high)
