"""The input and the output of a candidate's function: features as arrays, predictions by row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from modeltap.decoding.outputs import storable_output
from modeltap.errors import InputError
from modeltap.export.arrays import Rows, column_array

Predict = Callable[[Rows], Any]
"""A function of features, a dictionary of (n,) arrays, that returns n predictions."""

_LONGEST = 300
"""Characters of a function's own message."""

_SHOWN = 60
"""Characters of a wrong result that an error shows."""


class FunctionOutputs(NamedTuple):
    """The predictions of n rows, and their scores, None if there are none."""

    predictions: list[Any]
    scores: list[Any] | None = None


def feature_arrays(columns: Mapping[str, Sequence[Any]]) -> Rows:
    """Return columns of values as arrays; missing numbers are NaN, other missing values None.

    >>> feature_arrays({"x": [1, 2], "y": [0.5, None]})
    {'x': array([1, 2]), 'y': array([0.5, nan])}
    """
    return Rows({name: column_array(column) for name, column in columns.items()})


def outputs_from(predict: Predict, features: Rows, rows: int) -> FunctionOutputs:
    """Call a function; raise `InputError` if it raises or does not return `rows` predictions.

    >>> outputs_from(lambda features: features["x"] * 2.0, feature_arrays({"x": [1, 2]}), 2)
    FunctionOutputs(predictions=[2.0, 4.0], scores=None)
    """
    try:
        answer = predict(features)
    except (Exception, SystemExit) as error:
        text = " ".join(str(error).split())[:_LONGEST]
        raise InputError(f"raised {type(error).__name__}: {text}{_place(error)}") from error
    if isinstance(answer, Mapping):
        if "prediction" not in answer:
            names = ", ".join(map(repr, list(answer)[:5])) or "no key"
            raise InputError(f"returned a dictionary without 'prediction'; it has {names}")
        scores = answer.get("score")
        return FunctionOutputs(
            _values(answer["prediction"], rows), None if scores is None else _values(scores, rows)
        )
    return FunctionOutputs(_values(answer, rows))


def _place(error: BaseException) -> str:
    """Return the line of the user's code that raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    name = trace.tb_frame.f_code.co_filename.rpartition("/")[2]
    return f" ({name}, line {trace.tb_lineno})"


def _values(answer: Any, rows: int) -> list[Any]:
    if hasattr(answer, "columns") and hasattr(answer, "to_dict"):  # a data frame
        answer = [dict(zip(answer.columns, row, strict=True)) for row in answer.to_numpy().tolist()]
    if hasattr(answer, "to_numpy"):  # a column of a data frame
        answer = answer.to_numpy()
    if isinstance(answer, np.ndarray):
        if answer.ndim not in (1, 2):
            raise InputError(
                f"returned an array of shape {answer.shape}; return one prediction for each row, "
                f"as ({rows},), or ({rows}, outputs) for several outputs"
            )
        answer = answer.tolist()
    if not isinstance(answer, (list, tuple)):
        text = " ".join(repr(answer).split())[:_SHOWN]
        raise InputError(f"returned {text}; return an array or a list of {rows:,} predictions")
    if len(answer) != rows:
        raise InputError(
            f"returned {len(answer):,} predictions for {rows:,} rows; return one for each row"
        )
    return [_plain(value) for value in answer]


def _plain(value: Any) -> Any:
    """Return a prediction as it would be stored: several outputs as JSON text."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)) and len(value) == 1:
        value = value[0]
    if isinstance(value, Mapping) and value:
        return storable_output({str(name): _plain(own) for name, own in value.items()})
    if isinstance(value, (list, tuple)) and value:
        return storable_output([_plain(own) for own in value])
    plain = value.item() if isinstance(value, np.generic) else value
    if not isinstance(plain, (str, int, float, bool, type(None))):
        raise InputError(
            f"returned a prediction of type {type(plain).__name__}; return numbers, texts, "
            "booleans, or a dictionary of several outputs"
        )
    return plain
