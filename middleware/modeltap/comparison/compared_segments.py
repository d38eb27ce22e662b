"""Slices and groups of compared rows, chosen by the rows' features alone.

A slice that is chosen because the candidate is worse in it would look worse by chance. So these are
fixed ones: the most frequent categories of each feature, and a few ranges of its numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from modeltap.analysis.fairness.groupings import Grouping
from modeltap.analysis.model.feature import Column
from modeltap.analysis.slices.slice_columns import SliceColumn, in_bins
from modeltap.comparison.aligned_outputs import PairedSides
from modeltap.comparison.differences.comparison_result import ComparedMetric
from modeltap.comparison.differences.confidence_sequence import ALPHA
from modeltap.comparison.differences.metric_differences import MIN_LABELLED_ROWS, paired_differences
from modeltap.config.settings import Settings

_PARTS = 4
"""Slices of one feature with many values: each has enough rows to show a difference."""

_VALUES = 6
"""Values of a feature with a slice of their own."""

MOST_SLICES = 100
"""All slices and groups share one level; more would leave none of them any power."""


@dataclass(frozen=True)
class ComparedSegment:
    """Some of n rows.

    Args:
        name: a condition such as `hour >= 18`, or a group such as `sex=Female`.
        is_inside: (n,) whether each row is in it.
        min_rows: with fewer labelled rows it is not compared.
    """

    name: str
    is_inside: np.ndarray
    min_rows: int = MIN_LABELLED_ROWS


def slice_segments(
    columns: Mapping[str, Column], rows: int, settings: Settings
) -> list[ComparedSegment]:
    """Return the slices of the columns, each of `rows` values, at most `MOST_SLICES`.

    >>> from modeltap.config.settings import Settings
    >>> colours = {"colour": ["red", "blue", "red", "blue"]}
    >>> [own.name for own in slice_segments(colours, 4, Settings())]
    ['colour = red', 'colour = blue']
    """
    segments = [
        segment
        for column in in_bins(columns, rows, settings).columns
        for segment in _slices_of(column)
    ]
    return segments[:MOST_SLICES]


def group_segments(groupings: Sequence[Grouping]) -> list[ComparedSegment]:
    """Return the groups of the groupings that have some."""
    return [
        ComparedSegment(name, grouping.members == place, grouping.min_rows)
        for grouping in groupings
        if grouping.problem is None
        for place, name in enumerate(grouping.segments)
    ]


def segment_differences(
    sides: PairedSides, segments: Sequence[ComparedSegment], alpha: float = ALPHA
) -> list[ComparedMetric]:
    """Return the difference of the main metric in each segment.

    The segments share `alpha` evenly (Bonferroni), so that a verdict about any of them is wrong
    with probability alpha at most.

    Args:
        sides: the labelled rows; the segments are of all rows.
    """
    compared = []
    for segment in segments:
        inside = np.flatnonzero(segment.is_inside[sides.places])
        if len(inside):
            compared += paired_differences(
                sides.current.take(inside),
                sides.candidate.take(inside),
                alpha=alpha / len(segments),
                segment=segment.name,
                main_only=True,
                min_rows=segment.min_rows,
            )
    return compared


def _slices_of(column: SliceColumn) -> list[ComparedSegment]:
    """Return the slices of one column."""
    named = {tuple(np.flatnonzero(span).tolist()): place for place, span in enumerate(column.spans)}
    ordered = sorted({bin_ for bins in named if len(bins) > 1 for bin_ in bins})
    singles = [bins for bins in named if len(bins) == 1]
    if len(ordered) > _VALUES:
        parts = [tuple(part.tolist()) for part in np.array_split(np.array(ordered), _PARTS)]
        chosen = [*parts, *(bins for bins in singles if bins[0] not in ordered)]
    else:
        chosen = singles[:_VALUES]
    return [
        ComparedSegment(str(column.conditions[named[bins]]), np.isin(column.codes, bins))
        for bins in chosen
        if bins in named
    ]
