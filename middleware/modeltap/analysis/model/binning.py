"""The bins of a feature: fine ones for distances, coarse ones for fractions of rows."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from modeltap.analysis.model.feature import Feature

FINE_BINS = 128
"""Quantile bins for KS and Wasserstein: they keep the error of KS below 0.0017."""

COARSE_BINS = 10
"""Bins for PSI and Jensen-Shannon, whose value by chance grows with the number of bins."""

MIN_FRACTION = 0.01
"""Rarer categories share a coarse bin: in 1,000 rows ten are expected, and the rest is noise."""


def edges_of(
    values: np.ndarray, bins: int = FINE_BINS, extra: Sequence[float] = ()
) -> tuple[float, ...]:
    """Return the edges of a numeric feature's bins, ascending and finite.

    The edges are quantiles; a bin ``[a, nextafter(a))`` for each value with more than 1/bins of the
    rows, without which Wasserstein is wrong by 0.036 sd for a zero-inflated column; towards both
    ends quantiles that halve the remaining rows, which show contamination; beyond them edges at
    doubling distances; and the `extra` ones, at which rates are read off.
    """
    if not len(values):
        return ()
    ordered = np.sort(values)
    fractions = np.arange(1, bins) / bins
    tails = 0.5 ** np.arange(int(math.log2(bins)) + 1, int(math.log2(max(2 * bins, len(values)))))
    at = np.concatenate([fractions, tails, 1 - tails])
    positions = np.clip((at * len(ordered)).astype(np.int64), 0, len(ordered) - 1)
    unique, counted = np.unique(ordered, return_counts=True)
    heavy = unique[counted > len(ordered) / bins]
    with np.errstate(over="ignore"):  # the float after the largest is infinite and dropped
        above, end = np.nextafter(heavy, np.inf), np.nextafter(ordered[-1], np.inf)
    outer = _outer_edges(float(ordered[0]), float(ordered[-1]))
    # The smallest and the largest value bound the bins in which the reference has rows.
    ends = np.array([ordered[0], end, *extra])
    edges = np.unique(np.concatenate([ordered[positions], heavy, above, ends, outer]))
    return tuple(edges[np.isfinite(edges)].tolist())


def _outer_edges(low: float, high: float) -> np.ndarray:
    """Return edges beyond the reference's values, from 1/128 of its range to 8 times it.

    Without them Wasserstein cannot distinguish a shift beyond the range from a shift to its end.
    The near ones are for columns with most rows at one end, whose range is many deviations wide.
    """
    with np.errstate(over="ignore"):
        steps = ((high - low) or abs(high) or 1.0) * 2.0 ** np.array([-7.0, -5.0, *range(-4, 4)])
        return np.concatenate([low - steps, high + steps])


def coarse_bins(feature: Feature) -> tuple[int, ...]:
    """Return the coarse bin of each fine bin; each holds about a tenth of the rows.

    Values beyond the reference's range have a coarse bin on each side, in which contamination is
    visible instead of slightly enlarging a tenth. Each category has its own, except that those with
    less than 1 % of the rows share one.
    """
    counts = np.array(feature.counts[: feature.bins], dtype=np.int64)
    total = max(1, int(counts.sum()))
    if feature.kind == "numeric":
        middle = np.cumsum(counts) - counts / 2
        tenths = np.minimum(middle * COARSE_BINS // total, COARSE_BINS - 1) + 1
        edges = np.array(feature.edges)
        tenths[: np.searchsorted(edges, feature.low, "right")] = 0
        tenths[np.searchsorted(edges, feature.high, "right") + 1 :] = COARSE_BINS + 1
        return tuple(np.unique(tenths, return_inverse=True)[1].tolist())
    large = counts >= MIN_FRACTION * total
    positions = np.where(large, np.cumsum(large), 0)
    return tuple(positions.astype(int).tolist())
