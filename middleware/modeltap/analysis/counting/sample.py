"""A sample of rows, coded in the reference's bins, for multivariate comparisons.

A reference lives longer than its exchanges, so its rows are kept as bin positions instead of
values. Rows are stored one by one, so that a person's rows can be erased.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
import numpy as np

from modeltap.analysis.counting.columns import Values
from modeltap.analysis.counting.derived import words_of
from modeltap.analysis.model.feature import Column, Feature, as_category, plain
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.model.vectors import vector

ROWS = 2000
"""The most rows of a sample: a classifier learns little from more, and takes longer."""

REFERENCE_ROWS = 8000
"""The most rows kept of a reference: of 24 hours, one with its neighbours has a thousand."""

NO_VALUE = -1
"""The code of a missing value, or of one of the wrong type."""

BUCKETS = 1 << 16
"""Columns that words are hashed into: few of the 10,000 words of a text share one."""

_MAX_GRAMS = 500
"""Words and pairs that are kept of a text; it limits a row to two kilobytes."""

_MAX_COMPONENT = 1e15
"""A vector with a larger number has no codes: its square would soon overflow float32."""


T = TypeVar("T")

_MOST_LEARNT = 12
"""Forests, components and matrices that are kept, each for one set of columns without drift."""


@dataclass
class Sample:
    """Coded rows, by feature.

    A number's code is its bin, a category's its place in the vocabulary (rare ones share the place
    after it, unseen ones the next), a text's the buckets of its words and pairs of words, a
    vector's its numbers. `NO_VALUE`, or None, is a missing value or one of the wrong type. `learnt`
    holds the results of `recall`.
    """

    rows: int
    codes: dict[str, Any] = field(default_factory=dict)
    learnt: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)

    def recall(self, key: Hashable, learn: Callable[[], T]) -> T:
        """Return what `learn` computes from these rows, computed once for all windows."""
        if key not in self.learnt:
            if len(self.learnt) >= _MOST_LEARNT:
                self.learnt.pop(next(iter(self.learnt)))
            self.learnt[key] = learn()
        result: T = self.learnt[key]
        return result

    def picked(self, places: np.ndarray) -> Sample:
        """Return the rows at these places, in order."""
        listed = places.tolist()
        codes = {
            name: column[places]
            if isinstance(column, np.ndarray)
            else [column[place] for place in listed]
            for name, column in self.codes.items()
        }
        return Sample(len(listed), codes)

    def pack(self) -> list[bytes]:
        """Return each row separately, for the store."""
        names = list(self.codes)
        parts = zip(*(_plain(self.codes[name]) for name in names), strict=True) if names else ()
        return [msgspec.msgpack.encode(list(part)) for part in parts]

    @classmethod
    def unpack(cls, coded: Sequence[bytes], reference: Reference) -> Sample:
        """Read the result of `pack`."""
        names = [feature.name for feature in coded_features(reference)]
        columns = list(zip(*map(msgspec.msgpack.decode, coded), strict=True))
        codes = {
            name: _array(reference.by_name[name], column)
            for name, column in zip(names, columns, strict=False)
        }
        return cls(len(coded), codes)


def coded_features(reference: Reference) -> list[Feature]:
    """Return the features that a sample holds: columns with bins, texts and vectors."""
    kinds = ("numeric", "categorical", "boolean", "text", "vector")
    return [feature for feature in reference.columns if feature.kind in kinds]


def sample(columns: Mapping[str, Column], rows: int, reference: Reference) -> Sample:
    """Code `rows` rows; an absent column counts as missing.

    >>> from modeltap.analysis.references.fit import fit
    >>> reference = fit({"c": ["a", "b"] * 9}, 18, model="m")
    >>> sample({"c": ["b", "a", None, "new"]}, 4, reference).codes["c"].tolist()
    [1, 0, -1, 3]
    """
    values = Values(columns, rows, reference.by_name)
    return Sample(
        rows, {feature.name: _coded(feature, values) for feature in coded_features(reference)}
    )


def without_values(feature: Feature, rows: int) -> Any:
    """Return the codes of a column without values in `rows` rows."""
    if feature.kind == "text":
        return [None] * rows
    if feature.kind == "vector":
        return np.full((rows, len(feature.centroid)), np.nan, dtype=np.float32)
    return np.full(rows, NO_VALUE)


def choose(keys: Iterable[tuple[str, int]], limit: int = ROWS) -> list[int]:
    """Return the places of at most `limit` rows (exchange id, row), the same in any order.

    Rows with the smallest hashes are as good as random, and repeatable.

    >>> choose([("a", 0), ("b", 0)], limit=5)
    [0, 1]
    """
    listed = list(keys)
    ids, rows = zip(*listed, strict=True) if listed else ((), ())
    return choose_hashed(hashed_keys(ids, rows), limit)


def hashed_keys(exchange_ids: Sequence[str], rows: Sequence[int]) -> np.ndarray:
    """Return the (n,) hashes of n rows by which `choose` chooses: checksums of ``ID/ROW``.

    >>> hashed_keys(["a"], [0]).tolist()
    [2190569668]
    """
    ends = {row: b"/%d" % row for row in set(rows)}
    checksums = map(zlib.crc32, map(str.encode, exchange_ids))
    # The checksum of an id is continued with its end, which takes less time than to join them.
    return np.fromiter(map(zlib.crc32, map(ends.__getitem__, rows), checksums), np.int64)


def choose_hashed(hashes: np.ndarray, limit: int = ROWS) -> list[int]:
    """Return the places of the `limit` smallest of (n,) hashes, in order.

    >>> choose_hashed(np.array([5, 1, 3]), limit=2)
    [1, 2]
    """
    if len(hashes) <= limit:
        return list(range(len(hashes)))
    if not limit:
        return []
    last = np.partition(hashes, limit - 1)[limit - 1]
    smaller = np.flatnonzero(hashes < last)
    equal = np.flatnonzero(hashes == last)[: limit - len(smaller)]
    chosen: list[int] = np.sort(np.concatenate([smaller, equal])).tolist()
    return chosen


def _coded(feature: Feature, values: Values) -> Any:
    column = values.column(feature)
    if feature.kind == "text":
        texts = plain(column) if column is not None else [None] * values.rows
        return [_grams(text) if type(text) is str else None for text in texts]
    if feature.kind == "vector":
        vectors = plain(column) if column is not None else [None] * values.rows
        return _vectors(vectors, len(feature.centroid))
    if column is None:
        return np.full(values.rows, NO_VALUE)
    if feature.kind == "numeric":
        numbers, _ = values.numbers(feature, column)
        places = np.searchsorted(np.array(feature.edges), numbers, side="right")
        return np.where(np.isnan(numbers), NO_VALUE, places)
    categories = values.categories(feature, column)
    known = {word: place for place, word in enumerate(feature.vocabulary)}
    codes = {value: _category_code(value, known, feature) for value in set(categories)}
    return np.array([codes[value] for value in categories], dtype=np.int64)


def _category_code(value: Any, known: Mapping[str, int], feature: Feature) -> int:
    """Return the place of a category among the `known` ones, or after them: rare, then unseen."""
    if type(value) is not str:
        return NO_VALUE
    word = as_category(value)
    rare = len(known)
    return known.get(word, rare if word in feature.rare else rare + 1)


def _grams(text: str) -> list[int]:
    """Return the buckets of a text's words and pairs of words (Weinberger et al., 2009).

    The checksum of a pair continues that of its first word.
    """
    words = " ".join(words_of(text)).encode("utf-8", "replace").split()
    singles = list(map(zlib.crc32, words))
    pairs = map(zlib.crc32, [b" " + word for word in words[1:]], singles)
    return sorted({checksum % BUCKETS for checksum in (*singles, *pairs)})[:_MAX_GRAMS]


def _vectors(values: Sequence[Any], size: int) -> np.ndarray:
    coded = np.full((len(values), size), np.nan, dtype=np.float32)
    for place, value in enumerate(values):
        numbers = vector(value, size)
        if numbers is not None and np.abs(numbers).max(initial=0.0) < _MAX_COMPONENT:
            coded[place] = numbers
    return coded


def _plain(codes: Any) -> Iterable[Any]:
    if isinstance(codes, np.ndarray) and codes.ndim == 2:
        return [row.tobytes() for row in codes]
    listed: list[Any] = codes.tolist() if isinstance(codes, np.ndarray) else codes
    return listed


def _array(feature: Feature, column: Sequence[Any]) -> Any:
    if feature.kind == "text":
        return list(column)
    if feature.kind == "vector":
        return np.array([np.frombuffer(row, dtype=np.float32) for row in column])
    return np.array(column, dtype=np.int64)
