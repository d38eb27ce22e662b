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
from modeltap.analysis.reference import Column, Reference

_MIN_BLOCKS = 4
_MIN_BLOCK_ROWS = 100


def usual_variation(
    reference: Reference, columns: Mapping[str, Column], blocks: np.ndarray
) -> Reference:
    """Return `reference` with each feature's largest distance of a block from all the rest.

    Args:
        blocks: (rows,) int, which block each row belongs to.
    """
    labels, sizes = np.unique(blocks, return_counts=True)
    labels = labels[sizes >= _MIN_BLOCK_ROWS]
    if len(labels) < _MIN_BLOCKS:
        return reference
    counted = []
    for block in labels:
        picked = np.flatnonzero(blocks == block)
        part = {name: _take(column, picked) for name, column in columns.items()}
        counted.append(count(part, len(picked), reference))
    whole = np.sum(counted, axis=0)
    slices = layout(reference)
    features = []
    for feature in reference.features:
        own = slices[feature.name]
        distances = [
            drift.effect(drift.coarse(feature, (whole - one)[own]), drift.coarse(feature, one[own]))
            for one in counted
        ]
        usual = 0.0 if feature.kind == "other" else max(distances)
        features.append(msgspec.structs.replace(feature, usual=usual))
    return msgspec.structs.replace(reference, features=tuple(features))


def _take(column: Column, picked: np.ndarray) -> Column:
    return column[picked] if isinstance(column, np.ndarray) else [column[i] for i in picked]
