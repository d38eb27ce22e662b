"""Baselines of rows: how well the reference's own blocks can be told apart by their rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from modeltap.analysis.counting.sample import ROWS, Sample, sample
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import ROW_DETECTORS, evaluate
from modeltap.analysis.detectors.context import MIN_BLOCKS, BothSamples, Context, baseline_key
from modeltap.analysis.model.feature import Column
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.variation import whole_blocks

_MAX_BLOCKS = 6
"""A quarter of a second each; of more the largest value hardly grows."""


def row_baselines(
    reference: Reference, columns: Mapping[str, Column], blocks: np.ndarray
) -> dict[str, float]:
    """Return for each metric of rows the largest value that a block has against the others.

    Args:
        columns: values by feature, each of length n.
        blocks: (n,) int, which block each row belongs to.
    """
    known = whole_blocks(blocks)
    if len(known) < MIN_BLOCKS:
        return {}
    most: dict[str, float] = {}
    nothing = tally({}, 0, reference)
    for block in known[:: -(-len(known) // _MAX_BLOCKS)]:
        own = _sampled(reference, columns, np.flatnonzero(blocks == block))
        rest = _sampled(reference, columns, np.flatnonzero(blocks != block))
        # At a level of 0 none alerts: only the values count.
        context = Context(reference, nothing, alpha=0.0, samples=BothSamples(rest, own))
        for metric in evaluate(context, ROW_DETECTORS):
            if metric.value is not None:
                key = baseline_key(metric.metric, metric.feature)
                most[key] = max(metric.value, most.get(key, metric.value))
    return most


def _sampled(reference: Reference, columns: Mapping[str, Column], places: np.ndarray) -> Sample:
    if len(places) > ROWS:
        places = np.sort(np.random.default_rng(0).choice(places, ROWS, replace=False))
    picked = places.tolist()
    part = {name: [column[place] for place in picked] for name, column in columns.items()}
    return sample(part, len(picked), reference)
