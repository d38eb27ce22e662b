"""How well the reference's own blocks can be told apart by their rows: that much is no news."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from modeltap.analysis.counting.sample import ROWS, Sample, sample
from modeltap.analysis.detectors import whole_rows
from modeltap.analysis.model.feature import Column
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.variation import whole_blocks

_MIN_BLOCKS = 4
_MAX_BLOCKS = 6
"""A quarter of a second each; of more the largest value hardly grows."""


def usual_rows(
    reference: Reference, columns: Mapping[str, Column], blocks: np.ndarray
) -> dict[str, float]:
    """Return for each metric of whole rows the largest value that a block has against the others.

    Args:
        columns: values by feature, each of length n.
        blocks: (n,) int, which block each row belongs to.
    """
    known = whole_blocks(blocks)
    if len(known) < _MIN_BLOCKS:
        return {}
    most: dict[str, float] = {}
    for block in known[:: -(-len(known) // _MAX_BLOCKS)]:
        own = _sampled(reference, columns, np.flatnonzero(blocks == block))
        rest = _sampled(reference, columns, np.flatnonzero(blocks != block))
        for metric in whole_rows.judge(reference, rest, own, alpha=0.0):
            if metric.value is not None:
                key = usual_key(metric.metric, metric.feature)
                most[key] = max(metric.value, most.get(key, metric.value))
    return most


def usual_key(metric: str, feature: str | None) -> str:
    """Return what a metric of a feature is called among the usual ones."""
    return f"{metric} {feature}" if feature else metric


def _sampled(reference: Reference, columns: Mapping[str, Column], places: np.ndarray) -> Sample:
    if len(places) > ROWS:
        places = np.sort(np.random.default_rng(0).choice(places, ROWS, replace=False))
    picked = places.tolist()
    part = {name: [column[place] for place in picked] for name, column in columns.items()}
    return sample(part, len(picked), reference)
