"""Columns of lists as columns of values: numbers by position, objects and tags summarized."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

import numpy as np

from modeltap.config.settings import Settings
from modeltap.number_texts import CODE, POINT, SHORT, form_of

ColumnsByName = dict[str, Sequence[Any]]

_MOST = 0.9
"""The least fraction of lists in a column of lists; other values have the wrong type."""

_UNIT_TOLERANCE = 1e-3
"""The largest difference from 1 in the length of a normalized embedding."""

_MAX_FIELDS = 20
"""The most summarized fields of listed objects: each one is a feature."""

_DEEPEST = 6
"""The most levels of objects and lists within an item that are summarized."""

_MAX_CODES = 50
"""The most different texts of numbers in a reference that are codes, as in a column of texts."""

_VECTORS = ("embedding", "embeddings", "vector")
"""Names of lists whose positions are not features, even if the lists are short."""

_SAMPLE = 10_000
"""The most items of lists that are checked for numbers sent as text."""

_COUNT = "count"


class ListRules(NamedTuple):
    """Rules for vectors: lists of the declared columns, and lists longer than `most`."""

    most: int = 100
    vectors: Collection[str] = ()

    @classmethod
    def of(cls, settings: Settings) -> ListRules:
        """Return the rules from a model's settings."""
        declared = settings.features.items()
        vectors = frozenset(name for name, feature in declared if feature.type == "vector")
        return cls(settings.max_list_features, vectors)


def spread(
    columns: Mapping[str, Sequence[Any]], known: Collection[str], rules: ListRules
) -> ColumnsByName:
    """Return columns with columns of lists replaced, by a reference's `known` names if it has any.

    Short lists of one length become a column for each position; a list of another length counts
    as values of the wrong type there. Other lists of numbers, texts or objects become their count
    and a summary: the mean of numbers, the first of other values.

    >>> spread({"x": [[5.1, 3.5], [4.9, 3.0]]}, (), ListRules())
    {'x.0': [5.1, 4.9], 'x.1': [3.5, 3.0]}
    >>> spread({"items": [[{"price": 9}, {"price": 4}], []]}, (), ListRules())
    {'items.count': [2, 0], 'items.price.mean': [6.5, None]}
    >>> spread({"tags": [["a", "b"], ["c"]]}, (), ListRules())
    {'tags.count': [2, 1], 'tags.first': ['a', 'c']}
    >>> spread({"orders": [[{"lines": [{"price": 1}, {"price": 3}]}]]}, (), ListRules())
    {'orders.count': [1], 'orders.lines.price.mean': [2.0]}
    """
    replaced: ColumnsByName = {}
    for name, column in columns.items():
        for part, values in _parts(name, column, known, rules).items():
            replaced[_free(part, replaced, columns if part != name else ())] = values
    return replaced


