"""Descriptions of a column's values that no test compares, and the type to declare for them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from modeltap.wording import percent

_NUMBER = re.compile(r"\s*[-+]?\d[\d.,']*(e[-+]?\d+)?\s*%?\s*", re.IGNORECASE)
"""A number as people and programs write it, with a percent sign or separators."""

NUMBERS_AS_TEXT = "texts that look like numbers"

SEVERAL_TYPES = "values of several types"

_MOST = 0.8
"""Four in five: a column with a few words such as `unknown` is still numeric."""

_KINDS: dict[type, str] = {
    int: "numbers",
    float: "numbers",
    bool: "booleans",
    str: "texts",
    dict: "objects",
    list: "lists",
}


class ValueDescription(NamedTuple):
    """A description of a column's values, and the type to declare; None if no type fits."""

    text: str
    kind: str | None


def describe(values: Sequence[Any]) -> ValueDescription | None:
    """Describe values; None if all are missing.

    >>> describe([[{"price": 9}], [{"price": 4}, {"price": 1}]])
    ValueDescription(text='lists of objects', kind=None)
    >>> describe(["12.50", "9,99", None]).text
    'texts that look like numbers'
    >>> describe([1, "a", 2.5, "b"])
    ValueDescription(text='values of several types: 50 % numbers, 50 % texts', kind='categorical')
    """
    present = [value for value in values if value is not None]
    if not present:
        return None
    kinds = Counter(_KINDS.get(type(value), "other values") for value in present)
    kind, count = kinds.most_common(1)[0]
    if count < len(present):
        parts = (f"{percent(n / len(present))} {name}" for name, n in kinds.most_common())
        return ValueDescription(f"{SEVERAL_TYPES}: {', '.join(parts)}", _declared(kinds))
    if kind == "texts":
        return _of_texts(present)
    if kind == "lists":
        return _of_lists([value for value in present if value])
    return ValueDescription(kind, None)


def _declared(kinds: Counter[str]) -> str | None:
    if kinds["numbers"] >= _MOST * kinds.total():
        return "numeric"
    return None if kinds["lists"] or kinds["objects"] else "categorical"


def _of_texts(texts: Sequence[str]) -> ValueDescription:
    numbers = sum(_NUMBER.fullmatch(text) is not None for text in texts)
    if numbers >= _MOST * len(texts):
        return ValueDescription(NUMBERS_AS_TEXT, "numeric")
    return ValueDescription("texts", "text")


def _of_lists(lists: Sequence[list[Any]]) -> ValueDescription:
    if not lists:
        return ValueDescription("empty lists", None)
    items = {_KINDS.get(type(value), "other values") for values in lists for value in values}
    item_kind = items.pop() if len(items) == 1 else SEVERAL_TYPES
    uneven = item_kind == "numbers" and len(set(map(len, lists))) > 1
    return ValueDescription(
        f"lists of {item_kind}{' of different lengths' if uneven else ''}", None
    )
