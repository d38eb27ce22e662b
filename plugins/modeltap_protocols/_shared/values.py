"""What single values of an answer are: a number or a text, a distribution, a vector, a ranking."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from modeltap.decoding.answer_names import named, role_of

MAX_OUTPUTS = 100
"""A longer list of numbers is an embedding rather than as many outputs."""

_UNIT = 1e-3
"""So near to 1 the length of a normalized embedding is."""

_NUMBER = re.compile(r"\s*[+-]?\d{1,20}(\.\d{1,30})?([eE][+-]?\d{1,2})?\s*", re.ASCII)
"""A score in a text, as Azure writes it."""

_STATUS = frozenset(
    ("ok", "okay", "success", "succeeded", "successful", "done", "completed", "failed", "error")
)

_OF_CLASS = re.compile(
    r"""
    (?:prediction[\ _])?(?:prob|proba|probability|score|confidence|p)(?:[\ _.\-]|(?=[(\[\d]))
        [(\["']?(?P<last>.+?)[)\]"']?
    |(?P<first>.+)[\ _.\-](?:prob|proba|probability)
    |scored[\ _]probabilities(?:[\ _]for[\ _]class)?[\ _]"?(?P<azure>.+?)"?
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Names of one class's probability, as scikit-learn's users, H2O, PMML and Azure write them."""

_REMEMBERED = 4096
"""A bound on the number of names that are kept."""


def is_distribution(value: Any) -> bool:
    """Say whether `value` is a list of probabilities: at least two, one a float, in all 1.

    >>> is_distribution([0.2, 0.8]), is_distribution([0, 1]), is_distribution([0.2, 0.3])
    (True, False, False)
    """
    return type(value) is list and _sum_to_one(value)


def is_vector(value: Any) -> bool:
    """Say whether `value` is a list of several numbers, such as an embedding.

    >>> is_vector([0.5, 2]), is_vector([0.5]), is_vector(["a", 1])
    (True, False, False)
    """
    return type(value) is list and len(value) > 1 and set(map(type, value)) <= {float, int}


def is_outputs(value: Any) -> bool:
    """Say whether a list of numbers is as many outputs: a short one, and not of length 1.

    >>> is_outputs([1.5, 2]), is_outputs([0.6, 0.8]), is_outputs([1.5] * 101)
    (True, False, False)
    """
    if not is_vector(value) or len(value) > MAX_OUTPUTS:
        return False
    return abs(math.hypot(*(number(one) or 0.0 for one in value)) - 1) > _UNIT


def is_status(value: Any) -> bool:
    """Say whether a value says how a call went rather than what it found.

    >>> is_status("OK"), is_status("cat"), is_status(True)
    (True, False, False)
    """
    return type(value) is str and value.strip().lower() in _STATUS


def scalar(value: Any) -> Any:
    """Return a prediction as a number or text; a list of one is that one; None for all else.

    >>> scalar([3]), scalar(True), scalar({"a": 1}), scalar(float("nan"))
    (3, 'true', None, None)
    """
    if type(value) is list and len(value) == 1:
        value = value[0]
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is float and math.isnan(value):
        return None
    return value if type(value) in (str, int, float) else None


def number(value: Any) -> float | None:
    """Return a score as a float; None for what is no number, or a list of more than one.

    >>> number(1), number([0.5]), number("0.7"), number("high")
    (1.0, 0.5, 0.7, None)
    """
    if type(value) is list and len(value) == 1:
        value = value[0]
    if type(value) is str and _NUMBER.fullmatch(value):
        value = float(value)
    if type(value) is float and math.isnan(value):
        return None
    try:
        return float(value) if type(value) in (int, float) else None
    except OverflowError:  # JSON's whole numbers may be longer than any float
        return None


def ranking(values: Sequence[Any]) -> dict[str, float] | None:
    """Return several labels each with its score; None for what is none.

    >>> ranking([{"label": "a", "score": 0.9}, {"class": "b", "probability": 0.1}])
    {'a': 0.9, 'b': 0.1}
    >>> ranking([["n02", "cat", 0.9], ["n03", "dog", 0.1]])
    {'cat': 0.9, 'dog': 0.1}
    """
    if len(values) < 2:
        return None
    found: dict[str, float] = {}
    for value in values:
        if is_scored_label(value):
            label, score = value[-2:]
        elif type(value) is dict:
            label, score = _label_of(value), _first(value, "score")
        else:
            return None
        if type(label) is not str or type(score) not in (float, int):
            return None
        found[label] = number(score) or 0.0
    return found


def is_scored_label(value: Any) -> bool:
    """Return True for a list of a label and its probability, as Keras's decoders write them.

    >>> is_scored_label(["cat", 0.9]), is_scored_label(["n02", "cat", 0.9]), is_scored_label([1, 2])
    (True, True, False)
    """
    if type(value) is not list or len(value) not in (2, 3) or type(value[-1]) is not float:
        return False
    return set(map(type, value[:-1])) == {str} and 0 <= value[-1] <= 1


def _label_of(value: dict[str, Any]) -> Any:
    """Return the label of a ranked one: of a usual name, or its only text."""
    label = _first(value, "prediction")
    if label is not None:
        return label
    texts = [v for name, v in value.items() if type(v) is str and role_of(name) is None]
    return texts[0] if len(texts) == 1 else None


def ranked_columns(answer: dict[str, Any]) -> dict[str, float] | None:
    """Return parallel lists of labels and scores as a ranking; None where there are none.

    >>> ranked_columns({"displayNames": ["a", "b"], "confidences": [0.9, 0.1]})
    {'a': 0.9, 'b': 0.1}
    """
    labels = _first(answer, "prediction")
    scores = _first(answer, "score") or _first(answer, "probabilities")
    if not (type(labels) is list and type(scores) is list and 1 < len(labels) == len(scores)):
        return None
    pairs = zip(labels, scores, strict=True)
    return ranking([{"label": label, "score": score} for label, score in pairs])


def chances(value: Any) -> list[float] | dict[str, float] | None:
    """Return probabilities, in a list or by label; None for what is none.

    >>> chances([0.2, 0.9]), chances({"a": 0.2, "b": 0.8}), chances([0.2, 3])
    ([0.2, 0.9], {'a': 0.2, 'b': 0.8}, None)
    """
    if type(value) is list and len(value) > 1 and (found := ranking(value)) is not None:
        value = found
    numbers = value.values() if type(value) is dict else value if type(value) is list else ()
    return value if len(numbers) > 1 and _are_chances(numbers) else None


def are_by_label(answer: dict[str, Any]) -> bool:
    """Say whether an object is a distribution by label.

    >>> are_by_label({"cat": 0.75, "dog": 0.25}), are_by_label({"price": 0.75, "risk": 0.5})
    (True, False)
    """
    return _sum_to_one(list(answer.values())) and not any(map(role_of, answer))


def by_class(answer: dict[str, Any]) -> dict[str, str] | None:
    """Return the classes of members that are the probability of one each; None where none are.

    >>> by_class({"p_yes": 0.9, "p_no": 0.1, "id": 7})
    {'p_yes': 'yes', 'p_no': 'no'}
    >>> by_class({"yes_probability": 0.9, "ms": 3}), by_class({"p1": 0.9, "p2": 0.8})
    (None, None)
    """
    classes = {name: _class_of(name) for name in answer}
    found = {name: own for name, own in classes.items() if own is not None}
    is_whole = len(set(found.values())) == len(found) and "probabilities" not in answer
    return found if is_whole and _sum_to_one([answer[name] for name in found]) else None


@lru_cache(maxsize=_REMEMBERED)
def _class_of(name: str) -> str | None:
    """Return the class that a name says it is the probability of.

    >>> _class_of("proba_0"), _class_of("probability(yes)"), _class_of("p1"), _class_of("price")
    ('0', 'yes', '1', None)
    >>> _class_of('Scored Probabilities for Class "cat"'), _class_of("yes_proba")
    ('cat', 'yes')
    """
    found = _OF_CLASS.fullmatch(name)
    return None if found is None else found["last"] or found["first"] or found["azure"]


def probability_of(
    prediction: Any, probabilities: Sequence[float] | dict[str, float]
) -> float | None:
    """Return the probability of a predicted class, by its name or its place; None if not known.

    >>> probability_of("cat", {"cat": 0.75, "dog": 0.25}), probability_of(1, [0.2, 0.8])
    (0.75, 0.8)
    >>> probability_of("cat", [0.75, 0.25]), probability_of(2, [0.2, 0.8])
    (None, None)
    """
    if isinstance(probabilities, dict):
        return probabilities.get(str(prediction))
    if type(prediction) is not int or not is_distribution(probabilities):
        return None
    return probabilities[prediction] if 0 <= prediction < len(probabilities) else None


def largest(found: Any) -> Any:
    """Return the label, or of a list the place, of the largest probability.

    >>> largest({"cat": 0.75, "dog": 0.25}), largest([0.2, 0.8]), largest([0.2, 0.3])
    ('cat', 1, None)
    """
    if type(found) is dict:
        return max(found, key=lambda label: float(found[label]))
    return found.index(max(found)) if is_distribution(found) else None


def _sum_to_one(values: list[Any]) -> bool:
    return (
        len(values) > 1
        and {float} <= set(map(type, values)) <= {float, int}
        and all(0 <= p <= 1 for p in values)
        and abs(sum(values) - 1) < 1e-3
    )


def _are_chances(numbers: Iterable[Any]) -> bool:
    return all(type(p) in (int, float) and 0 <= p <= 1 for p in numbers)


def _first(answer: dict[str, Any], role: Any) -> Any:
    names = named(answer, role)
    return answer[names[0]] if names else None
