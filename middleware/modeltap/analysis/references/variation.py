"""The variation of each feature between the reference's own blocks of a window's length.

Seasons and autocorrelation break every fixed threshold: in hourly data each window has a feature
that 'drifted'. A change that also occurs within the reference is normal. The sampling noise of the
blocks is not part of the baseline, because it would hide real drift in every window.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import scipy
from msgspec.structs import replace

from modeltap.analysis.counting.row_sketch import expected_rate
from modeltap.analysis.counting.tally import Tally, tally
from modeltap.analysis.detectors import drift, quality
from modeltap.analysis.model.feature import Column, Feature
from modeltap.analysis.model.reference import MIN_BLOCKS, Reference, layout
from modeltap.analysis.statistics import words
from modeltap.analysis.statistics.distances import JS_OF_CHI2, coarse_each, divergences
from modeltap.analysis.statistics.gains import gains_of
from modeltap.decoding.row_tables import picked

_MIN_BLOCK_ROWS = 100
"""As many as in a window: distances and rates of fewer rows are mostly chance."""

_WHOLE = 0.8
"""The first or last block is left out if it has less than this fraction of the median rows.

The first and the last block are often incomplete.
"""

_NOISE = 0.97
"""The largest value that chance gives in this fraction of references counts as noise."""


_VARIES = 0.03
"""The level of the test that windows vary: one in thirty references does by chance."""


class Pairs(NamedTuple):
    """A number p of windows of the reference, each with its comparison.

    Args:
        own: (p, n) counts of each window.
        rest: (p, n) counts that each window is compared with.
        seen: (p, n) counts of all other rows, which define the range.
    """

    own: np.ndarray
    rest: np.ndarray
    seen: np.ndarray

    def of(self, bins: slice) -> Pairs:
        """Return the counts of one feature."""
        return Pairs(self.own[:, bins], self.rest[:, bins], self.seen[:, bins])


class Variation(NamedTuple):
    """The largest distance and rates of windows relative to their comparisons, beyond chance."""

    distance: float
    rates: dict[str, float]


def with_variation(
    reference: Reference,
    columns: Mapping[str, Column],
    blocks: np.ndarray,
    times: Sequence[float] | None = None,
) -> Reference:
    """Return `reference` with baselines: the largest distance and quality rates of its blocks.

    Args:
        blocks: (rows,) int, the block of each row.
        times: (rows,) Unix seconds, NaN where unknown.
    """
    tallies = []
    for block in complete_blocks(blocks):
        places = np.flatnonzero(blocks == block)
        part = {name: take_rows(column, places) for name, column in columns.items()}
        moments = None if times is None else picked(times, places.tolist())
        tallies.append(tally(part, len(places), reference, times=moments))
    return with_block_baselines(reference, tallies)


def with_block_baselines(
    reference: Reference, blocks: Sequence[Tally], rests: Sequence[np.ndarray] | None = None
) -> Reference:
    """Return `reference` with the baselines of these blocks; unchanged if there are too few.

    Args:
        rests: for each block the counts it is compared with; by default the other blocks.
    """
    if len(blocks) < MIN_BLOCKS:
        return reference
    own = np.array([block.counts for block in blocks])
    rest = own.sum(axis=0) - own if rests is None else np.array(rests)
    slices, features = layout(reference), []
    for feature in reference.features:
        pairs = Pairs(own, rest, rest).of(slices[feature.name])
        measured = variation(feature, pairs)
        features.append(
            replace(feature, baseline_distance=measured.distance, baseline_rates=measured.rates)
        )
    updated = replace(reference, features=tuple(features), blocks=len(blocks))
    return replace(updated, baseline_repeats=most_repeats(reference, blocks))


def most_repeats(reference: Reference, blocks: Sequence[Tally]) -> float:
    """Return the highest rate of duplicates in one of the blocks, above the expected one."""
    return max(
        0.0,
        *(block.repeats.rate - expected_rate(reference.repeats, block.rows) for block in blocks),
    )


def variation(feature: Feature, pairs: Pairs) -> Variation:
    """Return the variation of one feature, from its own counts."""
    inner = slice(feature.bins)
    own, rest = pairs.own[:, inner], pairs.rest[:, inner]
    rates = _rates(feature, pairs)
    rates["constant_feed"] = own.max(axis=1, initial=0) / np.maximum(1, own.sum(axis=1))
    distance = 0.0
    if feature.is_tested:
        distance = (_word_distance if feature.kind == "words" else _distance)(feature, rest, own)
        rates[drift.NEW_VALUE] = _gains(feature, rest, own)
    return Variation(distance, {metric: float(values.max()) for metric, values in rates.items()})


def _distance(feature: Feature, rest: np.ndarray, own: np.ndarray) -> float:
    """Return the largest distance of a window from its rest, less sampling noise.

    The squared distance is a divergence or, for numbers, the squared shift if that is larger: it
    distinguishes a small creep of all windows from noise.
    """
    a, b = (coarse_each(feature, counts) for counts in (rest, own))
    some = (a.sum(axis=1) > 0) & (b.sum(axis=1) > 0)
    if not some.any():
        return 0.0
    a, b, scale = a[some], b[some], JS_OF_CHI2 * _sizes(a[some], b[some])
    freedom = np.maximum(1, np.count_nonzero(a + b, axis=1) - 1)
    square = _without_noise(divergences(a, b) / scale, freedom, scale)
    if feature.kind == "numeric":
        shifts = _shifts(rest[some], own[some])
        square = max(square, _without_noise(shifts, np.ones(len(shifts)), scale))
    return float(square**0.5)


def _without_noise(squares: np.ndarray, freedom: np.ndarray, scale: np.ndarray) -> float:
    """Return the largest of several windows' squared distances, less noise.

    If all windows together are not further apart than by chance, only the excess over the largest
    distance by chance is left. Otherwise they do vary: of the distance beyond their mean, the
    fraction of their variance that exceeds noise is left.

    Args:
        squares: (p,) squared distances over `scale`: by chance a chi-square of `freedom`.
    """
    at_most = scipy.special.chdtri(freedom, 1 - _NOISE ** (1 / len(squares)))
    largest = float(np.max(scale * (squares - at_most)))
    if scipy.special.chdtrc(freedom.sum(), squares.sum()) < _VARIES:
        beyond, noise = scale * (squares - freedom), float(np.mean(2 * freedom * scale**2))
        mean, spread = float(beyond.mean()), float(beyond.var())
        real = max(0.0, 1 - noise / spread) if spread > 0 else 0.0
        largest = max(largest, mean + real * (float(beyond.max()) - mean))
    return max(0.0, largest)


def _shifts(rest: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return each window's squared shift of normal scores over its variance.

    Without a shift, it is a chi-square of one degree of freedom.
    """
    both = (rest + own).sum(axis=0).astype(np.float64)
    scores = np.zeros(len(both))
    scores[both > 0] = scipy.special.ndtri((np.cumsum(both) - both / 2)[both > 0] / both.sum())
    spread = float(both @ scores**2) / both.sum() - (float(both @ scores) / both.sum()) ** 2
    if not spread > 0:
        return np.zeros(len(own))
    means = (counts @ scores / counts.sum(axis=1) for counts in (rest, own))
    return np.asarray(np.subtract(*means) ** 2 / (spread * _sizes(rest, own)))


