"""Fit of a reference to columns: types, bins, counts and baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace

from modeltap import clock
from modeltap.analysis.counting.derived import learn_measures
from modeltap.analysis.counting.tally import repeated, tally
from modeltap.analysis.inference.calendar_columns import calendar_of
from modeltap.analysis.inference.infer import infer
from modeltap.analysis.inference.rising import RISING, is_rising
from modeltap.analysis.model.baseline import Baseline
from modeltap.analysis.model.feature import Column, Feature
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.variation import with_variation
from modeltap.config.settings import FeatureSettings
from modeltap.errors import InputError


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
    timezone: str = clock.UTC_ZONE,
    rolling: str = "",
    performance: Baseline | None = None,
) -> Reference:
    """Return a reference with the types, bins and counts of `columns`, each of length `rows`.

    Args:
        columns: values by feature; None and NaN are missing.
        declared: the settings of features by name.
        blocks: (rows,) int, the block of each row, as long as a window; with at least four blocks
            of 100 rows, baselines are learnt from them.
        times: (rows,) Unix seconds, NaN where unknown.
        timezone: the time zone of calendar columns.

    Raises `InputError` for a column that does not have `rows` values in one dimension.

    >>> reference = fit({"x": [1.0, 2.0, 3.0, None], "c": ["a", "b", "a", "a"]}, 4, model="m")
    >>> [(f.name, f.kind, sum(f.counts)) for f in reference.features]
    [('x', 'numeric', 4), ('c', 'categorical', 4)]
    """
    _check_shapes(columns, rows)
    features: list[Feature] = []
    for name, column in columns.items():
        feature = infer(name, column, (declared or {}).get(name))
        if times is not None:
            feature = _timed(feature, column, np.asarray(times, dtype=np.float64), timezone)
        measures: list[Feature] = []
        if feature.calendar is None or feature.calendar == RISING:
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
        timezone=timezone,
        rolling=rolling,
        gap_seconds=_longest_gap(times),
        performance=performance,
    )
    whole = tally(columns, rows, reference, times=_listed(times), fitting=True)
    reference = replace(reference.counted(whole.counts), repeats=repeated(whole))
    if blocks is None:
        return reference
    return with_variation(reference, columns, blocks, _listed(times))


def _timed(feature: Feature, column: Column, moments: np.ndarray, timezone: str) -> Feature:
    """Return a feature with the part of the calendar that determines it, if any."""
    part = calendar_of(feature, column, moments, timezone)
    if part is not None:
        return replace(feature, calendar=part.part, calendar_shift=part.shift)
    return replace(feature, calendar=RISING) if is_rising(feature, column, moments) else feature


def _check_shapes(columns: Mapping[str, Column], rows: int) -> None:
    for name, column in columns.items():
        if isinstance(column, np.ndarray) and column.ndim != 1:
            raise InputError(f"column {name!r} has shape {column.shape}; give ({rows},)")
        if len(column) != rows:
            raise InputError(f"column {name!r} has {len(column)} values; give {rows}")


def _listed(times: Any) -> Sequence[float] | None:
    listed: Sequence[float] | None = times.tolist() if isinstance(times, np.ndarray) else times
    return listed


def _longest_gap(times: Sequence[float] | np.ndarray | None) -> float | None:
    """Return the longest time between two rows; None unless all rows have a time."""
    moments = np.sort(np.array(times if times is not None else (), dtype=np.float64))
    if len(moments) < 2 or np.isnan(moments).any():
        return None
    return float(np.diff(moments).max())
