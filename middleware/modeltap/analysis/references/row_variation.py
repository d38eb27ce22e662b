"""Rows of a reference for multivariate comparisons with a window, and their baseline.

They have the window's own hours and day types, because rows of other hours can differ without any
fault.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from modeltap.analysis.counting.sample import ROWS, Sample, sample
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import ROW_DETECTORS, evaluate
from modeltap.analysis.detectors.context import BothSamples, Context, baseline_key
from modeltap.analysis.model.feature import Column
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.model.reference import MIN_BLOCKS, Reference
from modeltap.analysis.references.rhythm import Key, Rhythm
from modeltap.analysis.references.variation import take_rows

_MAX_BLOCKS = 12
"""A quarter of a second each; with more blocks, the largest value hardly grows."""

_MIN_BLOCK_ROWS = 100
"""As many as in a window."""

_MIN_COMPARED = 500
"""With fewer rows of the reference, a classifier can learn little."""

_NOISE = 0.9
"""The largest value that chance gives in this fraction of references counts as noise."""

_MOST_KNOWN = 48
"""Samples that are kept, with the forests and components learnt from them: two days of hours."""


@dataclass
class RowGroups:
    """A sample of a reference's rows, by their keys.

    Args:
        moments: (n,) Unix seconds, NaN where unknown.
    """

    reference: Reference
    rows: Sample
    moments: np.ndarray
    rhythm: Rhythm
    _known: dict[frozenset[Key], Sample] = field(default_factory=dict, repr=False)

    def compared(self, spans: Sequence[tuple[float, float]]) -> Sample:
        """Return the rows that a window with these parts is compared with, at most 2,000."""
        keys = self.keys_of(spans)
        if keys not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.pop(next(iter(self._known)))
            everywhere = np.ones(len(self.moments), dtype=bool)
            self._known[keys] = self.rows.picked(self.places(keys, everywhere))
        return self._known[keys]

    def keys_of(self, spans: Sequence[tuple[float, float]]) -> frozenset[Key]:
        """Return the keys of a window's parts; none if all hours are alike, or if times are
        unknown."""
        unknown = bool(np.isnan(self.moments).any()) or not len(self.rhythm.blocks)
        steady = not any(feature.rhythm for feature in self.reference.columns)
        return frozenset() if unknown or steady else self.rhythm.keys_of(spans)

    def places(self, keys: frozenset[Key], allowed: np.ndarray) -> np.ndarray:
        """Return the positions of rows with these keys; of any hour if there are no keys.

        Neighbouring hours are added until there are enough rows.

        Args:
            allowed: (n,) booleans, the rows that may be compared.
        """
        chosen = np.flatnonzero(allowed)
        if keys:
            for near in self.rhythm.widening(keys, self.moments):
                chosen = np.flatnonzero(allowed & near)
                if len(chosen) >= _MIN_COMPARED:
                    break
        if len(chosen) > ROWS:
            chosen = np.sort(np.random.default_rng(0).choice(chosen, ROWS, replace=False))
        return chosen


def row_baselines(
    groups: RowGroups, columns: Mapping[str, Column], moments: np.ndarray, windows: np.ndarray
) -> dict[str, float]:
    """Return for each multivariate metric the largest value of a window of the reference.

    A window is compared with its own group without its own day. Only values beyond chance count,
    given the number of windows.

    Args:
        columns: values by feature, each of length n.
        moments: (n,) Unix seconds.
        windows: (n,) int, the window of each row; below 0 none.
    """
    numbers, sizes = np.unique(windows[windows >= 0], return_counts=True)
    known = numbers[sizes >= _MIN_BLOCK_ROWS].tolist()
    if len(known) < MIN_BLOCKS:
        return {}
    picked = known[:: -(-len(known) // _MAX_BLOCKS)]
    chance = 1 - _NOISE ** (1 / len(picked))
    most: dict[str, float] = {}
    for window in picked:
        own = np.flatnonzero(windows == window)
        for metric in _compared(groups, columns, moments, own):
            key = baseline_key(metric.metric, metric.feature)
            beyond = metric.p_value is None or metric.p_value < chance
            if metric.value is not None and beyond:
                most[key] = max(metric.value, most.get(key, metric.value))
    return most


def _compared(
    groups: RowGroups, columns: Mapping[str, Column], moments: np.ndarray, own: np.ndarray
) -> list[Metric]:
    """Compare one window of the reference, given by its rows' positions, with its group."""
    reference = groups.reference
    first, last = float(moments[own].min()), float(moments[own].max())
    keys = groups.keys_of([(first, last)])
    rest = groups.places(keys, groups.rhythm.other_days(first, last, groups.moments))
    if not len(rest):
        return []
    chosen = own
    if len(own) > ROWS:
        chosen = np.sort(np.random.default_rng(0).choice(own, ROWS, replace=False))
    part = {name: take_rows(column, chosen) for name, column in columns.items()}
    samples = BothSamples(groups.rows.picked(rest), sample(part, len(chosen), reference))
    # At a level of 0 no metric alerts: only the values count.
    context = Context(reference, tally({}, 0, reference), alpha=0.0, samples=samples)
    return evaluate(context, ROW_DETECTORS)
