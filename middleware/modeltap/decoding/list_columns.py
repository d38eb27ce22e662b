"""Columns of lists as columns of values: numbers by position, objects and tags by measures."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from modeltap.config.settings import Settings
from modeltap.number_texts import CODE, POINT, SHORT, form_of

ColumnsByName = dict[str, Sequence[Any]]

_MOST = 0.9
"""A column is of lists when this fraction of its values is; the others are of another type."""

_UNIT = 1e-3
"""So near to 1 the length of a normalized embedding is."""

_MAX_FIELDS = 20
"""Fields of listed objects that are measured: each costs a feature."""

_DEEPEST = 6
"""Levels of objects and lists within an item that are measured."""

_FEW = 50
"""So few different texts of numbers in a reference are codes, as in a column of texts."""

_VECTORS = ("embedding", "embeddings", "vector")
"""Names of what has no features of its own in each place, however short it is."""

_SAMPLE = 10_000
"""Items of lists that are looked at for being numbers in texts."""

_COUNT = "count"


class ListRules(NamedTuple):
    """Which lists are vectors: those of declared columns, and longer ones than `most`."""

    most: int = 100
    vectors: Collection[str] = ()

    @classmethod
    def of(cls, settings: Settings) -> ListRules:
        """Return the rules that a model's settings make."""
        declared = settings.features.items()
        vectors = frozenset(name for name, one in declared if one.type == "vector")
        return cls(settings.max_list_features, vectors)


def spread(
    columns: Mapping[str, Sequence[Any]], known: Collection[str], rules: ListRules
) -> ColumnsByName:
    """Return columns with those of lists replaced: by a reference's `known` names where it has any.

    Lists of one short length have a column for each place; of another length they are values of
    the wrong type there. Of other lists of numbers, texts or objects there are the count and, of
    numbers, the mean, of anything else the first.

    >>> spread({"x": [[5.1, 3.5], [4.9, 3.0]]}, (), ListRules())
    {'x.0': [5.1, 4.9], 'x.1': [3.5, 3.0]}
    >>> spread({"items": [[{"price": 9}, {"price": 4}], []]}, (), ListRules())
    {'items.count': [2, 0], 'items.price.mean': [6.5, None]}
    >>> spread({"tags": [["a", "b"], ["c"]]}, (), ListRules())
    {'tags.count': [2, 1], 'tags.first': ['a', 'c']}
    >>> spread({"orders": [[{"lines": [{"price": 1}, {"price": 3}]}]]}, (), ListRules())
    {'orders.count': [1], 'orders.lines.price.mean': [2.0]}
    """
    found: ColumnsByName = {}
    for name, column in columns.items():
        for part, values in _parts(name, column, known, rules).items():
            found[_free(part, found, columns if part != name else ())] = values
    return found


