"""The output for one row: a label or number, a score, probabilities, further fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from modeltap.decoding.response_names import PREDICTIONS, named, role_of, snake_case
from modeltap.payload import NO_PREDICTION, Decoded, opens_json, unwrapped
from modeltap_protocols._shared.members import (
    AMBIGUOUS,
    distribution_in,
    envelope_in,
    has_no_output,
    label_beside,
    labels_in,
    message_of,
    names_in,
)
from modeltap_protocols._shared.row_order import in_order
from modeltap_protocols._shared.values import (
    by_class,
    chances,
    is_distribution,
    is_outputs,
    is_scored_label,
    is_vector,
    largest,
    may_be_by_class,
    number,
    probability_of,
    ranked_columns,
    ranking,
    scalar,
)

_FRAME_NAMES = frozenset(("tensor", "ndarray", "columns"))
"""Names in responses that are tables (`answer_rows`)."""

_MAX_NAMES = 20
"""Objects with more names are not remembered: their names may be ids that differ in each one."""

_CACHED_FORMS = 4096
"""Bounds the memory of remembered tuples of names, which clients may choose."""


@dataclass(slots=True)
class RowOutput:
    """The output of a model for one row; `rest` has the further fields.

    The prediction of a model with several outputs is an object, or a list of numbers.
    """

    prediction: Any = None
    score: float | None = None
    probabilities: list[float] | dict[str, float] | None = None
    rest: dict[str, Any] = field(default_factory=dict)


def pair_values(decoded: Decoded, values: Sequence[Any], scores: Sequence[Any] = ()) -> Decoded:
    """Pair the rows of `decoded` with the values of a response, one per row, and with its scores.

    Values that sum to 1 are probabilities: the prediction is the index of the largest.

    >>> pair_values(Decoded(rows=[{"a": 1}]), [[0.2, 0.8]]).predictions
    [1]
    >>> pair_values(Decoded(rows=[{"a": 1}, {"a": 2}]), [[7.5], ["high"]]).predictions
    [7.5, 'high']
    """
    outputs = [read_output(value) for value in values]
    return decoded.pair(
        [output.prediction for output in outputs],
        [number(value) for value in scores] or [output.score for output in outputs],
        [output.probabilities for output in outputs],
    )


def pair_outputs(decoded: Decoded, values: Sequence[Any]) -> Decoded:
    """Pair the rows of `decoded` with the values of a response, one per row and of any kind.

    >>> decoded = pair_outputs(Decoded(rows=[{"a": 1}]), [{"label": "x", "score": 0.9, "band": 3}])
    >>> decoded.predictions, decoded.scores, decoded.answers
    (['x'], [0.9], [{'band': 3}])
    >>> pair_outputs(Decoded(rows=[{"a": 1}]), [{"a": 1, "price": 2.5, "status": "ok"}]).predictions
    [2.5]
    """
    paired = len(values) == len(decoded.rows)
    if paired and len(values) > 1:
        values = in_order(values, decoded.rows)
    outputs = [
        read_output(value, decoded.rows[at] if paired else {}) for at, value in enumerate(values)
    ]
    decoded.pair(
        [output.prediction for output in outputs],
        [output.score for output in outputs],
        [output.probabilities for output in outputs],
    )
    if paired:
        if any(output.rest for output in outputs):
            decoded.answers = [output.rest for output in outputs]
        if all(output.prediction is None and output.score is None for output in outputs):
            is_vector_only = any("embedding" in output.rest for output in outputs)
            decoded.note = decoded.note or (None if is_vector_only else NO_PREDICTION)
    return decoded


def read_output(value: Any, row: Mapping[str, Any] | None = None) -> RowOutput:
    """Return the output in a value for one row; fields that repeat `row` are ignored.

    >>> read_output({"predicted_label": 1, "score": 0.9})
    RowOutput(prediction=1, score=0.9, probabilities=None, rest={})
    >>> read_output([{"label": "a", "score": 0.25}, {"label": "b", "score": 0.75}]).prediction
    'b'
    >>> read_output({"score": 0.93}).prediction, read_output({"proba": [0.1, 0.9]}).score
    (0.93, 0.9)
    >>> read_output({"price": 2.5, "risk": 0.5}).prediction, read_output([1.5, 2.5]).prediction
    ({'price': 2.5, 'risk': 0.5}, [1.5, 2.5])
    >>> read_output([0.6, -0.8]).rest
    {'embedding': [0.6, -0.8]}
    """
    value = unwrapped(value)
    while type(value) is list and len(value) == 1:
        value = unwrapped(value[0])
    if type(value) is list:
        # No labels are a set of labels, too.
        return _output_of_list(value) if value else RowOutput("[]")
    return _output_of_object(value, row or {}) if type(value) is dict else RowOutput(scalar(value))


def _output_of_list(values: list[Any]) -> RowOutput:
    if (scores := ranking(values)) is not None:
        return _most_likely(scores)
    if is_scored_label(values):
        return RowOutput(values[-2], values[-1])
    if is_distribution(values):
        return RowOutput(values.index(max(values)), max(values), values)
    if is_outputs(values):
        return RowOutput(values)
    if set(map(type, values)) == {str}:
        return RowOutput(msgspec.json.encode(values).decode("utf-8", "replace"))
    return RowOutput(rest={"embedding": values}) if is_vector(values) else RowOutput()


def plain_output(answer: Any) -> RowOutput | None:
    """Return the output in an object whose names alone show the prediction.

    Its members are single values, and at most one list of probabilities. None for anything else,
    in which the values or the request decide. Most responses are such objects, and remembering
    the roles of their names takes a tenth of the time.

    >>> plain_output({"label": "x", "score": 0.9, "band": 3, "took_ms": 7})
    RowOutput(prediction='x', score=0.9, probabilities=None, rest={'band': 3})
    >>> plain_output({"label": 1, "probabilities": [0.25, 0.75]}).score
    0.75
    >>> plain_output({"result": "x"}), plain_output({"label": "x", "probabilities": [1]})
    (None, None)
    """
    if type(answer) is not dict or len(answer) > _MAX_NAMES:
        return None
    roles = _roles_of(tuple(answer))
    if roles is None:
        return None
    kinds = [type(value) for name, value in answer.items() if name != roles.probabilities]
    if not {dict, list}.isdisjoint(kinds):
        return None
    label = answer[roles.label]
    if label is None or label != label or (type(label) is str and opens_json(label)):
        return None
    score = None if roles.score is None else answer[roles.score]
    rest = {name: answer[name] for name in roles.rest}
    if roles.probabilities is None:
        return RowOutput(scalar(label), number(score), None, rest)
    each = answer[roles.probabilities]
    if type(each) is not list or len(each) < 2 or not set(map(type, each)) <= {int, float}:
        return None
    return _joined(RowOutput(scalar(label)), score, chances(each), rest)


def only_number(answer: Any) -> float | None:
    """Return a number that is a whole response, alone, in a list or in a member for predictions.

    >>> only_number(2), only_number({"predictions": [3]}), only_number({"price": 4})
    (2, 3, None)
    """
    if type(answer) is dict and len(answer) == 1:
        ((name, answer),) = answer.items()
        if role_of(name) != "prediction":
            return None
    if type(answer) is list and len(answer) == 1:
        answer = answer[0]
    return answer if type(answer) in (int, float) and answer == answer else None


class _Roles(NamedTuple):
    """The names in a response of the prediction, the score, the probabilities, further fields."""

    label: str
    score: str | None
    probabilities: str | None
    rest: tuple[str, ...]


@lru_cache(maxsize=_CACHED_FORMS)
def _roles_of(names: tuple[str, ...]) -> _Roles | None:
    """Return the roles of a response's names; None if its values decide about them."""
    labels, scores = named(names, "prediction"), named(names, "score")
    chances = named(names, "probabilities")
    if len(labels) != 1 or len(scores) > 1 or len(chances) > 1 or may_be_by_class(names):
        return None
    if not _FRAME_NAMES.isdisjoint(names):
        return None
    if snake_case(labels[0]) in AMBIGUOUS:
        return None
    rest = _rest(dict.fromkeys(names), {*labels, *scores, *chances})
    score, probabilities = next(iter(scores), None), next(iter(chances), None)
    return _Roles(labels[0], score, probabilities, tuple(rest))


