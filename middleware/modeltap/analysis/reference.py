"""What 'normal' means: for each feature its bins, fixed once, and how many rows fell into each.

From then on a window is only counts in these bins (`counts`), which add exactly.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

import msgspec
import numpy as np

from modeltap.analysis.performance import Baseline
from modeltap.errors import InputError

Column = Sequence[Any] | np.ndarray
Kind = Literal["numeric", "categorical", "other"]

FINE_BINS = 128
"""Quantile bins for KS and Wasserstein: they hold the error of KS below .0017."""

COARSE_BINS = 10
"""Bins for PSI and Jensen-Shannon, whose value by chance alone grows with their number."""

MAX_VOCABULARY = 200
_MAX_CATEGORY_LENGTH = 100
SPECIAL = ("missing", "mismatch", "unseen")
"""Every feature's last three bins: no value, one of the wrong type, a category never seen."""


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """One column: its type, bins, and the reference's counts in them.

    A numeric feature with E edges has E + 1 bins, the outer ones open; a value's bin is the
    number of edges <= it. A categorical one has a bin for each word of its vocabulary and one
    for the reference's rarer words. The three `SPECIAL` bins follow. `usual` is the largest
    distance of one of the reference's own blocks from the rest, `usual_rates` their highest
    rate of each special bin.
    """

    name: str
    kind: Kind
    edges: tuple[float, ...] = ()
    vocabulary: tuple[str, ...] = ()
    rare: frozenset[str] = frozenset()
    counts: tuple[int, ...]
    coarse: tuple[int, ...] = ()
    low: float = 0.0
    high: float = 0.0
    usual: float = 0.0
    usual_rates: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def bins(self) -> int:
        """How many bins hold values of the right type."""
        return len(self.counts) - len(SPECIAL)


class Reference(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A frozen picture of normal; `usual` of its features was learnt from blocks of a window."""

    model: str
    version: str
    source: str
    rows: int
    features: tuple[Feature, ...]
    from_time: str | None = None
    to_time: str | None = None
    window_seconds: float = 0.0
    performance: Baseline | None = None

    @cached_property
    def id(self) -> str:
        """A hash of all that says where a value is counted; only counts of one id are added."""
        said = [self.model, self.version, self.rows, self.from_time, self.to_time]
        bins = [
            (f.name, f.kind, [edge.hex() for edge in f.edges], f.vocabulary, sorted(f.rare))
            for f in self.features
        ]
        return hashlib.sha256(msgspec.json.encode([said, bins])).hexdigest()[:16]

    def feature(self, name: str) -> Feature | None:
        """Return the feature called `name`."""
        return next((f for f in self.features if f.name == name), None)

    def to_json(self) -> str:
        """Write this reference as the store keeps it."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Reference:
        """Read what `to_json` wrote."""
        return msgspec.json.decode(text, type=cls)


def fit(
    columns: Mapping[str, Column],
    rows: int,
    *,
    model: str,
    version: str = "",
    source: str = "",
    blocks: np.ndarray | None = None,
    from_time: str | None = None,
    to_time: str | None = None,
    window_seconds: float = 0.0,
    performance: Baseline | None = None,
) -> Reference:
    """Learn types, bins and counts from `columns`, each of length `rows`.

    Args:
        columns: values by feature; None and NaN are missing.
        blocks: (rows,) int, which block of a window's length each row belongs to; with at
            least four blocks of 100 rows each feature's usual variation is learnt from them.

    Raises `InputError` for a column that has not `rows` values in one dimension.

    >>> reference = fit({"x": [1.0, 2.0, 3.0, None], "c": ["a", "b", "a", "a"]}, 4, model="m")
    >>> [(f.name, f.kind, sum(f.counts)) for f in reference.features]
    [('x', 'numeric', 4), ('c', 'categorical', 4)]
    """
    from modeltap.analysis.counts import count, layout
    from modeltap.analysis.variation import usual_variation

    for name, column in columns.items():
        if isinstance(column, np.ndarray) and column.ndim != 1:
            raise InputError(f"column {name!r} has shape {column.shape}; give ({rows},)")
        if len(column) != rows:
            raise InputError(f"column {name!r} has {len(column)} values; give {rows}")
    features = tuple(_learn(name, column) for name, column in columns.items())
    reference = Reference(
        model=model, version=version, source=source, rows=rows, features=features,
        from_time=from_time, to_time=to_time, window_seconds=window_seconds,
        performance=performance,
    )  # fmt: skip
    counted = count(columns, rows, reference)
    slices = layout(reference)
    features = tuple(
        msgspec.structs.replace(f, counts=tuple(counted[slices[f.name]].tolist())) for f in features
    )
    reference = msgspec.structs.replace(reference, features=features)
    features = tuple(msgspec.structs.replace(f, coarse=_coarse(f)) for f in features)
    reference = msgspec.structs.replace(reference, features=features)
    return usual_variation(reference, columns, blocks) if blocks is not None else reference


def _learn(name: str, column: Column) -> Feature:
    """Look at a column's types and values; what is neither numbers nor few words is 'other'."""
    if isinstance(column, np.ndarray) and column.dtype.kind == "f":
        return _numeric(name, column[np.isfinite(column)].astype(np.float64))
    column = plain(column)
    kinds = Counter(map(type, column))
    if kinds[float]:
        kinds[float] -= sum(type(value) is float and value != value for value in column)
    numbers = kinds[int] + kinds[float]
    words = kinds[str] + kinds[bool]
    if numbers and numbers >= 0.9 * (numbers + words + _others(kinds)):
        return _numeric(name, _finite_numbers(column))
    if words and words >= 0.9 * (numbers + words + _others(kinds)):
        return _categorical(name, column)
    return Feature(name=name, kind="other", counts=(0,) * (1 + len(SPECIAL)))


def plain(column: Column) -> Sequence[Any]:
    """Return a column's values as Python has them: NumPy's scalars are numbers and words too.

    >>> plain(np.array([True, False])), plain([np.int64(3), None])
    ([True, False], [3, None])
    """
    values: Sequence[Any] = column.tolist() if isinstance(column, np.ndarray) else column
    if not any(issubclass(kind, np.generic) for kind in set(map(type, values))):
        return values
    return [value.item() if isinstance(value, np.generic) else value for value in values]


def _others(kinds: Counter[type]) -> int:
    known = (int, float, str, bool, type(None))
    return sum(count for kind, count in kinds.items() if kind not in known)


def _finite_numbers(column: Column) -> np.ndarray:
    values = []
    for value in column:
        if type(value) in (int, float):
            try:
                values.append(float(value))
            except OverflowError:
                continue
    numbers = np.array(values, dtype=np.float64)
    return numbers[np.isfinite(numbers)]


def _numeric(name: str, values: np.ndarray) -> Feature:
    edges = edges_of(values)
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)
    empty = (0,) * (len(edges) + 1 + len(SPECIAL))
    return Feature(name=name, kind="numeric", edges=edges, counts=empty, low=low, high=high)


