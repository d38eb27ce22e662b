"""A quantile read off counts in bins."""

from __future__ import annotations

import numpy as np

from modeltap.analysis.model.feature import Feature


def quantile(feature: Feature, counts: np.ndarray, q: float) -> float:
    """Return a quantile as the bins tell it, rows taken as evenly spread within a bin.

    The open outer bins are taken to end where they begin.
    """
    if not feature.edges:
        return feature.low
    reached = np.cumsum(counts)
    position = int(np.searchsorted(reached, q * reached[-1], side="left"))
    ends = (feature.edges[0], *feature.edges, feature.edges[-1])
    low, high = ends[position], ends[position + 1]
    if high == np.nextafter(low, np.inf):
        return low  # a bin of one value
    part = 1 - (reached[position] - q * reached[-1]) / max(1, counts[position])
    # The widest bins may reach from one end of the floats to the other.
    return float(low * (1 - part) + high * part)
