"""Baselines of each feature: its variation between the reference's own blocks of a window's length.

Seasons and autocorrelation break every fixed threshold: in hourly data each window has a
feature that 'drifted'. What the reference itself did is no news.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.counting.row_sketch import expected_rate
from modeltap.analysis.counting.tally import Tally, tally
from modeltap.analysis.detectors import drift, quality
from modeltap.analysis.detectors.context import MIN_BLOCKS
from modeltap.analysis.model.feature import Column, Feature
from modeltap.analysis.model.reference import Reference

_MIN_BLOCK_ROWS = 100
"""As of a window: distances and rates of fewer rows are mostly chance."""

_WHOLE = 0.8
"""The first and the last block are often cut: one with fewer rows than this fraction of the usual
block is left out, for a window of four days lacks three weekdays."""


def with_variation(
    reference: Reference,
    columns: Mapping[str, Column],
    blocks: np.ndarray,
    times: Sequence[float] | None = None,
) -> Reference:
    """Return `reference` with baselines: the largest distance of one of its blocks from the rest,
    and the blocks' highest quality rates.

    Args:
        blocks: (rows,) int, which block each row belongs to.
        times: (rows,) Unix seconds, NaN where unknown.
    """
    tallies = []
    for block in whole_blocks(blocks):
        picked = np.flatnonzero(blocks == block)
        part = {name: _take(column, picked) for name, column in columns.items()}
        moments = None if times is None else [times[place] for place in picked.tolist()]
        tallies.append(tally(part, len(picked), reference, times=moments))
    return varied(reference, tallies)


def varied(
    reference: Reference, blocks: Sequence[Tally], rests: Sequence[np.ndarray] | None = None
) -> Reference:
    """Return `reference` with the baselines of these blocks; as it is where they are too few.

    Args:
        rests: for each block the counts it is compared with; by default the other blocks.
    """
    if len(blocks) < MIN_BLOCKS:
        return reference
    if rests is None:
        whole = np.sum([block.counts for block in blocks], axis=0)
        rests = [whole - block.counts for block in blocks]
    features, start = [], 0
    for feature in reference.features:
        part = slice(start, start + len(feature.counts))
        start = part.stop
        own, rest = [block.counts[part] for block in blocks], [counts[part] for counts in rests]
        features.append(
            replace(
                feature,
                baseline_distance=_largest_distance(feature, rest, own),
                baseline_rates=_highest_rates(feature, rest, own),
            )
        )
    repeats = max(
        block.repeats.rate - expected_rate(reference.repeats, block.rows) for block in blocks
    )
    return replace(
        reference, features=tuple(features), blocks=len(blocks), baseline_repeats=max(0.0, repeats)
    )


def whole_blocks(blocks: np.ndarray) -> list[int]:
    """Return the blocks that are whole, and have rows enough to be compared."""
    labels, sizes = np.unique(blocks, return_counts=True)
    enough = max(_MIN_BLOCK_ROWS, _WHOLE * float(np.median(sizes)))
    cut = [at for at in (0, len(labels) - 1) if sizes[at] < enough]
    kept = [at for at in range(len(labels)) if at not in cut and sizes[at] >= _MIN_BLOCK_ROWS]
    found: list[int] = labels[kept].tolist()
    return found


def _largest_distance(feature: Feature, rest: list[np.ndarray], own: list[np.ndarray]) -> float:
    if not feature.is_tested:
        return 0.0
    return max(
        drift.distance(feature, a[: feature.bins], b[: feature.bins])
        for a, b in zip(rest, own, strict=True)
    )


def _highest_rates(
    feature: Feature, rest: list[np.ndarray], own: list[np.ndarray]
) -> dict[str, float]:
    highest: dict[str, float] = {}
    for a, b in zip(rest, own, strict=True):
        found = {**quality.rates(feature, b, a), "constant_feed": _fraction_of_one(feature, b)}
        if feature.is_tested:
            inner = slice(feature.bins)
            found[drift.NEW_VALUE] = drift.gain(feature, a[inner], b[inner]).gain
        for metric, rate in found.items():
            highest[metric] = max(rate, highest.get(metric, 0.0))
    return highest


def _fraction_of_one(feature: Feature, counts: np.ndarray) -> float:
    bins = counts[: feature.bins]
    return float(bins.max() / max(1, bins.sum()))


def _take(column: Column, picked: np.ndarray) -> Column:
    return column[picked] if isinstance(column, np.ndarray) else [column[i] for i in picked]