def _output_of_object(answer: dict[str, Any], row: Mapping[str, Any]) -> RowOutput:
    if (output := plain_output(answer)) is not None:
        return output
    message = message_of(answer)
    return _searched_output(answer, row) if message is None else RowOutput(message)


def _searched_output(answer: dict[str, Any], row: Mapping[str, Any]) -> RowOutput:
    if (of_classes := by_class(answer)) is not None:
        classes = {of_classes[name]: answer[name] for name in of_classes}
        rest = {name: value for name, value in answer.items() if name not in of_classes}
        return _output_of_object({**rest, "probabilities": classes}, row)
    labels = labels_in(answer)
    lists = list in set(map(type, answer.values()))
    ranked = (ranked_columns(answer) if lists else None) or distribution_in(answer)
    if ranked is not None:
        return _most_likely(ranked)
    scores, probabilities = named(answer, "score"), named(answer, "probabilities")
    if not (labels or scores or probabilities):
        if has_no_output(answer):
            return RowOutput(rest=_rest(answer, set(named(answer, "prediction"))))
        return _unnamed_output(answer, _own(answer, row))
    if not labels:
        others = [name for name in _own(answer, row) if role_of(name) is None]
        labels = label_beside(answer, others, [*scores, *probabilities])
    if not labels and (alone := _alone(answer, scores, probabilities)) is not None:
        labels, scores, probabilities = [alone], [], []
    taken = {*labels[: _outputs_among(labels)], *scores[:1], *probabilities[:1]}
    each = answer[probabilities[0]] if probabilities else None
    # A single number with a plural name is the score: {"confidences": [0.97]}.
    is_score = number(each) is not None or type(each) is dict
    score = answer[scores[0]] if scores else each if is_score else None
    return _joined(_label(answer, labels), score, chances(each), _rest(answer, taken))


