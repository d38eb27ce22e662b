"""A model's outputs as columns: one prediction or several named ones, and the score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Literal, NamedTuple

from modeltap.config.metrics import OUTPUT_PREFIX
from modeltap.payload import opens_json, unwrapped
from modeltap.privacy.texts.lossless_json import written
from modeltap.rows import columns

_Form = Literal["outputs", "probabilities", "vector"]
"""The forms that the same numbers may have: several outputs, probabilities, an embedding."""


def outputs_of(prediction: Any) -> Mapping[str, Any] | None:
    """Return several outputs by name, or by position for a list; None for a single output.

    Stored outputs are JSON text.

    >>> outputs_of({"price": 1}), outputs_of('[1.5, 2.5]'), outputs_of("cat")
    ({'price': 1}, {'0': 1.5, '1': 2.5}, None)
    """
    if type(prediction) is str and opens_json(prediction):
        prediction = unwrapped(prediction)
    if type(prediction) is list and set(map(type, prediction)) <= {int, float}:
        return {str(position): value for position, value in enumerate(prediction)}
    return prediction if type(prediction) is dict else None


def may_have_outputs(predictions: Sequence[Any]) -> bool:
    """Return False if no prediction can have outputs: numbers, booleans, None and plain texts.

    >>> may_have_outputs([1, None, True]), may_have_outputs([1, '{"price": 2}'])
    (False, True)
    """
    kinds = set(map(type, predictions))
    if str not in kinds or {dict, list} & kinds:
        return bool({dict, list} & kinds)
    # Mostly names of classes, of which few are different.
    return any(map(opens_json, {text for text in predictions if type(text) is str}))


def output_pairs(
    predictions: Sequence[Any], labels: Sequence[Any]
) -> dict[str, tuple[list[Any], list[Any]]]:
    """Return N predictions and N labels for each of several outputs; nothing for single outputs.

    >>> output_pairs([{"price": 1, "risk": 3}], ['{"price": 2}'])
    {'price': ([1], [2]), 'risk': ([3], [None])}
    >>> output_pairs([1, "cat"], [2, "dog"])
    {}
    """
    if not may_have_outputs(predictions):
        return {}
    predicted = [outputs_of(prediction) or {} for prediction in predictions]
    labelled = [outputs_of(label) or {} for label in labels] if any(predicted) else []
    names = dict.fromkeys(chain.from_iterable(predicted))
    return {
        name: (
            [outputs.get(name) for outputs in predicted],
            [outputs.get(name) for outputs in labelled],
        )
        for name in names
    }


def predictions_in(columns: Mapping[str, Sequence[Any]]) -> Sequence[Any] | None:
    """Return the predictions from the columns of `output_columns`; None if there are none.

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
    """Return the columns of N predictions and N scores; columns without values are left out.

    >>> output_columns([{"price": 1, "risk": 3}, None], [None, None])
    {'prediction.price': [1, None], 'prediction.risk': [3, None]}
    >>> output_columns([1, 0], [0.5, None])
    {'prediction': [1, 0], 'score': [0.5, None]}
    """
    by_name: dict[str, Sequence[Any]] = {}
    single: Sequence[Any] = predictions
    if may_have_outputs(predictions):
        several = [outputs_of(prediction) for prediction in predictions]
        if any(outputs is not None for outputs in several):
            pairs = zip(predictions, several, strict=True)
            single = [prediction if outputs is None else None for prediction, outputs in pairs]
            named = columns([dict(outputs or {}) for outputs in several])
            by_name = {OUTPUT_PREFIX + name: column for name, column in named.items()}
    if any(value is not None for value in single):
        by_name["prediction"] = single
    if any(value is not None for value in scores):
        by_name["score"] = scores
    return by_name


def storable_outputs(values: Sequence[object]) -> Iterable[object]:
    """Return predictions as `storable_output` does each; most need no conversion.

    >>> list(storable_outputs([0.5, None])), list(storable_outputs([0.5, [1]]))
    ([0.5, None], [0.5, '[1]'])
    """
    kinds = set(map(type, values))
    if kinds <= {float, type(None)}:
        return values
    if kinds <= {float, type(None), int, str} and _are_storable(values):
        return values
    return map(storable_output, values)


