"""Conversion of a sample to a matrix of numbers, for classifiers and principal components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from modeltap.analysis.counting.sample import NO_VALUE, Sample
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.reference import Reference

_MIN_FRACTION = 0.02
"""Trees learn nothing from rarer categories, which have few rows in a half sample."""

_MAX_CATEGORIES = 20
"""A bound on the number of columns, which increases the cost of each tree and component."""

_SMALLEST_RANK = 1e-6
"""Ranks are clipped here and at 1 less this, 4.75 standard deviations: the quantile of 1 is
infinite."""


@dataclass(frozen=True)
class Matrix:
    """(n, d) numbers, and the feature of each of the d columns."""

    values: np.ndarray
    names: tuple[str, ...]


def left_out(reference: Reference, alerted: frozenset[str]) -> frozenset[str]:
    """Return the features to exclude: with an alert, of the calendar, or learnt later.

    The drift of features with an alert is reported already. Features of the calendar, such as the
    hour, always separate rows of different times. A column that was learnt later has no values in
    the reference's rows.
    """
    kinds = ("numeric", "categorical", "boolean")
    return frozenset(
        feature.name
        for feature in reference.columns
        if feature.kind in kinds
        and (
            feature.calendar is not None
            or feature.learnt_until is not None
            or feature.name in alerted
        )
    )


def matrix(sample: Sample, reference: Reference, excluded: frozenset[str] = frozenset()) -> Matrix:
    """Return the binned columns of a sample as numbers on one scale.

    Numbers become the normal quantile of their rank in the reference, so that huge values do not
    dominate. Each category with at least 2 % of the rows becomes a column of zeros and ones.
    Missing values become the middle, so that they do not separate rows: `missing_rate` reports
    them.
    """
    return sample.recall(("matrix", excluded), lambda: _matrix(sample, reference, excluded))


def _matrix(sample: Sample, reference: Reference, excluded: frozenset[str]) -> Matrix:
    parts: list[np.ndarray] = []
    names: list[str] = []
    for feature in reference.columns:
        if feature.name in excluded or feature.name not in sample.codes:
            continue
        if feature.kind == "numeric":
            columns = _scores(feature, sample.codes[feature.name])[:, None]
        elif feature.kind in ("categorical", "boolean"):
            columns = _indicators(feature, sample.codes[feature.name])
        else:
            continue
        parts.append(columns)
        names += [feature.name] * columns.shape[1]
    values = np.hstack(parts) if parts else np.zeros((sample.rows, 0))
    return Matrix(values, tuple(names))


def _scores(feature: Feature, codes: np.ndarray) -> np.ndarray:
    counts = np.array(feature.counts[: feature.bins], dtype=np.float64)
    # One extra row at each end gives values outside the reference a rank outside of it.
    ranks = (np.cumsum(counts) - counts / 2 + 1) / (counts.sum() + 2)
    scores = scipy.special.ndtri(np.clip(ranks, _SMALLEST_RANK, 1 - _SMALLEST_RANK))
    return np.where(codes == NO_VALUE, 0.0, scores[np.clip(codes, 0, len(scores) - 1)])


def _indicators(feature: Feature, codes: np.ndarray) -> np.ndarray:
    counts = np.array(feature.counts[: len(feature.vocabulary)], dtype=np.float64)
    fractions = counts / max(1.0, counts.sum())
    kept = np.argsort(-fractions, kind="stable")[:_MAX_CATEGORIES]
    kept = kept[fractions[kept] >= _MIN_FRACTION]
    indicators: np.ndarray = (codes[:, None] == kept[None, :]).astype(np.float64)
    indicators[codes == NO_VALUE] = fractions[kept]
    return indicators
