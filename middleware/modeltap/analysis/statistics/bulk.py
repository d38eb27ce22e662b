"""The rows of a numeric column within its fences: what is left of it without its outliers."""

from __future__ import annotations

import numpy as np

from modeltap.analysis.detectors import quality
from modeltap.analysis.model.feature import Feature


def bulk(feature: Feature, counts: np.ndarray) -> np.ndarray:
    """Return the (bins,) counts with nothing beyond the fences."""
    first, last = inner_bins(feature)
    kept = np.zeros(feature.bins, dtype=np.int64)
    kept[first:last] = counts[first:last]
    return kept


def inner_bins(feature: Feature) -> tuple[int, int]:
    """Return the first bin within the fences and the one after the last."""
    if feature.fences is None:
        return quality.span(np.array(feature.counts[: feature.bins]))
    return feature.below(feature.fences[0]), min(feature.above(feature.fences[1]), feature.bins)
