"""An additive tally of a window's rows: counts in the reference's bins, extremes, new fields."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property

import msgspec
import numpy as np

from modeltap.analysis.counting.bins import (
    Category,
    count_categories,
    count_numbers,
    count_present,
)
from modeltap.analysis.counting.columns import Values
from modeltap.analysis.counting.derived import count_documents
from modeltap.analysis.counting.row_sketch import (
    NO_REPEATS,
    Repeats,
    hashed_categories,
    hashed_numbers,
    mixed,
)
from modeltap.analysis.model.feature import MISSING, Column, Feature, is_missing, plain
from modeltap.analysis.model.halves import halves
from modeltap.analysis.model.reference import Reference
from modeltap.config.metrics import is_output
from modeltap.decoding.row_tables import indexed
from modeltap.store.windows import PackedTally

_MAX_NEW_FIELDS = 100
"""New fields whose names are kept: documents may have a million."""


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """Rows counted under one reference; tallies of the same reference add exactly."""

    rows: int
    counts: np.ndarray
    """int64, one feature after the other in the order of `layout`."""
    low: np.ndarray
    """(features,) the smallest number, infinite if there is none."""
    high: np.ndarray
    absent: np.ndarray
    """(features,) rows in batches in which no row has the field."""
    new: dict[str, int]
    """Fields that the reference does not have: the number of rows with a value."""
    repeats: Repeats

    def __add__(self, other: Tally) -> Tally:
        new = Counter(self.new)
        new.update(other.new)
        return Tally(
            rows=self.rows + other.rows,
            counts=self.counts + other.counts,
            low=np.minimum(self.low, other.low),
            high=np.maximum(self.high, other.high),
            absent=self.absent + other.absent,
            new=dict(new.most_common(_MAX_NEW_FIELDS)),
            repeats=self.repeats + other.repeats,
        )

    def pack(self) -> PackedTally:
        """Return this in the form of the store's table `windows`."""
        extremes = np.concatenate([self.low, self.high]).astype("<f8")
        absent = np.flatnonzero(self.absent)
        fields = {"new": self.new, "absent": {int(at): int(self.absent[at]) for at in absent}}
        return PackedTally(
            rows=self.rows,
            counts=pack(self.counts),
            extremes=zlib.compress(extremes.tobytes(), 1),
            fields=json.dumps(fields),
            repeats=self.repeats.pack(),
        )

    @classmethod
    def unpack(cls, packed: PackedTally) -> Tally:
        """Read the result of `pack`."""
        extremes = np.frombuffer(zlib.decompress(packed.extremes), dtype="<f8")
        size = len(extremes) // 2
        fields = json.loads(packed.fields)
        absent = np.zeros(size, dtype=np.int64)
        for at, rows in fields["absent"].items():
            absent[int(at)] = rows
        return cls(
            rows=packed.rows,
            counts=unpack(packed.counts),
            low=extremes[:size].astype(np.float64),
            high=extremes[size:].astype(np.float64),
            absent=absent,
            new=fields["new"],
            repeats=Repeats.unpack(packed.repeats),
        )


def tally(
    columns: Mapping[str, Column],
    rows: int,
    reference: Reference,
    *,
    times: Sequence[float] | None = None,
    fitting: bool = False,
) -> Tally:
    """Count `rows` rows into the reference's bins.

    Args:
        columns: values by feature, each of length `rows`; an absent feature of the reference counts
            as missing.
        times: (rows,) Unix seconds; without them ages are missing.
        fitting: True if the reference is learnt from these rows.
    """
    counter = _Counter(Values(columns, rows, reference.by_name, times), fitting)
    parts = list(map(counter.count, reference.features))
    return Tally(
        rows=rows,
        counts=np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64),
        low=np.array(counter.low),
        high=np.array(counter.high),
        absent=np.array(counter.absent, dtype=np.int64),
        new=_new_fields(columns, reference),
        repeats=Repeats.of(mixed(counter.keys), everything=fitting) if rows else NO_REPEATS,
    )


