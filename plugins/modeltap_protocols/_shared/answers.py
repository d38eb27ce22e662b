"""Values of an answer: labels, numbers, scores, probabilities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from modeltap.payload import NO_PREDICTION, Decoded
from modeltap_protocols._shared.inputs import transposed

PREDICTION_NAMES = (
    "prediction",
    "predictions",
    "predicted",
    "predicted_label",
    "output",
    "outputs",
    "result",
    "results",
    "label",
    "labels",
    "class",
    "value",
    "y_pred",
    "y",
)
SCORE_NAMES = ("score", "scores", "probability", "confidence", "proba", "y_pred_proba")

_PREDICTIONS = (*PREDICTION_NAMES, "predict", "output_label", "classes", "generated_text", "answer")
_PROBABILITIES = (
    "probabilities",
    "predict_proba",
    "output_probability",
    "probs",
    "confidences",
)


@dataclass(slots=True)
class Told:
    """What an answer tells of one row; `rest` are its further fields."""

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
    return found.pair(
        [value.index(max(value)) if is_distribution(value) else scalar(value) for value in values],
        [number(value) for value in scores],
        [value if is_distribution(value) else None for value in values],
    )


def tell(found: Decoded, values: Sequence[Any]) -> Decoded:
    """Pair the rows of `found` with an answer's values, one a row, whatever each may hold.

    >>> found = tell(Decoded(rows=[{"a": 1}]), [{"label": "x", "score": 0.9, "took": 3}])
    >>> found.predictions, found.scores, found.answers
    (['x'], [0.9], [{'took': 3}])
    """
    each = [told(value) for value in values]
    found.pair(
        [one.prediction for one in each],
        [one.score for one in each],
        [one.probabilities for one in each],
    )
    if len(each) == len(found.rows):
        if any(one.rest for one in each):
            found.answers = [one.rest for one in each]
        if all(one.prediction is None and one.score is None for one in each):
            found.note = found.note or (None if found.answers else NO_PREDICTION)
    return found


def told(value: Any) -> Told:
    """Return what an answer's value for one row tells.

    >>> told({"predicted_label": 1, "score": 0.9})
    Told(prediction=1, score=0.9, probabilities=None, rest={})
    >>> told([{"label": "a", "score": 0.25}, {"label": "b", "score": 0.75}]).prediction
    'b'
    >>> told([0.5, -1.5, 2.0]).rest
    {'embedding': [0.5, -1.5, 2.0]}
    """
    while type(value) is list and len(value) == 1:
        value = value[0]
    if type(value) is list:
        return _told_by_list(value)
    return _told_by_object(value) if type(value) is dict else Told(scalar(value))


def by_row(document: Any, rows: int) -> list[Any]:
    """Return an answer as one value for each of `rows` rows, as far as it can be that.

    >>> by_row({"label": ["a", "b"], "proba": [[0.9, 0.1], [0.2, 0.8]]}, 2)
    [{'label': 'a', 'proba': [0.9, 0.1]}, {'label': 'b', 'proba': [0.2, 0.8]}]
    >>> by_row([0.5, 0.5], 1), by_row([0.5, 0.5], 2), by_row({"price": [3, 4]}, 2)
    ([[0.5, 0.5]], [0.5, 0.5], [3, 4])
    """
    if type(document) is dict:
        return _object_by_row(document, rows)
    if type(document) is not list:
        return [document]
    # One row may have several values that are one answer: its distribution, or a ranking.
    one = rows == 1 and (is_distribution(document) or _ranking(document) is not None)
    return [document] if one else document


def listed(value: Any, rows: int) -> list[Any]:
    """Return an answer's member as one value for each row, as far as it can be that.

    >>> listed([0.5, 0.5], 1), listed([0.5, 0.5], 2), listed(3, 1)
    ([[0.5, 0.5]], [0.5, 0.5], [3])
    """
    if type(value) is not list:
        return [value]
    # Floats for one row that sum to 1 are a distribution, not as many predictions.
    return [value] if rows == 1 and is_distribution(value) else value


def is_distribution(value: Any) -> bool:
    """Say whether `value` is a list of probabilities: at least two, one a float, in all 1.

    >>> is_distribution([0.2, 0.8]), is_distribution([0, 1]), is_distribution([0.2, 0.3])
    (True, False, False)
    """
    return (
        type(value) is list
        and len(value) > 1
        and {float} <= set(map(type, value)) <= {float, int}
        and all(0 <= p <= 1 for p in value)
        and abs(sum(value) - 1) < 1e-3
    )


def is_vector(value: Any) -> bool:
    """Say whether `value` is a list of several numbers, such as an embedding.

    >>> is_vector([0.5, 2]), is_vector([0.5]), is_vector(["a", 1])
    (True, False, False)
    """
    return type(value) is list and len(value) > 1 and set(map(type, value)) <= {float, int}


def scalar(value: Any) -> Any:
    """Return a prediction as a number or text; a list of one is that one; None for all else.

    >>> scalar([3]), scalar(True), scalar({"a": 1})
    (3, 'true', None)
    """
    if type(value) is list and len(value) == 1:
        value = value[0]
    if type(value) is bool:
        return "true" if value else "false"
    return value if type(value) in (str, int, float) else None


def number(value: Any) -> float | None:
    """Return a score as a float; None for what is no number, or a list of more than one.

    >>> number(1), number([0.5]), number("high")
    (1.0, 0.5, None)
    """
    if type(value) is list and len(value) == 1:
        value = value[0]
    try:
        return float(value) if type(value) in (int, float) else None
    except OverflowError:  # JSON's whole numbers may be longer than any float
        return None


def _told_by_list(values: list[Any]) -> Told:
    ranking = _ranking(values)
    if ranking is not None:
        return _most_likely(ranking)
    if is_distribution(values):
        return Told(values.index(max(values)), probabilities=values)
    return Told(rest={"embedding": values}) if is_vector(values) else Told()


def _told_by_object(answer: dict[str, Any]) -> Told:
    ranking = _ranking(_pairs(answer))
    if ranking is not None:
        return _most_likely(ranking)
    rest = dict(answer)
    label, score = _taken(rest, _PREDICTIONS), _taken(rest, SCORE_NAMES)
    chances = _chances(_taken(rest, _PROBABILITIES)) or _chances(score)
    if label is None and score is None and chances is None:
        return told(next(iter(answer.values()))) if len(answer) == 1 else Told(rest=rest)
    inner = told(label)
    found = Told(inner.prediction, number(score), chances or inner.probabilities)
    found.score = inner.score if found.score is None else found.score
    found.rest = {**inner.rest, **rest}
    if found.prediction is None and chances is not None:
        found.prediction = _largest(chances)
    if found.score is None and isinstance(chances, dict):
        found.score = chances.get(found.prediction)
    return found


def _object_by_row(document: dict[str, Any], rows: int) -> list[Any]:
    groups = (_PREDICTIONS, SCORE_NAMES, _PROBABILITIES)
    named = [name for names in groups if (name := _first(document, names)) is not None]
    if not named:
        inner = next(iter(document.values()), None)
        return by_row(inner, rows) if len(document) == 1 else [document]
    columns = {
        name: value
        for name, value in document.items()
        if type(value) is list and len(value) == rows
    }
    if columns.keys() >= set(named):
        return list(transposed(columns))
    label = document[named[0]]
    if rows == 1 and (type(label) is not list or _ranking(_pairs(document)) is not None):
        return [document]
    return by_row(label, rows)


def _pairs(answer: dict[str, Any]) -> list[Any]:
    """Return parallel lists of labels and scores as one list; nothing where there are none."""
    labels = answer.get(_first(answer, _PREDICTIONS) or "")
    scores = answer.get(_first(answer, (*SCORE_NAMES, *_PROBABILITIES)) or "")
    if type(labels) is list and type(scores) is list and 1 < len(labels) == len(scores):
        return [{"label": one, "score": other} for one, other in zip(labels, scores, strict=True)]
    return []


def _ranking(values: Sequence[Any]) -> dict[str, float] | None:
    """Return a ranking, several labels each with its score; None for what is none."""
    if len(values) < 2:
        return None
    found: dict[str, float] = {}
    for value in values:
        if type(value) is not dict:
            return None
        label, score = value.get("label"), value.get("score", value.get("confidence"))
        if type(label) is not str or type(score) not in (float, int):
            return None
        found[label] = number(score) or 0.0
    return found


def _most_likely(ranking: dict[str, float]) -> Told:
    label = _largest(ranking)
    return Told(label, ranking[label], _chances(ranking))


def _chances(value: Any) -> list[float] | dict[str, float] | None:
    """Return probabilities, in a list or by label; None for what is none."""
    if type(value) is list and len(value) > 1 and _ranking(value) is not None:
        value = _ranking(value)
    numbers = value.values() if type(value) is dict else value if type(value) is list else ()
    return value if len(numbers) > 1 and _all_chances(numbers) else None


def _all_chances(numbers: Iterable[Any]) -> bool:
    return all(type(p) in (int, float) and 0 <= p <= 1 for p in numbers)


def _largest(chances: Any) -> Any:
    if type(chances) is dict:
        return max(chances, key=lambda label: float(chances[label]))
    return chances.index(max(chances)) if is_distribution(chances) else None


def _first(document: dict[str, Any], names: Iterable[str]) -> str | None:
    return next((name for name in names if name in document), None)


def _taken(document: dict[str, Any], names: Iterable[str]) -> Any:
    name = _first(document, names)
    return None if name is None else document.pop(name)
