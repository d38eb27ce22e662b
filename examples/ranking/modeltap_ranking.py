"""Metrics of rankings: `ndcg` and `reciprocal_rank` of each labelled row."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from modeltap import hookimpl


@hookimpl
def measure(
    model: str,  # noqa: ARG001
    rows: Sequence[Mapping[str, Any]],
) -> Mapping[str, Sequence[float | None]] | None:
    """Return the metrics of rows whose prediction is a list of items, the best first.

    The label is the relevant item, or a list of relevant items; see `ndcg` for grades. Rows of
    other forms do not count, and a model without a ranking has none of these metrics.
    """
    rankings = [items_of(row["prediction"]) for row in rows]
    if not any(rankings):
        return None
    grades = [grades_of(row["label"]) for row in rows]
    pairs = list(zip(rankings, grades, strict=True))
    return {
        "ndcg": [ndcg(ranking, own) if ranking and own else None for ranking, own in pairs],
        "reciprocal_rank": [
            reciprocal_rank(ranking, own) if ranking and own else None for ranking, own in pairs
        ],
    }


def items_of(prediction: Any) -> list[str] | None:
    """Return the items of a ranking as texts; None for a prediction of another form.

    >>> items_of(["b", "a"]), items_of('["b", "a"]'), items_of("b"), items_of([])
    (['b', 'a'], ['b', 'a'], None, None)
    """
    items = _parsed(prediction)
    if not isinstance(items, list) or not items:
        return None
    if not all(isinstance(item, str | int) for item in items):
        return None
    return [str(item) for item in items]


def grades_of(label: Any) -> dict[str, float]:
    """Return how relevant each item is, 1 unless the label has grades; empty if none is.

    >>> grades_of("a"), grades_of(["a", "b"]), grades_of({"a": 3, "b": 0})
    ({'a': 1.0}, {'a': 1.0, 'b': 1.0}, {'a': 3.0})
    """
    own = _parsed(label)
    if isinstance(own, dict):
        grades = {str(item): _number(grade) for item, grade in own.items()}
        return {item: grade for item, grade in grades.items() if grade > 0}
    items = own if isinstance(own, list) else [own]
    return {str(item): 1.0 for item in items if isinstance(item, str | int)}


def ndcg(ranking: Sequence[str], grades: Mapping[str, float]) -> float:
    """Return the normalised discounted cumulative gain, from 0 to 1 (Järvelin & Kekäläinen, 2002).

    ``sum(grade / log2(1 + place)) / the same of the best ranking``, by places from 1. An item that
    is ranked twice counts at its first place.

    >>> ndcg(["a", "b"], {"a": 1.0}), round(ndcg(["b", "a"], {"a": 1.0}), 3)
    (1.0, 0.631)
    """
    best = sorted(grades.values(), reverse=True)
    own = [grades.get(item, 0.0) for item in dict.fromkeys(ranking)]
    return _gain(own) / _gain(best)


def reciprocal_rank(ranking: Sequence[str], grades: Mapping[str, float]) -> float:
    """Return 1 / the place of the first relevant item, 0 without one. The mean is the MRR.

    >>> reciprocal_rank(["b", "a"], {"a": 1.0}), reciprocal_rank(["b"], {"a": 1.0})
    (0.5, 0.0)
    """
    places = (place for place, item in enumerate(ranking, 1) if item in grades)
    return 1 / next(places, math.inf)


def _gain(grades: Sequence[float]) -> float:
    return sum(grade / math.log2(place + 1) for place, grade in enumerate(grades, 1))


def _number(grade: Any) -> float:
    """Return a grade; 0 for anything that is not a finite number."""
    is_number = isinstance(grade, int | float) and math.isfinite(grade)
    return float(grade) if is_number else 0.0


def _parsed(value: Any) -> Any:
    """Return a list or an object that is stored as JSON text; other values unchanged."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
