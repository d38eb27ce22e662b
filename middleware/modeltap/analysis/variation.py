"""How much each feature varies anyway: between the reference's own blocks of a window's length.

Seasons and autocorrelation break every fixed threshold: in hourly data each window has a
feature that 'drifted'. What the reference itself did is no news.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np

from modeltap.analysis import drift
from modeltap.analysis.counts import count, layout
from modeltap.analysis.reference import Column, Feature, Reference

_MIN_BLOCKS = 4
_MIN_BLOCK_ROWS = 100
_WHOLE = 0.8
"""The first and the last block are often cut: one with fewer rows than this share of the usual
block is left out, for a window of four days lacks three weekdays."""


def usual_variation(
    reference: Reference, columns: Mapping[str, Column], blocks: np.ndarray
) -> Reference:
    """Return `reference` with what its own blocks do: their largest distance from the rest, and
    their highest quality rates.

    Args:
        blocks: (rows,) int, which block each row belongs to.
    """
    counted = _count_blocks(reference, columns, blocks)
    if len(counted) < _MIN_BLOCKS:
        return reference
    whole = np.sum(counted, axis=0)
    slices = layout(reference)
    features = []
    for feature in reference.features:
        own = [one[slices[feature.name]] for one in counted]
        rest = [(whole - one)[slices[feature.name]] for one in counted]
        features.append(
            msgspec.structs.replace(
                feature,
                usual=_largest_distance(feature, rest, own),
                usual_rates=tuple(max(one) for one in zip(*map(rates, own), strict=True)),
            )
        )
    return msgspec.structs.replace(reference, features=tuple(features))


def _count_blocks(
    reference: Reference, columns: Mapping[str, Column], blocks: np.ndarray
) -> list[np.ndarray]:
    labels, sizes = np.unique(blocks, return_counts=True)
    enough = max(_MIN_BLOCK_ROWS, _WHOLE * float(np.median(sizes)))
    cut = [at for at in (0, len(labels) - 1) if sizes[at] < enough]
    kept = [at for at in range(len(labels)) if at not in cut and sizes[at] >= _MIN_BLOCK_ROWS]
    counted = []
    for block in labels[kept]:
        picked = np.flatnonzero(blocks == block)
        part = {name: _take(column, picked) for name, column in columns.items()}
        counted.append(count(part, len(picked), reference))
    return counted


def _largest_distance(feature: Feature, rest: list[np.ndarray], own: list[np.ndarray]) -> float:
    if feature.kind == "other":
        return 0.0
    return max(
        drift.effect(drift.coarse(feature, a), drift.coarse(feature, b))
        for a, b in zip(rest, own, strict=True)
    )


def rates(counts: np.ndarray) -> tuple[float, float, float]:
    """Return the missing, mismatch and unseen rates of one feature's counts.

    Each has its own denominator: all rows, those not missing, those of the right type.
    """
    rows = int(counts.sum())
    missing, mismatch, unseen = (int(count) for count in counts[-3:])
    present = rows - missing
    typed = present - mismatch
    return missing / max(1, rows), mismatch / max(1, present), unseen / max(1, typed)


def _take(column: Column, picked: np.ndarray) -> Column:
    return column[picked] if isinstance(column, np.ndarray) else [column[i] for i in picked]