def _sizes(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return ``1/n + 1/m``, infinite if one side has no rows, so that all of it is chance."""
    n, m = a.sum(axis=1), b.sum(axis=1)
    with np.errstate(divide="ignore"):
        return np.asarray(1 / n + 1 / m)


def _word_distance(feature: Feature, rest: np.ndarray, own: np.ndarray) -> float:
    # The largest of all words, each with one degree of freedom; its mean is already left out.
    tries = len(own) * max(1, feature.bins - 1)
    noise = JS_OF_CHI2 * (float(scipy.special.chdtri(1, 1 - _NOISE ** (1 / tries))) - 1)
    squares = np.array([words.distance(a, b) ** 2 for a, b in zip(rest, own, strict=True)])
    left = squares - noise * _sizes(rest[:, :1], own[:, :1])
    return float(max(0.0, left.max()) ** 0.5)


def _gains(feature: Feature, rest: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return the gains of single bins beyond the largest gain by chance."""
    if feature.kind == "words":
        return np.zeros(len(own))
    gains = gains_of(rest, own)
    rows = own.sum(axis=1)
    noise = _chance_rate(gains.both, rows, len(own) * max(1, feature.bins)) - gains.both
    return _without(gains.gains, noise)


def _rates(feature: Feature, pairs: Pairs) -> dict[str, np.ndarray]:
    """Return by metric the excess of rates over those they are compared with, beyond chance."""
    ends = quality.ends_of(pairs.seen[:, : feature.bins])
    excess = {}
    before = quality.faults(feature, pairs.rest, ends)
    for metric, (faults, rows) in quality.faults(feature, pairs.own, ends).items():
        faults_before, rows_before = before[metric]
        rate, expected = (
            a / np.maximum(1, n) for a, n in ((faults, rows), (faults_before, rows_before))
        )
        both = (faults + faults_before) / np.maximum(1, rows + rows_before)
        excess[metric] = _without(rate - expected, _chance_rate(both, rows, len(rows)) - expected)
    return excess


def _without(excess: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Return (p,) rates beyond those expected, less their noise, as independent deviations add."""
    left = excess**2 - np.maximum(0.0, noise) ** 2
    return np.asarray(np.where(excess > 0, np.sqrt(np.maximum(0.0, left)), 0.0))


def _chance_rate(rates: np.ndarray, rows: np.ndarray, tries: int) -> np.ndarray:
    """Return the rates that the highest of `tries` draws with these rates has by chance."""
    at, some = _NOISE ** (1 / tries), (rows > 0) & (rates > 0) & (rates < 1)
    n, p = np.where(some, rows, 1), np.where(some, rates, 0.5)
    count = np.ceil(scipy.special.bdtrik(at, n, p))
    less = np.maximum(0.0, count - 1)
    count = np.where(scipy.special.bdtr(less, n, p) >= at, less, count)
    return np.asarray(np.where(some, count / n, rates))


def complete_blocks(blocks: np.ndarray) -> list[int]:
    """Return the blocks that are complete and have enough rows to be compared."""
    labels, sizes = np.unique(blocks, return_counts=True)
    enough = max(_MIN_BLOCK_ROWS, _WHOLE * float(np.median(sizes)))
    cut = [at for at in (0, len(labels) - 1) if sizes[at] < enough]
    kept = [at for at in range(len(labels)) if at not in cut and sizes[at] >= _MIN_BLOCK_ROWS]
    complete: list[int] = labels[kept].tolist()
    return complete


def take_rows(column: Column, at: np.ndarray) -> Column:
    """Return the values at these places."""
    return column[at] if isinstance(column, np.ndarray) else picked(column, at.tolist())
