"""Predictions and labels in one form: classes, scores against two classes, or numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from modeltap.analysis.inference.value_lists import all_known, are_probabilities, numbers_of
from modeltap.analysis.model.baseline import (
    Task,
    infer_task,
    is_unknown,
    listed,
    number_of,
)
from modeltap.analysis.model.metric import Evidence
from modeltap.analysis.performance.class_names import ClassNames, boolean_of
from modeltap.analysis.performance.positive_class import (
    DEFAULT_FORM,
    LabelForm,
    positive_classes,
    two_names,
)
from modeltap.analysis.statistics.confusion import class_names
from modeltap.errors import InputError

_LARGEST = 1e150
"""The square of a larger number is infinite, and so large a value is not a measurement."""

_READABLE = 0.5
"""If fewer pairs than this fraction are numbers, the rest are not stray values but another form."""

_LONGEST_QUOTE = 60
"""Characters: a longer value is a document, and does not show its form."""

_SHARED = 0.05
"""With a smaller fraction of classes that the other side knows, the two sides name different
things."""

_MANY = 10
"""More distinct whole numbers are not classes that can be compared with yes or no."""

_CODE = re.compile(r"-?\d+")


class Mismatch(Evidence, frozen=True):
    """One value of each side that cannot be compared, and the reason."""

    prediction: str
    label: str
    reason: str


@dataclass(frozen=True)
class KnownClasses:
    """The classes of the reference's labelled rows, and whether its predictions are scores."""

    predicted: frozenset[str] = frozenset()
    true: frozenset[str] = frozenset()
    scored: bool = False


@dataclass(frozen=True)
class Paired:
    """The n rows whose prediction and label are both known, in one form.

    Args:
        places: (n,) their positions among the given rows.
        task: the form that is compared: classes or numbers.
        predictions: (n,) names of classes, or numbers.
        labels: (n,) the same.
        names: the classes' names.
        scores: (n,) scores of the positive class; None if predictions are classes or numbers.
        positive: (n,) whether the label is the positive class; empty without scores.
        mismatch: the reason why they cannot be compared; None if they can.
        additional: whether the scores accompany the predictions, which are classes.
    """

    task: Task
    predictions: np.ndarray
    labels: np.ndarray
    places: np.ndarray
    names: ClassNames = field(default_factory=ClassNames)
    scores: np.ndarray | None = None
    positive: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    mismatch: Mismatch | None = None
    additional: bool = False

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.labels)

    def take(self, places: np.ndarray) -> Paired:
        """Return the rows at these places."""
        if self.scores is not None:
            scored = replace(self, scores=self.scores[places], positive=self.positive[places])
        else:
            scored = self
        return replace(
            scored,
            predictions=self.predictions[places],
            labels=self.labels[places],
            places=self.places[places],
        )


def pair_up(
    predictions: Sequence[Any],
    labels: Sequence[Any],
    task: Task | None = None,
    form: LabelForm = DEFAULT_FORM,
    known: KnownClasses | None = None,
) -> Paired:
    """Return the rows that have both values, in one form.

    Args:
        predictions: (n,) classes, scores or numbers; None where unknown.
        labels: (n,) true values; None where unknown.
        task: inferred from the values by default.
        known: the classes of the reference; None if there are none.

    Raises `InputError` unless both shapes are (n,).

    >>> pair_up([True, False, True], [1, 0, 0]).predictions.tolist()
    ['1', '0', '1']
    >>> pair_up([0.93, 0.1], [1, 0]).positive.tolist()
    [True, False]
    >>> pair_up([0.93, 0.1], ["cat", "dog"]).mismatch.label
    "'cat'"
    """
    known_rows = _known_rows(*pairs_of(predictions, labels))
    task = task or infer_task(known_rows.labels, known_rows.predictions)
    if task == "regression":
        return _numbers(known_rows)
    scores = as_scores(known_rows.predictions, known)
    if scores is None:
        return _classes(known_rows, known)
    return _scored(scores, known_rows, form, known)


class _Rows(NamedTuple):
    """Rows that have both values, and their positions."""

    predictions: list[Any]
    labels: list[Any]
    places: np.ndarray


def _known_rows(predictions: list[Any], labels: list[Any]) -> _Rows:
    if len(predictions) == len(labels) and all_known(predictions) and all_known(labels):
        return _Rows(predictions, labels, np.arange(len(labels)))
    pairs = enumerate(zip(predictions, labels, strict=True))
    places = [n for n, (p, label) in pairs if not (is_unknown(p) or is_unknown(label))]
    return _Rows(
        [predictions[n] for n in places],
        [labels[n] for n in places],
        np.array(places, dtype=np.int64),
    )


