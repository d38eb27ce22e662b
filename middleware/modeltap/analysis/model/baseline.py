"""The model's performance in the reference: what a window's is compared with."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
from functools import reduce
from typing import Any, Literal

import msgspec
import numpy as np
from msgspec.structs import replace

from modeltap.analysis.model.moments import Moments, RocArea, pooled

Task = Literal["classification", "regression"]

_DAY = 24
"""Hours."""

_MAX_CLASSES = 10
"""More different whole numbers are a quantity: ten digits are the largest usual set of codes."""

ROUNDING = 1e-6
"""How far beyond 0 and 1 a sum of single-precision probabilities may be."""

_CODE = re.compile(r"[+-]?0\d")
"""A number does not begin with a zero and another digit: codes do."""


class ScoreBaseline(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How well the reference's scores rank its labels, and how far they are from them.

    `area` is that under the ROC curve, None where all labels are of one class; `brier` has the
    moments of the squared gaps. `usual_loss` and `usual_brier_loss` are how much worse one of its
    own windows was than the whole, beyond chance. `beside` is whether the scores came beside the
    predictions, which are classes.
    """

    area: RocArea | None
    brier: Moments
    usual_loss: float = 0.0
    usual_brier_loss: float = 0.0
    beside: bool = False


class Baseline(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Sums over the labelled rows of the reference."""

    task: Task
    rows: int
    mean: float
    """Mean absolute error, or accuracy."""
    variance: float
    """Of the absolute error."""
    bias: float = 0.0
    """Mean of prediction minus label."""
    third: float = 0.0
    """The absolute error's third central moment: its skewness, not yet divided."""
    pairs: tuple[tuple[str, str, int], ...] = ()
    """How many rows have each predicted and true class; of many classes none is kept."""
    hours: dict[int, Baseline] = {}
    """By hour of the day (UTC), where the hours differ: without hours of its own."""
    usual_loss: float = 0.0
    """How much worse one of its own windows was than the rest, beyond chance."""
    usual_f1_loss: float = 0.0
    """The same of the macro F1 score."""
    scores: ScoreBaseline | None = None
    """Of scores against two classes, over all hours; None where predictions are classes."""
    newest_label: int = 0
    """The last label (its `seq`) that was known when it was learnt."""
    complete: bool = False
    """Whether no more labels of its rows are awaited."""

    @property
    def moments(self) -> Moments:
        """The moments of the absolute error, or of being right."""
        ratio = (self.rows - 1) / self.rows if self.task == "regression" else 1.0
        return Moments(self.rows, self.mean, self.variance * ratio, self.third)

    @property
    def counts(self) -> dict[tuple[str, str], int]:
        """Rows by predicted and true class."""
        return {(predicted, true): count for predicted, true, count in self.pairs}

    def at(self, hours: Collection[int], least: int) -> Baseline:
        """Return the record in these hours of the day, with their neighbours until `least` rows.

        The whole one where the hours do not differ, or a window spans a day.
        """
        if not self.hours or not hours or len(hours) >= _DAY:
            return self
        for reach in range(_DAY // 2):
            near = {(hour + step) % _DAY for hour in hours for step in range(-reach, reach + 1)}
            parts = [self.hours[hour] for hour in sorted(near & self.hours.keys())]
            if sum(part.rows for part in parts) >= least:
                found = pooled_baseline(parts)
                return replace(
                    found,
                    usual_loss=self.usual_loss,
                    usual_f1_loss=self.usual_f1_loss,
                    scores=self.scores,
                )
        return self


def pooled_baseline(parts: Sequence[Baseline]) -> Baseline:
    """Return the record of the rows of all parts, of which there is one at least."""
    moments = reduce(pooled, (part.moments for part in parts))
    pairs: Counter[tuple[str, str]] = Counter()
    for part in parts:
        pairs.update(part.counts)
    rows, regression = moments.rows, parts[0].task == "regression"
    return Baseline(
        task=parts[0].task,
        rows=rows,
        mean=moments.mean,
        variance=moments.second * (rows / (rows - 1) if regression and rows > 1 else 1.0),
        bias=sum(part.rows * part.bias for part in parts) / rows,
        third=moments.third,
        pairs=tuple((*pair, count) for pair, count in sorted(pairs.items())),
    )


def infer_task(labels: Sequence[Any], predictions: Sequence[Any] = ()) -> Task:
    """Return the model's task: labels that are texts, or few whole numbers, are classes.

    Unless a prediction can be neither a class nor a probability: a handful of minutes are few
    whole numbers, too. Numbers that one side writes as texts are numbers.

    >>> infer_task([1.5, 2.25, 3.0]), infer_task(["yes", "no"]), infer_task([0, 1, 1, 0])
    ('regression', 'classification', 'classification')
    >>> infer_task([227, 131], [220.4, 140.9]), infer_task([0, 1], [0.2, 0.9])
    ('regression', 'classification')
    >>> infer_task(["227", "131"], [220.4, 140.9]), infer_task([0, 1], [93.5, 12.25])
    ('regression', 'classification')
    """
    outputs = [one for one in listed(predictions) if not is_unknown(one)]
    known = _as_numbers([label for label in listed(labels) if not is_unknown(label)], outputs)
    if not all(type(label) in (int, float) for label in known):
        return "classification"
    whole = all(type(label) is int or label.is_integer() for label in known)
    if not whole or len(set(known)) > _MAX_CLASSES:
        return "regression"
    if {0, 1}.issuperset(known) and sum(map(_is_beyond, outputs)) > len(outputs) / 2:
        return "classification"  # yes or no, and scores that are no probabilities
    return "regression" if any(map(_is_quantity, outputs)) else "classification"


def _as_numbers(labels: list[Any], predictions: list[Any]) -> list[Any]:
    """Return labels that are texts of numbers as these, where all predictions are numbers."""
    if not all(type(one) in (int, float) for one in predictions) or not predictions:
        return labels
    if not all(type(label) is str for label in labels):
        return labels
    numbers = [math.nan if _CODE.match(label.strip()) else number_of(label) for label in labels]
    return labels if any(map(math.isnan, numbers)) else numbers


def number_of(value: Any) -> float:
    """Return a number, or a text that is one; NaN for anything else.

    >>> number_of("12.5"), number_of(True), number_of("1_000")
    (12.5, nan, nan)
    """
    if value is None or isinstance(value, bool) or (isinstance(value, str) and "_" in value):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _is_quantity(prediction: Any) -> bool:
    """Say whether a prediction can be neither a class nor a probability."""
    if type(prediction) is str and "." in prediction:
        prediction = number_of(prediction)
    return type(prediction) is float and not prediction.is_integer() and _is_beyond(prediction)


def _is_beyond(prediction: Any) -> bool:
    """Say whether a prediction is a number, and not from 0 to 1."""
    value = number_of(prediction)
    return math.isfinite(value) and not -ROUNDING <= value <= 1 + ROUNDING


def listed(values: Sequence[Any]) -> list[Any]:
    """Return labels or predictions as a list of Python's own values."""
    return values.tolist() if isinstance(values, np.ndarray) else list(values)


def is_unknown(value: Any) -> bool:
    """Say whether a label or prediction is absent: None or NaN of any float type."""
    return value is None or (isinstance(value, float) and math.isnan(value))
