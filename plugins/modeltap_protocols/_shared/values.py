"""Kinds of single values: numbers, texts, distributions, vectors, rankings."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from modeltap.decoding.response_names import named, role_of

MAX_OUTPUTS = 100
"""A longer list of numbers is an embedding, not a list of outputs."""

_UNIT = 1e-3
"""Tolerance for the length of a normalized embedding, which is 1."""

_NUMBER = re.compile(r"\s*[+-]?\d{1,20}(\.\d{1,30})?([eE][+-]?\d{1,2})?\s*", re.ASCII)
"""A score as text, the form that Azure uses."""

_STATUS = frozenset(
    ("ok", "okay", "success", "succeeded", "successful", "done", "completed", "failed", "error")
)

_ROUNDING = 1e-3
"""Tolerance for the sum of probabilities."""

_FEWEST_DECIMALS = 2
"""With one decimal place, any few scores might sum to about 1."""

_QUANTILE = re.compile(r"[pPqQ]\d+")
"""Names of the probability of a numbered class, and of quantiles: `p1`, `p90`."""

_OF_CLASS = re.compile(
    r"""
    (?:prediction[\ _])?(?:prob|proba|probability|score|confidence|p)(?:[\ _.\-]|(?=[(\[\d]))
        [(\["']?(?P<last>.+?)[)\]"']?
    |(?P<first>.+)[\ _.\-](?:prob|proba|probability)
    |scored[\ _]probabilities(?:[\ _]for[\ _]class)?[\ _]"?(?P<azure>.+?)"?
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Names of the probability of one class, as in scikit-learn code, H2O, PMML and Azure."""

_CACHED_NAMES = 4096
"""Bounds the memory of the cache of names."""


def is_distribution(value: Any) -> bool:
    """Return True if `value` is a list of probabilities: two or more numbers that sum to 1.

    At least one of them is a float.

    >>> is_distribution([0.2, 0.8]), is_distribution([0, 1]), is_distribution([0.2, 0.3])
    (True, False, False)
    """
    return type(value) is list and _sum_to_one(value)


def is_vector(value: Any) -> bool:
    """Return True if `value` is a list of several numbers, such as an embedding.

    >>> is_vector([0.5, 2]), is_vector([0.5]), is_vector(["a", 1])
    (True, False, False)
    """
    return type(value) is list and len(value) > 1 and set(map(type, value)) <= {float, int}


def is_outputs(value: Any) -> bool:
    """Return True if a list of numbers holds several outputs: it is short, and its norm is not 1.

    >>> is_outputs([1.5, 2]), is_outputs([0.6, 0.8]), is_outputs([1.5] * 101)
    (True, False, False)
    """
    if not is_vector(value) or len(value) > MAX_OUTPUTS:
        return False
    return abs(math.hypot(*(number(item) or 0.0 for item in value)) - 1) > _UNIT


def is_status(value: Any) -> bool:
    """Return True if a value is the status of a call, not its result.

    >>> is_status("OK"), is_status("cat"), is_status(True)
    (True, False, False)
    """
    return type(value) is str and value.strip().lower() in _STATUS


def scalar(value: Any) -> Any:
    """Return a prediction as a number or text, also from a list of one; None for anything else.

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
    """Return a score as a float, also from a list of one; None for anything else.

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
    except OverflowError:  # integers in JSON may exceed the range of floats
        return None


def ranking(values: Sequence[Any]) -> dict[str, float] | None:
    """Return the scores of several labels; None for anything else.

    >>> ranking([{"label": "a", "score": 0.9}, {"class": "b", "probability": 0.1}])
    {'a': 0.9, 'b': 0.1}
    >>> ranking([["n02", "cat", 0.9], ["n03", "dog", 0.1]])
    {'cat': 0.9, 'dog': 0.1}
    """
    if len(values) < 2:
        return None
    scores: dict[str, float] = {}
    for value in values:
        if is_scored_label(value):
            label, score = value[-2:]
        elif type(value) is dict:
            label, score = _label_of(value), _first(value, "score")
        else:
            return None
        if type(label) is not str or type(score) not in (float, int):
            return None
        # Of several objects of one class in a picture, the surest counts.
        scores[label] = max(number(score) or 0.0, scores.get(label, -math.inf))
    return scores


def is_scored_label(value: Any) -> bool:
    """Return True for a list of a label and its probability, as Keras's decoders write them.

    >>> is_scored_label(["cat", 0.9]), is_scored_label(["n02", "cat", 0.9]), is_scored_label([1, 2])
    (True, True, False)
    """
    if type(value) is not list or len(value) not in (2, 3) or type(value[-1]) is not float:
        return False
    return set(map(type, value[:-1])) == {str} and 0 <= value[-1] <= 1


def _label_of(value: dict[str, Any]) -> Any:
    """Return the label of an entry: the member with a known name, or the only text."""
    label = _first(value, "prediction")
    if label is not None:
        return label
    texts = [v for name, v in value.items() if type(v) is str and role_of(name) is None]
    return texts[0] if len(texts) == 1 else None


def ranked_columns(answer: dict[str, Any]) -> dict[str, float] | None:
    """Return parallel lists of labels and scores as a ranking; None if there are none.

    The labels may have any name, if they are the only texts.

    >>> ranked_columns({"displayNames": ["a", "b"], "confidences": [0.9, 0.1]})
    {'a': 0.9, 'b': 0.1}
    >>> ranked_columns({"product_ids": ["a", "b"], "scores": [0.9, 0.1]})
    {'a': 0.9, 'b': 0.1}
    """
    scores = _first(answer, "score") or _first(answer, "probabilities")
    labels = _first(answer, "prediction") or _names_beside(answer, scores)
    if not (type(labels) is list and type(scores) is list and 1 < len(labels) == len(scores)):
        return None
    pairs = zip(labels, scores, strict=True)
    return ranking([{"label": label, "score": score} for label, score in pairs])


def _names_beside(answer: dict[str, Any], scores: Any) -> Any:
    """Return the only list of as many different texts as there are scores; None without one."""
    if type(scores) is not list:
        return None
    lists = [value for value in answer.values() if type(value) is list and value is not scores]
    texts = [value for value in lists if set(map(type, value)) == {str}]
    fitting = [value for value in texts if len(set(value)) == len(value) == len(scores)]
    return fitting[0] if len(fitting) == 1 else None


def chances(value: Any) -> list[float] | dict[str, float] | None:
    """Return probabilities, in a list or by label; None for anything else.

    >>> chances([0.2, 0.9]), chances({"a": 0.2, "b": 0.8}), chances([0.2, 3])
    ([0.2, 0.9], {'a': 0.2, 'b': 0.8}, None)
    """
    if type(value) is list and len(value) > 1 and (ranked := ranking(value)) is not None:
        value = ranked
    numbers = value.values() if type(value) is dict else value if type(value) is list else ()
    return value if len(numbers) > 1 and _are_chances(numbers) else None


def are_by_label(answer: dict[str, Any]) -> bool:
    """Return True if an object is a distribution by label.

    >>> are_by_label({"cat": 0.75, "dog": 0.25}), are_by_label({"price": 0.75, "risk": 0.5})
    (True, False)
    """
    if not _sum_to_one(list(answer.values())) or any(map(role_of, answer)):
        return False
    return not all(map(_QUANTILE.fullmatch, answer))


def by_class(answer: dict[str, Any]) -> dict[str, str] | None:
    """Return the class of each member that is a class's probability; None if there are none.

    >>> by_class({"p_yes": 0.9, "p_no": 0.1, "id": 7})
    {'p_yes': 'yes', 'p_no': 'no'}
    >>> by_class({"yes_probability": 0.9, "ms": 3}), by_class({"p1": 0.9, "p2": 0.8})
    (None, None)
    >>> by_class({"p10": 0.2, "p50": 0.3, "p90": 0.5})
    """
    classes = {name: _class_of(name) for name in answer}
    known = {name: label for name, label in classes.items() if label is not None}
    is_complete = len(set(known.values())) == len(known) and "probabilities" not in answer
    if known and all(map(_QUANTILE.fullmatch, known)) and not _are_numbered(known.values()):
        return None
    return known if is_complete and _sum_to_one([answer[name] for name in known]) else None


def _are_numbered(classes: Iterable[str]) -> bool:
    """Return True for classes that are numbered from 0 or 1."""
    numbers = sorted(map(int, classes))
    return numbers in (list(range(len(numbers))), list(range(1, len(numbers) + 1)))


def may_be_by_class(names: Iterable[str]) -> bool:
    """Return True if several names are those of a class's probability.

    >>> may_be_by_class(["p_yes", "p_no"]), may_be_by_class(["p_yes", "label"])
    (True, False)
    """
    return sum(_class_of(name) is not None for name in names) > 1


@lru_cache(maxsize=_CACHED_NAMES)
def _class_of(name: str) -> str | None:
    """Return the class in the name of a class's probability.

    >>> _class_of("proba_0"), _class_of("probability(yes)"), _class_of("p1"), _class_of("price")
    ('0', 'yes', '1', None)
    >>> _class_of('Scored Probabilities for Class "cat"'), _class_of("yes_proba")
    ('cat', 'yes')
    """
    match = _OF_CLASS.fullmatch(name)
    return None if match is None else match["last"] or match["first"] or match["azure"]


def probability_of(
    prediction: Any, probabilities: Sequence[float] | dict[str, float]
) -> float | None:
    """Return the probability of a predicted class, by its name or index; None if unknown.

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


def largest(probabilities: Any) -> Any:
    """Return the label of the largest probability, or its index in a list.

    >>> largest({"cat": 0.75, "dog": 0.25}), largest([0.2, 0.8]), largest([0.2, 0.3])
    ('cat', 1, None)
    """
    if type(probabilities) is dict:
        return max(probabilities, key=lambda label: float(probabilities[label]))
    return probabilities.index(max(probabilities)) if is_distribution(probabilities) else None


def _sum_to_one(values: list[Any]) -> bool:
    """Return True for probabilities that sum to 1, apart from the rounding of each of them."""
    if len(values) < 2 or not {float} <= set(map(type, values)) <= {float, int}:
        return False
    if not all(0 <= p <= 1 for p in values):
        return False
    error = abs(sum(values) - 1)
    return error < _ROUNDING or (len(values) > 2 and error <= _rounding_of(values))


def _rounding_of(values: Sequence[float]) -> float:
    """Return the largest error of the sum of N values that are rounded to two places or more.

    >>> round(_rounding_of([0.33, 0.33, 0.33]), 6), _rounding_of([0.5, 0.3, 0.3])
    (0.015, 0.0)
    """
    decimals = max(len(repr(value).partition(".")[2]) for value in values)
    return len(values) / 2 * 10.0**-decimals + 1e-9 if decimals >= _FEWEST_DECIMALS else 0.0


def _are_chances(numbers: Iterable[Any]) -> bool:
    return all(type(p) in (int, float) and 0 <= p <= 1 for p in numbers)


def _first(answer: dict[str, Any], role: Any) -> Any:
    names = named(answer, role)
    return answer[names[0]] if names else None