def pairs_of(predictions: Sequence[Any], labels: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Return both as lists of length n; raise `InputError` unless both are (n,)."""
    for name, values in (("predictions", predictions), ("labels", labels)):
        if isinstance(values, np.ndarray) and values.ndim != 1:
            raise InputError(f"{name} of shape {values.shape}; give one dimension, as (n,)")
    if len(predictions) != len(labels):
        raise InputError(
            f"{len(predictions)} predictions and {len(labels)} labels; give one label for each "
            "prediction"
        )
    return listed(predictions), listed(labels)


def _numbers(rows: _Rows) -> Paired:
    both = [numbers_of(side) for side in (rows.predictions, rows.labels)]
    unread = np.isnan(both[0]) | np.isnan(both[1])
    mismatch = None
    if len(unread) and unread.mean() > 1 - _READABLE:
        place = int(np.flatnonzero(unread)[0])
        mismatch = _mismatch(
            rows.predictions[place],
            rows.labels[place],
            "predictions and labels are not both numbers",
        )
    with np.errstate(invalid="ignore"):  # both may be infinite
        kept = np.abs(both[0] - both[1]) < _LARGEST
    if mismatch is not None:
        kept[:] = True
    return Paired("regression", both[0][kept], both[1][kept], rows.places[kept], mismatch=mismatch)


def as_scores(predictions: list[Any], known: KnownClasses | None) -> np.ndarray | None:
    """Return the predictions as scores; None if they are not scores.

    Zeros and ones alone are classes, unless the reference's predictions are scores.
    """
    scores = numbers_of(predictions)
    if not len(scores) or not are_probabilities(scores).all():
        return None
    scores = np.clip(scores, 0.0, 1.0)
    between = (scores > 0) & (scores < 1)
    return scores if between.any() or (known is not None and known.scored) else None


def _scored(scores: np.ndarray, rows: _Rows, form: LabelForm, known: KnownClasses | None) -> Paired:
    """Return scores with classes at the decision threshold, and the positive labels."""
    true = class_names(rows.labels)
    before = known or KnownClasses()
    positives = positive_classes(set(true), set(true) | before.true, form.positive)
    if isinstance(positives, str):
        return _incomparable(rows, positives)
    yes, no = two_names({*true, *before.true}, positives, form.positive)
    names = ClassNames((yes, no), before.true, before.predicted)
    positive = np.array([name in positives for name in true])

    def named(is_positive: np.ndarray) -> np.ndarray:
        return np.where(is_positive, names(yes), names(no)).astype(object)

    predicted = named(scores >= form.decision_threshold)
    return Paired(
        "classification", predicted, named(positive), rows.places, names, scores, positive
    )


def _classes(rows: _Rows, known: KnownClasses | None) -> Paired:
    predicted, true = class_names(rows.predictions), class_names(rows.labels)
    before = known or KnownClasses()
    names = ClassNames(true, predicted, before.true, before.predicted)
    shared = {name: names(name) for name in {*predicted, *true}}
    predicted, true = [shared[name] for name in predicted], [shared[name] for name in true]
    learnt = {names(name) for name in (*before.true, *before.predicted)}
    if known is None or learnt:
        reason = _difference(predicted, true, learnt)
        if reason is not None:
            return _incomparable(rows, reason, predicted, true)
    return Paired("classification", _objects(predicted), _objects(true), rows.places, names)


def _difference(predicted: list[str], true: list[str], learnt: set[str]) -> str | None:
    """Return why classes cannot be compared; None if they can."""
    here, there = set(predicted), set(true)
    if here == there or here | there <= learnt:
        return None
    if len(here) > _MANY and all(map(boolean_of, there)) and _are_numbers(here):
        return "predictions are not between 0 and 1"
    shared = min(_fraction(true, here | learnt), _fraction(predicted, there | learnt))
    if shared < _SHARED:
        return "predictions and labels have hardly any value in common"
    if len(here) == len(there) == 2 and all(map(_CODE.fullmatch, here | there)):
        return "predictions and labels have different classes"
    return None


def _are_numbers(names: Iterable[str]) -> bool:
    return not any(map(math.isnan, map(number_of, names)))


def _fraction(names: list[str], known: set[str]) -> float:
    return sum(name in known for name in names) / len(names) if names else 1.0


def _incomparable(
    rows: _Rows, reason: str, predicted: Sequence[str] = (), true: Sequence[str] = ()
) -> Paired:
    """Return rows that are not compared, with a value of each side that the other does not have."""
    mismatch = _mismatch(
        _example(rows.predictions, predicted, true),
        _example(rows.labels, true, predicted),
        reason,
    )
    return Paired(
        "classification",
        _objects(rows.predictions),
        _objects(rows.labels),
        rows.places,
        mismatch=mismatch,
    )


def _example(values: list[Any], names: Sequence[str], others: Sequence[str]) -> Any:
    other = set(others)
    own = (value for value, name in zip(values, names, strict=False) if name not in other)
    return next(own, values[0])


def _mismatch(prediction: Any, label: Any, reason: str) -> Mismatch:
    return Mismatch(quoted(prediction), quoted(label), reason)


def quoted(value: Any) -> str:
    """Return a value as an example in a sentence; of a long text, only its length."""
    if isinstance(value, str) and len(value) > _LONGEST_QUOTE:
        return f"a text of {len(value):,} characters"
    return repr(value)


def _objects(values: Sequence[Any]) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array