def _are_storable(values: Sequence[object]) -> bool:
    """Return whether all integers have 64 bits, and no text has a lone surrogate."""
    numbers = [value for value in values if type(value) is int]
    try:
        "".join(value for value in values if type(value) is str).encode()
    except UnicodeEncodeError:
        return False
    return max(map(abs, numbers), default=0) < 2**63


def storable_output(value: object) -> object:
    """Return a prediction in a form that SQLite can hold: several outputs as JSON text.

    SQLite has no integers beyond 64 bits, and UTF-8 has no lone surrogates.

    >>> storable_output([1, 2]), storable_output(2**64), storable_output(0.5)
    ('[1,2]', 1.8446744073709552e+19, 0.5)
    """
    if type(value) is float:
        return value
    if isinstance(value, int) and abs(value) >= 2**63:
        return float(value) if abs(value) < 1e308 else None
    if isinstance(value, dict | list):
        return written(value)
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return value


class OutputLists(NamedTuple):
    """The outputs of N rows, in lists that can be changed."""

    predictions: list[Any]
    scores: list[float | None]
    probabilities: list[Any]
    answers: list[dict[str, Any] | None]


class _Numbers(NamedTuple):
    """The numbers of one output and their form; equal `names` or lengths may be compared."""

    form: _Form
    names: tuple[str, ...] | int
    values: Any


def unify_forms(outputs: OutputLists) -> None:
    """Write numbers with the same names, or of the same count, in the form of most of them.

    Two independent scores may sum to 1 by chance, and then look like probabilities; rounded
    probabilities may not; and the norm of several outputs may be 1, as that of an embedding.

    >>> scores, chances = [None, None, 0.75], [None, None, [0.25, 0.75]]
    >>> outputs = OutputLists([[0.5, 0.25], [0.75, 0.5], 1], scores, chances, [None] * 3)
    >>> unify_forms(outputs)
    >>> outputs.predictions, outputs.scores
    ([[0.5, 0.25], [0.75, 0.5], [0.25, 0.75]], [None, None, None])
    """
    if {dict, list}.isdisjoint(map(type, outputs.predictions)):
        return  # no row has several outputs
    numbers = [_numbers_of(*row) for row in zip(*outputs, strict=True)]
    counts = Counter(row[:2] for row in numbers if row is not None)
    several = {names for form, names in counts if form == "outputs"}
    forms: tuple[_Form, ...] = ("outputs", "probabilities", "vector")
    most = {names: max(forms, key=lambda form: counts[form, names]) for names in several}
    for place, row in enumerate(numbers):
        if row is not None and row.form != most.get(row.names, row.form):
            _write(outputs, place, row, most[row.names])


def _numbers_of(
    prediction: Any, score: Any, probabilities: Any, answer: dict[str, Any] | None
) -> _Numbers | None:
    """Return the numbers of a row's output; None for other outputs."""
    form: _Form
    if type(prediction) in (dict, list) and score is None:
        form, values = "outputs", prediction
    elif prediction is None and answer is not None and answer.keys() == {"embedding"}:
        form, values = "vector", answer["embedding"]
    elif prediction is not None and type(probabilities) in (dict, list):
        form, values = "probabilities", probabilities
    else:
        return None
    names = tuple(values) if type(values) is dict else len(values)
    each = values.values() if type(values) is dict else values
    if len(values) < 2 or not {int, float}.issuperset(map(type, each)):
        return None
    is_likeliest = form != "probabilities" or prediction == _likeliest(values)
    return _Numbers(form, names, values) if is_likeliest else None


def _likeliest(values: Any) -> Any:
    if type(values) is dict:
        return max(values, key=values.__getitem__)
    return values.index(max(values))


def _write(outputs: OutputLists, place: int, numbers: _Numbers, form: _Form) -> None:
    """Write the numbers of a row in another form, if they may have it."""
    values = numbers.values
    each = list(values.values()) if type(values) is dict else values
    answer = {} if numbers.form == "vector" else outputs.answers[place]
    prediction, score, probabilities = values, None, None
    if form == "vector":
        prediction, answer = None, {**(answer or {}), "embedding": values}
    elif form == "probabilities":
        if not all(0 <= number <= 1 for number in each):
            return
        prediction, score, probabilities = _likeliest(values), float(max(each)), values
    outputs.predictions[place] = prediction
    outputs.scores[place] = score
    outputs.probabilities[place] = probabilities
    outputs.answers[place] = answer or None