def with_names(row: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return a row with the values of a list by the user's names, where one has as many values.

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
        return _by_place(name, column, size)
    kinds = set(map(type, column))
    is_known = f"{name}.{_COUNT}" in known
    if list not in kinds and not (is_known and kinds == {type(None)}):
        return {name: column}
    lists = [value for value in column if type(value) is list]
    if is_known:
        return _measured(name, column, lists, known)
    present = sum(value is not None for value in column)
    if _is_vector(name, lists, rules) or len(lists) < _MOST * present:
        return {name: column}
    size, count = Counter(map(len, lists)).most_common(1)[0]
    kinds = set(map(type, chain.from_iterable(lists)))
    numeric = bool(kinds & {int, float}) or _are_number_texts(kinds, lists)
    if numeric and not kinds & {dict, list} and count >= _MOST * len(lists):
        return _by_place(name, column, size) if 0 < size <= rules.most else {name: column}
    kinds -= {type(None)}
    measurable = kinds <= {dict} or kinds <= {int, float} or kinds <= {str} or _hold_objects(lists)
    return _measured(name, column, lists, known) if kinds and measurable else {name: column}


def _hold_objects(lists: Sequence[list[Any]]) -> bool:
    """Return True if the lists hold lists of objects."""
    items = [one for listed in lists for one in listed if one is not None]
    inner = [one for item in items if type(item) is list for one in item if one is not None]
    return set(map(type, items)) == {list} and set(map(type, inner)) == {dict}


def _are_number_texts(kinds: Collection[type], lists: Sequence[list[Any]]) -> bool:
    """Say whether all items are numbers sent as text; codes (007, 12e4) are none.

    >>> _are_number_texts({str}, [["5.1", "3.5"]]), _are_number_texts({str}, [["007"], ["a"]])
    (True, False)
    """
    if set(kinds) != {str}:
        return False
    texts = list(islice(chain.from_iterable(lists), _SAMPLE))
    return all(form_of(text) & POINT and not form_of(text) & (CODE | SHORT) for text in texts)


def _known_size(name: str, column: Sequence[Any], known: Collection[str], rules: ListRules) -> int:
    """Return how many places of a list are known, 0 where none is.

    A reference's features are all that there are; of single names the list may have others.
    """
    size = 0
    while f"{name}.{size}" in known:
        size += 1
    if not size or isinstance(known, Mapping):
        return size
    sizes = [len(value) for value in column if type(value) is list]
    return max(size, *(found for found in sizes if found <= rules.most), 0)


def _is_vector(name: str, lists: Sequence[list[Any]], rules: ListRules) -> bool:
    if name in rules.vectors or name.rpartition(".")[2] in _VECTORS:
        return True
    return sum(map(_is_unit, lists)) >= _MOST * len(lists)


def _is_unit(values: list[Any]) -> bool:
    """Say whether a list has length 1, as normalized embeddings have; zeros and a one are codes.

    >>> _is_unit([0.6, 0.8]), _is_unit([0, 1, 0]), _is_unit([5.1, 3.5])
    (True, False, False)
    """
    numeric = len(values) > 1 and set(map(type, values)) <= {int, float}
    if not numeric or set(values) <= {0, 1}:
        return False
    try:
        return abs(math.hypot(*values) - 1) < _UNIT
    except OverflowError:  # JSON's whole numbers may be longer than any float
        return False


def _by_place(name: str, column: Sequence[Any], size: int) -> ColumnsByName:
    rows = [
        value if type(value) is list and len(value) == size else [value] * size for value in column
    ]
    places = zip(*rows, strict=True)
    return {f"{name}.{place}": list(values) for place, values in enumerate(places)}


def _measured(
    name: str,
    column: Sequence[Any],
    lists: Sequence[list[Any]],
    known: Collection[str],
) -> ColumnsByName:
    """Return how many items the lists have, and a summary of these, or of each of their fields.

    Fields of objects and lists within the items count by their path, as `items.cost.net`.
    """
    counts = [len(value) if type(value) is list else value for value in column]
    items = [value if type(value) is list else [] for value in column]
    found: ColumnsByName = {f"{name}.{_COUNT}": counts}
    if not any(type(one) in (dict, list) for listed in lists for one in listed):
        return found | _summary(name, items, known)
    rows = [_leaves(listed) for listed in items]
    fields = Counter(chain.from_iterable(rows))
    ranked = sorted(fields, key=lambda one: (not _is_known(f"{name}.{one}", known), -fields[one]))
    for field in ranked[:_MAX_FIELDS]:
        path = f"{name}.{field}" if field else name
        found |= _summary(path, [row.get(field, []) for row in rows], known)
    return found


def _leaves(listed: list[Any]) -> dict[str, list[Any]]:
    """Return the values within the items of a list, by their path of names.

    >>> _leaves([{"cost": {"net": 3}, "tags": ["a", "b"]}, {"cost": {"net": 4}}, None])
    {'cost.net': [3, 4], 'tags': ['a', 'b']}
    """
    found: dict[str, list[Any]] = {}
    waiting: list[tuple[str, Any, int]] = [("", one, 0) for one in reversed(listed)]
    while waiting:
        path, value, depth = waiting.pop()
        if depth < _DEEPEST and type(value) is dict:
            inner = [(f"{path}.{key}" if path else key, one) for key, one in value.items()]
        elif depth < _DEEPEST and type(value) is list:
            inner = [(path, one) for one in value]
        else:
            if path or value is not None:
                found.setdefault(path, []).append(value)
            continue
        waiting += [(key, one, depth + 1) for key, one in reversed(inner)]
    return found


def _is_known(name: str, known: Collection[str]) -> bool:
    return f"{name}.mean" in known or f"{name}.first" in known


def _summary(name: str, items: Sequence[list[Any]], known: Collection[str]) -> ColumnsByName:
    """Return the mean of each row's numbers, or its first value; what a reference has of them.

    What is too deep to be measured is a column of objects or lists, which no test compares.
    """
    kinds = Counter(map(type, chain.from_iterable(items)))
    del kinds[type(None)]
    if not kinds:
        return {}
    numbers = kinds[int] + kinds[float]
    texts = [[one for one in row if type(one) is str] for row in items] if kinds[str] else []
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
    """Return True if texts of numbers are numbers rather than a few codes."""
    return len(set(islice(chain.from_iterable(texts), _SAMPLE))) > _FEW


def _mean(values: list[Any]) -> float | None:
    try:
        numbers = [
            float(value) if type(value) is str else value
            for value in values
            if type(value) in (int, float) or (type(value) is str and form_of(value) & POINT)
        ]
        return math.fsum(numbers) / len(numbers) if numbers else None
    except (OverflowError, ValueError):  # beyond any float, or infinities of both signs
        return None


def _free(name: str, taken: Collection[str], others: Collection[str]) -> str:
    """Return a name that no other column has."""
    return _free(f"{name}.list", taken, others) if name in taken or name in others else name
