"""Selected, correct and wrong rows, from predictions and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from modeltap.analysis.model.baseline import (
    Baseline,
    Task,
    infer_task,
    is_unknown,
)
from modeltap.analysis.performance.class_names import ClassNames
from modeltap.analysis.performance.evaluation import known_classes
from modeltap.analysis.performance.paired import KnownClasses, Paired, as_scores, pair_up
from modeltap.analysis.performance.positive_class import LabelForm, positive_classes
from modeltap.analysis.statistics.confusion import class_name
from modeltap.decoding.outputs import outputs_of

_NUMBERS = "predictions are numbers, of which none is selected"
_SEVERAL = "the model has several outputs"


@dataclass(frozen=True)
class Treatment:
    """The model's decisions about n rows; NaN where unknown, which is neither right nor wrong.

    Args:
        selected: (n,) 1 if the positive class is predicted, 0 if not.
        positive: (n,) 1 if the label is the positive class, 0 if not.
        wrong: (n,) 1 if the predicted class is not the label, 0 if it is.
        error: (n,) absolute errors of predicted numbers.
        problem: the reason why no row is known to be selected or not.
        task: whether predictions are classes or numbers; None if unknown.
    """

    selected: np.ndarray
    positive: np.ndarray
    wrong: np.ndarray
    error: np.ndarray
    problem: str | None = None
    task: Task | None = None


def decisions(
    predictions: Sequence[Any], form: LabelForm, task: Task | None, baseline: Baseline | None
) -> Treatment:
    """Return the selected rows, from n predictions alone.

    Args:
        baseline: the performance in the reference, which knows the classes.

    >>> decisions([0.9, None, 0.2], LabelForm(), None, None).selected.tolist()
    [1.0, nan, 0.0]
    >>> decisions(["a", "b", "c"], LabelForm(), None, None).problem
    'there are 3 classes; to compare one of them with the rest, set positive'
    """
    count = len(predictions)
    known = [place for place, value in enumerate(predictions) if not is_unknown(value)]
    values = [predictions[place] for place in known]
    if any(outputs_of(value) is not None for value in values):
        return _without(count, _SEVERAL)
    task = task or (None if baseline is None else baseline.task)
    classes = known_classes(baseline)
    scores = None if task == "regression" else as_scores(values, classes)
    if scores is not None:
        chosen: np.ndarray | str = scores >= form.decision_threshold
    elif (task or infer_task(values)) == "regression":
        return _without(count, _NUMBERS, "regression")
    else:
        chosen = _of_positive_class(values, form, classes)
    if isinstance(chosen, str):
        return _without(count, chosen, "classification")
    selected = np.full(count, np.nan)
    selected[known] = chosen
    empty = np.full(count, np.nan)
    return Treatment(selected, empty, empty, empty, task="classification")


def outcomes(
    predictions: Sequence[Any],
    labels: Sequence[Any],
    form: LabelForm,
    task: Task | None,
    baseline: Baseline | None,
) -> Treatment:
    """Return the selected, positive and wrong rows, or the errors, of rows with labels.

    >>> labelled = outcomes([1, 0, 1], [1, 1, None], LabelForm(), None, None)
    >>> labelled.wrong.tolist(), labelled.positive.tolist()
    ([0.0, 1.0, nan], [1.0, 1.0, nan])
    """
    count = len(predictions)
    values = [value for value in predictions if not is_unknown(value)]
    if any(outputs_of(value) is not None for value in values):
        return _without(count, _SEVERAL)
    task = task or (None if baseline is None else baseline.task)
    paired = pair_up(predictions, labels, task, form, known_classes(baseline))
    if paired.mismatch is not None:
        return _without(count, paired.mismatch.reason, paired.task)
    if paired.task == "regression":
        error = _spread(np.abs(paired.predictions - paired.labels), paired, count)
        empty = np.full(count, np.nan)
        return Treatment(empty, empty, empty, error, _NUMBERS, "regression")
    return _of_classes(paired, count, form, known_classes(baseline))


def _of_classes(
    paired: Paired, count: int, form: LabelForm, known: KnownClasses | None
) -> Treatment:
    predicted, true = paired.predictions.tolist(), paired.labels.tolist()
    wrong = _spread(np.array([p != t for p, t in zip(predicted, true, strict=True)]), paired, count)
    empty = np.full(count, np.nan)
    if paired.scores is not None:
        chosen = paired.scores >= form.decision_threshold
        selected, positive = chosen, paired.positive
    else:
        before = () if known is None else map(paired.names, known.true | known.predicted)
        names = {*predicted, *true, *before}
        yes = positive_names(names, form)
        if isinstance(yes, str):
            return Treatment(empty, empty, wrong, empty, yes, "classification")
        selected, positive = (np.array([n in yes for n in side]) for side in (predicted, true))
    return Treatment(
        _spread(selected, paired, count),
        _spread(positive, paired, count),
        wrong,
        empty,
        task="classification",
    )


def positive_names(classes: set[str], form: LabelForm) -> set[str] | str:
    """Return the classes that are the positive one, or the reason why it is unknown.

    >>> sorted(positive_names({"true", "false"}, LabelForm()))
    ['true']
    >>> positive_names({">50K", "<=50K"}, LabelForm())
    'it is unknown which of two classes is the positive one; set positive'
    """
    yes = positive_classes(classes, classes, form.positive)
    if not isinstance(yes, str):
        return set(yes)
    if form.positive is not None:
        return f"no prediction or label has the value of the setting positive = {form.positive!r}"
    if len(classes) == 2:
        return "it is unknown which of two classes is the positive one; set positive"
    if len(classes) == 1:
        return "there is one class, and it is unknown whether it is the positive one; set positive"
    return f"there are {len(classes)} classes; to compare one of them with the rest, set positive"


def _of_positive_class(
    values: list[Any], form: LabelForm, known: KnownClasses | None
) -> np.ndarray | str:
    """Return (n,) whether the predicted class is the positive one, or why that is unknown."""
    before = set() if known is None else {*known.true, *known.predicted}
    own = list(map(class_name, values))
    names = ClassNames(before, own)
    yes = positive_names({*map(names, own), *map(names, before)}, form)
    return yes if isinstance(yes, str) else np.array([names(name) in yes for name in own])


def _spread(values: np.ndarray, paired: Paired, count: int) -> np.ndarray:
    """Return (count,) values of all rows, NaN for those that are not paired."""
    spread = np.full(count, np.nan)
    spread[paired.places] = values
    return spread


def _without(count: int, problem: str, task: Task | None = None) -> Treatment:
    empty = np.full(count, np.nan)
    return Treatment(empty, empty, empty, empty, problem, task)