def _alone(
    answer: Mapping[str, Any], scores: Sequence[str], probabilities: Sequence[str]
) -> str | None:
    """Return the score that is the whole prediction; None if it is the score of a class."""
    if any(answer[name] is None for name in named(answer, "prediction")):
        return None  # the model predicted no class for this row
    if any(number(answer[name]) is None for name in probabilities):
        return None
    known = [name for name in scores or probabilities if answer[name] is not None]
    if not known or chances(answer[known[0]]) is not None:
        return None
    return next((name for name in known if "confidence" not in snake_case(name)), known[0])


def _joined(inner: RowOutput, score: Any, by_label: Any, rest: dict[str, Any]) -> RowOutput:
    """Join the output in a label with the score and the probabilities next to it."""
    output = RowOutput(
        inner.prediction, number(score), by_label or chances(score) or inner.probabilities
    )
    output.score = inner.score if output.score is None else output.score
    output.rest = {**inner.rest, **rest}
    if output.prediction is None and output.probabilities is not None:
        output.prediction = largest(output.probabilities)
        if output.prediction is None and is_outputs(output.probabilities):
            output.prediction = output.probabilities
    if output.score is None:
        by_class_name = score if type(score) is dict else ()
        output.score = number(
            probability_of(output.prediction, output.probabilities or by_class_name)
        )
    return output


def _outputs_among(labels: Sequence[str]) -> int:
    """Return the number of labels in the prediction: the first, or all with specific names."""
    own = [name for name in labels if snake_case(name) not in PREDICTIONS]
    return len(labels) if len(own) == len(labels) else 1


def _label(answer: Mapping[str, Any], labels: Sequence[str]) -> RowOutput:
    if len(labels) == 1 and type(answer[labels[0]]) in (int, float):
        return RowOutput(scalar(answer[labels[0]]))
    if len(labels) > 1 and _outputs_among(labels) > 1:
        return _outputs(answer, labels)
    return read_output(answer[labels[0]]) if labels else RowOutput()


def _unnamed_output(answer: Mapping[str, Any], names: Sequence[str]) -> RowOutput:
    """Return the output in an object without a member of a known name."""
    if len(names) == 1:
        return read_output(answer[names[0]])
    envelope = envelope_in(answer, names)
    if envelope is not None:
        return read_output(answer[envelope])
    return _outputs(answer, names)


def _outputs(answer: Mapping[str, Any], names: Sequence[str]) -> RowOutput:
    """Return several outputs as one prediction; members without an output are further fields."""
    predictions = {name: read_output(answer[name]).prediction for name in names}
    outputs = {name: value for name, value in predictions.items() if value is not None}
    rest = {name: answer[name] for name in names if name not in outputs}
    if len(outputs) < 2:
        return RowOutput(next(iter(outputs.values()), None), rest=rest)
    return RowOutput(outputs, rest=rest)


def _own(answer: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    """Return the names of possible predictions that do not repeat a field of the request."""
    names = names_in(answer)
    own = [name for name in names if name not in row or row[name] != answer[name]]
    return own or names


def _rest(answer: Mapping[str, Any], taken: set[str]) -> dict[str, Any]:
    return {
        name: value
        for name, value in answer.items()
        if name not in taken and role_of(name) not in ("about", "measured")
    }


def _most_likely(scores: dict[str, float]) -> RowOutput:
    label = largest(scores)
    return RowOutput(label, scores[label], chances(scores))
