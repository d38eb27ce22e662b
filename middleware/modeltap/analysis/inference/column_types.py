"""The type of a column: numbers, including those sent as texts, categories, times, ids, others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from itertools import islice, pairwise
from typing import Any, NamedTuple

import numpy as np

from modeltap import clock
from modeltap.analysis.inference.epochs import are_times, is_named_time
from modeltap.analysis.model.feature import FeatureKind, as_boolean, code
from modeltap.analysis.model.vectors import MOST, mean_direction
from modeltap.number_texts import MISSING, Forms, Style, form_of, number_of
from modeltap.time_texts import compact_date, order_in

_MAX_CATEGORY_LENGTH = 100
"""A longer text is a sentence or a document instead of a category."""

_MANY_VALUES = 20
"""With this many distinct texts or fewer, a column is categorical, even if it has few rows."""

_MOSTLY = 0.5
"""More than half: most texts contain a space, or occur only once."""

_MIN_ID_ROWS = 100
"""Fewer numbers may all be distinct and in order by chance, or because a file is sorted."""

_MIN_REUSED_IDS = 200
"""With this many distinct numbers and an id's name, a column holds ids, even if some repeat."""

_MIN_CODE_LENGTH = 4
"""Whole numbers of one length that are sent as texts are codes, for example of places."""

_LOOK_AT = 20
"""Distinct texts that are checked for being times."""

_ID_NAME = re.compile(r"(^|[._])(id|uuid|guid)$|[a-z](?-i:I[dD]|UUID|Guid)$", re.IGNORECASE)


class ColumnType(NamedTuple):
    """The type of a column's values.

    Attributes:
        texts: the style of numbers that are sent as texts; None if there are none.
        text_rate: the fraction of values that are such numbers.
        whole: whether whole numbers are categories as well as texts.
        day_first: whether 01/02/2024 is the first of February; None if no date shows it.
    """

    kind: FeatureKind
    texts: Style | None = None
    text_rate: float = 0.0
    whole: bool = False
    day_first: bool | None = None


def type_of(name: str, values: Sequence[Any], declared: FeatureKind | None = None) -> ColumnType:
    """Return the type of a column's present values.

    >>> type_of("x", [1.5, "2.5", 3.0] * 9).texts, type_of("c", ["a", 1, "b"] * 9).whole
    ('point', True)
    """
    if declared is not None:
        return _declared(values, declared)
    kinds = Counter(map(type, values))
    enough = MOST * len(values)
    numbers, texts = kinds[int] + kinds[float], kinds[str]
    if not values:
        return ColumnType("other")
    if texts and numbers + texts >= enough and (inferred := _with_texts(name, values)) is not None:
        return inferred
    if numbers >= enough:
        return ColumnType(_kind_of_numbers(name, values))
    if kinds[bool] >= enough:
        return ColumnType("boolean")
    if texts + kinds[bool] >= enough:
        return _of_texts(name, counted(values, (str, bool)))
    if kinds[list] >= enough and mean_direction(values):
        return ColumnType("vector")
    if kinds[datetime] + kinds[date] >= enough:
        return ColumnType("datetime")
    return _mixed(values) if numbers + texts + kinds[bool] >= enough else ColumnType("other")


def counted(values: Sequence[Any], types: Collection[type]) -> Counter[str]:
    """Return the number of rows of each category, by its code, among the values of some types.

    The categories are in the order of their first rows.

    >>> counted(["a", 1, True, 1.0, "a", None], (str, int, float, bool))
    Counter({'a': 2, '1': 2, 'true': 1})
    """
    if not set(map(type, values)) <= set(types):
        values = [value for value in values if type(value) in types]
    rows: Counter[str] = Counter()
    # Equal values of different types, such as 1 and True, may be different categories.
    for (_, value), count in Counter(zip(map(type, values), values, strict=True)).items():
        rows[code(value)] += count
    return rows


def _declared(values: Sequence[Any], kind: FeatureKind) -> ColumnType:
    words = [value for value in values if type(value) is str]
    if kind == "numeric" and words:
        style, count = _style_of(Counter(words))
        return ColumnType(kind, style, count / len(values) if style else 0.0)
    return ColumnType(kind, day_first=_order_of(words) if kind == "datetime" else None)


def _with_texts(name: str, values: Sequence[Any]) -> ColumnType | None:
    """Return the type of a column of which most values are numbers, some or all sent as texts.

    Empty texts and common words for missing values do not count.
    """
    every = Counter(value for value in values if type(value) is str)
    words = {word: rows for word, rows in every.items() if word.strip().lower() not in MISSING}
    rows = len(values) - every.total() + sum(words.values())
    style, count = _style_of(words)
    numbers = [value for value in values if type(value) in (int, float)]
    if len(numbers) + count < _MOSTLY * rows:
        return None
    if not numbers and (style is None or _are_codes(words, style)):
        return None
    if style:
        read = {word: n for word in words if (n := number_of(word, style)) is not None}
        numbers += [read[value] for value in values if type(value) is str and value in read]
    if len(numbers) < MOST * rows and not _are_but_for_codes(words, style, numbers):
        return None
    return ColumnType(
        _kind_of_numbers(name, numbers), style if count else None, count / len(values)
    )