def edges_of(values: np.ndarray, bins: int = FINE_BINS) -> tuple[float, ...]:
    """Return the edges of a numeric feature's bins, ascending and finite.

    Quantiles; a bin ``[a, nextafter(a))`` of its own for each value with more than 1/bins of
    the rows, without which Wasserstein is off by .036 sd for a zero-inflated column; towards
    both ends quantiles that halve the rows that are left, which show contamination; beyond
    them edges at doubling distances.
    """
    if not len(values):
        return ()
    ordered = np.sort(values)
    shares = np.arange(1, bins) / bins
    tails = 0.5 ** np.arange(int(math.log2(bins)) + 1, int(math.log2(max(2 * bins, len(values)))))
    at = np.concatenate([shares, tails, 1 - tails])
    positions = np.clip((at * len(ordered)).astype(np.int64), 0, len(ordered) - 1)
    unique, counted = np.unique(ordered, return_counts=True)
    heavy = unique[counted > len(ordered) / bins]
    above = np.nextafter(heavy, np.inf)
    outer = _outer_edges(float(ordered[0]), float(ordered[-1]))
    # The smallest and the largest value end the bins that the reference has rows in.
    ends = np.array([ordered[0], np.nextafter(ordered[-1], np.inf)])
    edges = np.unique(np.concatenate([ordered[positions], heavy, above, ends, outer]))
    return tuple(edges[np.isfinite(edges)].tolist())


def _outer_edges(low: float, high: float) -> np.ndarray:
    """Return edges beyond the reference's values, from 1/16 of its range to 8 times it.

    Without them Wasserstein cannot tell a shift beyond the range from one to its end.
    """
    with np.errstate(over="ignore"):
        steps = ((high - low) or abs(high) or 1.0) * 2.0 ** np.arange(-4, 4)
        return np.concatenate([low - steps, high + steps])


_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?")


def _categorical(name: str, column: Column) -> Feature:
    words = Counter(word(value) for value in column if type(value) in (str, bool))
    total = sum(words.values())
    long = max(map(len, words)) > _MAX_CATEGORY_LENGTH
    mostly_new = len(words) > 20 and len(words) > 0.5 * total
    times = all(_TIME.fullmatch(w) for w in list(words)[:20])
    if long or mostly_new or times:
        return Feature(name=name, kind="other", counts=(0,) * (1 + len(SPECIAL)))
    ranked = [w for w, _ in words.most_common()]
    return Feature(
        name=name, kind="categorical",
        vocabulary=tuple(sorted(ranked[:MAX_VOCABULARY])),
        rare=frozenset(ranked[MAX_VOCABULARY : 50 * MAX_VOCABULARY]),
        counts=(0,) * (min(len(ranked), MAX_VOCABULARY) + 1 + len(SPECIAL)),
    )  # fmt: skip


def word(value: str | bool) -> str:
    """Write a category as the vocabulary has it: truth values and lone surrogates as JSON does.

    >>> word(True), word("a\\ud800")
    ('true', 'a?')
    """
    if type(value) is bool:
        return "true" if value else "false"
    return str(value).encode("utf-8", "replace").decode()


def _coarse(feature: Feature) -> tuple[int, ...]:
    """Say for each fine bin which coarse one it belongs to; each holds about a tenth of the rows.

    What lies beyond the reference's values has one of its own on each side: there contamination
    shows, which is only a larger tenth elsewhere. Categories stand for themselves, but those
    with less than 1 % of the rows share one bin.
    """
    counts = np.array(feature.counts[: feature.bins], dtype=np.int64)
    total = max(1, int(counts.sum()))
    if feature.kind == "numeric":
        middle = np.cumsum(counts) - counts / 2
        tenths = np.minimum(middle * COARSE_BINS // total, COARSE_BINS - 1) + 1
        edges = np.array(feature.edges)
        tenths[: np.searchsorted(edges, feature.low, "right")] = 0
        tenths[np.searchsorted(edges, feature.high, "right") + 1 :] = COARSE_BINS + 1
        return tuple(np.unique(tenths, return_inverse=True)[1].tolist())
    large = counts >= 0.01 * total
    positions = np.where(large, np.cumsum(large), 0)
    return tuple(positions.astype(int).tolist())
