"""The model's performance and its treatment of groups in the reference."""

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

from modeltap.analysis.model.calibration import Calibration
from modeltap.analysis.model.moments import Moments, RocArea, pooled

Task = Literal["classification", "regression"]

_DAY = 24
"""Hours."""

_MAX_CLASSES = 10
"""More distinct whole numbers are a quantity: ten digits are the largest common set of codes."""

_STRAY = 0.1
"""The largest fraction of labels of a quantity that are texts, such as "cancelled"."""

ROUNDING = 1e-6
"""The distance beyond 0 and 1 that a sum of single-precision probabilities may have."""

_CODE = re.compile(r"[+-]?0\d")
"""A code may begin with a zero and another digit; a number does not."""


class ScoreBaseline(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The ranking and the distance of the reference's scores relative to its labels.

    `area` is that under the ROC curve, None if all labels are of one class; `brier` has the moments
    of the squared gaps. `baseline_loss` and `baseline_brier_loss` are how much worse one of its own
    windows was than all of it, beyond chance. `additional` is True if the scores came with
    predictions that are classes. `calibration` is None if it is not learnt: it takes rows of both
    classes.
    """

    area: RocArea | None
    brier: Moments
    baseline_loss: float = 0.0
    baseline_brier_loss: float = 0.0
    additional: bool = False
    calibration: Calibration | None = None


class Baseline(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Sums over the labelled rows of the reference."""

    task: Task
    rows: int
    mean: float
    """Mean absolute error, or accuracy."""
    variance: float
    """The variance of the absolute error."""
    bias: float = 0.0
    """Mean of prediction minus label."""
    third: float = 0.0
    """The absolute error's third central moment: its skewness before the division."""
    pairs: tuple[tuple[str, str, int], ...] = ()
    """The number of rows by predicted and true class; empty if there are many classes."""
    hours: dict[int, Baseline] = {}
    """Baselines by hour of the day (UTC) if the hours differ, without hours of their own."""
    baseline_loss: float = 0.0
    """The largest loss of one of its own windows relative to the rest, beyond chance."""
    baseline_f1_loss: float = 0.0
    """The same for the macro F1 score."""
    scores: ScoreBaseline | None = None
    """The scores against two classes, over all hours; None if predictions are classes."""
    confidence: Calibration | None = None
    """How often predictions were right by the score of the predicted one of several classes."""
    newest_label: int = 0
    """The last label (its `seq`) that was known when the baseline was learnt."""
    complete: bool = False
    """True if no more labels of its rows are expected."""

    @property
    def moments(self) -> Moments:
        """The moments of the absolute error, or of correctness."""
        ratio = (self.rows - 1) / self.rows if self.task == "regression" else 1.0
        return Moments(self.rows, self.mean, self.variance * ratio, self.third)

    @property
    def counts(self) -> dict[tuple[str, str], int]:
        """Rows by predicted and true class."""
        return {(predicted, true): count for predicted, true, count in self.pairs}

    def at(self, hours: Collection[int], least: int) -> Baseline:
        """Return the baseline of these hours of the day, with neighbouring hours up to `least`
        rows.

        The whole baseline if the hours do not differ, or if a window spans a day.
        """
        if not self.hours or not hours or len(hours) >= _DAY:
            return self
        for reach in range(_DAY // 2):
            near = {(hour + step) % _DAY for hour in hours for step in range(-reach, reach + 1)}
            parts = [self.hours[hour] for hour in sorted(near & self.hours.keys())]
            if sum(part.rows for part in parts) >= least:
                pooled_hours = pooled_baseline(parts)
                return replace(
                    pooled_hours,
                    baseline_loss=self.baseline_loss,
                    baseline_f1_loss=self.baseline_f1_loss,
                    scores=self.scores,
                )
        return self


class GroupBaseline(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Rates by group in the reference's rows, without the groups that are too small."""

    key: str
    """A hash of the settings that define groups and rates; others make it invalid."""
    rates: dict[str, dict[str, dict[str, Moments]]]
    """By grouping, segment (`sex=Female`) and rate."""
    variation: dict[str, dict[str, float]] = {}
    """By grouping and rate, how much the gap of its own windows varies beyond chance."""
    newest_label: int = 0
    """The last label (its `seq`) that was known."""

    def names(self, grouping: str) -> set[str]:
        """Return the names of a grouping's groups.

        >>> rates = {"sex": {"sex=Female": {}, "sex=Male": {}}}
        >>> sorted(GroupBaseline(key="", rates=rates).names("sex"))
        ['Female', 'Male']
        """
        return {segment.partition("=")[2] for segment in self.rates.get(grouping, {})}

    def of(self, grouping: str, rate: str) -> dict[str, Moments]:
        """Return a rate by segment; segments without enough rows for it are absent."""
        own = self.rates.get(grouping, {})
        return {segment: rates[rate] for segment, rates in own.items() if rate in rates}


def pooled_baseline(parts: Sequence[Baseline]) -> Baseline:
    """Return the baseline of the rows of one or more parts."""
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

    Predictions that can be neither classes nor probabilities override this: a handful of minutes
    are also few whole numbers. Numbers in texts are numbers if the predictions are, also next to a
    few labels such as "cancelled".

    >>> infer_task([1.5, 2.25, 3.0]), infer_task(["yes", "no"]), infer_task([0, 1, 1, 0])
    ('regression', 'classification', 'classification')
    >>> infer_task([227, 131], [220.4, 140.9]), infer_task([0, 1], [0.2, 0.9])
    ('regression', 'classification')
    >>> infer_task(["227", "131"], [220.4, 140.9]), infer_task([0, 1], [93.5, 12.25])
    ('regression', 'classification')
    """
    counts = _known_counts(predictions)
    outputs = [output for output, _ in counts]
    labelled = _known_counts(labels)
    known = _as_numbers([label for label, _ in labelled], outputs)
    numbers = [label for label in known if type(label) in (int, float)]
    if len(numbers) < len(known):
        counted = zip(known, labelled, strict=True)
        strays = sum(count for label, (_, count) in counted if type(label) not in (int, float))
        rows = sum(count for _, count in labelled)
        if strays > _STRAY * rows or not any(map(_is_quantity, outputs)):
            return "classification"
        known = numbers
    whole = all(type(label) is int or label.is_integer() for label in known)
    if not whole or len(set(known)) > _MAX_CLASSES:
        return "regression"
    beyond = sum(count for output, count in counts if _is_beyond(output))
    if {0, 1}.issuperset(known) and beyond > sum(count for _, count in counts) / 2:
        return "classification"  # yes or no, and scores outside 0 to 1
    return "regression" if any(map(_is_quantity, outputs)) else "classification"


def _known_counts(values: Sequence[Any]) -> list[tuple[Any, int]]:
    """Return each distinct known value with the number of its rows: a million rows have few."""
    rows = listed(values)
    try:
        counts = Counter(zip(map(type, rows), rows, strict=True))
    except TypeError:  # a list or an object
        return [(value, 1) for value in rows if not is_unknown(value)]
    return [(value, count) for (_, value), count in counts.items() if not is_unknown(value)]


def _as_numbers(labels: list[Any], predictions: list[Any]) -> list[Any]:
    """Return labels with those that are texts of numbers as numbers if predictions are numbers."""
    return list(map(_read, labels)) if _are_numbers(predictions) else labels


def _are_numbers(predictions: list[Any]) -> bool:
    """Return whether all distinct predictions are numbers, or texts of quantities."""
    if all(type(prediction) in (int, float) for prediction in predictions):
        return bool(predictions)
    numbers = [type(_read(prediction)) in (int, float) for prediction in predictions]
    return all(numbers) and len(numbers) > _MAX_CLASSES and any(map(_is_quantity, predictions))


def _read(value: Any) -> Any:
    """Return the number in a text that is not a code; any other value as it is."""
    if type(value) is not str or _CODE.match(value.strip()):
        return value
    own = number_of(value)
    return value if math.isnan(own) else own


def number_of(value: Any) -> float:
    """Return a number, or the number in a text; NaN for anything else.

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
    """Return whether a prediction can be neither a class nor a probability."""
    if type(prediction) is str and "." in prediction:
        prediction = number_of(prediction)
    return type(prediction) is float and not prediction.is_integer() and _is_beyond(prediction)


def _is_beyond(prediction: Any) -> bool:
    """Return whether a prediction is a number outside 0 to 1."""
    value = number_of(prediction)
    return math.isfinite(value) and not -ROUNDING <= value <= 1 + ROUNDING


def listed(values: Sequence[Any]) -> list[Any]:
    """Return labels or predictions as a list of plain Python values."""
    return values.tolist() if isinstance(values, np.ndarray) else list(values)


def is_unknown(value: Any) -> bool:
    """Return whether a label or prediction is absent: None, or NaN of any float type."""
    return value is None or (isinstance(value, float) and math.isnan(value))


class PassRate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Outputs that an evaluator evaluated, and those that passed.

    `excess` is how much more of them failed in the worst window than in all, beyond sampling.
    """

    rows: int
    passed: int
    excess: float = 0.0

    @property
    def failed(self) -> int:
        """The number of outputs that did not pass."""
        return self.rows - self.passed


class EvaluatorBaseline(msgspec.Struct, frozen=True, kw_only=True):
    """The pass rates of the reference by evaluator; `key` is a hash of the evaluators' settings."""

    key: str
    rates: dict[str, PassRate]
