"""The model's performance in the reference: what a window's is compared with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
import numpy as np

Task = Literal["classification", "regression"]

_MAX_CLASSES = 10
"""More different whole numbers are a quantity: ten digits are the largest usual set of codes."""


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over the labelled rows of the reference."""

    task: Task
    rows: int
    mean: float
    """Mean absolute error, or accuracy."""
    variance: float
    """Of the absolute error."""
    bias: float = 0.0
    """Mean of prediction minus label."""


def infer_task(labels: Sequence[Any], predictions: Sequence[Any] = ()) -> Task:
    """Return the model's task: labels that are texts, or few whole numbers, are classes.

    Unless a prediction can be neither a class nor a probability: a handful of minutes are few
    whole numbers, too.

    >>> infer_task([1.5, 2.25, 3.0]), infer_task(["yes", "no"]), infer_task([0, 1, 1, 0])
    ('regression', 'classification', 'classification')
    >>> infer_task([227, 131], [220.4, 140.9]), infer_task([0, 1], [0.2, 0.9])
    ('regression', 'classification')
    """
    known = [label for label in listed(labels) if not is_unknown(label)]
    if not all(type(label) in (int, float) for label in known):
        return "classification"
    whole = all(type(label) is int or label.is_integer() for label in known)
    if not whole or len(set(known)) > _MAX_CLASSES:
        return "regression"
    return "regression" if any(map(_is_quantity, listed(predictions))) else "classification"


def _is_quantity(prediction: Any) -> bool:
    """Say whether a prediction can be neither a class nor a probability."""
    if type(prediction) is not float or not math.isfinite(prediction):
        return False
    return not (prediction.is_integer() or 0 <= prediction <= 1)


def listed(values: Sequence[Any]) -> list[Any]:
    """Return labels or predictions as a list of Python's own values."""
    return values.tolist() if isinstance(values, np.ndarray) else list(values)


def is_unknown(value: Any) -> bool:
    """Say whether a label or prediction is absent: None or NaN of any float type."""
    return value is None or (isinstance(value, float) and math.isnan(value))
