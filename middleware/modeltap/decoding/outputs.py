"""A model's outputs as columns: one prediction, or several by name, and the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from modeltap.config.metrics import OUTPUT_PREFIX
from modeltap.payload import opens_json, unwrapped
from modeltap.rows import columns


def outputs_of(prediction: Any) -> Mapping[str, Any] | None:
    """Return several outputs by name, or by place where they are a list; None of a single one.

    As the store has them they are JSON text.

    >>> outputs_of({"price": 1}), outputs_of('[1.5, 2.5]'), outputs_of("cat")
    ({'price': 1}, {'0': 1.5, '1': 2.5}, None)
    """
    if type(prediction) is str and opens_json(prediction):
        prediction = unwrapped(prediction)
    if type(prediction) is list and set(map(type, prediction)) <= {int, float}:
        return {str(place): value for place, value in enumerate(prediction)}
    return prediction if type(prediction) is dict else None


def output_pairs(
    predictions: Sequence[Any], labels: Sequence[Any]
) -> dict[str, tuple[list[Any], list[Any]]]:
    """Return N predictions and N labels for each of several outputs; nothing of single ones.

    >>> output_pairs([{"price": 1, "risk": 3}], ['{"price": 2}'])
    {'price': ([1], [2]), 'risk': ([3], [None])}
    >>> output_pairs([1, "cat"], [2, "dog"])
    {}
    """
    several = [outputs_of(one) or {} for one in predictions]
    known = [outputs_of(one) or {} for one in labels] if any(several) else []
    names = dict.fromkeys(chain.from_iterable(several))
    return {
        name: ([one.get(name) for one in several], [one.get(name) for one in known])
        for name in names
    }


def predictions_in(columns: Mapping[str, Sequence[Any]]) -> Sequence[Any] | None:
    """Return the predictions that `output_columns` made columns of; None where there are none.

    >>> predictions_in({"prediction.price": [1, 2], "x": [3, 4]})
    [{'price': 1}, {'price': 2}]
    """
    if "prediction" in columns:
        return columns["prediction"]
    own = {
        name.removeprefix(OUTPUT_PREFIX): column
        for name, column in columns.items()
        if name.startswith(OUTPUT_PREFIX)
    }
    if not own:
        return None
    return [dict(zip(own, values, strict=True)) for values in zip(*own.values(), strict=True)]


def output_columns(
    predictions: Sequence[Any], scores: Sequence[float | None]
) -> dict[str, Sequence[Any]]:
    """Return the columns of N predictions and N scores, without those that have no value.

    >>> output_columns([{"price": 1, "risk": 3}, None], [None, None])
    {'prediction.price': [1, None], 'prediction.risk': [3, None]}
    >>> output_columns([1, 0], [0.5, None])
    {'prediction': [1, 0], 'score': [0.5, None]}
    """
    found: dict[str, Sequence[Any]] = {}
    single: Sequence[Any] = predictions
    if {dict, list, str} & set(map(type, predictions)):
        several = [outputs_of(one) for one in predictions]
        if any(one is not None for one in several):
            pairs = zip(predictions, several, strict=True)
            single = [one if outputs is None else None for one, outputs in pairs]
            named = columns([dict(one or {}) for one in several])
            found = {OUTPUT_PREFIX + name: column for name, column in named.items()}
    if any(value is not None for value in single):
        found["prediction"] = single
    if any(value is not None for value in scores):
        found["score"] = scores
    return found
