"""What an answer says of one row: a label or number, a score, probabilities, further fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from modeltap.decoding.answer_names import PREDICTIONS, candidates, named, role_of, spelt
from modeltap.payload import NO_PREDICTION, Decoded, unwrapped
from modeltap_protocols._shared.values import (
    are_by_label,
    by_class,
    chances,
    is_distribution,
    is_outputs,
    is_scored_label,
    is_status,
    is_vector,
    largest,
    number,
    probability_of,
    ranked_columns,
    ranking,
    scalar,
)

_ROOMY = ("result", "results", "output", "outputs", "value", "answer")
"""Names of a prediction under which others write how the call went."""


@dataclass(slots=True)
class Told:
    """What an answer tells of one row; `rest` are its further fields.

    The prediction of several outputs is an object of them, or a list of numbers.
    """

    prediction: Any = None
    score: float | None = None
    probabilities: list[float] | dict[str, float] | None = None
    rest: dict[str, Any] = field(default_factory=dict)


def predict(found: Decoded, values: Sequence[Any], scores: Sequence[Any] = ()) -> Decoded:
    """Pair the rows of `found` with an answer's values, one a row, and with its scores.

    Values that sum to 1 are probabilities: the prediction is the place of the largest.

    >>> predict(Decoded(rows=[{"a": 1}]), [[0.2, 0.8]]).predictions
    [1]
    >>> predict(Decoded(rows=[{"a": 1}, {"a": 2}]), [[7.5], ["high"]]).predictions
    [7.5, 'high']
    """
    each = [told(value) for value in values]
    return found.pair(
        [one.prediction for one in each],
        [number(value) for value in scores] or [one.score for one in each],
        [one.probabilities for one in each],
    )


def tell(found: Decoded, values: Sequence[Any]) -> Decoded:
    """Pair the rows of `found` with an answer's values, one a row, whatever each may hold.

    >>> found = tell(Decoded(rows=[{"a": 1}]), [{"label": "x", "score": 0.9, "band": 3}])
    >>> found.predictions, found.scores, found.answers
    (['x'], [0.9], [{'band': 3}])
    >>> tell(Decoded(rows=[{"a": 1}]), [{"a": 1, "price": 2.5, "status": "ok"}]).predictions
    [2.5]
    """
    paired = len(values) == len(found.rows)
    each = [told(value, found.rows[at] if paired else {}) for at, value in enumerate(values)]
    found.pair(
        [one.prediction for one in each],
        [one.score for one in each],
        [one.probabilities for one in each],
    )
    if paired:
        if any(one.rest for one in each):
            found.answers = [one.rest for one in each]
        if all(one.prediction is None and one.score is None for one in each):
            found.note = found.note or (None if found.answers else NO_PREDICTION)
    return found


def told(value: Any, row: Mapping[str, Any] | None = None) -> Told:
    """Return what an answer's value for one row tells; fields that repeat `row` tell nothing.

    >>> told({"predicted_label": 1, "score": 0.9})
    Told(prediction=1, score=0.9, probabilities=None, rest={})
    >>> told([{"label": "a", "score": 0.25}, {"label": "b", "score": 0.75}]).prediction
    'b'
    >>> told({"score": 0.93}).prediction, told({"proba": [0.1, 0.9]}).score
    (0.93, 0.9)
    >>> told({"price": 2.5, "risk": 0.5}).prediction, told([1.5, 2.5]).prediction
    ({'price': 2.5, 'risk': 0.5}, [1.5, 2.5])
    >>> told([0.6, -0.8]).rest
    {'embedding': [0.6, -0.8]}
    """
    value = unwrapped(value)
    while type(value) is list and len(value) == 1:
        value = unwrapped(value[0])
    if type(value) is list:
        return _told_by_list(value)
    return _told_by_object(value, row or {}) if type(value) is dict else Told(scalar(value))


def labels_in(answer: Mapping[str, Any]) -> list[str]:
    """Return the members that are a prediction by their names, and have a value, likeliest first.

    >>> labels_in({"result": "success", "label": "cat", "prediction": None})
    ['label']
    """
    names = [name for name in named(answer, "prediction") if answer[name] is not None]
    others = [n for n in candidates(answer) if role_of(n) not in ("prediction", "measured")]
    if len(names) + len(others) < 2:
        return names
    return [n for n in names if not (spelt(n) in _ROOMY and is_status(answer[n]))]


def names_in(answer: Mapping[str, Any]) -> list[str]:
    """Return the members that may be a prediction where none is that by its name.

    >>> names_in({"result": "success", "price": 4, "id": 7})
    ['price']
    """
    labels = labels_in(answer)
    return [n for n in candidates(answer) if role_of(n) != "prediction" or n in labels]


def envelope_in(answer: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """Return which of these members holds the answer proper; None where none does.

    >>> envelope_in({"took": 3, "data": {"price": 2}}, ["took", "data"])
    'data'
    >>> envelope_in({"a": {"prediction": 2}, "b": {"x": 1}}, ["a", "b"])
    'a'
    """
    inner = {name: unwrapped(answer[name]) for name in names}
    holding = [name for name, value in inner.items() if type(value) in (dict, list) and value]
    around = [name for name in holding if role_of(name) == "envelope"]
    telling = [name for name in holding if _is_telling(inner[name])]
    return next(iter(around or (telling if len(telling) == 1 else ())), None)


def _is_telling(value: Any) -> bool:
    one = value[0] if type(value) is list else value
    return type(one) is dict and bool(named(one, "prediction", "score", "probabilities"))


def _told_by_list(values: list[Any]) -> Told:
    if (found := ranking(values)) is not None:
        return _most_likely(found)
    if is_scored_label(values):
        return Told(values[-2], values[-1])
    if is_distribution(values):
        return Told(values.index(max(values)), max(values), values)
    if is_outputs(values):
        return Told(values)
    if set(map(type, values)) == {str}:
        return Told(msgspec.json.encode(values).decode("utf-8", "replace"))
    return Told(rest={"embedding": values}) if is_vector(values) else Told()


def _told_by_object(answer: dict[str, Any], row: Mapping[str, Any]) -> Told:
    if (of_classes := by_class(answer)) is not None:
        classes = {of_classes[name]: answer[name] for name in of_classes}
        rest = {name: value for name, value in answer.items() if name not in of_classes}
        return _told_by_object({**rest, "probabilities": classes}, row)
    labels = labels_in(answer)
    lists = list in set(map(type, answer.values()))
    found = ranked_columns(answer) if lists else answer if are_by_label(answer) else None
    if found is not None:
        return _most_likely(found)
    scores, probabilities = named(answer, "score"), named(answer, "probabilities")
    if not (labels or scores or probabilities):
        return _told_unnamed(answer, _own(answer, row))
    if not labels:
        # Its label has a name of its own: {"species": "setosa", "probability": 0.97}.
        others = [name for name in _own(answer, row) if role_of(name) is None]
        labels = others if len(others) == 1 and scalar(answer[others[0]]) is not None else []
    if not labels and (alone := _alone(answer, scores, probabilities)) is not None:
        labels, scores, probabilities = [alone], [], []
    taken = {*labels[: _outputs_among(labels)], *scores[:1], *probabilities[:1]}
    each = answer[probabilities[0]] if probabilities else None
    # A single number of plural name is the score: {"confidences": [0.97]}.
    is_score = number(each) is not None or type(each) is dict
    score = answer[scores[0]] if scores else each if is_score else None
    return _joined(_label(answer, labels), score, chances(each), _rest(answer, taken))


def _alone(
    answer: Mapping[str, Any], scores: Sequence[str], probabilities: Sequence[str]
) -> str | None:
    """Return the score that is the whole prediction; None where classes have it, or are missing."""
    if any(answer[name] is None for name in named(answer, "prediction")):
        return None  # the model has predicted no class here
    if any(number(answer[name]) is None for name in probabilities):
        return None
    known = [name for name in scores or probabilities if answer[name] is not None]
    if not known or chances(answer[known[0]]) is not None:
        return None
    return next((name for name in known if "confidence" not in spelt(name)), known[0])


def _joined(inner: Told, score: Any, by_label: Any, rest: dict[str, Any]) -> Told:
    """Join what a label holds itself with the score and the probabilities beside it."""
    found = Told(inner.prediction, number(score), by_label or chances(score) or inner.probabilities)
    found.score = inner.score if found.score is None else found.score
    found.rest = {**inner.rest, **rest}
    if found.prediction is None and found.probabilities is not None:
        found.prediction = largest(found.probabilities)
        if found.prediction is None and is_outputs(found.probabilities):
            found.prediction = found.probabilities
    if found.score is None:
        of_one = score if type(score) is dict else ()
        found.score = number(probability_of(found.prediction, found.probabilities or of_one))
    return found


def _outputs_among(labels: Sequence[str]) -> int:
    """Return how many labels are the prediction: the first, or all that have names of their own."""
    own = [name for name in labels if spelt(name) not in PREDICTIONS]
    return len(labels) if len(own) == len(labels) else 1


def _label(answer: Mapping[str, Any], labels: Sequence[str]) -> Told:
    if len(labels) == 1 and type(answer[labels[0]]) in (int, float):
        return Told(scalar(answer[labels[0]]))
    if len(labels) > 1 and _outputs_among(labels) > 1:
        return _outputs(answer, labels)
    return told(answer[labels[0]]) if labels else Told()


def _told_unnamed(answer: Mapping[str, Any], names: Sequence[str]) -> Told:
    """Return what an object tells in which no member has a usual name."""
    if len(names) == 1:
        return told(answer[names[0]])
    envelope = envelope_in(answer, names)
    if envelope is not None:
        return told(answer[envelope])
    return _outputs(answer, names)


def _outputs(answer: Mapping[str, Any], names: Sequence[str]) -> Told:
    """Return several outputs as one prediction; those that tell nothing are fields."""
    each = {name: told(answer[name]).prediction for name in names}
    outputs = {name: one for name, one in each.items() if one is not None}
    rest = {name: answer[name] for name in names if name not in outputs}
    if len(outputs) < 2:
        return Told(next(iter(outputs.values()), None), rest=rest)
    return Told(outputs, rest=rest)


def _own(answer: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    """Return the names that may be a prediction's and do not repeat a field of the request."""
    names = names_in(answer)
    own = [name for name in names if name not in row or row[name] != answer[name]]
    return own or names


def _rest(answer: Mapping[str, Any], taken: set[str]) -> dict[str, Any]:
    return {
        name: value
        for name, value in answer.items()
        if name not in taken and role_of(name) not in ("about", "measured")
    }


def _most_likely(found: dict[str, float]) -> Told:
    label = largest(found)
    return Told(label, found[label], chances(found))