class _Counter:
    """Counts one batch, feature by feature."""

    def __init__(self, values: Values, fitting: bool) -> None:
        self._values, self._fitting = values, fitting
        self.keys = np.zeros(values.rows, dtype=np.uint64)
        self.low: list[float] = []
        self.high: list[float] = []
        self.absent: list[int] = []

    def count(self, feature: Feature) -> np.ndarray:
        """Return the counts in a feature's bins."""
        counted = np.zeros(len(feature.counts), dtype=np.int64)
        column = self._values.column(feature)
        ends = (np.inf, -np.inf)
        if column is None:
            counted[MISSING] = self._values.rows
        elif feature.kind == "numeric":
            ends = self._count_numbers(feature, column, counted)
        elif feature.kind in ("categorical", "boolean"):
            self._count_categories(feature, self._values.categories(feature, column), counted)
        elif feature.kind == "words":
            count_documents(feature, self._counted_half(column), counted)
        else:
            count_present(column, feature, counted)
            if _is_input(feature):
                categories, places = indexed([_text(value) for value in plain(column)])
                self.keys += hashed_categories(feature.name, categories)[places]
        self.low.append(ends[0])
        self.high.append(ends[1])
        self.absent.append(self._values.rows if column is None else 0)
        return counted

    def _count_numbers(
        self, feature: Feature, column: Column, counted: np.ndarray
    ) -> tuple[float, float]:
        numbers, wrong = self._values.numbers(feature, column)
        if self._fitting and feature.measure == "out_of_vocabulary":
            numbers = numbers[self._held]  # the other rows define the known words
        if _is_input(feature):
            self.keys += hashed_numbers(feature.name, numbers)
        return count_numbers(numbers, wrong, feature, counted)

    @cached_property
    def _held(self) -> np.ndarray:
        """The positions of the rows that define no words."""
        return halves(self._values.rows)[1]

    def _counted_half(self, column: Column) -> Column:
        """Return the texts to count words in; of a reference, those that define no words."""
        if not self._fitting:
            return column
        listed = plain(column)
        return [listed[place] for place in self._held.tolist()]

    def _count_categories(
        self, feature: Feature, column: Sequence[Category], counted: np.ndarray
    ) -> None:
        categories, places = indexed(column)
        held = places[self._held] if self._fitting and feature.halved else places
        times = np.bincount(held, minlength=len(categories)).tolist()
        count_categories(categories, times, feature, counted)
        if _is_input(feature):
            self.keys += hashed_categories(feature.name, categories)[places]


def _is_input(feature: Feature) -> bool:
    """Return whether a feature is part of the row hash; model outputs and measures are not."""
    return feature.of is None and not is_output(feature.name)


def repeated(whole: Tally) -> dict[int, int]:
    """Return how many distinct rows occur once, twice, ... in the rows of a reference."""
    times, different = np.unique(whole.repeats.counts, return_counts=True)
    return dict(zip(times.tolist(), different.tolist(), strict=True))


def pack(counts: np.ndarray) -> bytes:
    """Return counts in the store's form: int64, little-endian, zlib."""
    return zlib.compress(np.ascontiguousarray(counts, dtype="<i8").tobytes(), 1)


def unpack(data: bytes) -> np.ndarray:
    """Read the result of `pack`."""
    return np.frombuffer(zlib.decompress(data), dtype="<i8").astype(np.int64)


def _new_fields(columns: Mapping[str, Column], reference: Reference) -> dict[str, int]:
    unmonitored = frozenset(reference.unmonitored)
    new = [name for name in columns if name not in reference.by_name and name not in unmonitored]
    del new[_MAX_NEW_FIELDS:]
    return {name: sum(not is_missing(value) for value in plain(columns[name])) for name in new}


def _text(value: object) -> str | None:
    return None if is_missing(value) else repr(value)
