"""Quantiles and bounds of binned counts."""

from __future__ import annotations

import numpy as np

from modeltap.analysis.model.feature import Feature


def quantile(feature: Feature, counts: np.ndarray, q: float) -> float:
    """Return a quantile of (bins,) counts, with rows spread evenly within a bin.

    The open outer bins are treated as having no width.
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
    # The widest bins may span the whole range of floats, so a difference could overflow.
    return float(low * (1 - part) + high * part)


def span(bins: np.ndarray) -> tuple[int, int]:
    """Return the first bin with rows and the one after the last; all bins if none has any."""
    filled = np.flatnonzero(bins)
    return (int(filled[0]), int(filled[-1]) + 1) if len(filled) else (0, len(bins))


def bulk(feature: Feature, counts: np.ndarray) -> np.ndarray:
    """Return (bins,) counts without the rows outside the MAD bounds, which are outliers."""
    first, last = inner_bins(feature)
    kept = np.zeros(feature.bins, dtype=np.int64)
    kept[first:last] = counts[first:last]
    return kept


def inner_bins(feature: Feature) -> tuple[int, int]:
    """Return the first bin within the MAD bounds and the one after the last."""
    if feature.mad_bounds is None:
        return span(np.array(feature.counts[: feature.bins]))
    low, high = feature.mad_bounds
    return feature.below(low), min(feature.above(high), feature.bins)