def with_names(row: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return a row with names for the values of its list, if one list has as many values.

    >>> with_names({"features": [5.1, 3.5], "k": 1}, ["length", "width"])
    {'length': 5.1, 'width': 3.5, 'k': 1}
    >>> with_names({"a": [1, 2], "b": [3, 4]}, ["x", "y"])
    {'a': [1, 2], 'b': [3, 4]}
    """
    fitting = [n for n, value in row.items() if type(value) is list and len(value) == len(names)]
    if len(fitting) != 1 or not names:
        return row
    named = dict(zip(names, row[fitting[0]], strict=True))
    return {**named, **{name: value for name, value in row.items() if name != fitting[0]}}


def _parts(
    name: str, column: Sequence[Any], known: Collection[str], rules: ListRules
) -> ColumnsByName:
    if name in known:
        return {name: column}
    if size := _known_size(name, column, known, rules):
        return _by_position(name, column, size)
    if isinstance(column, np.ndarray):
        return {name: column}
    kinds = set(map(type, column))
    is_known = f"{name}.{_COUNT}" in known
    if list not in kinds and not (is_known and kinds == {type(None)}):
        return {name: column}
    lists = [value for value in column if type(value) is list]
    if is_known:
        return _summarized(name, column, lists, known)
    present = sum(value is not None for value in column)
    if _is_vector(name, lists, rules) or len(lists) < _MOST * present:
        return {name: column}
    size, count = Counter(map(len, lists)).most_common(1)[0]
    kinds = set(map(type, chain.from_iterable(lists)))
    numeric = bool(kinds & {int, float}) or _are_number_texts(kinds, lists)
    if numeric and not kinds & {dict, list} and count >= _MOST * len(lists):
        return _by_position(name, column, size) if 0 < size <= rules.most else {name: column}
    kinds -= {type(None)}
    uniform = kinds <= {dict} or kinds <= {int, float} or kinds <= {str} or _hold_objects(lists)
    return _summarized(name, column, lists, known) if kinds and uniform else {name: column}


def _hold_objects(lists: Sequence[list[Any]]) -> bool:
    """Return True if the lists hold lists of objects."""
    outer = [item for values in lists for item in values if item is not None]
    inner = [item for items in outer if type(items) is list for item in items if item is not None]
    return set(map(type, outer)) == {list} and set(map(type, inner)) == {dict}


def _are_number_texts(kinds: Collection[type], lists: Sequence[list[Any]]) -> bool:
    """Return True if all items are numbers sent as text; codes (007, 12e4) are not numbers.

    >>> _are_number_texts({str}, [["5.1", "3.5"]]), _are_number_texts({str}, [["007"], ["a"]])
    (True, False)
    """
    if set(kinds) != {str}:
        return False
    texts = list(islice(chain.from_iterable(lists), _SAMPLE))
    return all(form_of(text) & POINT and not form_of(text) & (CODE | SHORT) for text in texts)


def _known_size(name: str, column: Sequence[Any], known: Collection[str], rules: ListRules) -> int:
    """Return the number of a list's positions that are known, 0 if none is.

    A reference (a mapping) has all positions. Single names may be only some of them.
    """
    size = 0
    while f"{name}.{size}" in known:
        size += 1
    if not size or isinstance(known, Mapping):
        return size
    lengths = [len(value) for value in column if type(value) is list]
    return max(size, *(length for length in lengths if length <= rules.most), 0)


def _is_vector(name: str, lists: Sequence[list[Any]], rules: ListRules) -> bool:
    if name in rules.vectors or name.rpartition(".")[2] in _VECTORS:
        return True
    return sum(map(_is_unit, lists)) >= _MOST * len(lists)


def _is_unit(values: list[Any]) -> bool:
    """Return True if a vector has length 1, as normalized embeddings do; False for one-hot codes.

    >>> _is_unit([0.6, 0.8]), _is_unit([0, 1, 0]), _is_unit([5.1, 3.5])
    (True, False, False)
    """
    numeric = len(values) > 1 and set(map(type, values)) <= {int, float}
    if not numeric or set(values) <= {0, 1}:
        return False
    try:
        return abs(math.hypot(*values) - 1) < _UNIT_TOLERANCE
    except OverflowError:  # integers in JSON may exceed the range of floats
        return False


def _by_position(name: str, column: Sequence[Any], size: int) -> ColumnsByName:
    rows = [
        value if type(value) is list and len(value) == size else [value] * size for value in column
    ]
    positions = zip(*rows, strict=True)
    return {f"{name}.{position}": list(values) for position, values in enumerate(positions)}


def _summarized(
    name: str,
    column: Sequence[Any],
    lists: Sequence[list[Any]],
    known: Collection[str],
) -> ColumnsByName:
    """Return the number of items in each list, and a summary of the items or of their fields.

    Fields within nested objects and lists are named by their path: `items.cost.net`.
    """
    counts = [len(value) if type(value) is list else value for value in column]
    items = [value if type(value) is list else [] for value in column]
    summaries: ColumnsByName = {f"{name}.{_COUNT}": counts}
    if not any(type(item) in (dict, list) for values in lists for item in values):
        return summaries | _summary(name, items, known)
    rows = [_leaves(values) for values in items]
    fields = Counter(chain.from_iterable(rows))
    ranked = sorted(
        fields, key=lambda path: (not _is_known(f"{name}.{path}", known), -fields[path])
    )
    for field in ranked[:_MAX_FIELDS]:
        path = f"{name}.{field}" if field else name
        summaries |= _summary(path, [row.get(field, []) for row in rows], known)
    return summaries


def _leaves(items: list[Any]) -> dict[str, list[Any]]:
    """Return the values within the items of a list, by their path.

    >>> _leaves([{"cost": {"net": 3}, "tags": ["a", "b"]}, {"cost": {"net": 4}}, None])
    {'cost.net': [3, 4], 'tags': ['a', 'b']}
    """
    leaves: dict[str, list[Any]] = {}
    stack: list[tuple[str, Any, int]] = [("", item, 0) for item in reversed(items)]
    while stack:
        path, value, depth = stack.pop()
        if depth < _DEEPEST and type(value) is dict:
            inner = [(f"{path}.{key}" if path else key, item) for key, item in value.items()]
        elif depth < _DEEPEST and type(value) is list:
            inner = [(path, item) for item in value]
        else:
            if path or value is not None:
                leaves.setdefault(path, []).append(value)
            continue
        stack += [(inner_path, item, depth + 1) for inner_path, item in reversed(inner)]
    return leaves


def _is_known(name: str, known: Collection[str]) -> bool:
    return f"{name}.mean" in known or f"{name}.first" in known


def _summary(name: str, items: Sequence[list[Any]], known: Collection[str]) -> ColumnsByName:
    """Return the mean of each row's numbers, or its first value; as the reference has it.

    Values nested too deeply stay a column of objects or lists, which no test compares.
    """
    kinds = Counter(map(type, chain.from_iterable(items)))
    del kinds[type(None)]
    if not kinds:
        return {}
    numbers = kinds[int] + kinds[float]
    texts = [[item for item in row if type(item) is str] for row in items] if kinds[str] else []
    as_numbers = bool(texts) and _are_number_texts({str}, texts)
    if not _is_known(name, known):
        is_mean = numbers > 0 and numbers + (kinds[str] if as_numbers else 0) == kinds.total()
        is_mean = is_mean or (as_numbers and kinds[str] == kinds.total() and _vary(texts))
    else:
        is_mean = f"{name}.mean" in known
    if is_mean:
        return {f"{name}.mean": list(map(_mean, items))}
    if kinds[dict] or kinds[list]:
        return {name: [row or None for row in items]}
    return {f"{name}.first": [row[0] if row else None for row in items]}


def _vary(texts: Sequence[list[str]]) -> bool:
    """Return True if there are too many different texts of numbers for codes."""
    return len(set(islice(chain.from_iterable(texts), _SAMPLE))) > _MAX_CODES


def _mean(values: list[Any]) -> float | None:
    try:
        numbers = [
            float(value) if type(value) is str else value
            for value in values
            if type(value) in (int, float) or (type(value) is str and form_of(value) & POINT)
        ]
        return math.fsum(numbers) / len(numbers) if numbers else None
    except (OverflowError, ValueError):  # out of range for floats, or infinities of both signs
        return None


def _free(name: str, taken: Collection[str], others: Collection[str]) -> str:
    """Return a name that no other column has."""
    return _free(f"{name}.list", taken, others) if name in taken or name in others else name
