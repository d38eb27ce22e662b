"""What 'normal' means: for each feature its bins, fixed once, and how many rows fell into each.

From then on a window is only counts in these bins (`counts`), which add exactly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace

from modeltap.analysis.counting.derived import learn_measures
from modeltap.analysis.detectors.performance import Baseline
from modeltap.analysis.model.feature import ANSWERS, Column, Feature
from modeltap.analysis.model.infer import learn
from modeltap.config.settings import FeatureSettings
from modeltap.errors import InputError

COARSE_BINS = 10
"""Bins for PSI and Jensen-Shannon, whose value by chance alone grows with their number."""


class Reference(msgspec.Struct, frozen=True, kw_only=True, dict=True, omit_defaults=True):
    """A frozen picture of normal; `usual` of its features was learnt from blocks of a window."""

    model: str
    version: str
    source: str
    rows: int
    features: tuple[Feature, ...]
    from_time: str | None = None
    to_time: str | None = None
    window: str = ""
    """The windows, as `Window.text`, whose length its blocks had."""
    blocks: int = 0
    """How many of them there were to learn the usual variation from."""
    moving: str = ""
    """Whose counts a window is compared with, where it is not the reference's own."""
    gap_seconds: float | None = None
    """The longest time without a row."""
    repeats: dict[int, int] = {}
    """How many different rows came once, twice, ...: what tells usual duplicates."""
    usual_repeats: float = 0.0
    """The highest rate of duplicates in one of the blocks."""
    usual_rows: dict[str, float] = {}
    """By metric of whole rows the largest value that a block has against the others."""
    performance: Baseline | None = None

    @cached_property
    def id(self) -> str:
        """A hash of all that says where a value is counted; only counts of one id are added."""
        said = [self.model, self.version, self.rows, self.from_time, self.to_time, self.moving]
        bins = [
            (
                f.name,
                f.kind,
                f.of,
                f.measure,
                [edge.hex() for edge in f.edges],
                f.vocabulary,
                sorted(f.rare),
                [part.hex() for part in f.centroid],
                list(map(repr, f.missing_values)),
            )
            for f in self.features
        ]
        return hashlib.sha256(msgspec.json.encode([said, bins])).hexdigest()[:16]

    @cached_property
    def columns(self) -> tuple[Feature, ...]:
        """The features that are columns: not what is measured on one, not the model's answer."""
        return tuple(f for f in self.features if f.of is None and f.name not in ANSWERS)

    @cached_property
    def by_name(self) -> dict[str, Feature]:
        """The features by their names."""
        return {feature.name: feature for feature in self.features}

    def to_json(self) -> str:
        """Write this reference as the store keeps it."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Reference:
        """Read what `to_json` wrote."""
        return msgspec.json.decode(text, type=cls)

    def counted(self, counts: np.ndarray) -> Reference:
        """Return this reference with other counts in its bins, as `layout` has them."""
        features, start = [], 0
        for feature in self.features:
            own = tuple(counts[start : start + len(feature.counts)].tolist())
            start += len(own)
            feature = replace(feature, counts=own)
            features.append(replace(feature, coarse=_coarse(feature)))
        return replace(self, features=tuple(features))


def fit(
    columns: Mapping[str, Column],
    rows: int,
    *,
    model: str,
    version: str = "",
    source: str = "",
    declared: Mapping[str, FeatureSettings] | None = None,
    blocks: np.ndarray | None = None,
    times: Sequence[float] | np.ndarray | None = None,
    from_time: str | None = None,
    to_time: str | None = None,
    window: str = "",
    moving: str = "",
    performance: Baseline | None = None,
) -> Reference:
    """Learn types, bins and counts from `columns`, each of length `rows`.

    Args:
        columns: values by feature; None and NaN are missing.
        declared: what was said of features by name.
        blocks: (rows,) int, which block of a window's length each row belongs to; with at
            least four blocks of 100 rows each feature's usual variation is learnt from them.
        times: (rows,) Unix seconds, NaN where unknown.

    Raises `InputError` for a column that has not `rows` values in one dimension.

    >>> reference = fit({"x": [1.0, 2.0, 3.0, None], "c": ["a", "b", "a", "a"]}, 4, model="m")
    >>> [(f.name, f.kind, sum(f.counts)) for f in reference.features]
    [('x', 'numeric', 4), ('c', 'categorical', 4)]
    """
    from modeltap.analysis.counting.tally import repeated, tally
    from modeltap.analysis.references.variation import usual_variation

    _check_shapes(columns, rows)
    features: list[Feature] = []
    for name, column in columns.items():
        feature = learn(name, column, (declared or {}).get(name))
        feature, measures = learn_measures(feature, column, _listed(times))
        features += [feature, *measures]
    reference = Reference(
        model=model,
        version=version,
        source=source,
        rows=rows,
        features=tuple(features),
        from_time=from_time,
        to_time=to_time,
        window=window,
        moving=moving,
        gap_seconds=_longest_gap(times),
        performance=performance,
    )
    whole = tally(columns, rows, reference, times=_listed(times), teaching=True)
    reference = replace(reference.counted(whole.counts), repeats=repeated(whole))
    if blocks is None:
        return reference
    return usual_variation(reference, columns, blocks, _listed(times))


def _check_shapes(columns: Mapping[str, Column], rows: int) -> None:
    for name, column in columns.items():
        if isinstance(column, np.ndarray) and column.ndim != 1:
            raise InputError(f"column {name!r} has shape {column.shape}; give ({rows},)")
        if len(column) != rows:
            raise InputError(f"column {name!r} has {len(column)} values; give {rows}")


def _listed(times: Any) -> Sequence[float] | None:
    found: Sequence[float] | None = times.tolist() if isinstance(times, np.ndarray) else times
    return found


def _longest_gap(times: Sequence[float] | np.ndarray | None) -> float | None:
    """Return the longest time between two rows, None where not all tell a time."""
    moments = np.sort(np.array(times if times is not None else (), dtype=np.float64))
    if len(moments) < 2 or np.isnan(moments).any():
        return None
    return float(np.diff(moments).max())


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