def _are_but_for_codes(words: Collection[str], style: Style | None, numbers: Sequence[Any]) -> bool:
    """Return whether a column holds numbers and a few texts that stand for missing ones."""
    others = {word for word in words if style is None or number_of(word, style) is None}
    return len(others) <= _MANY_VALUES < len(set(numbers))


def _style_of(words: Mapping[str, int]) -> tuple[Style | None, int]:
    """Return the style of the numbers among texts, and their rows, from the rows of each text."""
    forms = Forms()
    numeric = [word for word in words if form_of(word)]
    for word in numeric:
        forms.add(word)
    style = forms.style() if numeric else None
    return style, sum(words[word] for word in numeric) if style else 0


def _are_codes(words: Mapping[str, int], style: Style) -> bool:
    """Return whether texts of numbers are codes: few distinct ones, or whole ones of one length."""
    distinct = {value.strip() for value in words if number_of(value, style) is not None}
    whole = all(value.isdecimal() for value in distinct)
    few = len(distinct) <= (
        _MANY_VALUES if whole else min(_MANY_VALUES, _MOSTLY * sum(words.values()))
    )
    lengths = {len(value) for value in distinct}
    return few or (whole and len(lengths) == 1 and min(lengths) >= _MIN_CODE_LENGTH)


def _kind_of_numbers(name: str, values: Sequence[Any]) -> FeatureKind:
    if _are_ids(name, values):
        return "id"
    numbers = _floats(values)
    return "datetime" if are_times(name, numbers[np.isfinite(numbers)]) else "numeric"


def _floats(values: Sequence[Any]) -> np.ndarray:
    """Return values as floats, NaN for other values and for numbers that are too large."""
    if set(map(type, values)) <= {int, float}:
        try:
            return np.array(values, dtype=np.float64)
        except OverflowError:
            pass  # an integer beyond 1.8e308
    return np.array(list(map(_as_float, values)), dtype=np.float64)


def _as_float(value: Any) -> float:
    try:
        return float(value) if type(value) in (int, float) else float("nan")
    except OverflowError:
        return float("nan")


def _of_texts(name: str, distinct: Counter[str]) -> ColumnType:
    rows = distinct.total()
    order = _order_of(distinct)
    if _are_times(name, distinct, order):
        return ColumnType("datetime", day_first=order)
    if len(distinct) <= 2 and all(as_boolean(text) for text in distinct):
        return ColumnType("boolean")
    mostly_new = len(distinct) > _MANY_VALUES and len(distinct) > _MOSTLY * rows
    if mostly_new or max(map(len, distinct)) > _MAX_CATEGORY_LENGTH:
        spaced = sum(distinct[text] for text in distinct if " " in text.strip())
        return ColumnType("text" if spaced > _MOSTLY * rows else "id")
    return ColumnType("categorical")


def _are_times(name: str, distinct: Counter[str], order: bool | None) -> bool:
    """Return whether the first distinct texts are times; digits alone may be any number."""
    if not all(clock.parse(text, order) is not None for text in islice(distinct, _LOOK_AT)):
        return False
    digits = [text for text in distinct if text.strip().isdecimal()]
    if any(compact_date(text.strip()) is None for text in digits):
        return are_times(name, np.array([float(text) for text in digits]))
    return len(digits) < len(distinct) or len(digits) >= _LOOK_AT or is_named_time(name)


def _order_of(words: Sequence[str] | Counter[str]) -> bool | None:
    """Return whether dates have their day first, by the majority of those that show it."""
    shown = Counter(order for text in words if (order := order_in(text.strip())) is not None)
    return shown.most_common(1)[0][0] if shown else None


def _mixed(values: Sequence[Any]) -> ColumnType:
    """Return the type of a column of numbers and texts: categorical if few are distinct."""
    distinct = counted(values, (int, float, str, bool))
    if len(distinct) > _MANY_VALUES and len(distinct) > _MOSTLY * len(values):
        return ColumnType("id")
    if max(map(len, distinct)) > _MAX_CATEGORY_LENGTH:
        return ColumnType("other")
    return ColumnType("categorical", whole=True)


def _are_ids(name: str, values: Sequence[Any]) -> bool:
    """Return whether values are ids: distinct whole numbers that are in order or named as ids."""
    if len(values) < _MIN_ID_ROWS or not set(map(type, values)) <= {int}:
        return False
    distinct, named = len(set(values)), _ID_NAME.search(name) is not None
    if named and distinct > _MIN_REUSED_IDS:
        return True
    if distinct < len(values):
        return False
    return named or all(a < b for a, b in pairwise(values))
